"""How changes of plan and devices change a subscription; which fact does what is said by its kind."""

from collections.abc import Iterable

import msgspec

from tenure.core import pricing
from tenure.core.periods import begun_days, period_boundary, whole_days
from tenure.core.subscription.day_prices import day_prices_of, raise_prices
from tenure.core.subscription.state import Subscription
from tenure.core.subscription.terms import DayPrice, Period, TermsChange, TermsField
from tenure.core.timeline import Instant


def drop_change(sub: Subscription, effective: Instant, field: TermsField | None) -> Subscription:
    """Without what was scheduled for that instant, or only without `field` of it."""
    left = (
        _without_field(change, field) if change.scheduled and change.effective == effective else change
        for change in sub.changes[1:]
    )
    return msgspec.structs.replace(sub, changes=(sub.changes[0], *(each for each in left if each)))


def _without_field(change: TermsChange, field: TermsField | None) -> TermsChange | None:
    """What stays of a change once `field` of it is dropped."""
    if field is None or change.field is field:
        return None
    if change.field is not None:
        return change
    return msgspec.structs.replace(change, field=TermsField.PLAN if field is TermsField.DEVICES else TermsField.DEVICES)


def add_change(sub: Subscription, change: TermsChange) -> Subscription:
    """Changes stay in order of effect; of one field, the later of two for the same instant replaces the earlier."""
    first, *rest = sub.changes
    if change.effective <= first.effective:
        return msgspec.structs.replace(
            sub, changes=(TermsChange(first.effective, change.applied_to(first.terms)), *rest)
        )
    others = [known for known in rest if known.effective != change.effective or change.field not in (None, known.field)]
    ordered = sorted([*others, change], key=lambda known: known.effective)
    return msgspec.structs.replace(sub, changes=(first, *ordered))


def _each_paid(sub: Subscription, moment: Instant, become: Iterable[tuple[Period, Period]]) -> Subscription:
    known = {period.since: after for period, after in become if period.until > moment}
    reserved = None if sub.reserved is None else known.get(sub.reserved.since, sub.reserved)
    return msgspec.structs.replace(
        sub, periods=tuple(known.get(period.since, period) for period in sub.periods), reserved=reserved
    )


def count_paid(sub: Subscription, moment: Instant, paid_devices: int, *, other_plan: bool) -> Subscription:
    """The count now paid for; one paid under another plan's prices says nothing any more."""
    if not paid_devices:
        return sub

    def counted(period: Period) -> Period:
        devices = paid_devices if other_plan else max(period.devices, paid_devices)
        return msgspec.structs.replace(period, devices=devices)

    return _each_paid(sub, sub.contract_clock(moment), ((period, counted(period)) for period in sub.paid_periods))


def add_raises(sub: Subscription, at: Instant, raises: tuple[tuple[Instant, int], ...]) -> Subscription:
    """What was paid on top, noted in its periods, and what their days cost from then on."""
    if not raises:
        return sub
    more, moment = dict(raises), sub.contract_clock(at)

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
