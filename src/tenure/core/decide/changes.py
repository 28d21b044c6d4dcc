"""Other terms: more or fewer devices, another plan, another customer (spec 2.4 Devices).

What costs more takes effect and is paid at once; what costs less takes effect when the paid days are over.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import msgspec

from tenure.core import facts as f
from tenure.core import ledger, pricing
from tenure.core.commands import Asked, ChangeDevices, ChangePlan, DropChange, Seen, Transfer
from tenure.core.contract import contract_at
from tenure.core.decide.money import affordable, out_of_range, short_of
from tenure.core.decide.outcome import Accepted, stamp
from tenure.core.ledger import Posting
from tenure.core.periods import begun_days, edge, format_instant, index_after, whole_days
from tenure.core.refusals import Code, Refused
from tenure.core.renewal import due, price_of
from tenure.core.subscription import Subscription
from tenure.core.terms import Change, Period, Settlement, Terms
from tenure.core.timeline import DAY, Instant, Phase

DAYS_IN_MONTH = Fraction(1461, 48)


def change_devices(sub: Subscription, command: ChangeDevices, seen: Seen, now: Instant) -> Accepted | Refused:
    """TermsChanged for more, ChangeScheduled for fewer devices; the same count drops what was scheduled.

    Refuses device_count_out_of_range, nothing_to_change, insufficient_balance, awaiting_payment, seat_conflict_open
    and whatever the subscription's state forbids.
    """
    refused = _not_changeable(sub, now)
    if refused is not None:
        return refused
    terms = sub.terms_at(now)
    if not terms.min_devices <= command.devices <= terms.max_devices:
        return out_of_range(terms)
    if command.devices == terms.devices:
        return _keep(sub, command, now)
    if command.devices > terms.devices:
        if terms.settlement is Settlement.EXTERNAL:
            return _raise_outside(sub, command, seen, now)
        return raise_devices(sub, command, command.devices, seen, now, external=False)
    return _lower(sub, command, seen, now)


def _not_changeable(sub: Subscription, now: Instant) -> Refused | None:
    if sub.awaiting_payment:
        return Refused(Code.AWAITING_PAYMENT)
    if sub.cancellation is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED)
    if not sub.paid:
        code = Code.SUBSCRIPTION_ENDED if contract_at(sub, now).phase is Phase.ENDED else Code.NOT_ACTIVATED
        return Refused(code, "What was ordered can be changed once the term has begun.")
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(Code.SUBSCRIPTION_ENDED, "Renew it first.")
    return None


def _scheduled(sub: Subscription, now: Instant) -> tuple[Change, ...]:
    return tuple(change for change in sub.changes[1:] if change.scheduled and change.effective > sub.clock(now))


def _dropped(sub: Subscription, command: Asked, now: Instant) -> Iterable[f.Fact]:
    """Whatever was scheduled is dropped visibly, never silently."""
    return (f.ChangeDropped(**stamp(command, now), effective=change.effective) for change in _scheduled(sub, now))


def _keep(sub: Subscription, command: ChangeDevices, now: Instant) -> Accepted | Refused:
    dropped = tuple(_dropped(sub, command, now))
    if not dropped:
        return Refused(Code.NOTHING_TO_CHANGE, f"The limit is {command.devices} already.", "devices")
    return Accepted(facts=dropped)


def _raise_outside(sub: Subscription, command: ChangeDevices, seen: Seen, now: Instant) -> Accepted | Refused:
    """Outside the ledger a raise waits for its payment, unless it was paid for before and costs nothing."""
    raised = raise_devices(sub, command, command.devices, seen, now, external=True)
    if isinstance(raised, Accepted) and any(isinstance(fact, f.TermsChanged) and fact.amount for fact in raised.facts):
        return Refused(Code.AWAITING_PAYMENT, "The provider confirms the payment of the raise with its reference.")
    return raised


def raise_devices(
    sub: Subscription, command: Asked, devices: int, seen: Seen, now: Instant, *, external: bool
) -> Accepted | Refused:
    """More devices at once, paid for the running, every later paid and the reserved period (2.4 Devices)."""
    refused = _not_changeable(sub, now)
    if refused is not None:
        return refused
    old = sub.terms_at(now)
    if not old.min_devices <= devices <= old.max_devices:
        return out_of_range(old)
    if devices <= old.devices:
        return Refused(Code.NOTHING_TO_CHANGE, f"The limit is {old.devices} already.", "devices")
    return _dearer_terms(sub, command, msgspec.structs.replace(old, devices=devices), seen, now, external=external)


def _dearer_terms(
    sub: Subscription, command: Asked, terms: Terms, seen: Seen, now: Instant, *, external: bool
) -> Accepted | Refused:
    if contract_at(sub, now).phase is not Phase.ACTIVE:
        return Refused(Code.SUBSCRIPTION_ENDED, "The paid period is over; renew first, then raise.")
    total = pricing.total(terms.bands, terms.devices)
    if isinstance(total, Refused):
        return total
    per_period = [(period, _more(sub, period, total, sub.clock(now))) for period in sub.paid]
    amount = sum(more for _, more in per_period)
    reserve = sum(more for period, more in per_period if period is sub.reserved)
    raises = tuple((period.since, more) for period, more in per_period if more)
    if not external and not affordable(amount, seen.available):
        return short_of(amount, seen.available, terms.currency)
    changed = f.TermsChanged(**stamp(command, now), terms=terms, paid_devices=terms.devices, raises=raises)
    postings = () if external else tuple(_postings(sub, amount, reserve, now))
    return Accepted(facts=(*_dropped(sub, command, now), changed), postings=postings)


def _more(sub: Subscription, period: Period, total: int, moment: Instant) -> int:
    """The difference for the rest of `period`, against what its own terms asked for the count that was paid."""
    if period.until <= moment:
        return 0
    before = sub.terms_at(max(moment, period.since))
    paid = price_of(before, period.devices)
    left = begun_days(max(moment, period.since), period.until)
    return pricing.half_up(max(0, total - paid) * left, _full_days(sub, period, before))


def _full_days(sub: Subscription, period: Period, terms: Terms) -> int:
    """Days that the price of a whole period stands for: its own where it runs from edge to edge of the anchor."""
    days = whole_days(period.since, period.until)
    if sub.anchor is not None:
        k = index_after(sub.anchor, terms.period, period.since)
        begin, end = edge(sub.anchor, terms.period, k - 1), edge(sub.anchor, terms.period, k)
        if (begin, end) == (period.since, period.until):
            return days
    return whole_days(period.since, edge(period.since, terms.period, 1))


def _postings(sub: Subscription, amount: int, reserve: int, now: Instant) -> Iterable[Posting]:
    """The revision tells one raise from the next."""
    booked: dict[str, Any] = {"at": now, "recorded_at": now, "subscription": sub.id, "reference": f"{sub.revision}"}
    if amount - reserve:
        yield ledger.charge(amount - reserve, note="raise", **booked)
    if reserve and sub.reserved is not None:
        yield ledger.reserve(reserve, period=sub.reserved.since, note="raise", **booked)


def _lower(sub: Subscription, command: ChangeDevices, seen: Seen, now: Instant) -> Accepted | Refused:
    terms = msgspec.structs.replace(sub.terms_at(now), devices=command.devices)
    in_grace = contract_at(sub, now).phase is Phase.GRACE
    if command.at_once or in_grace:
        if seen.in_use > command.devices:
            return _conflict(seen.in_use, command.devices)
        changed = f.TermsChanged(**stamp(command, now), terms=terms)
        return Accepted(facts=(*_dropped(sub, command, now), changed))
    effective = lowering_edge(sub, now)
    same = [change for change in _scheduled(sub, now) if change.terms == terms and change.effective == effective]
    if same:
        return Refused(Code.NOTHING_TO_CHANGE, f"That is scheduled for {format_instant(effective)} already.", "devices")
    scheduled = f.ChangeScheduled(**stamp(command, now), effective=effective, terms=terms)
    return Accepted(facts=(*_dropped(sub, command, now), scheduled))


def _conflict(in_use: int, devices: int) -> Refused:
    detail = f"{in_use} devices are in use; release {in_use - devices} first."
    return Refused(Code.SEAT_CONFLICT_OPEN, detail, "devices")


def lowering_edge(sub: Subscription, now: Instant) -> Instant:
    """The first period end at least `seat_conflict_days` away, so that the conflict can run before it (B11)."""
    earliest = sub.clock(now) + sub.rules.seat_conflict_days * DAY
    for period in sub.paid:
        if period.until >= earliest:
            return period.until
    anchor = sub.anchor if sub.anchor is not None else sub.paid[-1].until
    length = sub.terms_at(now).period
    return edge(anchor, length, index_after(anchor, length, earliest - 1))


def change_plan(sub: Subscription, command: ChangePlan, seen: Seen, now: Instant) -> Accepted | Refused:
    """A dearer plan of the same period holds at once and is paid; any other from the end of what is paid for.

    In grace nothing is paid for any more: a plan not dearer by the day holds at once, like fewer devices (ADR 5).
    """
    refused = _not_changeable(sub, now) or _other_contract(sub.terms_at(now), command.terms)
    if refused is not None:
        return refused
    old, new = sub.terms_at(now), command.terms
    dearer = _by_day(new) > _by_day(old)
    in_grace = contract_at(sub, now).phase is Phase.GRACE
    at_once = in_grace or (dearer and new.period == old.period)
    if at_once and seen.in_use > new.devices:
        return _conflict(seen.in_use, new.devices)
    if in_grace and not dearer:
        changed = f.TermsChanged(**stamp(command, now), terms=new)
        return Accepted(facts=(*_dropped(sub, command, now), changed))
    if at_once and new.settlement is Settlement.EXTERNAL:
        return Refused(Code.AWAITING_PAYMENT, "Outside the prepaid balance a dearer plan is a new order.")
    if at_once:
        return _dearer_terms(sub, command, new, seen, now, external=False)
    # What was paid for the present plan is used under it; a conflict of seats needs its days before the edge, too.
    effective = max(sub.paid[-1].until, lowering_edge(sub, now) if new.devices < old.devices else now)
    scheduled = f.ChangeScheduled(**stamp(command, now), effective=effective, terms=new)
    return Accepted(facts=(*_dropped(sub, command, now), scheduled))


def _other_contract(old: Terms, new: Terms) -> Refused | None:
    if new.product != old.product:
        return Refused(Code.CODE_NOT_FOR_PRODUCT, "A plan of another product is another subscription.", "plan")
    if (new.kind, new.currency, new.settlement) != (old.kind, old.currency, old.settlement):
        return Refused(Code.UNKNOWN_PLAN, "Kind, currency and settlement stay; order anew to change them.", "plan")
    if not new.min_devices <= new.devices <= new.max_devices:
        return out_of_range(new)
    unsold = pricing.total(new.bands, new.devices)
    if isinstance(unsold, Refused):
        return unsold
    return Refused(Code.NOTHING_TO_CHANGE, field="plan") if new == old else None


def _by_day(terms: Terms) -> Fraction:
    """The price of a day under `terms`, months of equal length: what makes plans of different periods comparable."""
    return Fraction(price_of(terms, terms.devices)) / (terms.period.days or terms.period.months * DAYS_IN_MONTH)


def drop_change(sub: Subscription, command: DropChange, now: Instant) -> Accepted | Refused:
    """ChangeDropped for a change that has not taken effect."""
    if all(change.effective != command.effective for change in _scheduled(sub, now)):
        return Refused(Code.NOTHING_TO_CHANGE, "No change is scheduled for that instant.", "effective")
    return Accepted(facts=(f.ChangeDropped(**stamp(command, now), effective=command.effective),))


def transfer(sub: Subscription, command: Transfer, now: Instant) -> Accepted | Refused:
    """Transferred; not while the present customer's money is reserved for the next period."""
    if sub.customer == command.customer:
        return Refused(Code.NOTHING_TO_CHANGE, field="customer")
    if sub.reserved is not None:
        return Refused(
            Code.RENEWAL_IS_AUTOMATIC,
            "The next period is reserved from the present customer's balance; transfer after it has begun.",
            when=due(sub),
        )
    if sub.owed is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED, "A refund to the present customer is still due.")
    return Accepted(facts=(f.Transferred(**stamp(command, now), customer=command.customer),))
