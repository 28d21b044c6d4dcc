"""Many worlds, one after the other, on every core: how long they lived, what was seen, and the first broken promise."""

import logging
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from tenure.sandbox.simulation.invariants import BrokenPromise
from tenure.sandbox.simulation.scenarios import WorldPlan
from tenure.sandbox.simulation.world import SimulatedWorld

KINDS: dict[str, WorldPlan] = {
    "rough": WorldPlan(),
    "clocks": WorldPlan(clocks=True),
    "copies": WorldPlan(copies=True),
    "backups": WorldPlan(backups=True),
    "moves": WorldPlan(moves=True),
}
"""A bad network, dying processes and a busy provider everywhere; then what else happens."""


class WorldResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one world, or many together, came to."""

    seed: int
    kind: str
    device_days: int
    seconds: float
    looks: int
    """How often the judge compared a machine with what it was promised."""
    synchronizations: int
    checksum: int
    """Of everything that happened: equal for equal seeds."""
    seen: dict[str, int] = {}
    trace: str = ""
    """What happened last."""
    broken: str = ""
    """The promise that was broken, with the trace that led there; empty when all were kept."""


def kind_of(seed: int) -> str:
    """What kind of world grows from a seed."""
    return list(KINDS)[seed % len(KINDS)]


def live_world(
    seed: int, days: int = 0, *, world: type[SimulatedWorld] = SimulatedWorld, kind: str = ""
) -> WorldResult:
    """One world from its seed; `days`: fewer or more than its kind lives for (0: as many)."""
    kind = kind or kind_of(seed)
    plan = KINDS[kind]
    plan = msgspec.structs.replace(plan, days=days or plan.days)
    began, broken = time.perf_counter(), ""
    with tempfile.TemporaryDirectory(prefix="tenure-") as folder, world(seed, plan, Path(folder)) as made:
        try:
            made.run()
        except BrokenPromise as found:
            broken = str(found)
        return WorldResult(
            seed=seed,
            kind=kind,
            device_days=made.device_days,
            seconds=time.perf_counter() - began,
            looks=made.judge.looks,
            synchronizations=made.judge.synchronizations,
            checksum=made.trace.checksum,
            seen={**made.trace.counts, "forks": made.judge.forks},
            trace=made.trace.told(2_000),
            broken=broken,
        )


def run_soak(device_days: int, first: int = 0, processes: int = 0, days: int = 0) -> Iterator[WorldResult]:
    """Worlds from seed `first` on, until together they have lived so many device-days; each as it comes to its end.

    `processes` 0: as many as there are cores. `days`: fewer or more than each kind lives for (0: as many).
    """
    enough = -(-device_days // ((days or WorldPlan().days) * WorldPlan().devices))
    seeds = range(first, first + enough)
    with multiprocessing.get_context("spawn").Pool(processes or None, _quiet_logs, maxtasksperchild=8) as pool:
        yield from pool.imap_unordered(partial(live_world, days=days), seeds)


def sum_results(lived: list[WorldResult]) -> Counter[str]:
    """What was seen in all of them."""
    total: Counter[str] = Counter()
    for each in lived:
        total.update(each.seen)
        total.update({"device-days": each.device_days, "looks": each.looks, "syncs": each.synchronizations})
    return total


def _quiet_logs() -> None:
    """What programs say of a bad network is no news here; a fault of their own is caught by the judge."""
    logging.disable(logging.WARNING)
