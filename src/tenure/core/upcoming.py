"""When something falls due by itself on a subscription, and in which order of several
[spec: automatic-renewal, settlement]: pure arithmetic.

What then happens is done by `settle`.
"""

from enum import IntEnum

import msgspec

from tenure.core.account import Account, Item
from tenure.core.lengthening import next_gain
from tenure.core.policy import Refund, RenewalOrder
from tenure.core.promises import given_back_from
from tenure.core.renewal import automatic_runs, automatic_until, due, pays_itself, reserve_from
from tenure.core.subscription import Subscription
from tenure.core.timeline import DAY, Instant


class Kind(IntEnum):
    """What may fall due; of one instant in this order."""

    HOLD_ENDS = 0
    REFUND = 1
    CAPTURE = 2
    LENGTHENING = 3
    ATTEMPT = 4


class Event(msgspec.Struct, frozen=True, order=True):
    """Something that falls due for one subscription."""

    at: Instant
    kind: Kind
    key: tuple[int, str]
    """Among equals of one instant: the provider's stated order, then the id."""


def next_event(item: Item, cursor: Instant, account: Account) -> Event | None:
    """The item's earliest event: hold ends, refunds and captures whenever they are, attempts only after `cursor`."""
    sub = item.sub
    moments = [(hold.until, Kind.HOLD_ENDS) for hold in sub.holds if hold.until is not None]
    if sub.owed is not None:
        moments.append((given_back_from(item.words, sub.owed.revision, sub.owed.since), Kind.REFUND))
    elif _lapses(sub):
        dropped = [site.left_at for site in sub.sites if site.left_at is not None]
        moments.append((max(sub.activate_by, *dropped) if dropped else sub.activate_by, Kind.REFUND))
    if sub.reserved is not None and sub.stopped is None and not _cancelled_before(sub, sub.reserved.since):
        moments.append((sub.reserved.since, Kind.CAPTURE))
    gain = next_gain(sub, item.lengthenings, cursor)
    if gain is not None:
        moments.append((gain.at, Kind.LENGTHENING))
    attempt = _next_attempt(sub, cursor)
    if attempt is not None:
        moments.append((attempt, Kind.ATTEMPT))
    if not moments:
        return None
    at, kind = min(moments)
    return Event(at, kind, (order_key(item, account.order_at(at))[0], sub.id))


def _lapses(sub: Subscription) -> bool:
    """Paid for and never activated: at the end of its 365 days the policy may give the money back
    [spec: activate-by]."""
    waiting = not sub.paid and not sub.awaiting_payment and not any(site.staged for site in sub.sites)
    refunds = sub.rules_at_order.refund is Refund.UNUSED_DAYS and sub.first_price > 0
    return waiting and refunds and not sub.refunded and sub.cancellation is None


def _cancelled_before(sub: Subscription, moment: Instant) -> bool:
    return sub.cancellation is not None and sub.cancellation.effective <= moment


def _next_attempt(sub: Subscription, cursor: Instant) -> Instant | None:
    """The first attempt after `cursor`: from the window's opening daily, at the due instant, then daily again."""
    if not pays_itself(sub) or sub.reserved is not None or sub.stopped is not None:
        return None
    opens, end, stop = reserve_from(sub), due(sub), automatic_until(sub)
    start = opens if cursor < end else end
    moment = start if cursor < start else start + ((cursor - start) // DAY + 1) * DAY
    if cursor < end:
        moment = min(moment, end)
    return moment if stop is not None and moment < stop else None


def order_key(item: Item, order: RenewalOrder) -> tuple[int, str]:
    """Which of several is served first when money is short: by the provider's stated order, then by id."""
    sub = item.sub
    if not sub.paid:
        return 0, sub.id
    if order is RenewalOrder.OLDEST_DUE:
        return sub.periods[-1].until, sub.id
    price = sub.periods[-1].price
    return (price if order is RenewalOrder.CHEAPEST else -price), sub.id


def may_try(sub: Subscription, now: Instant) -> bool:
    """Whether money may be set aside or taken for the next period at `now`."""
    if not pays_itself(sub) or sub.reserved is not None or sub.stopped is not None:
        return False
    return now >= reserve_from(sub) and automatic_runs(sub, now)
