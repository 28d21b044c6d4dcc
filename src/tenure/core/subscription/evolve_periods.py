"""How facts on money and time change a subscription's periods; which fact does what is said by its kind."""

import msgspec

from tenure.core.periods import whole_days
from tenure.core.subscription.day_prices import day_prices_of, first_days, unused_price
from tenure.core.subscription.state import Subscription
from tenure.core.subscription.terms import Period, TermsChange
from tenure.core.timeline import Instant


def anchor_of_first(until: Instant | None, period: Period | None) -> Instant | None:
    """An `until` order and a trial are anchored at their end [spec: order], a period order at its beginning."""
    if period is None:
        return None
    return period.until if until is not None or period.trial else period.since


def begin_term(sub: Subscription, period: Period) -> Subscription:
    """`sub` with its first period, which also sets the anchor."""
    anchor = anchor_of_first(sub.until_ordered, period)
    return msgspec.structs.replace(sub, started_at=period.since, anchor=anchor, periods=(period,))


def cut_periods(periods: tuple[Period, ...], moment: Instant) -> tuple[Period, ...]:
    """What is left of `periods` once another one begins at `moment`: unused whole days are given back
    [spec: period-length-change]."""
    return tuple(
        period if period.until <= moment else _end_period(period, moment) for period in periods if period.since < moment
    )


def _end_period(period: Period, moment: Instant) -> Period:
    prices = day_prices_of(period)
    paid = period.price + sum(amount for _, amount in period.raises)
    return msgspec.structs.replace(
        period,
        until=moment,
        price=paid - unused_price(period, moment),
        raises=(),
        day_prices=first_days(prices, prices[0].left - whole_days(moment, period.until)),
    )


def move_edges(sub: Subscription, bought: Period, moment: Instant) -> Subscription:
    """A change agreed for an edge that now lies inside a paid period waits for its end: those days are paid for.

    Not so one that has taken effect by `moment`: the period was bought at its terms.
    """
    since = max(bought.since, sub.contract_clock(moment))

    def later(change: TermsChange) -> TermsChange:
        inside = change.scheduled and since < change.effective < bought.until
        return msgspec.structs.replace(change, effective=bought.until) if inside else change

    return sub.with_later_changes(later)


def extend_grace(sub: Subscription, days: int) -> Subscription:
    """The last paid period alone has a longer grace; what was before it stays as it was."""
    if not sub.paid_periods:
        return sub
    last = sub.paid_periods[-1]
    rules = msgspec.structs.replace(last.rules, grace_days=last.rules.grace_days + days)
    longer = msgspec.structs.replace(last, rules=rules)
    if sub.reserved is not None:
        return msgspec.structs.replace(sub, reserved=longer, goodwill_days=sub.goodwill_days + days)
    return msgspec.structs.replace(sub, periods=(*sub.periods[:-1], longer))


def add_grace_days(sub: Subscription, since: Instant, days: int) -> Subscription:
    """The bought period of that beginning has a longer grace, by the figure that concerns it."""

    def longer(period: Period) -> Period:
        figure = "trial_grace_days" if period.trial else "grace_days"
        rules = msgspec.structs.replace(period.rules, **{figure: getattr(period.rules, figure) + days})
        return msgspec.structs.replace(period, rules=rules) if period.since == since else period

    return msgspec.structs.replace(sub, periods=tuple(map(longer, sub.periods)))
