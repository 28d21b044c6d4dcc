"""What known callers may ask for: so many changes a minute, and turns, so that one tenant's heavy work has gaps in it.

Everything runs in one loop. A tenant's requests take turns among themselves, a few at once, and requests of another
tenant come in between; limits on changes bound how far a history can grow.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tenure.core.policy.rules import Role
from tenure.core.refusals import Refused
from tenure.http.auth import Principal
from tenure.http.limits import RateLimit, RateThrottle

BY_CUSTOMER = RateLimit("changes by one customer", 60, 60, 1_000)
BY_PROVIDER = RateLimit("changes by one provider", 1_200, 60, 6_000)
OF_SUBSCRIPTION = RateLimit("changes of one subscription", 60, 3_600, 240)
"""For all callers together: every change is a fact, and every later read goes through all of them."""
READS, CHANGES, EXPORTS = 1, 8, 1
"""Requests of one tenant that are worked on at once."""
HEAVY, LONGEST_PAUSE = 0.005, 0.1
"""Seconds from which on a turn is heavy, and of the pause behind it at most."""


class _CallerGate:
    """Where one caller's requests take turns."""

    def __init__(self, at_once: int) -> None:
        self.turns = asyncio.Semaphore(at_once)
        self.users = 0
        self.free_at = 0.0
        """By the loop's clock, when the next turn may begin."""


class CallerTurns:
    """So many of one caller at once; who comes later waits for its own, never for another's.

    With `pauses`, a heavy turn is followed by a pause as long as it was, before the caller's next one: most reads
    hold the loop from beginning to end, so that those behind them cannot be seen waiting.
    """

    def __init__(self, at_once: int, *, pauses: bool = False) -> None:
        self._at_once, self._pauses = at_once, pauses
        self._gates: dict[str, _CallerGate] = {}

    @asynccontextmanager
    async def turn_of(self, who: str) -> AsyncIterator[None]:
        """A turn for `who`, in the order in which they come."""
        loop = asyncio.get_running_loop()
        gate = self._gates.setdefault(who, _CallerGate(self._at_once))
        gate.users += 1
        try:
            async with gate.turns:
                if (pause := gate.free_at - loop.time()) > 0:
                    await asyncio.sleep(pause)
                begun = loop.time()
                yield
                if self._pauses and (took := loop.time() - begun) > HEAVY:
                    gate.free_at = loop.time() + min(took, LONGEST_PAUSE)
        finally:
            gate.users -= 1
            if gate.free_at > loop.time():
                loop.call_at(gate.free_at, self._forget_gate, who)
            else:
                self._forget_gate(who)

    def _forget_gate(self, who: str) -> None:
        gate = self._gates.get(who)
        if gate is not None and not gate.users:
            del self._gates[who]


PrepareRequest = Callable[[Principal, Mapping[str, Any]], Awaitable[None]]
"""Of the caller and what the request names: the parts in braces of its path, and its `provider`."""


class CallerPacing:
    """The pace of one API's known callers."""

    def __init__(self, throttle: RateThrottle, prepare: PrepareRequest | None = None) -> None:
        """`prepare` does what a known caller's request is about to need, with gaps; None: there is nothing to do."""
        self._throttle, self._prepare = throttle, prepare
        self._reads, self._changes, self._exports = (
            CallerTurns(READS, pauses=True),
            CallerTurns(CHANGES),
            CallerTurns(EXPORTS),
        )

    def refuse_pace(self, caller: Principal, parts: Mapping[str, str], *, item: bool, dry_run: bool) -> Refused | None:
        """`too_many_requests`, with the instant at which it is possible, or None: then the change is counted.

        `parts` are those of the path in braces. A dry run changes nothing and grows no history; an `item` of a batch
        counts by itself for a customer and a subscription, and with the whole batch for a provider.
        """
        charges = _charges(caller, parts, item=item, dry_run=dry_run)
        return self._throttle.count_request(*charges) if charges else None

    def pace_headers(
        self, caller: Principal, parts: Mapping[str, str], *, dry_run: bool
    ) -> tuple[tuple[str, str], ...]:
        """What a change tells its caller of the pace that is left: `RateLimit` and its policy."""
        return self._throttle.describe_limits(*_charges(caller, parts, item=False, dry_run=dry_run))

    @asynccontextmanager
    async def own_turn(
        self, caller: Principal, named: Mapping[str, Any], *, changes: bool, exports: bool
    ) -> AsyncIterator[None]:
        """Wait for a turn among the tenant's own requests; unknown callers take no turns and do not wait.

        `named`: see `PrepareRequest`.
        """
        if caller.kind is None:
            yield
            return
        turns = self._exports if exports else self._changes if changes else self._reads
        async with turns.turn_of(tenant_of(caller)):
            if self._prepare is not None:
                await self._prepare(caller, named)
            yield


def _charges(caller: Principal, parts: Mapping[str, str], *, item: bool, dry_run: bool) -> list[tuple[RateLimit, str]]:
    charges: list[tuple[RateLimit, str]] = []
    if caller.kind is Role.CUSTOMER:
        charges.append((BY_CUSTOMER, caller.customer))
    elif not item:
        charges.append((BY_PROVIDER, tenant_of(caller)))
    if "subscription" in parts and not dry_run:
        # Counted with the caller: one who names another tenant's subscription uses up nothing of it (`not_found`).
        charges.append((OF_SUBSCRIPTION, f"{tenant_of(caller)} {parts['subscription']}"))
    return charges


def tenant_of(caller: Principal) -> str:
    """Whose requests take turns: the customer's, the provider's, or those of one of the vendor's staff or programs."""
    return caller.customer or caller.provider or caller.actor_name
