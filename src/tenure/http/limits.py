"""Rate limits as a pure decision (generic cell rate algorithm) over a port of counters; whom to count, callers say.

Times here are seconds of a monotonic counter handed in as `Ticks`, since a limit must not care about the wall clock.
"""

import math
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant

Ticks = Callable[[], float]


class RateLimit(msgspec.Struct, frozen=True):
    """At most `count` in `seconds` on average, `burst` of them at once (all of them when 0)."""

    name: str
    count: int
    seconds: float
    burst: int = 0

    @property
    def interval_seconds(self) -> float:
        """Seconds that one request uses up."""
        return self.seconds / self.count

    @property
    def depth_seconds(self) -> float:
        """Seconds' worth of requests that may come at once."""
        return self.interval_seconds * (self.burst or self.count)


class LimitDecision(msgspec.Struct, frozen=True):
    """Whether one more is allowed, and what the caller may be told."""

    allowed: bool
    remaining: int
    retry_in: float
    """Seconds until the same would be allowed; 0 when it is."""
    full_at: float
    """The counter to store when the request is let in: when the whole burst is free again."""


def decide_limit(limit: RateLimit, stored: float | None, now: float, cost: int = 1) -> LimitDecision:
    """May `cost` more requests come at `now`, given what was `stored` last? Nothing is spent by asking."""
    full_at = max(now if stored is None else stored, now) + cost * limit.interval_seconds
    wait = full_at - limit.depth_seconds - now
    # Sums of intervals drift by rounding; a nanosecond never decides.
    if wait > 1e-9:
        return LimitDecision(False, 0, wait, stored if stored is not None else now)
    return LimitDecision(
        True, math.floor((now + limit.depth_seconds - full_at) / limit.interval_seconds + 1e-9), 0.0, full_at
    )


def limit_headers(limits: Iterable[tuple[RateLimit, float | None]], now: float) -> tuple[tuple[str, str], ...]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) of each limit and its counter.

    `q` requests at once, all free again after `w` seconds; `r` of them are left, and all are free in `t` seconds.
    """
    policies, states = [], []
    for limit, stored in limits:
        free = decide_limit(limit, stored, now, cost=0)
        policies.append(f'"{limit.name}";q={limit.burst or limit.count};w={math.ceil(limit.depth_seconds)}')
        states.append(f'"{limit.name}";r={free.remaining};t={math.ceil(max(0.0, free.full_at - now))}')
    if not policies:
        return ()
    return (("RateLimit-Policy", ", ".join(policies)), ("RateLimit", ", ".join(states)))


class CounterStore(Protocol):
    """Where counters live: in memory for one process; anything shared for several."""

    def read_counter(self, key: tuple[str, str]) -> float | None:
        """The counter stored under `key`, if any."""

    def write_counter(self, key: tuple[str, str], full_at: float) -> None:
        """Store a counter."""


class MemoryCounters:
    """Counters of one process, at most `capacity`; the one untouched for longest is forgotten first."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._counters: dict[tuple[str, str], float] = {}

    def read_counter(self, key: tuple[str, str]) -> float | None:
        """The counter stored under `key`, if it is still known."""
        return self._counters.get(key)

    def write_counter(self, key: tuple[str, str], full_at: float) -> None:
        """Store a counter and forget the oldest when there are too many."""
        self._counters.pop(key, None)
        self._counters[key] = full_at
        if len(self._counters) > self._capacity:
            del self._counters[next(iter(self._counters))]


class RateThrottle:
    """Several limits at once: a request is counted against all of them or, when one refuses, against none."""

    def __init__(self, counters: CounterStore, ticks: Ticks, clock: Callable[[], Instant]) -> None:
        self._counters = counters
        self._ticks = ticks
        self._clock = clock

    def count_request(self, *charges: tuple[RateLimit, str]) -> Refused | None:
        """Count one request against each (limit, who); or refuse: `too_many_requests`, and when to come again."""
        now = self._ticks()
        decisions = self._decide_all(charges, now)
        refused = self._refuse_requests(decisions)
        if refused is not None:
            return refused
        for key, _, decision in decisions:
            self._counters.write_counter(key, decision.full_at)
        return None

    def describe_limits(self, *charges: tuple[RateLimit, str]) -> tuple[tuple[str, str], ...]:
        """Headers that tell how much of each (limit, who) is left (`limit_headers`); nothing is counted."""
        counters = [(limit, self._counters.read_counter((limit.name, who))) for limit, who in charges]
        return limit_headers(counters, self._ticks())

    def _decide_all(
        self, charges: tuple[tuple[RateLimit, str], ...], now: float
    ) -> list[tuple[tuple[str, str], RateLimit, LimitDecision]]:
        return [
            ((limit.name, who), limit, decide_limit(limit, self._counters.read_counter((limit.name, who)), now))
            for limit, who in charges
        ]

    def _refuse_requests(self, decisions: list[tuple[tuple[str, str], RateLimit, LimitDecision]]) -> Refused | None:
        refused = [(decision.retry_in, limit) for _, limit, decision in decisions if not decision.allowed]
        if not refused:
            return None
        wait, limit = max(refused, key=lambda pair: pair[0])
        detail = f"At most {limit.count} in {limit.seconds:g} seconds are allowed here ({limit.name})."
        return Refused(RefusalCode.TOO_MANY_REQUESTS, detail, when=self._clock() + math.ceil(wait))
