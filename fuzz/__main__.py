"""`python -m fuzz [NAME ...]`: every parser is given bytes until it is shown to be sound or a fault is found.

First a parser with a defect, which must be found, then the parser itself. `RUNS` (a million) says how many executions;
`SHORT=1` makes it ten thousand; `SEED` (1) begins the same series again. Bytes that failed are kept in `build/fuzz`,
figures in `build/fuzz.json`. The last line is the summary, the exit code the verdict.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import atheris

from fuzz.execution import FuzzSeries

with atheris.instrument_imports(include=["tenure", "fuzz", "dns", "h11", "python_multipart"]):
    from fuzz.targets import TARGETS

BUILD = Path("build/fuzz")
FIGURES = Path("build/fuzz.json")
FULL, BRIEF = 1_000_000, 10_000
DEFECT_RUNS = 200_000
"""A defect that is not found within so many executions counts as not found."""


@dataclass(frozen=True)
class FuzzRow:
    """What became of one parser."""

    name: str
    runs: int
    seconds: float
    verdict: str
    """Empty when it is sound and its control failed as it should."""


class RunningTarget:
    """The two series of one parser, one after the other."""

    def __init__(self, name: str, runs: int, seed: int) -> None:
        """Starts with the defect."""
        target, folder = TARGETS[name], BUILD / name.replace(" ", "-")
        self._name, self._begun = name, time.monotonic()
        self._series = FuzzSeries(target.check, target.seeds, runs, seed, folder)
        self._control = FuzzSeries(target.defect, target.seeds, DEFECT_RUNS, seed, folder / "defect")
        self.process: BaseProcess = self._control.start()
        self._in_control = True

    def go_on(self) -> FuzzRow | None:
        """Called when `process` has ended: the row, or None after the next series was started."""
        self.process.join()
        code = self.process.exitcode
        if self._in_control and code:
            self._in_control, self.process = False, self._series.start()
            return None
        sound = not self._in_control and code == 0
        fault = "its control was not noticed" if self._in_control else "" if sound else self._series.describe_fault()
        return FuzzRow(self._name, self._series.runs if sound else 0, round(time.monotonic() - self._begun, 1), fault)


def main(names: list[str]) -> int:
    """Fuzz the named parsers, or all; 1 when one does not hold, 2 for a name that is none."""
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        print(f"There is no parser {unknown[0]!r} here; there are: {', '.join(TARGETS)}.", file=sys.stderr)
        return 2
    runs = int(os.environ.get("RUNS") or (BRIEF if os.environ.get("SHORT") else FULL))
    seed = int(os.environ.get("SEED") or 1)
    chosen = names or list(TARGETS)
    print(f"{len(chosen)} parsers, {runs:,} executions each, seed {seed}", flush=True)
    rows = fuzz_all(chosen, runs, seed)
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps({"seed": seed, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")
    held = sum(not row.verdict for row in rows)
    executed = sum(row.runs for row in rows)
    print(f"fuzz: {held} of {len(rows)} parsers hold, each control fails as it should; {executed:,} executions")
    return 0 if held == len(rows) else 1


def fuzz_all(names: list[str], runs: int, seed: int) -> list[FuzzRow]:
    """One row for each parser, printed as it comes; as many at once as there are processors."""
    waiting, running, rows = list(names), list[RunningTarget](), list[FuzzRow]()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            running.append(RunningTarget(waiting.pop(0), runs, seed))
        ended = wait([each.process.sentinel for each in running])
        for each in [each for each in running if each.process.sentinel in ended]:
            if (row := each.go_on()) is not None:
                running.remove(each)
                rows.append(row)
                print(_describe_row(row, len(rows), len(names)), flush=True)
    return rows


def _describe_row(row: FuzzRow, number: int, total: int) -> str:
    executed = f"{row.runs:>11,} executions {row.seconds:>8,.1f} s"
    return f"  [{number:>2}/{total}] {row.name:<20}{executed}   {row.verdict or 'holds'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
