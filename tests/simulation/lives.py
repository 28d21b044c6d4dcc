"""The worlds that tests live through, each kind in a file of its own so that they go side by side."""

import os

from tenure.sandbox.simulation import soak

YEAR, SEASON = 354, 80
"""Days before the ten of calm at the end. A year of one world of every kind: together 100,100 device-days."""


def worlds(season: int = 1000) -> tuple[tuple[int, int], ...]:
    """(First seed, days): a season from that seed where the suite runs as a whole, a year by `make years`."""
    return ((1000, YEAR),) if os.environ.get("YEARS") else ((season, SEASON),)


def lived(kind: str, seed: int, days: int) -> soak.WorldResult:
    """A world of that kind, in which no promise broke and not much was spared."""
    found = soak.live_world(seed + list(soak.KINDS).index(kind), days, kind=kind)
    assert not found.broken, found.broken
    assert found.device_days >= (days + 10) * 55
    assert found.looks > found.device_days // 2
    assert found.seen["died"] and found.seen["switched off"] and found.seen["cut off"]
    return found
