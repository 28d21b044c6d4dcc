"""A number in [0, 1) each time it is asked for: spreads in time what failed together; tests hand in their own."""

from collections.abc import Callable

Chance = Callable[[], float]


def chance_of(draw: Callable[[int], bytes]) -> Chance:
    """Chance out of a source of random bytes."""
    return lambda: int.from_bytes(draw(4)) / 2**32
