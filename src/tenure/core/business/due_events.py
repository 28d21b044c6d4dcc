"""When something falls due by itself on a subscription, and in which order of several
[spec: automatic-renewal, settlement]: pure arithmetic.

What then happens is done by `settle`.
"""

from enum import IntEnum

import msgspec

from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.outstanding_leases import given_back_from
from tenure.core.policy.rules import RefundRule, RenewalOrder
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.grace_extension import next_gain
from tenure.core.subscription.renewal import automatic_runs, automatic_until, due_at, pays_itself, reserve_from
from tenure.core.timeline import DAY, Instant


class DueKind(IntEnum):
    """What may fall due; of one instant in this order."""

    HOLD_ENDS = 0
    REFUND = 1
    CAPTURE = 2
    GRACE_EXTENSION = 3
    ATTEMPT = 4


class DueEvent(msgspec.Struct, frozen=True, order=True):
    """Something that falls due for one subscription."""

    at: Instant
    kind: DueKind
    key: tuple[int, str]
    """Among equals of one instant: the provider's stated order, then the id."""


def next_event(item: AccountSubscription, cursor: Instant, account: Account) -> DueEvent | None:
    """The item's earliest event: hold ends, refunds and captures whenever they are, attempts only after `cursor`."""
    sub = item.sub
    moments = [(hold.until, DueKind.HOLD_ENDS) for hold in sub.holds if hold.until is not None]
    if sub.owed is not None:
        moments.append((given_back_from(item.words, sub.owed.revision, sub.owed.since), DueKind.REFUND))
    elif _lapse_at(sub):
        dropped = [site.left_at for site in sub.sites if site.left_at is not None]
        moments.append((max(sub.activate_by, *dropped) if dropped else sub.activate_by, DueKind.REFUND))
    if sub.reserved is not None and sub.stopped is None and not _canceled_before(sub, sub.reserved.since):
        moments.append((sub.reserved.since, DueKind.CAPTURE))
    gain = next_gain(sub, item.grace_extensions, cursor)
    if gain is not None:
        moments.append((gain.at, DueKind.GRACE_EXTENSION))
    attempt = _next_attempt(sub, cursor)
    if attempt is not None:
        moments.append((attempt, DueKind.ATTEMPT))
    if not moments:
        return None
    at, kind = min(moments)
    return DueEvent(at, kind, (order_key(item, account.order_at(at))[0], sub.id))


def _lapse_at(sub: Subscription) -> bool:
    """Paid for and never activated: at the end of its 365 days the policy may give the money back
    [spec: activate-by]."""
    waiting = not sub.paid_periods and not sub.awaiting_payment and not any(site.is_staged for site in sub.sites)
    refunds = sub.rules_at_order.refund is RefundRule.UNUSED_DAYS and sub.first_price > 0
    return waiting and refunds and not sub.refunded and sub.cancellation is None


def _canceled_before(sub: Subscription, moment: Instant) -> bool:
    return sub.cancellation is not None and sub.cancellation.effective <= moment


def _next_attempt(sub: Subscription, cursor: Instant) -> Instant | None:
    """The first attempt after `cursor`: from the window's opening daily, at the due instant, then daily again."""
    if not pays_itself(sub) or sub.reserved is not None or sub.stopped is not None:
        return None
    opens, end, stop = reserve_from(sub), due_at(sub), automatic_until(sub)
    start = opens if cursor < end else end
    moment = start if cursor < start else start + ((cursor - start) // DAY + 1) * DAY
    if cursor < end:
        moment = min(moment, end)
    return moment if stop is not None and moment < stop else None


def order_key(item: AccountSubscription, order: RenewalOrder) -> tuple[int, str]:
    """Which of several is served first when money is short: by the provider's stated order, then by id."""
    sub = item.sub
    if not sub.paid_periods:
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
