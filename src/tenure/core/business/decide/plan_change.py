"""Another plan of the same product [spec: day-prices, agreed-terms]: more expensive at once, cheaper when the paid days
are over.

One whose period has another length begins a whole period of its own; at once, the unused days are credited.
"""

from fractions import Fraction
from typing import Any

import msgspec

from tenure.core import pricing
from tenure.core.business import ledger
from tenure.core.business.commands import ChangePlan, DecisionContext
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.device_count import change_count, lowering_edge, seat_conflict
from tenure.core.business.decide.money import can_afford, out_of_range, short_of
from tenure.core.business.decide.repricing import TermsFact, after_facts, forbidden_combination, with_terms
from tenure.core.business.decide.scheduled_changes import (
    agreed_already,
    dropped_changes,
    not_changeable,
    prices_nothing_yet,
    scheduled_changes,
)
from tenure.core.business.outstanding_leases import promised_until
from tenure.core.periods import begun_days, whole_days
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at
from tenure.core.subscription.day_prices import day_prices_of, last_days, unused_price
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import due_at, next_period, price_of, total_cost
from tenure.core.subscription.terms import Period, Settlement, Terms, TermsField
from tenure.core.timeline import Instant, Phase

DAYS_IN_MONTH = Fraction(1461, 48)


def change_plan(sub: Subscription, command: ChangePlan, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """TermsChanged for a plan that costs more per day, ChangeScheduled for any other; the plan in force changes
    nothing.

    What was agreed for the number of devices stays agreed unless the command names a number. In grace nothing is paid
    for any more: a plan that does not cost more per day takes effect at once, like fewer devices (ADR 5). Refuses as
    `change_devices`, and unknown_plan, code_not_for_product, subscription_paused.
    """
    present = sub.terms_at(now)
    wanted = command.terms
    if command.devices_as_agreed:
        wanted = msgspec.structs.replace(wanted, devices=present.devices)
    refused = not_changeable(sub, now) or _other_contract(present, wanted)
    if refused is not None:
        return refused
    coming = scheduled_changes(sub, now, TermsField.PLAN)
    if _same_plan(wanted, present) or (coming and _same_plan(wanted, coming[-1].terms)):
        return _same_plan_again(sub, command, seen, now)
    if contract_at(sub, now).phase is Phase.GRACE:
        return _in_grace(sub, command, wanted, seen, now)
    if not _is_more_expensive(wanted, present) or (sub.periods[-1].trial and wanted.period != present.period):
        return _at_the_end(sub, command, wanted, seen, now)
    if seen.in_use > wanted.devices:
        return seat_conflict(seen.in_use, wanted.devices)
    facts = _at_once(sub, command, wanted, now)
    if wanted.period != present.period:
        return _begin_new_period(sub, command, facts, seen, now)
    return with_terms(sub, command, facts, seen, now)


def _same_plan(one: Terms, other: Terms) -> bool:
    """Whether two terms differ in the number of devices at most."""
    return msgspec.structs.replace(one, devices=0) == msgspec.structs.replace(other, devices=0)


def _same_plan_again(sub: Subscription, command: ChangePlan, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    present = sub.terms_at(now)
    if not command.devices_as_agreed and command.terms.devices != present.devices:
        return change_count(sub, command, command.terms.devices, seen, now)
    return agreed_already(sub, now, TermsField.PLAN, f"The plan is {present.plan} already.")


def _other_contract(old: Terms, new: Terms) -> Refused | None:
    if new.product != old.product:
        return Refused(RefusalCode.CODE_NOT_FOR_PRODUCT, "A plan of another product is another subscription.", "plan")
    if (new.kind, new.currency, new.settlement) != (old.kind, old.currency, old.settlement):
        return Refused(
            RefusalCode.UNKNOWN_PLAN, "Kind, currency and settlement stay; place a new order to change them.", "plan"
        )
    if not new.min_devices <= new.devices <= new.max_devices:
        return out_of_range(new)
    unsold = pricing.total_price(new.bands, new.devices)
    return unsold if isinstance(unsold, Refused) else None


def _is_more_expensive(new: Terms, old: Terms) -> bool:
    return _by_day(new) > _by_day(old)


def _by_day(terms: Terms) -> Fraction:
    """The price of a day under `terms`, months of equal length: what makes plans of different periods comparable."""
    return Fraction(price_of(terms, terms.devices)) / (terms.period.days or terms.period.months * DAYS_IN_MONTH)


def _named_terms(sub: Subscription, command: ChangePlan, now: Instant) -> tuple[TermsField, ...]:
    """What the command names; the number of devices in force is no other number."""
    other_number = not command.devices_as_agreed and command.terms.devices != sub.terms_at(now).devices
    return (TermsField.PLAN, TermsField.DEVICES) if other_number else (TermsField.PLAN,)


def _at_once(sub: Subscription, command: ChangePlan, wanted: Terms, now: Instant) -> tuple[TermsFact, ...]:
    named = _named_terms(sub, command, now)
    field = TermsField.PLAN if named == (TermsField.PLAN,) else None
    changed = f.TermsChanged(**fact_header(command, now), terms=wanted, paid_devices=wanted.devices, field=field)
    return (*dropped_changes(scheduled_changes(sub, now, *named), command, now, *named), changed)


def _in_grace(
    sub: Subscription, command: ChangePlan, wanted: Terms, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    if seen.in_use > wanted.devices:
        return seat_conflict(seen.in_use, wanted.devices)
    if _is_more_expensive(wanted, sub.terms_at(now)):
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "The paid period is over; renew first, then change the plan.")
    return with_terms(sub, command, _at_once(sub, command, wanted, now), seen, now)


def _at_the_end(
    sub: Subscription, command: ChangePlan, wanted: Terms, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """What was paid for the present plan is used under it; a conflict of seats needs its days before the edge, too."""
    named = _named_terms(sub, command, now)
    fewer = TermsField.DEVICES in named and wanted.devices < sub.terms_at(now).devices
    effective = lowering_edge(sub, now) if fewer else due_at(sub)
    replaced = [
        change
        for change in scheduled_changes(sub, now, *named)
        if change.effective >= effective or prices_nothing_yet(sub, change)
    ]
    agreed = [
        f.ChangeScheduled(**fact_header(command, now), effective=effective, terms=wanted, field=field)
        for field in named
    ]
    return with_terms(sub, command, (*dropped_changes(replaced, command, now, *named), *agreed), seen, now)


def _begin_new_period(
    sub: Subscription, command: ChangePlan, facts: tuple[TermsFact, ...], seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """A whole period of the new plan from now on; what is paid for and unused comes back, a reserve is released.

    A year of 12,000 with 300 days left, changed to a month of 1,500: 9,863 come back, 1,500 are paid, and the month
    begins now [spec: period-length-change].
    """
    after = after_facts(sub, facts)
    refused = forbidden_combination(after, now) or _not_now(sub)
    if refused is not None:
        return refused
    fresh = next_period(msgspec.structs.replace(after, reserved=None), now, seen.rules, seen.floor, now).period
    held = 0 if sub.reserved is None else total_cost(sub.reserved)
    promised = promised_until(seen.words, now)
    back = sum(_given_back(period, fresh, promised, now) for period in sub.periods if period.until > now)
    needed = fresh.price - back - held
    if not can_afford(needed, seen.available):
        return short_of(needed, seen.available, after.terms_at(now).currency)
    stamped = fact_header(command, now)
    told: list[f.Fact] = list(facts)
    if sub.reserved is not None:
        told.append(f.ReserveReleased(**stamped, amount=held))
    if back:
        told.append(f.Refunded(**stamped, amount=back, since=now))
    paid_by = "balance" if fresh.price else "nothing"
    told.append(f.Renewed(**stamped, period=fresh, paid_by=paid_by, anchor=now))
    return Accepted(facts=tuple(told), postings=_moved_money(sub, held, back, fresh.price, now))


def _not_now(sub: Subscription) -> Refused | None:
    if sub.stopped is not None:
        return Refused(RefusalCode.SUBSCRIPTION_PAUSED, "Its clock stands still; release the hold first.")
    if sub.changes[0].terms.settlement is Settlement.EXTERNAL:
        return Refused(RefusalCode.AWAITING_PAYMENT, "For external payment, a more expensive plan needs a new order.")
    return None


def _given_back(period: Period, fresh: Period, promised: Instant, now: Instant) -> int:
    """What the unused whole days cost, less days after `fresh` that signed leases go on promising (*Giving back*)."""
    since, until = max(fresh.until, period.since), min(promised, period.until)
    free = unused_price(period, now)
    if until <= since:
        return free
    prices = day_prices_of(period)
    held = last_days(prices, begun_days(since, period.until)) - last_days(prices, whole_days(until, period.until))
    return max(0, free - -(-held.numerator // held.denominator))


def _moved_money(sub: Subscription, held: int, back: int, price: int, now: Instant) -> tuple[ledger.Posting, ...]:
    """What is given back and what is paid stand apart in the statement."""
    booked: dict[str, Any] = {"at": now, "recorded_at": now, "subscription": sub.id, "reference": f"{sub.revision}"}
    moved: list[ledger.Posting] = []
    if held and sub.reserved is not None:
        moved.append(ledger.release(held, period=sub.reserved.since, **booked))
    if back:
        moved.append(ledger.refund(back, note="plan", **booked))
    if price:
        moved.append(ledger.charge(price, period=now, note="plan", **booked))
    return tuple(moved)
