"""What other terms do to periods that are paid for or reserved: what has priced a period stays with it
[spec: repricing].

More expensive terms are paid for at once. Cheaper terms, or another period length, replace a reserve that is not
captured, less the days that signed leases still promise. A period paid for ahead is not changed: the command is refused
with the date.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from tenure.core import pricing
from tenure.core.business import ledger
from tenure.core.business.commands import CommandHeader, DecisionContext
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.money import can_afford, kept_stretch, out_of_range, short_of, with_promised
from tenure.core.business.ledger import Posting
from tenure.core.periods import format_date
from tenure.core.plurals import format_count, format_range
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.day_prices import day_prices_of, one_day, raise_prices, round_total
from tenure.core.subscription.evolve_terms import agreed_price
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.renewal import due_at, length_of, next_period, total_cost
from tenure.core.subscription.terms import Period, Settlement, Terms
from tenure.core.timeline import Instant

TermsFact = f.TermsChanged | f.ChangeScheduled | f.ChangeDropped


class RepricingBill(msgspec.Struct, frozen=True, kw_only=True):
    """What other terms cost now, for periods paid for (`charged`) and for the one that is only reserved."""

    raises: tuple[tuple[Instant, int], ...] = ()
    charged: int = 0
    reserved: int = 0
    """Reserved in addition; negative when a smaller reserve replaces the old one."""
    facts: tuple[f.Fact, ...] = ()
    postings: tuple[Posting, ...] = ()


def with_terms(
    sub: Subscription,
    command: CommandHeader,
    facts: Iterable[TermsFact],
    seen: DecisionContext,
    now: Instant,
    *,
    confirmed: bool = False,
) -> Accepted | Refused:
    """`facts` and what they cost for every period that is paid for or reserved.

    `confirmed`: the provider has received outside the ledger what they cost. Refuses device_count_out_of_range,
    period_paid_ahead, insufficient_balance, and awaiting_payment for what costs something outside the ledger.
    """
    told = tuple(facts)
    after = after_facts(sub, told)
    refused = forbidden_combination(after, now) or _taken_apart(sub, after, told, now)
    if refused is not None:
        return refused
    bill = _make_bill(sub, after, command, seen, now)
    amount = bill.charged + bill.reserved
    outside = sub.changes[0].terms.settlement is Settlement.EXTERNAL
    if outside and amount and not confirmed:
        return Refused(
            RefusalCode.AWAITING_PAYMENT, "The provider confirms the payment of the difference with its reference."
        )
    if not outside and not can_afford(amount, seen.available):
        return short_of(amount, seen.available, sub.terms_at(now).currency)
    last = msgspec.structs.replace(told[-1], raises=bill.raises)
    return Accepted(facts=(*told[:-1], last, *bill.facts), postings=() if outside else bill.postings)


def after_facts(sub: Subscription, facts: Iterable[f.Fact]) -> Subscription:
    """`sub` once `facts` have happened."""
    for fact in facts:
        sub = evolve(sub, fact)
    return sub


def forbidden_combination(sub: Subscription, now: Instant) -> Refused | None:
    """The first plan in force or agreed that does not sell the number of devices in force or agreed with it."""
    present = sub.terms_at(now)
    if _refuse_unsold(present):
        return out_of_range(present)
    for change in sub.changes[1:]:
        terms = sub.terms_for(change.effective)
        if change.scheduled and change.effective > sub.contract_clock(now) and _refuse_unsold(terms):
            detail = (
                f"The plan {terms.plan} agreed from {format_date(change.effective)} sells"
                f" {format_range(terms.min_devices, terms.max_devices, 'device')}, and"
                f" {format_count(terms.devices, 'device is', 'devices are')} agreed for then."
            )
            return Refused(RefusalCode.DEVICE_COUNT_OUT_OF_RANGE, detail, "devices", change.effective)
    return None


def _refuse_unsold(terms: Terms) -> bool:
    in_range = terms.min_devices <= terms.devices <= terms.max_devices
    return not in_range or isinstance(pricing.total_price(terms.bands, terms.devices), Refused)


def _taken_apart(sub: Subscription, after: Subscription, facts: tuple[TermsFact, ...], now: Instant) -> Refused | None:
    """A period paid for ahead stays whole and is not made cheaper; terms changed at once leave its price as it is."""
    at_once = any(isinstance(fact, f.TermsChanged) for fact in facts)
    for period in sub.periods:
        if period.since <= sub.contract_clock(now):
            continue
        cheaper = _price_by(after, period) < _price_by(sub, period) and not at_once
        if cheaper or after.terms_for(period.since).period != length_of(sub, period):
            detail = f"The period from {format_date(period.since)} to {format_date(period.until)} is paid for."
            return Refused(RefusalCode.PERIOD_PAID_AHEAD, detail, when=due_at(sub))
    return None


def _price_by(sub: Subscription, period: Period) -> int:
    """The total that the terms `sub` has for `period` ask for a whole one."""
    return agreed_price(sub, period, period.since).total


def _make_bill(
    sub: Subscription, after: Subscription, command: CommandHeader, seen: DecisionContext, now: Instant
) -> RepricingBill:
    moment = sub.contract_clock(now)
    more = tuple(
        (period.since, amount)
        for period in sub.periods
        if period.until > moment and (amount := _additional_price(after, period, moment)) is not None
    )
    charged = sum(amount for _, amount in more)
    reserve = _reserve_posting(sub, after, command, seen, now)
    # What comes back from a reserve may pay for the raise, so it comes first.
    postings = reserve.postings + tuple(_charge_posting(sub, charged, now))
    return msgspec.structs.replace(reserve, raises=(*more, *reserve.raises), charged=charged, postings=postings)


def _additional_price(after: Subscription, period: Period, moment: Instant) -> int | None:
    """What `period` costs on top from `moment` on, 0 when that rounds to nothing; None when it is not more expensive.

    The highest total agreed so far, day by day, rounded once, less all charged, so that 10 -> 11 -> 13 costs 10 -> 13.
    """
    before = day_prices_of(period)
    more_expensive = raise_prices(before, agreed_price(after, period, max(period.since, moment)))
    return None if more_expensive == before else max(0, round_total(more_expensive) - total_cost(period))


def _charge_posting(sub: Subscription, amount: int, now: Instant) -> Iterable[Posting]:
    """The revision tells one raise from the next."""
    if amount:
        yield ledger.charge(amount, note="raise", **_booked_periods(sub, now))


def _booked_periods(sub: Subscription, now: Instant) -> dict[str, Any]:
    return {"at": now, "recorded_at": now, "subscription": sub.id, "reference": f"{sub.revision}"}


def _reserve_posting(
    sub: Subscription, after: Subscription, command: CommandHeader, seen: DecisionContext, now: Instant
) -> RepricingBill:
    reserved = sub.reserved
    if reserved is None:
        return RepricingBill()
    bare = msgspec.structs.replace(sub, reserved=None)
    whole = next_period(bare, reserved.since, reserved.rules, reserved.min_version, now).period
    asked = agreed_price(after, reserved, reserved.since)
    same_length = after.terms_for(reserved.since).period == length_of(sub, reserved)
    cheaper = one_day(asked) < one_day(day_prices_of(reserved)[-1])
    # The rest of a stretch that is kept only for signed leases is not replaced.
    if reserved.until >= whole.until and (cheaper or not same_length):
        return _reserve_again(sub, after, reserved, fact_header(command, now), seen)
    more = _additional_price(after, reserved, reserved.since)
    booked = _booked_periods(sub, now) | {"period": reserved.since, "note": "raise"}
    return RepricingBill(
        raises=() if more is None else ((reserved.since, more),),
        reserved=more or 0,
        postings=(ledger.reserve(more, **booked),) if more else (),
    )


def _reserve_again(
    sub: Subscription, after: Subscription, reserved: Period, stamped: dict[str, Any], seen: DecisionContext
) -> RepricingBill:
    """The reserve is released and made again at the terms now agreed, less the days that signed leases promise."""
    kept, now = kept_stretch(sub, seen), stamped["at"]
    bare = msgspec.structs.replace(after, reserved=None)
    fresh = next_period(bare, reserved.since, reserved.rules, reserved.min_version, now).period
    held = 0 if kept is None else kept.price
    if kept is not None:
        fresh = with_promised(fresh, kept) if kept.until < fresh.until else _at_least_agreed(after, kept)
    booked = _booked_periods(sub, now) | {"period": reserved.since}
    released, again = total_cost(reserved) - held, fresh.price - held
    facts: tuple[f.Fact, ...] = (f.ReserveReleased(**stamped, amount=released, kept=kept),)
    if fresh != kept:
        facts += (f.RenewalReserved(**stamped, period=fresh),)
    postings = (
        *((ledger.release(released, **booked),) if released else ()),
        *((ledger.reserve(again, **booked),) if again else ()),
    )
    return RepricingBill(reserved=again - released, facts=facts, postings=postings)


def _at_least_agreed(after: Subscription, kept: Period) -> Period:
    """What signed leases promise beyond a whole new period, at no less than the terms that will be served ask."""
    prices = raise_prices(day_prices_of(kept), agreed_price(after, kept, kept.since))
    return msgspec.structs.replace(kept, price=round_total(prices), day_prices=prices)
