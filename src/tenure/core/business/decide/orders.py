"""Ordering, and confirming payments that come outside the ledger [spec: order, settlement-method]."""

import msgspec

from tenure.core import pricing
from tenure.core.business import ledger
from tenure.core.business.commands import ConfirmPayment, DecisionContext, Order
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.device_count import raise_devices
from tenure.core.business.decide.money import can_afford, out_of_range, short_of
from tenure.core.business.decide.renewals import buy_next
from tenure.core.periods import LEAST_TERM_DAYS, format_instant, whole_days
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription, fold
from tenure.core.subscription.renewal import first_period
from tenure.core.subscription.terms import RenewalIntent, Settlement, SubscriptionKind, Terms, TermStart
from tenure.core.timeline import DAY, Instant

ACTIVATION_DAYS = 365
"""A subscription that is never activated ends after so many days [spec: activate-by]."""
HORIZON = 10 * 366 * DAY
"""An end date further away than ten years is a typing error."""


def place_order(command: Order, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """Ordered, with the money taken at once when the offer is prepaid; what costs nothing waits for no payment.

    Refuses device_count_out_of_range, term_ambiguous, term_too_short, trial_already_used, automatic_needs_prepaid,
    insufficient_balance.
    """
    refused = _refuse_unsound(command, seen, now)
    if refused is not None:
        return refused
    price = first_price(command.terms, command.until, now, trial=command.trial)
    if isinstance(price, Refused):
        return price
    external = command.terms.settlement is Settlement.EXTERNAL
    if not external and not can_afford(price, seen.available):
        return short_of(price, seen.available, command.terms.currency)
    fact = _ordered_fact(command, seen, now, price)
    if not fact.awaiting_payment and (command.until is not None or command.terms.start is TermStart.AT_ORDER):
        period = first_period(fold((fact,)), now, seen.rules, seen.floor)
        fact = msgspec.structs.replace(fact, period=period)
    postings = () if external or not price else (
        ledger.charge(price, at=now, recorded_at=now, subscription=command.subscription, period=now),
    )  # fmt: skip
    return Accepted(facts=(fact,), postings=postings)


def _refuse_unsound(command: Order, seen: DecisionContext, now: Instant) -> Refused | None:
    terms, until = command.terms, command.until
    if not terms.min_devices <= command.terms.devices <= terms.max_devices:
        return out_of_range(terms)
    if until is not None and (terms.kind is SubscriptionKind.UNLIMITED or command.trial):
        return Refused(
            RefusalCode.TERM_AMBIGUOUS, "An end date fits only a limited subscription that is no trial.", "until"
        )
    if until is not None and whole_days(now, until) < LEAST_TERM_DAYS:
        first = format_instant(now + LEAST_TERM_DAYS * DAY)
        return Refused(
            RefusalCode.TERM_TOO_SHORT, f"The earliest end is {first}.", "until", now + LEAST_TERM_DAYS * DAY
        )
    if until is not None and until > now + HORIZON:
        return Refused(RefusalCode.FIELD_INVALID, "An end lies at most ten years ahead.", "until")
    if terms.settlement is Settlement.EXTERNAL and (
        command.intent is RenewalIntent.AUTO or terms.kind is SubscriptionKind.UNLIMITED
    ):
        return Refused(RefusalCode.AUTOMATIC_NEEDS_PREPAID, field="intent")
    if command.trial and seen.trial_used:
        return Refused(RefusalCode.TRIAL_ALREADY_USED, f"{terms.product} was tried before.", "trial")
    return None


def first_price(terms: Terms, until: Instant | None, now: Instant, *, trial: bool) -> int | Refused:
    """What the first period costs: nothing for a trial, by the day of a nominal period for a fixed end."""
    full = pricing.total_price(terms.bands, terms.devices)
    if isinstance(full, Refused):
        return full
    if until is None:
        return 0 if trial else full
    return pricing.for_term(full, terms.period, now, until)


def _ordered_fact(command: Order, seen: DecisionContext, now: Instant, price: int) -> f.Ordered:
    return f.Ordered(
        **fact_header(command, now),
        subscription=command.subscription,
        provider=command.provider,
        customer=command.customer,
        terms=command.terms,
        rules=seen.rules,
        code=command.code,
        intent=RenewalIntent.AUTO
        if command.terms.kind is SubscriptionKind.UNLIMITED and not command.trial
        else command.intent,
        price=price,
        until=command.until,
        trial=command.trial,
        trial_period=command.trial_period if command.trial else None,
        awaiting_payment=command.terms.settlement is Settlement.EXTERNAL and price > 0,
        activate_by=now + ACTIVATION_DAYS * DAY,
    )


def confirm_payment(
    sub: Subscription, command: ConfirmPayment, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """PaymentConfirmed and what it pays for: the order, a renewal or a raise of an externally settled subscription."""
    if sub.changes[0].terms.settlement is not Settlement.EXTERNAL:
        return Refused(RefusalCode.NOT_AWAITING_PAYMENT, "This subscription is paid from the prepaid balance.")
    match command.covers:
        case "order":
            return _confirm_order(sub, command, seen, now)
        case "renewal":
            bought = buy_next(sub, command, seen, now, late=None, paid_by="external")
        case "raise":
            bought = raise_devices(sub, command, command.devices, seen, now, confirmed=True)
        case _:
            return Refused(RefusalCode.FIELD_INVALID, "A payment covers `order`, `renewal` or `raise`.", "covers")
    if isinstance(bought, Refused):
        return bought
    amount = sum(_order_price(fact) for fact in bought.facts)
    confirmed = f.PaymentConfirmed(
        **fact_header(command, now), reference=command.reference, amount=amount, covers=command.covers
    )
    return Accepted(facts=(confirmed, *bought.facts))


def _order_price(fact: f.Fact) -> int:
    if isinstance(fact, f.Renewed):
        return fact.period.price
    return fact.amount if isinstance(fact, f.TermsChanged) else 0


def _confirm_order(
    sub: Subscription, command: ConfirmPayment, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """The term begins with the confirmation; a fixed end is priced by the day from there [spec: order]."""
    if not sub.awaiting_payment:
        return Refused(RefusalCode.NOT_AWAITING_PAYMENT, "The order's payment is confirmed already.")
    if sub.cancellation is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED)
    if now >= sub.activate_by:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "It was never paid for in time.")
    if sub.until_ordered is not None and whole_days(now, sub.until_ordered) < 1:
        return Refused(RefusalCode.TERM_TOO_SHORT, "The end named in the order has come; order again.")
    price = first_price(sub.changes[0].terms, sub.until_ordered, now, trial=sub.trial)
    if isinstance(price, Refused):
        return price
    starts = sub.until_ordered is not None or sub.changes[0].terms.start is TermStart.AT_ORDER
    period = first_period(sub, now, seen.rules, seen.floor) if starts else None
    confirmed = f.PaymentConfirmed(
        **fact_header(command, now),
        reference=command.reference,
        amount=price,
        covers="order",
        period=None if period is None else msgspec.structs.replace(period, price=price),
    )
    return Accepted(facts=(confirmed,))
