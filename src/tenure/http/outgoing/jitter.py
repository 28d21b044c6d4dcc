"""A number in [0, 1) each time it is asked for: spreads in time what failed together; tests hand in their own."""

from collections.abc import Callable

Jitter = Callable[[], float]


def jitter_of(draw: Callable[[int], bytes]) -> Jitter:
    """Jitter out of a source of random bytes."""
    return lambda: int.from_bytes(draw(4)) / 2**32
