"""Rate limits as a pure decision (generic cell rate algorithm) over a port of counters; whom to count, callers say.

Times here are seconds of a monotonic counter handed in as `Ticks`, since a limit must not care about the wall clock.
"""

import math
from collections.abc import Callable
from typing import Protocol

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant

Ticks = Callable[[], float]


class Limit(msgspec.Struct, frozen=True):
    """At most `count` in `seconds` on average, `burst` of them at once (all of them when 0)."""

    name: str
    count: int
    seconds: float
    burst: int = 0

    @property
    def interval(self) -> float:
        """Seconds that one request uses up."""
        return self.seconds / self.count

    @property
    def depth(self) -> float:
        """Seconds' worth of requests that may come at once."""
        return self.interval * (self.burst or self.count)


class Decision(msgspec.Struct, frozen=True):
    """Whether one more is allowed, and what the caller may be told."""

    allowed: bool
    remaining: int
    retry_in: float
    """Seconds until the same would be allowed; 0 when it is."""
    full_at: float
    """The counter to store when the request is let in: when the whole burst is free again."""


def decide(limit: Limit, stored: float | None, now: float, cost: int = 1) -> Decision:
    """May `cost` more requests come at `now`, given what was `stored` last? Nothing is spent by asking."""
    full_at = max(now if stored is None else stored, now) + cost * limit.interval
    wait = full_at - limit.depth - now
    # Sums of intervals drift by rounding; a nanosecond never decides.
    if wait > 1e-9:
        return Decision(False, 0, wait, stored if stored is not None else now)
    return Decision(True, math.floor((now + limit.depth - full_at) / limit.interval + 1e-9), 0.0, full_at)


class Counters(Protocol):
    """Where counters live: in memory for one process; anything shared for several."""

    def read(self, key: tuple[str, str]) -> float | None:
        """The counter stored under `key`, if any."""

    def write(self, key: tuple[str, str], full_at: float) -> None:
        """Store a counter."""


class MemoryCounters:
    """Counters of one process, at most `capacity`; the one untouched for longest is forgotten first."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._counters: dict[tuple[str, str], float] = {}

    def read(self, key: tuple[str, str]) -> float | None:
        """The counter stored under `key`, if it is still known."""
        return self._counters.get(key)

    def write(self, key: tuple[str, str], full_at: float) -> None:
        """Store a counter and forget the oldest when there are too many."""
        self._counters.pop(key, None)
        self._counters[key] = full_at
        if len(self._counters) > self._capacity:
            del self._counters[next(iter(self._counters))]


class Throttle:
    """Several limits at once: a request is counted against all of them or, when one refuses, against none."""

    def __init__(self, counters: Counters, ticks: Ticks, clock: Callable[[], Instant]) -> None:
        self._counters = counters
        self._ticks = ticks
        self._clock = clock

    def take(self, *charges: tuple[Limit, str]) -> Refused | None:
        """Count one request against each (limit, who); or refuse: `too_many_requests`, and when to come again."""
        now = self._ticks()
        decisions = self._decisions(charges, now)
        refused = self._refusal(decisions)
        if refused is not None:
            return refused
        for key, _, decision in decisions:
            self._counters.write(key, decision.full_at)
        return None

    def exhausted(self, *charges: tuple[Limit, str]) -> Refused | None:
        """The refusal that `take` would give, without counting anything."""
        return self._refusal(self._decisions(charges, self._ticks()))

    def _decisions(
        self, charges: tuple[tuple[Limit, str], ...], now: float
    ) -> list[tuple[tuple[str, str], Limit, Decision]]:
        return [
            ((limit.name, who), limit, decide(limit, self._counters.read((limit.name, who)), now))
            for limit, who in charges
        ]

    def _refusal(self, decisions: list[tuple[tuple[str, str], Limit, Decision]]) -> Refused | None:
        refused = [(decision.retry_in, limit) for _, limit, decision in decisions if not decision.allowed]
        if not refused:
            return None
        wait, limit = max(refused, key=lambda pair: pair[0])
        detail = f"At most {limit.count} in {limit.seconds:g} seconds are allowed here ({limit.name})."
        return Refused(Code.TOO_MANY_REQUESTS, detail, when=self._clock() + math.ceil(wait))
