"""How long a user waits after repeated failures: arithmetic alone; the caller decides what is counted, and where.

A try is counted before it is judged, and given back when it was right: however many come at once, only the free ones
get through.
"""

from typing import Final

import msgspec

from tenure.core.timeline import Instant


class BackoffPolicy(msgspec.Struct, frozen=True):
    """So many tries are free; after that each waits twice as long as the one before, from `first` to `most` seconds."""

    free: int
    first: int = 2
    most: int = 900


ACCOUNT: Final = BackoffPolicy(free=5)
"""For one account: at worst four guesses an hour, and its owner waits a quarter of an hour at most."""
ADDRESS: Final = BackoffPolicy(free=30)
"""For one network: an office behind one address signs in every morning."""
WIDER: Final = BackoffPolicy(free=60)
"""For a /56 of IPv6."""
WIDEST: Final = BackoffPolicy(free=120)
"""For a /48 of IPv6: the holder of 65,536 networks must not have as many times the tries."""


class FailedTries(msgspec.Struct, frozen=True):
    """The failed tries under one key: how many, and when the last one was."""

    count: int = 0
    last: Instant = 0


def backoff_seconds(policy: BackoffPolicy, count: int) -> int:
    """Seconds between the last of `count` failed tries and the next."""
    beyond = count - policy.free
    # Bounded before it is raised: a program may fail for days.
    return min(policy.first << min(beyond, 20), policy.most) if beyond >= 0 else 0


def possible_at(policy: BackoffPolicy, tries: FailedTries) -> Instant:
    """The first instant at which the next try is judged at all."""
    return tries.last + backoff_seconds(policy, tries.count)
