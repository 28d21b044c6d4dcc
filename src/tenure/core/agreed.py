"""What is agreed for later: with the terms that will then hold, and the first period they price
[spec: agreed-terms]."""

import msgspec

from tenure.core.day_prices import rounded
from tenure.core.periods import begun_days, edge, whole_days
from tenure.core.renewal import coming_ends, cost, length_of, price_of
from tenure.core.subscription import Subscription
from tenure.core.terms import Change, DayPrice, Field, Terms
from tenure.core.timeline import Instant


class AgreedChange(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled change, and what it comes to together with everything else that is agreed."""

    effective: Instant
    field: Field | None
    """What it changes; None: plan and devices at once."""
    terms: Terms
    """All that will hold from then on."""
    until: Instant
    """End of the first period that begins at or after `effective`, if it is bought."""
    price: int
    """What that period costs, minor units; what was paid or reserved for it if it was bought already."""


def agreed_changes(sub: Subscription, now: Instant) -> tuple[AgreedChange, ...]:
    """What is scheduled and has not taken effect, in order of effect."""
    waiting = (each for each in sub.changes[1:] if each.scheduled and each.effective > sub.clock(now))
    return tuple(_told(sub, change) for change in waiting)


def _told(sub: Subscription, change: Change) -> AgreedChange:
    terms = sub.terms_for(change.effective)
    until, price = _first_period(sub, change.effective, terms)
    return AgreedChange(effective=change.effective, field=change.field, terms=terms, until=until, price=price)


def _first_period(sub: Subscription, since: Instant, terms: Terms) -> tuple[Instant, int]:
    bought = next((period for period in sub.paid if period.since >= since), None)
    if bought is not None:
        return bought.until, cost(bought)
    if not sub.periods:
        return edge(since, terms.period, 1), price_of(terms, terms.devices)
    until = next(end for end in coming_ends(sub) if end > since)
    if terms.period != length_of(sub, sub.paid[-1]):
        until = edge(since, terms.period, 1)
    whole = whole_days(edge(until, terms.period, -1), until)
    days = begun_days(since, until)
    price = DayPrice(days, price_of(terms, terms.devices), max(whole, days))
    return until, rounded((price,))
