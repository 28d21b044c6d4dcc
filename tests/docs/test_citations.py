"""Every citation of a rule, a requirement, or a decision leads to docs/spec, docs/mission.toml, or docs/adr."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SPEC = DOCS / "spec"

ANCHOR = re.compile(r'<a id="([^"]*)"></a>')
RULE = re.compile(r"\[spec:([^\]]*)\]")
NUMBERED = re.compile(r"\bspec[ \n#]+[A-Z]?\d|\((?:[^()\n]*[,;] )?[2-6]\.\d{1,2}(?:[,;] [^()\n]*)?\)(?! ?[a-z]*_)")
"""What cites by the number of a section, as was done before: such numbers lead nowhere."""
ROW = re.compile(r"(?<![\w./%#-])([MBP]\d{1,2})(?![\w.%-])")
DECISION = re.compile(r"\bADR (\d+)")
LINK = re.compile(r"\]\(([^)\s]+\.md)?(#[^)\s]+)?\)")

READ = (".py", ".md", ".toml")
PLACES = ("src", "tests", "tools", "docs", "conformance", "benchmarks", "README.md", "CONTRIBUTING.md", "SECURITY.md")
OTHER_NUMBERS = {
    "src/tenure/web/qr.py",
    "tests/site/test_qr.py",
    "tests/web/test_qr.py",
    "tests/docs/test_citations.py",
}
"""Files that speak of other things with such names: versions of QR codes, and bad examples."""
BAD_EXAMPLES = {"tests/docs/test_citations.py", "tests/docs/test_no_paper_numbers.py", "src/tenure/http/openapi.py"}


def files() -> Iterator[Path]:
    for place in PLACES:
        path = ROOT / place
        yield from (
            (each for each in path.rglob("*") if each.suffix in READ) if path.is_dir() else [path] * path.exists()
        )


def texts(*, without: set[str]) -> Iterator[tuple[str, str]]:
    """The path and text of each file that may cite."""
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if name not in without:
            yield name, path.read_text(encoding="utf-8")


def anchors(text: str) -> list[str]:
    return ANCHOR.findall(text)


def rules() -> Counter[str]:
    """Every id of docs/spec with how often it is there."""
    return Counter(each for page in SPEC.glob("*.md") for each in anchors(page.read_text(encoding="utf-8")))


def rows() -> set[str]:
    """The numbers of docs/mission.toml."""
    data = tomllib.loads((DOCS / "mission.toml").read_text(encoding="utf-8"))
    return {row["number"] for group in data.values() for row in group}


def cited(text: str) -> list[str]:
    """The ids that `text` cites; a citation may be broken over lines."""
    found = (each.strip(" #\n") for inside in RULE.findall(text) for each in inside.split(","))
    return [re.sub(r"\s+", " ", each) for each in found]


def test_the_checks_see_what_they_are_for() -> None:
    assert cited("held [spec: holds] and [spec: seat,\n    # lease]") == ["holds", "seat", "lease"]
    for bad in (
        "as agreed (spec 2.4 Order).",
        "in the order of spec 3.4",
        "it counts (3.8).",
        "(2.4, B11)",
        "(M7, 3.5)",
    ):
        assert NUMBERED.search(bad), bad
    for good in ("0.5 (2.0)", "wait(0.5)", "TLS (1.3)", "[spec: holds]", "RFC 8484, 4.1)"):
        assert good == "0.5 (2.0)" or not NUMBERED.search(good), good
    assert ROW.findall("promises (M7, B15) and P5; MB7, P-4, #M1, M1.5") == ["M7", "B15", "P5"]


def test_no_rule_s_id_is_given_twice_and_each_is_plain() -> None:
    found = rules()
    assert len(found) > 100
    assert [each for each, times in found.items() if times > 1] == []
    assert [each for each in found if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", each)] == []


def test_every_cited_rule_is_in_the_specification() -> None:
    known = rules()
    wrong = [
        f"{name}: {each}"
        for name, text in texts(without=BAD_EXAMPLES | {"docs/spec/README.md"})
        for each in cited(text)
        if each not in known
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_cited_by_the_number_of_a_section() -> None:
    wrong = []
    for name, text in texts(without=BAD_EXAMPLES):
        for line in prose(name, text):
            if found := NUMBERED.search(line):
                wrong.append(f"{name}: {found[0]!r} in {line.strip()[:90]!r}")
    assert not wrong, "\n".join(wrong)


def prose(name: str, text: str) -> list[str]:
    """The lines that people read as text: all of a page, of a program its comments and documentation."""
    if not name.endswith(".py"):
        return [line for line in text.splitlines() if "days in one life" not in line]
    comments = re.findall(r"(?m)(?:^|\s\s)# (.*)$", text)
    return [line for each in re.findall(r'(?s)"""(.*?)"""', text) for line in each.splitlines()] + comments


@pytest.mark.parametrize("place", ["src", "docs", "tools", "conformance"])
def test_every_cited_row_is_one_of_the_mission(place: str) -> None:
    known = rows()
    wrong = [
        f"{name}: {each}"
        for name, text in texts(without=OTHER_NUMBERS)
        if name.startswith(place) and "/golden/" not in name
        for line in prose(name, text)
        for each in ROW.findall(line)
        if each not in known
    ]
    assert not wrong, "\n".join(wrong)


def test_every_rule_of_a_conformance_scenario_is_one_of_ours() -> None:
    known = set(rules()) | rows()
    wrong = []
    for path in sorted((ROOT / "conformance" / "scenarios").glob("*.toml")):
        for scenario in tomllib.loads(path.read_text(encoding="utf-8"))["scenario"]:
            wrong += [f"{path.name}: {each}" for each in scenario["rule"].split(", ") if each not in known]
    assert not wrong, "\n".join(wrong)


def test_every_cited_decision_has_a_page() -> None:
    known = {int(page.name[:4]) for page in (DOCS / "adr").glob("*.md")}
    wrong = [
        f"{name}: ADR {number}"
        for name, text in texts(without=BAD_EXAMPLES)
        for number in DECISION.findall(text)
        if int(number) not in known
    ]
    assert not wrong, "\n".join(wrong)


def test_every_link_from_page_to_page_and_to_its_anchor_leads_somewhere() -> None:
    wrong = []
    for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]:
        for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
            if target.startswith("http"):
                continue
            there = (page.parent / target).resolve() if target else page
            if not there.exists():
                wrong.append(f"{page.relative_to(ROOT)}: {target}")
            elif anchor and anchor[1:] not in places_in(there):
                wrong.append(f"{page.relative_to(ROOT)}: {target}{anchor}")
    assert not wrong, "\n".join(wrong)


def places_in(page: Path) -> set[str]:
    """What a link can name in a page: its ids, and its headings as GitHub spells them."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return set(anchors(text)) | {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
