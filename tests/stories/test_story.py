"""`make story`: the main job through the real programs over loopback HTTP, without a difference."""

import io
import re
import subprocess
import sys

import pytest

from tenure.sandbox.narrator import Narrator

LIMIT = 120
"""Seconds after which the test gives up; the story itself is done in a fraction (it is measured by `make bench`)."""


@pytest.fixture(scope="module")
def told() -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tenure.cli.main", "story"]
    return subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=False)


def test_the_story_is_told_without_a_difference(told: subprocess.CompletedProcess[str]) -> None:
    differences = [line for line in told.stdout.splitlines() if line.startswith("DIFF")]
    assert differences == []
    assert told.returncode == 0, told.stdout[-2_000:] + told.stderr[-2_000:]


def test_its_last_line_counts(told: subprocess.CompletedProcess[str]) -> None:
    counted = re.fullmatch(r"(\d+) steps, 0 differences", told.stdout.strip().splitlines()[-1])
    assert counted is not None
    steps = [line for line in told.stdout.splitlines() if line.startswith("ok ")]
    assert len(steps) == int(counted[1]) > 90
    assert [int(line.split()[1]) for line in steps] == list(range(1, len(steps) + 1))


def test_a_difference_is_told_counted_and_fails() -> None:
    out = io.StringIO()
    narrator = Narrator(out)
    narrator.expect("two and two", 4, 5)
    narrator.expect_from("what breaks", "fine", lambda: 1 / 0)
    narrator.expect("one and one", 2, 2)
    end = narrator.close()
    said = out.getvalue().splitlines()
    assert said[0].startswith("DIFF  1  two and two: expected 4, seen 5")
    assert said[1].startswith("DIFF  2  what breaks")
    assert said[-1] == "3 steps, 2 differences"
    assert end.exit_code == 1
