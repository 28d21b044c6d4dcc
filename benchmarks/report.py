"""What is printed: medians of the rounds, ratios within the run, and a verdict where the promise has a figure."""

import json
import os
import platform
from pathlib import Path
from statistics import median
from typing import NamedTuple

RECORDED = Path(__file__).with_name("recorded.json")
LEEWAY = 0.25
"""So far the bare server may be from its recorded rate; beyond that, absolute figures say nothing of the product."""


class Promise(NamedTuple):
    """A figure of the quality page: what it may be at least or at most."""

    text: str
    least: float | None = None
    most: float | None = None
    absolute: bool = True
    """Judged only where the machine is as it was when the figure was set; a ratio within one run always is."""

    def verdict(self, value: float, comparable: bool) -> str:
        """`ok`, `MISSED` or why it was not judged."""
        if self.absolute and not comparable:
            return "not measured"
        missed = (self.least is not None and value < self.least) or (self.most is not None and value > self.most)
        return "MISSED" if missed else "ok"


class Yardstick(NamedTuple):
    """The bare server on the machine where the figures were set, and here."""

    recorded: float
    here: float

    @property
    def comparable(self) -> bool:
        """Whether absolute figures of this run say something."""
        return abs(self.here / self.recorded - 1) <= LEEWAY

    def told(self) -> str:
        """As a line of the report."""
        off = self.here / self.recorded - 1
        return f"bare server {self.here:,.0f}/s here, {self.recorded:,.0f}/s recorded ({off:+.0%})"


def yardstick(here: float) -> Yardstick:
    """The bare server's rate here beside the recorded one."""
    return Yardstick(json.loads(RECORDED.read_text())["bare_server_per_second"], here)


def record(microseconds: float) -> None:
    """Let this machine be the one that absolute figures are compared on.

    `microseconds` of processor time is what the bare server costs in its least disturbed round: another process slows
    the rate down, but hardly the cost. A core that is its own answers as often as that cost allows.
    """
    told = {"bare_server_per_second": round(1e6 / microseconds), "machine": machine()}
    RECORDED.write_text(json.dumps(told, indent=2) + "\n")


def machine() -> str:
    """This machine in words: processor, cores, kernel, Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [each.partition(":")[2].strip() for each in lines if each.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def line(name: str, value: str, *notes: str) -> None:
    """One row."""
    print(f"  {name:<34}{value:>14}   {'; '.join(note for note in notes if note)}".rstrip(), flush=True)


def heading(text: str) -> None:
    """A group of rows."""
    print(f"\n{text}", flush=True)


def spread(values: list[float]) -> str:
    """The rounds behind a median."""
    return f"rounds {min(values):,.1f} to {max(values):,.1f}" if len(values) > 1 else ""


def middle(values: list[float]) -> float:
    """The median of the rounds."""
    return median(values)
