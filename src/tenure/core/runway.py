"""When a balance no longer covers what falls due (B14): the forecast, made by the very function that books."""

from collections.abc import Iterable

import msgspec

from tenure.core import facts as f
from tenure.core.account import Account, Item
from tenure.core.settle import settle
from tenure.core.timeline import Instant


class Runway(msgspec.Struct, frozen=True, kw_only=True):
    """When the balance no longer covers what falls due (B14), the sum missing then, and what will go unpaid."""

    until: Instant | None
    missing: int
    unpaid: tuple[tuple[str, Instant, int], ...]
    """(subscription, due instant, price)."""


def runway(account: Account, items: Iterable[Item], now: Instant, horizon: Instant) -> Runway:
    """The forecast up to `horizon` if nothing is paid in and nobody does anything; `settle` itself is the oracle."""
    ahead = settle(account, items, horizon)
    failed = [(sub_id, fact) for sub_id, fact in ahead.facts if isinstance(fact, f.PaymentFailed) and fact.at >= now]
    unpaid = tuple((sub_id, fact.at, fact.price) for sub_id, fact in failed)
    first = min((fact.at for _, fact in failed), default=None)
    missing = sum(fact.missing for _, fact in failed if fact.at == first)
    return Runway(until=first, missing=missing, unpaid=unpaid)
