"""The order in which files of tests begin: the longest first, so that at the end no worker waits long for another.

`tests/durations.txt` holds what each file took when `make durations` last ran it.
"""

from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
TABLE: Final = ROOT / "tests" / "durations.txt"
HEAD: Final = (
    "# Seconds that each file of tests took, longest first. Written by `make durations` (ROOM=site: one folder anew).\n"
)
NOTICED: Final = 0.5
"""Seconds; shorter files are not listed and begin last, in the order in which they were collected."""


def read(text: str) -> dict[str, float]:
    """Seconds by file, from the text of a table."""
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {path: float(seconds) for seconds, path in rows}


def write(taken: dict[str, float]) -> str:
    """The text of a table: longest first, equals by name."""
    rows = sorted((-round(seconds, 1), path) for path, seconds in taken.items() if seconds >= NOTICED)
    return HEAD + "".join(f"{-seconds:7.1f} {path}\n" for seconds, path in rows)


def merge(known: dict[str, float], taken: dict[str, float]) -> dict[str, float]:
    """What is known now: files that ran count anew, others as before while they exist."""
    return {path: seconds for path, seconds in {**known, **taken}.items() if path in taken or (ROOT / path).exists()}


def longest_first(files: list[str], known: dict[str, float]) -> list[str]:
    """The order in which files begin; a stable one, so that all workers agree on it."""
    return sorted(dict.fromkeys(files), key=lambda path: -known.get(path, 0))


def file_of(nodeid: str) -> str:
    """The file of a test, from its name."""
    return nodeid.partition("::")[0]


class Durations:
    """Sums up what each file takes, in the process that hears from all workers, and writes the table in the end."""

    def __init__(self, table: Path = TABLE) -> None:
        self._table = table
        self._taken: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Setting up and tearing down count: they are what a shared fixture costs."""
        self._taken[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Writes what was heard; of files that did not run the former figure stays."""
        known = read(self._table.read_text("utf-8"))
        self._table.write_text(write(merge(known, self._taken)), "utf-8")
