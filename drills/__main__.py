"""`python -m drills [postgres|sqlite]`: try each loss, print each figure with its bound; 1 where one is missed.

`SHORT=1` works for 3 instead of 15 seconds around each loss. Figures also go to `build/drill-NAMES.json`.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drills.inventory import Inventory
from drills.load import Refusal
from drills.packages import Missing, install_litestream, install_packages
from drills.postgres_drill import run_postgres_drill
from drills.processes import Failed
from drills.sqlite_drill import run_sqlite_drill

Tell = Callable[[str], None]
BUILD = Path(__file__).resolve().parent.parent / "build"
POSTGRES_BOUND, MACHINE_BOUND = 15.0, 40.0
"""Seconds until everything works again when PostgreSQL, or its whole machine, has died."""
LITESTREAM_BOUND = 5.0
"""Seconds of acknowledged work that may be lost with a SQLite machine; Litestream copies every second."""


class Row(NamedTuple):
    """One figure and whether it holds."""

    name: str
    figure: float
    unit: str
    target: str
    holds: bool


def main(arguments: list[str]) -> int:
    """Run the drills named, or all; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*DRILLS, []], help="which (all, where none is named)")
    named = parser.parse_args(arguments).which or list(DRILLS)
    seconds = 3.0 if os.environ.get("SHORT") else 15.0
    rows: list[Row] = []
    try:
        for name in named:
            rows += _run(name, seconds)
    except (Missing, Failed) as fault:
        sys.stderr.write(f"The drill could not be run to its end. {fault}\n")
        return 2
    for row in rows:
        print(
            f"{'holds ' if row.holds else 'MISSED'}  {row.name:<68} {row.figure:>9.2f} {row.unit:<4} due: {row.target}"
        )
    BUILD.mkdir(exist_ok=True)
    (BUILD / f"drill-{'-'.join(named)}.json").write_text(
        json.dumps({"rows": [row._asdict() for row in rows]}, indent=1)
    )
    return 0 if all(row.holds for row in rows) else 1


def _run(name: str, seconds: float) -> list[Row]:
    begun = time.monotonic()

    def tell(line: str) -> None:
        print(f"{name} {time.monotonic() - begun:6.1f} s  {line}", flush=True)

    with tempfile.TemporaryDirectory(prefix=f"tenure-drill-{name}-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        # PostgreSQL runs as a user of its own, who has to get at its folder below this one.
        folder.chmod(0o711)
        return DRILLS[name](folder, seconds, tell)


def _drill_postgres(folder: Path, seconds: float, tell: Tell) -> list[Row]:
    install_packages()
    found = run_postgres_drill(folder, seconds, tell)
    tell(found.history)
    return [
        _recovery("PostgreSQL dies", found.postgres_seconds, POSTGRES_BOUND),
        _recovery("its machine dies", found.machine_seconds, MACHINE_BOUND),
        _recovery("one of two activation servers dies", found.server_seconds, POSTGRES_BOUND),
        _count(f"acknowledged work lost, of {found.inventory.acknowledged}", len(found.inventory.lost)),
        *_nothing_wrong("", found.inventory),
        *_refusals(found.refusals, found.checks, tell),
        _count("chains that cannot be verified", int(not found.sound)),
    ]


def _drill_sqlite(folder: Path, seconds: float, tell: Tell) -> list[Row]:
    litestream = install_litestream(BUILD / "litestream")
    found = run_sqlite_drill(folder, litestream, seconds, tell)
    lost = f"{len(found.moved.lost)} of {found.moved.acknowledged} things"
    return [
        _recovery("SQLite: the server is killed", found.restart_seconds, POSTGRES_BOUND),
        _count(f"acknowledged work lost by that, of {found.restarted.acknowledged}", len(found.restarted.lost)),
        *_nothing_wrong("SQLite: ", found.restarted),
        _recovery("SQLite: the machine is lost", found.moved_seconds, MACHINE_BOUND),
        _bounded(f"age of the oldest work lost by that ({lost})", found.lost_seconds, LITESTREAM_BOUND),
        *_nothing_wrong("SQLite, elsewhere: ", found.moved),
        *_refusals(found.refusals, found.checks, tell),
    ]


def _recovery(what: str, seconds: float, bound: float) -> Row:
    return _bounded(f"{what}: until all is acknowledged again", seconds, bound)


def _bounded(name: str, seconds: float, bound: float) -> Row:
    return Row(name, seconds, "s", f"< {bound:.0f}", seconds < bound)


def _count(name: str, found: int) -> Row:
    return Row(name, found, "", "0", found == 0)


def _nothing_wrong(where: str, found: Inventory) -> list[Row]:
    return [
        _count(f"{where}orders and payments done twice", found.doubled),
        _count(f"{where}applications that lost their license", found.unlicensed),
        _count(f"{where}balances that differ from their statements", found.wrong_balances),
    ]


def _refusals(refusals: list[Refusal], checks: int, tell: Tell) -> list[Row]:
    for each in refusals:
        tell(f"refused: {each.text}")
    return [_count(f"refusals seen ({checks} checks by applications)", len(refusals))]


DRILLS: dict[str, Callable[[Path, float, Tell], list[Row]]] = {
    "postgres": _drill_postgres,
    "sqlite": _drill_sqlite,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
