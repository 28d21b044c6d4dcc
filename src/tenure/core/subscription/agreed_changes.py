"""What is agreed for later: with the terms that will then hold, and the first period they price
[spec: agreed-terms]."""

import msgspec

from tenure.core.periods import begun_days, period_boundary, whole_days
from tenure.core.subscription.day_prices import round_total
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import coming_ends, length_of, price_of, total_cost
from tenure.core.subscription.terms import DayPrice, Terms, TermsChange, TermsField
from tenure.core.timeline import Instant


class AgreedChange(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled change, and what it comes to together with everything else that is agreed."""

    effective: Instant
    field: TermsField | None
    """What it changes; None: plan and devices at once."""
    terms: Terms
    """All that will hold from then on."""
    until: Instant
    """End of the first period that begins at or after `effective`, if it is bought."""
    price: int
    """What that period costs, minor units; what was paid or reserved for it if it was bought already."""


def agreed_changes(sub: Subscription, now: Instant) -> tuple[AgreedChange, ...]:
    """What is scheduled and has not taken effect, in order of effect."""
    waiting = (each for each in sub.changes[1:] if each.scheduled and each.effective > sub.contract_clock(now))
    return tuple(_describe_change(sub, change) for change in waiting)


def _describe_change(sub: Subscription, change: TermsChange) -> AgreedChange:
    terms = sub.terms_for(change.effective)
    until, price = _first_period(sub, change.effective, terms)
    return AgreedChange(effective=change.effective, field=change.field, terms=terms, until=until, price=price)


def _first_period(sub: Subscription, since: Instant, terms: Terms) -> tuple[Instant, int]:
    bought = next((period for period in sub.paid_periods if period.since >= since), None)
    if bought is not None:
        return bought.until, total_cost(bought)
    if not sub.periods:
        return period_boundary(since, terms.period, 1), price_of(terms, terms.devices)
    until = next(end for end in coming_ends(sub) if end > since)
    if terms.period != length_of(sub, sub.paid_periods[-1]):
        until = period_boundary(since, terms.period, 1)
    whole = whole_days(period_boundary(until, terms.period, -1), until)
    days = begun_days(since, until)
    price = DayPrice(days, price_of(terms, terms.devices), max(whole, days))
    return until, round_total((price,))
