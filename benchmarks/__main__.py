"""`make bench`: durable, verified, signed synchronizations of one server process beside the limits of the same core.

Everything is measured in one run: server on core 0, load on core 1, the candidates in turn, medians of the rounds.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import growth, in_process, limits, report, slices
from benchmarks.in_process import InProcessServer
from benchmarks.programs import LOAD_CORE, SERVER_CORE, Program
from benchmarks.report import Promise, heading, line, middle, spread
from benchmarks.slices import Load, Measured

CONNECTIONS = 64

SHARE = Promise("at least 0.40 of verify + sign, stretch 0.50", least=0.40, absolute=False)
TAIL = Promise("p99 below 50 ms at 64 connections at 80 % of the rate", most=50)
COLD = Promise("below 1.5 s", most=1.5)
MEMORY = Promise("below 120 MB", most=120)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sites: int
    rounds: int
    seconds: float
    """Of one slice, about."""


SHORT = Plan(sites=128, rounds=3, seconds=0.7)
USUAL = Plan(sites=256, rounds=3, seconds=2.0)


@dataclass
class Rounds:
    """What the rounds gave."""

    limit: list[float] = field(default_factory=list)
    nothing: list[Measured] = field(default_factory=list)
    unchanged: list[Measured] = field(default_factory=list)
    lease: list[Measured] = field(default_factory=list)
    tail: list[Measured] = field(default_factory=list)


def main() -> int:
    """Prints the report; 1 when a promise that could be judged is missed."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("--growth", action="store_true", help="few against very many sites instead")
    asked.add_argument("--sites", type=int, default=growth.MANY, help="how many are very many (1,000,000)")
    asked.add_argument("--record", action="store_true", help="let this machine be the one figures are compared on")
    options = asked.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    plan = SHORT if os.environ.get("SHORT") == "1" else USUAL
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as folder:
        if options.growth:
            return growth.run(Path(folder), plan.sites, plan.rounds, plan.seconds, options.sites)
        return _bench(Path(folder), plan, record=options.record)


def _bench(folder: Path, plan: Plan, *, record: bool) -> int:
    print(f"{plan.sites} sites on {CONNECTIONS} connections; server on core {SERVER_CORE}, load on core {LOAD_CORE}")
    made = in_process.found(folder / "server", plan.sites)
    slices.known_bad_are_caught(made)
    print(f"state: {in_process.durability(made.folder)}, group commit, acknowledged after commit; load {_load()}")
    drawn = limits.core(made)
    log = (folder / "server.log").open("w")
    with Program("serve", str(made.folder), log=log) as server, Program("nothing", log=log) as nothing:
        rest = server.megabytes()
        rounds = _measure(made, plan, server, nothing)
        busy = server.megabytes()
    if record:
        report.record(min(each.server_us for each in rounds.nothing))
    return _tell(rounds, drawn, server.cold_start, rest, busy)


def _load() -> str:
    return "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg())


def _measure(made: InProcessServer, plan: Plan, server: Program, nothing: Program) -> Rounds:
    load, idle = Load(made, server, CONNECTIONS), Load(made, nothing, CONNECTIONS)
    warm = load.unchanged(max(plan.sites * 4, 1_000))
    idle.nothing(2_000)
    dear = load.new_lease(CONNECTIONS * 2)
    load.unchanged(plan.sites * 2)
    rounds = Rounds()
    for _ in range(plan.rounds):
        rounds.limit.append(limits.verify_and_sign())
        rounds.nothing.append(idle.nothing(int(plan.seconds * 8_000)))
        rounds.unchanged.append(load.unchanged(int(plan.seconds * warm.rate)))
        rounds.lease.append(load.new_lease(int(plan.seconds / 2 * dear.rate)))
        load.unchanged(plan.sites)  # every site acknowledges its newest lease, which is no mere contact
        rounds.limit.append(limits.verify_and_sign())
    rate = 0.8 * middle([each.rate for each in rounds.unchanged])
    for _ in range(plan.rounds):
        rounds.tail.append(load.unchanged(int(plan.seconds * rate), rate))
    return rounds


def _tell(rounds: Rounds, drawn: tuple[float, float], cold: float, rest: float, busy: float) -> int:
    limit = middle(rounds.limit)
    bare = middle([each.rate for each in rounds.nothing])
    yardstick = report.yardstick(bare)
    verdicts = []

    def judged(promise: Promise, value: float) -> str:
        verdicts.append(promise.verdict(value, yardstick.comparable))
        return f"{verdicts[-1]} ({promise.text})"

    heading("limits of this core")
    line("Ed25519 verify + sign (PyNaCl)", f"{limit:,.1f} us", f"{1e6 / limit:,.0f}/s", spread(rounds.limit))
    _rows("do-nothing server", rounds.nothing, limit)
    heading("one durable, verified, signed synchronization (processor time of the server, all threads)")
    unchanged = _rows("unchanged", rounds.unchanged, limit)
    share = limit / unchanged
    line("  of verify + sign, by CPU", f"{share:.2f}", judged(SHARE, share))
    by_rate = middle([each.rate for each in rounds.unchanged]) * limit / 1e6
    line("  of verify + sign, by rate", f"{by_rate:.2f}", "a neighbor on the core counts against it")
    line("  of the do-nothing server, by CPU", f"{middle([m.server_us for m in rounds.nothing]) / unchanged:.2f}")
    _rows("new lease", rounds.lease, limit)
    heading(f"waiting at 80 % of the rate of `unchanged`, {CONNECTIONS} connections, from the instant due")
    line("p50", f"{middle([each.slice.percentile(0.50) for each in rounds.tail]):.1f} ms")
    tail = middle([each.slice.percentile(0.99) for each in rounds.tail])
    line("p99", f"{tail:.1f} ms", judged(TAIL, tail))
    heading("the server as a program")
    line("cold start to first answer", f"{cold:.2f} s", judged(COLD, cold))
    line("memory at rest", f"{rest:.0f} MB", judged(MEMORY, rest), f"{busy:.0f} MB after the load")
    heading("the core, pure")
    line("timeline", f"{drawn[0]:.1f} us")
    line("decide (cancel)", f"{drawn[1]:.1f} us")
    heading(f"yardstick: {yardstick.told()}; load average {_load()}")
    if not yardstick.comparable:
        print(f"  more than {report.LEEWAY:.0%} off: absolute figures are not judged, ratios are")
    return 1 if "MISSED" in verdicts else 0


def _rows(name: str, measured: list[Measured], limit: float) -> float:
    """One row of processor time and rate; returns the microseconds."""
    cost = [each.server_us for each in measured]
    rate, own = middle([each.rate for each in measured]), middle([each.load_us for each in measured])
    times = f"{middle(cost) / limit:.2f} x verify + sign"
    line(name, f"{middle(cost):,.1f} us", f"{rate:,.0f}/s", times, spread(cost), f"load generator {own:.0f} us")
    return middle(cost)


if __name__ == "__main__":
    sys.exit(main())
