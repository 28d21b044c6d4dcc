"""The stages of continuous integration run every test once, fail together, and tell how each ended."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / ".ci" / "run"
GREEN, RED = "echo '{} passed in {}s'", "echo '1 failed, {} passed in {}s'; false"


def rooms() -> set[str]:
    """Every folder directly under tests/ with a test in it."""
    return {file.relative_to(ROOT / "tests").parts[0] for file in (ROOT / "tests").rglob("test_*.py")}


def words_of(target: str) -> list[str]:
    """The words of the command that starts pytest for a target."""
    ran = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return next(line for line in ran.stdout.splitlines() if ".venv/bin/pytest" in line).split()


def rooms_run_by(target: str) -> set[str]:
    """The folders whose tests the target runs."""
    words = words_of(target)
    named = {word.removeprefix("tests/") for word in words if word.startswith("tests/")}
    left_out = {word.removeprefix("--ignore=tests/") for word in words if word.startswith("--ignore=")}
    return rooms() - left_out if "tests" in words else named


def test_every_room_is_run_by_one_stage() -> None:
    stages = re.search(r"stages=\((\w[^)]*)\)", RUN.read_text("utf-8"))
    assert stages is not None
    run = [room for stage in stages[1].split() if stage != "check" for room in rooms_run_by(stage)]
    assert sorted(run) == sorted(rooms())
    assert rooms_run_by("check") == {"architecture"}


def told(folder: Path, **recipes: str) -> tuple[int, list[str]]:
    """Exit code and printed lines of the script, run with a Makefile that has these recipes."""
    (folder / ".ci").mkdir()
    (folder / ".ci" / "run").write_bytes(RUN.read_bytes())
    (folder / "Makefile").write_text("".join(f"{name}:\n\t@{recipe}\n" for name, recipe in recipes.items()))
    words = ["bash", folder / ".ci" / "run", *recipes]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ran = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    return ran.returncode, ran.stdout.splitlines()


def test_each_stage_is_told_with_its_closing_line_and_the_last_one_closes(tmp_path: Path) -> None:
    code, lines = told(tmp_path, lint="true", rings=GREEN.format(12, 3.10), test=GREEN.format(90, 7.25))
    assert code == 0
    assert [re.sub(r"\d+ s", "N s", line) for line in lines[-4:]] == [
        "make lint: passed, N s",
        "make rings: passed, N s: 12 passed in 3.1s",
        "make test: passed, N s: 90 passed in 7.25s",
        "90 passed in 7.25s",
    ]


@pytest.mark.parametrize("place", range(3))
def test_a_stage_that_fails_stops_no_other_and_closes_the_run(place: int, tmp_path: Path) -> None:
    recipes = {f"stage{number}": GREEN.format(number + 1, 1.5) for number in range(3)}
    recipes[f"stage{place}"] = RED.format(7, 2.5)
    code, lines = told(tmp_path, **recipes)
    assert code == 1
    assert sum(line.endswith("passed in 1.5s") and line.startswith("make ") for line in lines) == 2
    assert lines[-1] == "1 failed, 7 passed in 2.5s"


def test_a_stage_that_fails_without_a_word_fails_the_run(tmp_path: Path) -> None:
    code, lines = told(tmp_path, lint="false", test=GREEN.format(90, 7.5))
    assert code == 1
    assert lines[-3].startswith("make lint: FAILED (2)")
