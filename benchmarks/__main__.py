"""`make bench`: every figure of the quality page [spec: performance] with what is due of it and a verdict, in one run.

Server on core 0, load on core 1, candidates in turn. `SHORT=1` measures less of everything and says how much;
`--only PART` measures one part. Exit code 1 when a row fails or its measurement broke.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import (
    against_peers,
    allows,
    api_costs,
    fairness,
    growth,
    hot_path,
    limits,
    outage,
    overload,
    pictures,
    postgres,
    report,
    restart,
    seats,
    starts,
)
from benchmarks.programs import LOAD_CORE, ROOT, SERVER_CORE
from benchmarks.rows import Figure, Figures, Missing, Row, Yardstick, exit_code, judge, summary, tell, write_rows
from benchmarks.run import SHORT, USUAL, Run
from benchmarks.targets import TARGETS

BUILD = ROOT / "build"
_WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


class Part(NamedTuple):
    """One measurement: the keys that it reports, and how it is done."""

    keys: tuple[str, ...]
    measure: Callable[[Run], Figures]


PARTS: Mapping[str, Part] = {
    "hot_path": Part(hot_path.KEYS, hot_path.measure),
    "peers": Part(against_peers.KEYS, against_peers.measure),
    "api_costs": Part(api_costs.KEYS, api_costs.measure),
    "postgres": Part(postgres.KEYS, postgres.measure),
    "seats": Part(seats.KEYS, seats.measure),
    "sdk": Part(allows.KEYS, allows.measure),
    "starts": Part(starts.KEYS, starts.measure),
    "growth": Part(growth.KEYS, growth.measure),
    "fairness": Part(fairness.KEYS, fairness.measure),
    "outage": Part(outage.KEYS, outage.measure),
    "overload": Part(overload.KEYS, overload.measure),
    "restart": Part(restart.KEYS, restart.measure),
}
"""In this order: the hot path finds the yardstick and what the others are compared with."""


def main() -> int:
    """Measure, tell, write `build/bench.json` and the pictures."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("--only", action="append", choices=list(PARTS), metavar="PART", help=", ".join(PARTS))
    asked.add_argument("--growth", type=int, metavar="SITES", help="measure growth alone, from 1,000 to so many sites")
    asked.add_argument("--record", action="store_true", help="let this machine be the one figures are compared on")
    options = asked.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    size = SHORT if os.environ.get("SHORT") == "1" else USUAL
    only = ["growth"] if options.growth else options.only
    chosen = [name for name in PARTS if not only or name in only]
    print(f"{report.machine()}; server on core {SERVER_CORE}, load on core {LOAD_CORE}; load average {_load()}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tenure-bench-")))
        log = stack.enter_context((folder / "programs.log").open("w"))
        run = Run(folder, size, log, stack, sites_most=options.growth or 0)
        found = measure_parts(run, chosen)
        if options.record:
            report.record(min(run.nothing_us))
        return _tell(run, chosen, found)


def measure_parts(run: Run, names: list[str]) -> dict[str, Figure | Missing]:
    """What the parts found, in turn; one that breaks takes only its own rows with it."""
    found: dict[str, Figure | Missing] = {}
    for name in names:
        begun, used = time.perf_counter(), _cpu_used()
        print(f"measuring: {name}", end="", file=sys.stderr, flush=True)
        found.update(measure_part(run, PARTS[name]))
        spent = f", {time.perf_counter() - begun:.0f} s, {_cpu_used() - used:.0f} s of processor time"
        print(spent, file=sys.stderr, flush=True)
    return found


def _cpu_used() -> float:
    """Seconds of processor time of this process and of those it has waited for."""
    return sum(time_used.ru_utime + time_used.ru_stime for time_used in map(resource.getrusage, _WHOSE))


def measure_part(run: Run, part: Part) -> Figures:
    """The part's figures; where it broke, each of its rows says so."""
    try:
        return part.measure(run)
    except Exception as fault:
        traceback.print_exc()
        reason = f"the measurement broke: {type(fault).__name__}: {str(fault)[:120]}"
        return dict.fromkeys(part.keys, Missing(reason, broke=True))


def _tell(run: Run, names: list[str], found: Figures) -> int:
    if not run.nothing_us:
        run.measure_yardstick()
    yardstick = Yardstick(report.recorded(), 1e6 / min(run.nothing_us), median(run.nothing_rate))
    rows = judge(found, yardstick, [key for key in TARGETS if any(key in PARTS[name].keys for name in names)])
    _tell_limits(run)
    report.heading(f"figures of this run{' (short form: less of everything)' if run.size.short else ''}")
    for row in rows:
        print(tell(row))
    report.heading(f"{summary(rows)}; {yardstick.told()}; load average {_load()}")
    _write(run, rows)
    return exit_code(rows)


def _tell_limits(run: Run) -> None:
    writes = limits.durable_writes(run.folder)
    report.heading("limits of this machine, one core")
    report.line("Ed25519 verify + sign (PyNaCl)", f"{run.limit:,.1f} us", f"{1e6 / run.limit:,.0f}/s")
    report.line("do-nothing HTTP server", f"{min(run.nothing_us):,.1f} us", f"{1e6 / min(run.nothing_us):,.0f}/s")
    report.line("fdatasync of 4 KiB", f"{1e6 / writes:,.0f} us", f"{writes:,.0f}/s by the clock")
    for name, rate in run.rates.items():
        report.line(name, f"{1e6 / rate:,.0f} us", f"{rate:,.0f}/s by CPU")
    run.rates |= {"Ed25519 verify + sign": 1e6 / run.limit, "fdatasync of 4 KiB, one by one": writes}


def _write(run: Run, rows: list[Row]) -> None:
    write_rows(rows, BUILD / "bench.json")
    (BUILD / "bench-rows.svg").write_text(pictures.draw_rows(rows))
    (BUILD / "bench-rates.svg").write_text(pictures.draw_rates(run.rates))
    print(f"written: {BUILD / 'bench.json'}, bench-rows.svg, bench-rates.svg")


def _load() -> str:
    return "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
