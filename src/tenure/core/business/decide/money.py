"""Giving a reserve up, and saying what is missing: what several decisions about money share."""

from typing import Any

import msgspec

from tenure.core import pricing
from tenure.core.business import ledger
from tenure.core.business.commands import CommandHeader, DecisionContext
from tenure.core.business.decide.decision import fact_header
from tenure.core.business.ledger import Posting
from tenure.core.business.outstanding_leases import promised_until
from tenure.core.periods import begun_days, whole_days
from tenure.core.plurals import format_range
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.day_prices import at_least, day_prices_of, first_days, round_total
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import due_at, next_period, total_cost
from tenure.core.subscription.terms import Period, Terms
from tenure.core.timeline import DAY, Instant


def can_afford(price: int, available: int) -> bool:
    """Whether `price` can be paid; what costs nothing always can, even when a credit limit was lowered below use."""
    return price <= max(0, available)


def out_of_range(terms: Terms) -> Refused:
    """The refusal that names the plan's device range."""
    return Refused(
        RefusalCode.DEVICE_COUNT_OUT_OF_RANGE,
        f"The plan sells {format_range(terms.min_devices, terms.max_devices, 'device')}.",
        "devices",
    )


def short_of(price: int, available: int, currency: str) -> Refused:
    """The refusal that names what is missing."""
    missing = pricing.format_money(price - available, currency)
    return Refused(RefusalCode.INSUFFICIENT_BALANCE, f"{missing} are missing.", "balance")


def kept_stretch(sub: Subscription, seen: DecisionContext) -> Period | None:
    """The days after the due instant that signed leases still promise and that therefore stay reserved."""
    reserved, end = sub.reserved, due_at(sub)
    if reserved is None:
        return None
    days = min(begun_days(end, promised_until(seen.words, end)), whole_days(reserved.since, reserved.until))
    if not days:
        return None
    kept = first_days(day_prices_of(reserved), days)
    until = reserved.since + days * DAY
    return msgspec.structs.replace(reserved, until=until, price=round_total(kept), day_prices=kept, raises=())


def with_promised(period: Period, kept: Period) -> Period:
    """`period` with its first days at no less than `kept`, which signed leases still promise, costs (*Giving back*)."""
    prices = at_least(period.day_prices, day_prices_of(kept))
    return msgspec.structs.replace(period, price=round_total(prices), day_prices=prices)


def give_up_reserve(
    sub: Subscription, seen: DecisionContext, now: Instant, stamped: dict[str, Any]
) -> tuple[tuple[f.Fact, ...], tuple[Posting, ...]]:
    """ReserveReleased and its posting, less what leases still promise; nothing when nothing is reserved."""
    if sub.reserved is None:
        return (), ()
    kept = kept_stretch(sub, seen)
    amount = total_cost(sub.reserved) - (kept.price if kept else 0)
    if kept is not None and kept.until == sub.reserved.until:
        return (), ()
    fact = f.ReserveReleased(**stamped, amount=amount, kept=kept)
    if not amount:
        return (fact,), ()
    period, reference = sub.reserved.since, str(sub.revision)
    posting = ledger.release(amount, at=now, recorded_at=now, subscription=sub.id, period=period, reference=reference)
    return (fact,), (posting,)


def reserve_whole(
    sub: Subscription, command: CommandHeader, seen: DecisionContext, now: Instant
) -> tuple[tuple[f.Fact, ...], tuple[Posting, ...]]:
    """The stretch kept for signed leases grows back to a whole period, if there is one and the money for it."""
    kept = sub.reserved
    if kept is None or sub.stopped is not None:
        return (), ()
    bare = msgspec.structs.replace(sub, reserved=None)
    whole = with_promised(next_period(bare, kept.since, kept.rules, kept.min_version, now).period, kept)
    more = whole.price - total_cost(kept)
    if whole.until <= kept.until or more < 0 or not can_afford(more, seen.available):
        return (), ()
    fact = f.RenewalReserved(**fact_header(command, now), period=whole)
    if not more:
        return (fact,), ()
    period, reference = whole.since, str(sub.revision)
    posting = ledger.reserve(more, at=now, recorded_at=now, subscription=sub.id, period=period, reference=reference)
    return (fact,), (posting,)
