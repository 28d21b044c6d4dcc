"""What changes of plan and devices mean for a subscription; never refuses."""

from collections.abc import Iterable

import msgspec

from tenure.core import pricing
from tenure.core.periods import begun_days, period_boundary, whole_days
from tenure.core.subscription import facts as f
from tenure.core.subscription.day_prices import day_prices_of, raise_prices
from tenure.core.subscription.state import Subscription
from tenure.core.subscription.terms import DayPrice, Period, TermsChange, TermsField
from tenure.core.timeline import Instant

Terms = f.TermsChanged | f.ChangeScheduled | f.ChangeDropped


def evolve_terms(sub: Subscription, fact: Terms) -> Subscription:
    """`sub` after its terms changed, or are to change at a later instant."""
    match fact:
        case f.ChangeScheduled():
            changed = _with_change(sub, TermsChange(fact.effective, fact.terms, scheduled=True, field=fact.field))
        case f.ChangeDropped():
            left = (
                _without_field(change, fact.field) if _is_change(change, fact) else change for change in sub.changes[1:]
            )
            changed = msgspec.structs.replace(sub, changes=(sub.changes[0], *(each for each in left if each)))
        case f.TermsChanged():
            # While a hold stops the clock it is agreed for the instant that the clock shows, before what is to come.
            changed = _with_change(sub, TermsChange(sub.contract_clock(fact.at), fact.terms, field=fact.field))
            changed = _count_paid(changed, fact, _other_plan(sub, fact))
    return _paid_for(changed, fact) if fact.raises else changed


def _is_change(change: TermsChange, fact: f.ChangeDropped) -> bool:
    return change.scheduled and change.effective == fact.effective


def _without_field(change: TermsChange, field: TermsField | None) -> TermsChange | None:
    """What stays of a change once `field` of it is dropped."""
    if field is None or change.field is field:
        return None
    if change.field is not None:
        return change
    return msgspec.structs.replace(change, field=TermsField.PLAN if field is TermsField.DEVICES else TermsField.DEVICES)


def _with_change(sub: Subscription, change: TermsChange) -> Subscription:
    """Changes stay in order of effect; of one field, the later of two for the same instant replaces the earlier."""
    first, *rest = sub.changes
    if change.effective <= first.effective:
        return msgspec.structs.replace(
            sub, changes=(TermsChange(first.effective, change.applied_to(first.terms)), *rest)
        )
    others = [known for known in rest if known.effective != change.effective or change.field not in (None, known.field)]
    ordered = sorted([*others, change], key=lambda known: known.effective)
    return msgspec.structs.replace(sub, changes=(first, *ordered))


def _other_plan(sub: Subscription, fact: f.TermsChanged) -> bool:
    old = sub.terms_at(fact.at)
    return (old.plan, old.bands) != (fact.terms.plan, fact.terms.bands)


def _each_paid(sub: Subscription, moment: Instant, become: Iterable[tuple[Period, Period]]) -> Subscription:
    known = {period.since: after for period, after in become if period.until > moment}
    reserved = None if sub.reserved is None else known.get(sub.reserved.since, sub.reserved)
    return msgspec.structs.replace(
        sub, periods=tuple(known.get(period.since, period) for period in sub.periods), reserved=reserved
    )


def _count_paid(sub: Subscription, fact: f.TermsChanged, other_plan: bool) -> Subscription:
    """The count now paid for; one paid under another plan's prices says nothing any more."""
    if not fact.paid_devices:
        return sub

    def counted(period: Period) -> Period:
        devices = fact.paid_devices if other_plan else max(period.devices, fact.paid_devices)
        return msgspec.structs.replace(period, devices=devices)

    return _each_paid(sub, sub.contract_clock(fact.at), ((period, counted(period)) for period in sub.paid_periods))


def _paid_for(sub: Subscription, fact: Terms) -> Subscription:
    """What was paid on top, noted in its periods, and what their days cost from then on."""
    more, moment = dict(fact.raises), sub.contract_clock(fact.at)

    def more_expensive(period: Period) -> Period:
        start = max(period.since, moment)
        amount, held = more[period.since], sub.terms_for(start)
        return msgspec.structs.replace(
            period,
            devices=max(period.devices, held.devices) if period.since <= moment else held.devices,
            raises=(*period.raises, (start, amount)) if amount else period.raises,
            day_prices=raise_prices(day_prices_of(period), agreed_price(sub, period, start)),
        )

    return _each_paid(
        sub, moment, ((period, more_expensive(period)) for period in sub.paid_periods if period.since in more)
    )


def agreed_price(sub: Subscription, period: Period, start: Instant) -> DayPrice:
    """What the rest of `period` from `start` on costs by the terms that `sub` has for it, less what a trial waives."""
    held = sub.terms_for(start)
    total = pricing.total_price(held.bands, held.devices)
    asked = total if isinstance(total, int) else 0  # decisions refuse a count that is not sold
    days = period.whole or day_prices_of(period)[-1].days
    if period.length is not None and period.length != held.period:
        days = whole_days(period.since, period_boundary(period.since, held.period, 1))
    return DayPrice(begun_days(start, period.until), max(0, asked - period.waived), days)
