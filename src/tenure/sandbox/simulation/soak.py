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

from tenure.sandbox.simulation.judge import Broken
from tenure.sandbox.simulation.plan import Plan
from tenure.sandbox.simulation.world import World

KINDS: dict[str, Plan] = {
    "rough": Plan(),
    "clocks": Plan(clocks=True),
    "copies": Plan(copies=True),
    "backups": Plan(backups=True),
    "moves": Plan(moves=True),
}
"""A bad network, dying processes and a busy desk everywhere; then what else happens."""


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """What one world, or many together, came to."""

    seed: int
    kind: str
    device_days: int
    seconds: float
    looks: int
    """How often somebody was held against what he was promised."""
    synchronisations: int
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


def live(seed: int, days: int = 0, *, world: type[World] = World, kind: str = "") -> Lived:
    """One world from its seed; `days`: fewer or more than its kind lives for (0: as many)."""
    kind = kind or kind_of(seed)
    plan = KINDS[kind]
    plan = msgspec.structs.replace(plan, days=days or plan.days)
    began, broken = time.perf_counter(), ""
    with tempfile.TemporaryDirectory(prefix="tenure-") as folder, world(seed, plan, Path(folder)) as made:
        try:
            made.run()
        except Broken as found:
            broken = str(found)
        return Lived(
            seed=seed,
            kind=kind,
            device_days=made.device_days,
            seconds=time.perf_counter() - began,
            looks=made.judge.looks,
            synchronisations=made.judge.synchronisations,
            checksum=made.trace.checksum,
            seen={**made.trace.counts, "forks": made.judge.forks},
            trace=made.trace.told(2_000),
            broken=broken,
        )


def soak(device_days: int, first: int = 0, processes: int = 0, days: int = 0) -> Iterator[Lived]:
    """Worlds from seed `first` on, until together they have lived so many device-days; each as it comes to its end.

    `processes` 0: as many as there are cores. `days`: fewer or more than each kind lives for (0: as many).
    """
    enough = -(-device_days // ((days or Plan().days) * Plan().devices))
    seeds = range(first, first + enough)
    with multiprocessing.get_context("spawn").Pool(processes or None, _quiet, maxtasksperchild=8) as pool:
        yield from pool.imap_unordered(partial(live, days=days), seeds)


def together(lived: list[Lived]) -> Counter[str]:
    """What was seen in all of them."""
    total: Counter[str] = Counter()
    for each in lived:
        total.update(each.seen)
        total.update({"device-days": each.device_days, "looks": each.looks, "syncs": each.synchronisations})
    return total


def _quiet() -> None:
    """What programs say of a bad network is no news here; a fault of their own is caught by the judge."""
    logging.disable(logging.WARNING)
