"""What 'apply now' does to a running period: days of grace it gains, never loses ([spec: policy-version], ADR 13).

When such a policy was published, and with which figures for which plan, is the server's to say; `settle` books it.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.periods import period_boundary
from tenure.core.policy.rules import Rules
from tenure.core.subscription.contract import contract_at, grace_days
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.terms import Period
from tenure.core.timeline import DAY, SERVING, Instant

MAX_GRACE_DAYS = 90
"""Grace with all its extensions [spec: policy]."""


class PolicyAppliedNow(msgspec.Struct, frozen=True):
    """A policy published at `at` to reach running periods, with its figures for the subscription's plan of then."""

    at: Instant
    rules: Rules


class GraceGain(msgspec.Struct, frozen=True):
    """So many more days of grace for the period that began at `period`, from `at` on."""

    at: Instant
    period: Instant
    days: int


def most_grace(sub: Subscription, period: Period) -> int:
    """The most days of grace that may follow `period`: 90, and always fewer than it has itself."""
    length = sub.terms_at(period.since).period
    whole = min(period_boundary(period.since, length, 1), period.until) - period.since
    return min(MAX_GRACE_DAYS, whole // DAY - 1)


def next_gain(sub: Subscription, published: Iterable[PolicyAppliedNow], cursor: Instant) -> GraceGain | None:
    """The first grace extension that the last bought period has not received yet; at `cursor` if it was published
    before.

    None for a period that began later (it has its own version), while the next one is reserved (its start decides),
    for what is canceled, and for what has ended: time alone never moves back.
    """
    if not sub.periods or sub.cancellation is not None or sub.reserved is not None:
        return None
    last = sub.periods[-1]
    for each in published:
        moment = max(each.at, cursor)
        wished = each.rules.trial_grace_days if last.trial else each.rules.grace_days
        days = min(wished, most_grace(sub, last)) - grace_days(last)
        if last.since <= each.at and days > 0 and contract_at(sub, moment).phase in SERVING:
            return GraceGain(moment, last.since, days)
    return None
