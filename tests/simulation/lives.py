"""The worlds that every run of the suite lives through, each kind in a file of its own so that they go side by side."""

from tenure.sandbox.simulation import soak

DAYS = 30
"""And ten of calm: sixteen worlds, four of each kind, are 35,000 device-days, a minute and a half of one core."""
SEEDS = (100, 200, 300, 400)


def lived(kind: str, seed: int) -> soak.Lived:
    """A world of that kind, in which no promise broke and not much was spared."""
    found = soak.live(seed + list(soak.KINDS).index(kind), DAYS, kind=kind)
    assert not found.broken, found.broken
    assert found.device_days >= (DAYS + 10) * 55
    assert found.looks > found.device_days // 2
    assert found.seen["died"] and found.seen["switched off"] and found.seen["cut off"]
    return found
