"""Rows: figures against what is due, and what becomes of them on screen, in `build/bench.json` and as exit code.

Pure but for writing the file: what was measured comes in, so that tests can hold made-up figures against each target.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.targets import TARGETS, Target

LEEWAY = 0.25
"""So far the bare server may be from its recorded figure; beyond that, absolute figures say nothing of the product."""


class Figure(NamedTuple):
    """What a part found, and what belongs beside it, such as a rate or the size of a short form."""

    value: float
    note: str = ""


class Missing(NamedTuple):
    """Why there is no figure."""

    reason: str
    broke: bool = False
    """The measurement itself failed, whatever the machine."""


Figures = Mapping[str, Figure | Missing]


class Yardstick(NamedTuple):
    """The bare server of this run by what it costs and by the clock, and the recorded one; answers a second."""

    recorded: float
    by_cpu: float
    by_clock: float

    def comparable(self, target: Target) -> bool:
        """Whether a figure like this one says something of the product in this run."""
        here = {"cpu": self.by_cpu, "clock": self.by_clock}.get(target.kind)
        return here is None or abs(here / self.recorded - 1) <= LEEWAY

    def told(self) -> str:
        """As a line of the report."""
        cpu, clock = (each / self.recorded - 1 for each in (self.by_cpu, self.by_clock))
        return (
            f"bare server {self.by_cpu:,.0f}/s by CPU ({cpu:+.0%}), {self.by_clock:,.0f}/s by the clock ({clock:+.0%}),"
            f" recorded {self.recorded:,.0f}/s"
        )


class Row(NamedTuple):
    """One line: `holds` is None where nothing can be said."""

    name: str
    figure: float | None
    unit: str
    target: str
    holds: bool | None
    note: str = ""
    broke: bool = False

    @property
    def verdict(self) -> str:
        """In words."""
        return {True: "holds", False: "fails", None: "not measured"}[self.holds]


def judge(found: Figures, yardstick: Yardstick, keys: Iterable[str] = TARGETS) -> list[Row]:
    """The row of each key, in the order of the table; one without a figure says why, or that no part reported it."""
    return [_row(TARGETS[key], found.get(key, Missing("no part reported it", broke=True)), yardstick) for key in keys]


def _row(target: Target, found: Figure | Missing, yardstick: Yardstick) -> Row:
    if isinstance(found, Missing):
        return Row(target.name, None, target.unit, target.text, None, found.reason, found.broke)
    value, note = found
    if not yardstick.comparable(target):
        off = f"the bare server is more than {LEEWAY:.0%} off"
        return Row(target.name, value, target.unit, target.text, None, "; ".join(filter(None, (off, note))))
    return Row(target.name, value, target.unit, target.text, target.holds(value), note)


def exit_code(rows: Iterable[Row]) -> int:
    """1 when a row fails, or its measurement broke."""
    return int(any(row.holds is False or row.broke for row in rows))


def tell(row: Row) -> str:
    """As a line of the table."""
    figure = "-" if row.figure is None else _short(row.figure)
    return f"  {row.name:<52}{figure:>10} {row.unit:<18}{row.target:<26}{row.verdict:<13}{row.note}".rstrip()


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 or figure == int(figure) else f"{figure:,.2f}"


def summary(rows: list[Row]) -> str:
    """How many of each verdict."""
    counts = {word: sum(row.verdict == word for row in rows) for word in ("holds", "fails", "not measured")}
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def write_rows(rows: Iterable[Row], file: Path) -> None:
    """`{"rows": [{"name", "figure", "unit", "target", "holds"}]}`; `holds` and `figure` may be null."""
    shown = [{name: getattr(row, name) for name in ("name", "figure", "unit", "target", "holds")} for row in rows]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"rows": shown}, indent=1) + "\n")
