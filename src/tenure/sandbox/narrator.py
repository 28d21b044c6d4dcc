"""Tells a story step by step: what was expected, what was seen, and at the end how often they differed."""

import sys
from collections.abc import Callable
from typing import Any, TextIO

import msgspec


class Told(msgspec.Struct, frozen=True):
    """How a story went."""

    steps: int
    differences: int

    @property
    def exit(self) -> int:
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
            self._say(f"ok  {self.steps:>3}  {what}: {_short(seen)}")
            return True
        self.differences += 1
        self._say(f"DIFF {self.steps:>2}  {what}: expected {_short(expected)}, seen {_short(seen)}")
        return False

    def chapter(self, title: str) -> None:
        """A heading; no step."""
        self._say(f"--  {title}")

    def attempt(self, what: str, expected: Any, work: Callable[[], Any]) -> bool:
        """One step whose `work` may fail; a failure is a difference, told in one line, and the story goes on."""
        try:
            seen = work()
        except Exception as fault:  # a story is told to its end, whatever breaks
            seen = f"{type(fault).__name__}: {fault}"
        return self.expect(what, expected, seen)

    def close(self) -> Told:
        """The last line."""
        self._say(f"{self.steps} steps, {self.differences} differences")
        return Told(self.steps, self.differences)

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."
