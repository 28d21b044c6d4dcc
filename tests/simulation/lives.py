"""The worlds that every run of the suite lives through, each kind in a file of its own so that they go side by side."""

from tenure.sandbox.simulation import soak

WORLDS = ((1000, 354),)
"""(First seed, days before the ten of calm at the end): one of every kind, together 100,100 device-days."""


def lived(kind: str, seed: int, days: int) -> soak.Lived:
    """A world of that kind, in which no promise broke and not much was spared."""
    found = soak.live(seed + list(soak.KINDS).index(kind), days, kind=kind)
    assert not found.broken, found.broken
    assert found.device_days >= (days + 10) * 55
    assert found.looks > found.device_days // 2
    assert found.seen["died"] and found.seen["switched off"] and found.seen["cut off"]
    return found
