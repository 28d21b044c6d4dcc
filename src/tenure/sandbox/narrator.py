"""Tells a story step by step: what was expected, what was seen, and at the end how often they differed."""

import sys
from collections.abc import Callable
from typing import Any, TextIO

import msgspec


class StoryResult(msgspec.Struct, frozen=True):
    """How a story went."""

    steps: int
    differences: int

    @property
    def exit_code(self) -> int:
        """0 when everything was as expected."""
        return 1 if self.differences else 0


class Narrator:
    """Prints one line per step, `ok  <number>  <what>` or `DIFF …`, and counts."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self.steps = self.differences = 0

    def expect(self, what: str, expected: Any, seen: Any) -> bool:
        """One step: `seen` must equal `expected`; the line shows both when they differ."""
        self.steps += 1
        if expected == seen:
            self._print_line(f"ok  {self.steps:>3}  {what}: {_short_value(seen)}")
            return True
        self.differences += 1
        self._print_line(f"DIFF {self.steps:>2}  {what}: expected {_short_value(expected)}, seen {_short_value(seen)}")
        return False

    def begin_chapter(self, title: str) -> None:
        """A heading; no step."""
        self._print_line(f"--  {title}")

    def expect_from(self, what: str, expected: Any, work: Callable[[], Any]) -> bool:
        """One step whose `work` may fail; a failure is a difference, told in one line, and the story goes on."""
        try:
            seen = work()
        except Exception as fault:  # a story is told to its end, whatever breaks
            seen = f"{type(fault).__name__}: {fault}"
        return self.expect(what, expected, seen)

    def close(self) -> StoryResult:
        """The last line."""
        self._print_line(f"{self.steps} steps, {self.differences} differences")
        return StoryResult(self.steps, self.differences)

    def _print_line(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _short_value(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."
