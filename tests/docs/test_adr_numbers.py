"""Each decision has a number of its own, so that "ADR 19" names one page."""

from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "adr"


def test_no_two_decisions_share_a_number() -> None:
    numbers = Counter(page.name[:4] for page in FOLDER.glob("*.md"))
    assert [number for number, pages in numbers.items() if pages > 1] == []


def test_a_decision_s_title_carries_the_number_of_its_file() -> None:
    for page in FOLDER.glob("*.md"):
        title = page.read_text(encoding="utf-8").splitlines()[0]
        assert title.startswith(f"# {int(page.name[:4])}."), page.name
