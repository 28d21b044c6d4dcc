"""`python -m benchmarks.seats`: first seat claims at a site, and a site with 100,000 devices.

A first claim is everything that a new device costs its site: its signed enrollment proven, the device, its hardware and
one count more written, seat and answer signed, all of it on disk before it is answered. It is measured twice: through
the store and the signing of one process, and at the site as shipped, over TLS. `SHORT=1` takes fewer devices.
"""

import os
import platform
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from benchmarks import limits, report
from benchmarks.big_store import BigStore, ordered
from benchmarks.claims import AT_ONCE, Cost, OneProcess, Shipped
from benchmarks.clients import ClientGroup, http_request
from benchmarks.programs import LOAD_CORE, SERVER_CORE, Program
from benchmarks.reads import asked
from benchmarks.report import Promise, Yardstick, heading, line, middle, spread

FEW, MANY = 100, 10_000
LIMIT = 1_000_000
"""Devices of each subscription: a tenth of it is what the site's first lease allows."""
LONELY = 400
"""Devices that come on a connection each."""
ODD = 200
"""Devices of a group that gives no seats by itself."""
FORM = 700
"""Bytes of a request at the bare server, as in `python -m benchmarks`."""

SAME = Promise("at most 1.5 times", most=1.5, absolute=False)
RATE = Promise("at least 1,500/s", least=1_500)
LIST = Promise("below 300 ms", most=300)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    devices: int
    rounds: int
    claims: int
    """Of one slice."""


SHORT = Plan(devices=20_000, rounds=3, claims=300)
USUAL = Plan(devices=100_000, rounds=5, claims=500)


@dataclass
class Verdicts:
    """What the promises have come to."""

    yardstick: Yardstick
    said: list[str] = field(default_factory=list)

    def of(self, promise: Promise, value: float) -> str:
        """Judges one and tells it."""
        self.said.append(promise.verdict(value, self.yardstick.comparable))
        return f"{self.said[-1]} ({promise.text})"


def main() -> int:
    """Prints the report; 1 when a promise that could be judged is missed."""
    plan = SHORT if os.environ.get("SHORT") == "1" else USUAL
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    print(f"{machine}; site on core {SERVER_CORE}, load on core {LOAD_CORE}; load average {_load()}", flush=True)
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory(prefix="tenure-seats-") as name:
        folder = Path(name)
        log = (folder / "programs.log").open("w")
        with Program("nothing", log=log) as nothing:
            verdicts = Verdicts(report.yardstick(_bare(nothing)))
        licensed = ordered(folder / "server", [LIMIT] * 2)
        with Program("serve", str(licensed.folder), log=log) as server:
            few, many = (BigStore(folder / name, licensed, at, server.port) for at, name in enumerate(("few", "many")))
            _in_one_process(few, many, plan, verdicts)
            _as_shipped(many, plan, verdicts, log)
    heading(f"yardstick: {verdicts.yardstick.told()}; load average {_load()}")
    if not verdicts.yardstick.comparable:
        print(f"  more than {report.LEEWAY:.0%} off: absolute figures are not judged, ratios are")
    return 1 if "MISSED" in verdicts.said else 0


def _in_one_process(few: BigStore, many: BigStore, plan: Plan, verdicts: Verdicts) -> None:
    os.sched_setaffinity(0, {SERVER_CORE})  # the threads of the sites are born on it
    with OneProcess(few) as small, OneProcess(many) as large:
        small.grow(FEW)
        large.grow(MANY)
        print(f"state: {large.durability()}; group commit, acknowledged after commit", flush=True)
        limit, costs = [], ([], [])  # type: tuple[list[float], tuple[list[Cost], list[Cost]]]
        for _ in range(plan.rounds):
            limit.append(limits.verify_and_sign())
            for cost, place in zip(costs, (small, large), strict=True):
                cost.append(place.claims(plan.claims))
                place.forget(plan.claims)
    os.sched_setaffinity(0, {LOAD_CORE})
    heading(f"first claims through store and signing of one process, {AT_ONCE} at once, one core")
    line("Ed25519 verify + sign (PyNaCl)", f"{middle(limit):,.1f} us", spread(limit))
    _row(f"{FEW:,} seats taken", costs[0])
    rate = _row(f"{MANY:,} seats taken", costs[1])
    line("  by rate", f"{rate:,.0f}/s", verdicts.of(RATE, rate))
    ratio = _us(costs[1]) / _us(costs[0])
    line(f"  {MANY:,} against {FEW:,}, by CPU", f"{ratio:.2f}", verdicts.of(SAME, ratio))


def _as_shipped(many: BigStore, plan: Plan, verdicts: Verdicts, log: IO[str]) -> None:
    with Shipped(many, log) as site:
        site.synchronize()
        claims = [site.enroll(plan.claims * 2) for _ in range(plan.rounds)]
        early = [site.refresh(2_000) for _ in range(plan.rounds)]
        lonely = site.lonely(LONELY)
        heading(f"first claims at the site as shipped, over TLS, {AT_ONCE} connections, {MANY:,} seats taken")
        rate = _row("kept connections", claims)
        line("  by rate", f"{rate:,.0f}/s", verdicts.of(RATE, rate))
        line(
            "a connection each (refresh)",
            f"{lonely.us:,.0f} us",
            f"{lonely.rate:,.0f}/s; its TLS handshake is most of it",
        )
        late = site.fill(plan.devices - ODD)
        site.enroll_by_hand(ODD)
        heading(f"the same site with {plan.devices:,} devices")
        _row("first claims", late)
        ratio = _us(late) / _us(claims)
        line(f"  against {MANY:,}, by CPU", f"{ratio:.2f}", verdicts.of(SAME, ratio))
        whole = site.refresh_all()
        _row("refreshes, every device once", whole)
        ratio = _us(whole) / _us(early)
        line(f"  against {MANY:,}, by CPU", f"{ratio:.2f}", verdicts.of(SAME, ratio))
        line("all of them refreshed in", f"{sum(each.seconds for each in whole):,.0f} s")
        line("memory after it", f"{site.megabytes():.0f} MB")
        line(
            "state on disk",
            f"{many.megabytes():.0f} MB",
            f"{many.megabytes() * 1e6 / plan.devices:,.0f} bytes a device",
        )
    with Shipped(many, log) as site:
        line("cold start to first answer", f"{site.cold_start:.2f} s")
        line("memory after it", f"{site.megabytes():.0f} MB")
        heading(f"questions to API and console over HTTP, medians, {plan.devices:,} devices")
        for name, milliseconds in asked(site, plan.devices):
            line(name, f"{milliseconds:.1f} ms", verdicts.of(LIST, milliseconds))


def _row(name: str, costs: list[Cost]) -> float:
    """One row of processor time and rate; returns the rate."""
    rate = middle([each.rate for each in costs])
    cost = [each.us for each in costs]
    line(
        name, f"{_us(costs):,.0f} us", f"{rate:,.0f}/s by the clock", f"{1e6 / _us(costs):,.0f}/s by CPU", spread(cost)
    )
    return rate


def _us(costs: list[Cost]) -> float:
    return middle([each.us for each in costs])


def _bare(nothing: Program) -> float:
    requests = [[http_request(b"q" * FORM)] * 100] * AT_ONCE
    taken = []
    for _ in range(4):
        group = ClientGroup(nothing.port, requests)
        taken.append(group.flood().rate)
        group.close()
    return middle(taken[1:])


def _processor() -> str:
    names = [each for each in Path("/proc/cpuinfo").read_text().splitlines() if each.startswith("model name")]
    return names[0].partition(": ")[2] if names else platform.machine()


def _load() -> str:
    return "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
