"""The checks behind `make check` find what they are there to find: stale locks, a stale page of promises."""

from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tools import locks, mission

HASH = "--hash=sha256:" + "0" * 64
GOOD = f"""\
msgspec==0.22.0 \\
    {HASH}
    # via tenure (pyproject.toml)
uvloop==0.23.0 ; sys_platform != 'win32' \\
    {HASH}
"""
ASKED = [Requirement("msgspec>=0.22,<0.23"), Requirement("uvloop>=0.23; sys_platform != 'win32'")]


def test_the_locks_carry_what_the_project_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert locks.main() == 0, capsys.readouterr().out


def test_a_good_lock_is_left_alone() -> None:
    assert locks.complaints("x.lock", GOOD, ASKED) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("uvloop==", "other=="), "lacks uvloop"),
        (GOOD.replace("0.22.0", "0.21.0"), "pins msgspec 0.21.0"),
        (GOOD.replace(f"\\\n    {HASH}\n    # via", "\n    # via"), "pins msgspec without a hash"),
        ("--index" + "-url somewhere\n" + GOOD, "an index option"),
        ("--find" + "-links wheels\n" + GOOD, "an index option"),
        ("# from https" + "://example.org/simple\n" + GOOD, "an address"),
        ("#   -c /" + "tmp/installed.txt\n" + GOOD, "a path of the machine"),
        (GOOD + "extra @ git+ssh\n", "a direct reference"),
    ],
)
def test_a_bad_lock_is_caught(text: str, reason: str) -> None:
    found = locks.complaints("x.lock", text, ASKED)
    assert any(reason in complaint for complaint in found), found


def test_locks_that_disagree_are_caught() -> None:
    assert locks.disagreements(GOOD, GOOD) == []
    assert len(locks.disagreements(GOOD, GOOD.replace("0.22.0", "0.22.1"))) == 1
    assert len(locks.disagreements(GOOD, "")) == 2


def test_every_extra_and_group_is_asked_for() -> None:
    whole: dict[str, Any] = {
        "project": {"dependencies": ["a", "part==1"], "optional-dependencies": {"x": ["b"], "y": ["c"]}},
        "build-system": {"requires": ["d"]},
        "dependency-groups": {"dev": ["e"], "other": ["f"]},
    }
    part: dict[str, Any] = {"project": {"dependencies": ["g"]}, "build-system": {"requires": ["d"]}}
    asked = locks.asked({"whole": whole, "part": part}, "dev")
    assert [each.name for each in asked] == ["a", "d", "b", "c", "e", "g", "d"]


def test_the_page_of_promises_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert mission.main(["--check"]) == 0, capsys.readouterr().out


def test_every_promise_has_its_row() -> None:
    missions, beyond, promises = mission.rows((mission.ROOT / "docs" / "mission.toml").read_text(encoding="utf-8"))
    assert [row.number for row in missions] == [f"M{number}" for number in range(1, 19)]
    assert [row.number for row in beyond] == [f"B{number}" for number in range(1, 23)]
    assert all(row.asked and row.shows for row in missions)
    assert [row.number for row in promises] == [f"P{number}" for number in range(1, 10)]
    assert all(row.shows for row in [*beyond, *promises])


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_m07_grace_counts_down", ["M7"]),
        ("test_m10_b06_each_cause_its_remedy", ["M10", "B6"]),
        ("test_p5_the_last_money", ["P5"]),
        ("test_p5_b07_the_last_seat", ["P5", "B7"]),
        ("test_m1_is_not_spelled_so", []),
        ("test_many_things", []),
        ("helper_m07_x", []),
    ],
)
def test_a_test_shows_the_rows_of_its_name(name: str, rows: list[str]) -> None:
    assert mission.shown_by(name) == rows


DATA = """
[[mission]]
number = "M1"
says = "asked"
shows = "shown"

[[beyond]]
number = "B1"
shows = "more"

[[promise]]
number = "P1"
shows = "always"
"""


def test_a_row_without_a_test_claims_nothing(tmp_path: Path) -> None:
    (tmp_path / "tests" / "core").mkdir(parents=True)
    (tmp_path / "tests" / "core" / "test_x.py").write_text(
        "class TestIt:\n    def test_b01_it(self): pass\n", encoding="utf-8"
    )
    found = mission.tests(tmp_path)
    page = mission.page(DATA, found)
    assert '| <a id="m1"></a>M1 | asked | shown | not yet |' in page
    assert '| <a id="b1"></a>B1 | more | `core/test_x.py::test_b01_it` |' in page
    assert "Shown by a test: 1 of 3." in page


def test_a_test_named_after_no_row_is_a_slip(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text("def test_m19_it(): pass\n", encoding="utf-8")
    assert mission.strays(["M1"], mission.tests(tmp_path)) == ["tests/test_x.py::test_m19_it"]
