"""What the contacts of a site's mean day cost, kind by kind, beside verify + sign: `python -m benchmarks.site_day`.

A short loop for those who change the hot path: rounds in turn, least processor time of each kind. `--against` measures
another checkout in the same rounds, because a neighbor on the machine changes figures more than most changes do.
"""

import argparse
import copy
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import in_process, limits, slices
from benchmarks.in_process import InProcessServer
from benchmarks.programs import LOAD_CORE, ROOT, Program
from benchmarks.report import heading, line, machine
from benchmarks.slices import Load, Measured

CONNECTIONS = 64
RATE = 1_500
"""Contacts a second of the mix whose longest waits are told."""

Rounds = dict[str, list[Measured]]


def main() -> int:
    """Prints the rows."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.site_day", description=__doc__)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--sites", type=int, default=256)
    asked.add_argument("--against", type=Path, action="append", default=[], metavar="CHECKOUT")
    options = asked.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as folder:
        made = in_process.found(Path(folder) / "server", options.sites)
        slices.known_bad_are_caught(made)
        _bench(Path(folder), made, [ROOT, *options.against], options.rounds)
    return 0


def _bench(folder: Path, made: InProcessServer, trees: Sequence[Path], rounds: int) -> None:
    with ExitStack() as stack:
        log = stack.enter_context((folder / "server.log").open("w"))
        loads = []
        for number, tree in enumerate(trees):
            own = copy.copy(made)
            own.folder, own.citizens = folder / f"server-{number}", copy.deepcopy(made.citizens)
            shutil.copytree(made.folder, own.folder)
            server = stack.enter_context(Program("serve", str(own.folder), log=log, tree=tree))
            loads.append(Load(own, server, CONNECTIONS))
        limit, found = _measure(loads, rounds, len(made.citizens))
    heading(f"{machine()}; load average {' '.join(f'{each:.1f}' for each in os.getloadavg())}")
    line("Ed25519 verify + sign (PyNaCl)", f"{limit:,.1f} us")
    for tree, each in zip(trees, found, strict=True):
        heading(str(tree))
        _tell(limit, each)


def _measure(loads: Sequence[Load], rounds: int, sites: int) -> tuple[float, list[Rounds]]:
    for load in loads:
        load.unchanged(max(sites * 4, 1_000))
    found: list[Rounds] = [{} for _ in loads]
    limit = limits.verify_and_sign()
    for _ in range(rounds):
        for load, kept in zip(loads, found, strict=True):
            _note(kept, "unchanged", load.unchanged(sites * 8))
            _note(kept, "new lease", load.new_lease(sites))
            _note(kept, "acknowledgment", load.acknowledgment())
            _note(kept, "mean day", load.day())
            _note(kept, "waiting", load.day(RATE))
            limit = min(limit, limits.verify_and_sign())
    return limit, found


def _note(found: Rounds, name: str, measured: Measured) -> None:
    found.setdefault(name, []).append(measured)


def _tell(limit: float, found: Rounds) -> None:
    for name in ("unchanged", "new lease", "acknowledgment", "mean day"):
        cost = min(each.server_us for each in found[name])
        rate = max(each.rate for each in found[name])
        line(name, f"{cost:,.0f} us", f"{cost / limit:.2f} x", f"{limit / cost:.2f} of", f"{rate:,.0f}/s")
    for share in (0.5, 0.99):
        waits = [each.slice.percentile(share) for each in found["waiting"]]
        row = f"mean day at {RATE:,}/s, p{share * 100:.0f}"
        line(row, f"{min(waits):,.1f} ms", f"worst round {max(waits):,.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
