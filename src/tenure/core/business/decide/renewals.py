"""Buying the next period by hand, switching automatic renewal, goodwill days and the anchor
[spec: manual-renewal, automatic-renewal]."""

from tenure.core.business import ledger
from tenure.core.business.commands import CommandHeader, DecisionContext, ExtendGrace, Reanchor, Renew, SetRenewalIntent
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.money import can_afford, give_up_reserve, reserve_whole, short_of
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.policy.rules import LateRenewal, Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at, grace_days, service_end
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.grace_extension import most_grace
from tenure.core.subscription.renewal import (
    AHEAD,
    automatic_runs,
    due_at,
    late_start,
    next_period,
    payment_name,
    pays_itself,
)
from tenure.core.subscription.terms import RenewalIntent, Settlement, SubscriptionKind
from tenure.core.timeline import DAY, Instant, Phase


def renew_by_hand(sub: Subscription, command: Renew, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """Renewed by hand, paid from the balance.

    Refuses not_activated, awaiting_payment, subscription_canceled, renewal_is_automatic, renewal_too_early,
    renewal_too_late, renewal_ambiguous, insufficient_balance.
    """
    if sub.paid_periods and sub.cancellation is None:
        if pays_itself(sub) and (
            sub.reserved is not None or (sub.kind is SubscriptionKind.UNLIMITED and automatic_runs(sub, now))
        ):
            return Refused(RefusalCode.RENEWAL_IS_AUTOMATIC, when=sub.paid_until)
        if sub.reserved is not None:
            detail = "What signed leases still promise is paid for at the end; the rest can be bought from then on."
            return Refused(RefusalCode.RENEWAL_TOO_EARLY, detail, when=due_at(sub))
    outside = sub.changes[0].terms.settlement is Settlement.EXTERNAL
    if command.late is not None and command.role not in {Role.PROVIDER, Role.VENDOR}:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, "The policy says where a late renewal begins.", "late")
    bought = buy_next(sub, command, seen, now, late=command.late, paid_by="external" if outside else "balance")
    if outside and not (isinstance(bought, Accepted) and _costs_nothing(bought)):
        return Refused(
            RefusalCode.AWAITING_PAYMENT, "The provider confirms the payment of the renewal with its reference."
        )
    return bought


def _costs_nothing(bought: Accepted) -> bool:
    return not any(fact.period.price for fact in bought.facts if isinstance(fact, f.Renewed))


def buy_next(
    sub: Subscription,
    command: CommandHeader,
    seen: DecisionContext,
    now: Instant,
    *,
    late: LateRenewal | None,
    paid_by: str,
) -> Accepted | Refused:
    """The next period, paid by hand or automatically; refusals as in `renew_by_hand`.

    `seen` has the rules and the lowest version of the new period's beginning, if that lies behind (`execute`).
    """
    refused = _not_renewable(sub, now)
    if refused is not None:
        return refused
    over = service_end(sub)
    ended = over is not None and now >= over
    if late is not None and not ended:
        return Refused(RefusalCode.RENEWAL_AMBIGUOUS, field="late")
    start = late_start(sub, now, late)
    offered = next_period(sub, start, seen.rules, seen.floor, now)
    if offered.period.until <= now:
        return Refused(RefusalCode.RENEWAL_TOO_LATE, "The period so bought would already be over.", "late")
    price = offered.period.price
    if paid_by == "balance" and not can_afford(price, seen.available):
        return short_of(price, seen.available, sub.terms_at(start).currency)
    source = paid_by if price else "nothing"
    fact = f.Renewed(**fact_header(command, now), period=offered.period, paid_by=source, anchor=offered.anchor)
    postings = () if source != "balance" else (
        ledger.charge(
            price, at=now, recorded_at=now, subscription=sub.id, period=offered.period.since,
            reference=payment_name(sub),
        ),
    )  # fmt: skip
    return Accepted(facts=(fact,), postings=postings)


def _not_renewable(sub: Subscription, now: Instant) -> Refused | None:
    if sub.cancellation is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED)
    if not sub.paid_periods:
        return _not_begun(sub, now)
    if sub.stopped is not None:
        return Refused(RefusalCode.SUBSCRIPTION_PAUSED, "Its clock stands still; release the hold first.")
    unbegun = [period for period in sub.paid_periods if period.since > now]
    if len(unbegun) >= AHEAD:
        return Refused(
            RefusalCode.RENEWAL_TOO_EARLY, f"{AHEAD} periods ahead are paid for already.", when=unbegun[0].since
        )
    end = sub.paid_periods[-1].until
    opens = end - sub.rules_at(now).renew_window_days * DAY
    if now < opens:
        return Refused(RefusalCode.RENEWAL_TOO_EARLY, f"Renewal opens on {format_instant(opens)}.", when=opens)
    over = service_end(sub)
    if over is not None and now >= over + sub.rules.reinstate_days * DAY:
        return Refused(RefusalCode.RENEWAL_TOO_LATE, f"It ended on {format_instant(over)}.")
    return None


def _not_begun(sub: Subscription, now: Instant) -> Refused:
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "It was never activated.")
    return Refused(RefusalCode.AWAITING_PAYMENT if sub.awaiting_payment else RefusalCode.NOT_ACTIVATED)


def set_intent(sub: Subscription, command: SetRenewalIntent, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """RenewalIntentSet; switching off gives a reserve up, switching on again resumes stopped payment."""
    if sub.changes[0].terms.settlement is Settlement.EXTERNAL and command.intent is RenewalIntent.AUTO:
        return Refused(RefusalCode.AUTOMATIC_NEEDS_PREPAID, field="intent")
    if sub.cancellation is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED)
    if sub.kind is SubscriptionKind.UNLIMITED and command.intent is RenewalIntent.MANUAL:
        return Refused(
            RefusalCode.RENEWAL_IS_AUTOMATIC, "An unlimited subscription is canceled, not switched.", "intent"
        )
    if not sub.paid_periods and contract_at(sub, now).phase is Phase.ENDED:
        return _not_begun(sub, now)
    on_trial = sub.trial and all(period.trial for period in sub.paid_periods)
    if on_trial and command.intent is RenewalIntent.AUTO and sub.intent_at_order is RenewalIntent.MANUAL:
        return Refused(
            RefusalCode.RENEWAL_TOO_LATE, "A trial goes on by itself only if the order said so; renew by hand."
        )
    running = not sub.paid_periods or sub.stopped is not None or automatic_runs(sub, now)
    if sub.intent is command.intent and (command.intent is RenewalIntent.MANUAL or running):
        return Refused(RefusalCode.NOTHING_TO_CHANGE, f"Renewal is {command.intent} already.")
    if sub.paid_periods and command.intent is RenewalIntent.AUTO and _beyond_reinstating(sub, now):
        return Refused(RefusalCode.RENEWAL_TOO_LATE)
    stamped = fact_header(command, now)
    switched = f.RenewalIntentSet(**stamped, intent=command.intent)
    if command.intent is RenewalIntent.AUTO:
        facts, postings = reserve_whole(sub, command, seen, now)
    else:
        facts, postings = give_up_reserve(sub, seen, now, stamped)
    return Accepted(facts=(switched, *facts), postings=postings)


def _beyond_reinstating(sub: Subscription, now: Instant) -> bool:
    over = service_end(sub)
    return over is not None and now >= over + sub.rules.reinstate_days * DAY


def change_anchor(sub: Subscription, command: Reanchor, now: Instant) -> Accepted | Refused:
    """Reanchored: the next period runs to the first edge of the new anchor and is priced by the day."""
    if sub.anchor is None or not sub.paid_periods:
        return _not_begun(sub, now)
    if sub.cancellation is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED)
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "A renewal after the end finds its own anchor.")
    if sub.reserved is not None:
        return Refused(RefusalCode.RENEWAL_IS_AUTOMATIC, "The next period is reserved already.", when=due_at(sub))
    if command.anchor == sub.anchor:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, field="anchor")
    if abs(command.anchor - now) > 366 * 10 * DAY:
        return Refused(RefusalCode.FIELD_INVALID, "An anchor lies within ten years.", "anchor")
    return Accepted(facts=(f.Reanchored(**fact_header(command, now), anchor=command.anchor),))


def extend_grace(sub: Subscription, command: ExtendGrace, now: Instant) -> Accepted | Refused:
    """GraceExtended: goodwill days at the coming or running end, within 90 days and less than the period
    [spec: policy]."""
    if not sub.paid_periods:
        return _not_begun(sub, now)
    if sub.cancellation is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED)
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED)
    last = sub.paid_periods[-1]
    most = most_grace(sub, last)
    if command.days < 1 or last.trial or grace_days(last) + command.days > most:
        return Refused(RefusalCode.GRACE_OUT_OF_BOUNDS, f"Grace may last {format_count(most, 'day')} in all.", "days")
    return Accepted(facts=(f.GraceExtended(**fact_header(command, now), days=command.days),))
