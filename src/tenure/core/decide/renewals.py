"""Buying the next period by hand, switching automatic renewal, goodwill days and the anchor
[spec: manual-renewal, automatic-renewal]."""

from tenure.core import facts as f
from tenure.core import ledger
from tenure.core.commands import Asked, ExtendGrace, Reanchor, Renew, Seen, SetRenewalIntent
from tenure.core.contract import contract_at, grace_days, service_end
from tenure.core.decide.money import affordable, give_up_reserve, reserve_whole, short_of
from tenure.core.decide.outcome import Accepted, stamp
from tenure.core.lengthening import most_grace
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.policy import LateRenewal, Role
from tenure.core.refusals import Code, Refused
from tenure.core.renewal import AHEAD, automatic_runs, due, late_start, next_period, payment_name, pays_itself
from tenure.core.subscription import Subscription
from tenure.core.terms import Intent, Kind, Settlement
from tenure.core.timeline import DAY, Instant, Phase


def renew(sub: Subscription, command: Renew, seen: Seen, now: Instant) -> Accepted | Refused:
    """Renewed by hand, paid from the balance.

    Refuses not_activated, awaiting_payment, subscription_cancelled, renewal_is_automatic, renewal_too_early,
    renewal_too_late, renewal_ambiguous, insufficient_balance.
    """
    if sub.paid and sub.cancellation is None:
        if pays_itself(sub) and (sub.reserved is not None or (sub.kind is Kind.UNLIMITED and automatic_runs(sub, now))):
            return Refused(Code.RENEWAL_IS_AUTOMATIC, when=sub.paid_until)
        if sub.reserved is not None:
            detail = "What signed leases still promise is paid for at the end; the rest can be bought from then on."
            return Refused(Code.RENEWAL_TOO_EARLY, detail, when=due(sub))
    outside = sub.changes[0].terms.settlement is Settlement.EXTERNAL
    if command.late is not None and command.role not in {Role.PROVIDER, Role.VENDOR}:
        return Refused(Code.ACTION_NOT_PERMITTED, "The policy says where a late renewal begins.", "late")
    bought = buy_next(sub, command, seen, now, late=command.late, paid_by="external" if outside else "balance")
    if outside and not (isinstance(bought, Accepted) and _costs_nothing(bought)):
        return Refused(Code.AWAITING_PAYMENT, "The provider confirms the payment of the renewal with its reference.")
    return bought


def _costs_nothing(bought: Accepted) -> bool:
    return not any(fact.period.price for fact in bought.facts if isinstance(fact, f.Renewed))


def buy_next(
    sub: Subscription, command: Asked, seen: Seen, now: Instant, *, late: LateRenewal | None, paid_by: str
) -> Accepted | Refused:
    """The next period, whoever pays for it; refusals as in `renew`.

    `seen` has the rules and the lowest version of the new period's beginning, if that lies behind (`act`).
    """
    refused = _not_renewable(sub, now)
    if refused is not None:
        return refused
    over = service_end(sub)
    ended = over is not None and now >= over
    if late is not None and not ended:
        return Refused(Code.RENEWAL_AMBIGUOUS, field="late")
    start = late_start(sub, now, late)
    offered = next_period(sub, start, seen.rules, seen.floor, now)
    if offered.period.until <= now:
        return Refused(Code.RENEWAL_TOO_LATE, "The period so bought would already be over.", "late")
    price = offered.period.price
    if paid_by == "balance" and not affordable(price, seen.available):
        return short_of(price, seen.available, sub.terms_at(start).currency)
    source = paid_by if price else "nothing"
    fact = f.Renewed(**stamp(command, now), period=offered.period, paid_by=source, anchor=offered.anchor)
    postings = () if source != "balance" else (
        ledger.charge(
            price, at=now, recorded_at=now, subscription=sub.id, period=offered.period.since,
            reference=payment_name(sub),
        ),
    )  # fmt: skip
    return Accepted(facts=(fact,), postings=postings)


def _not_renewable(sub: Subscription, now: Instant) -> Refused | None:
    if sub.cancellation is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED)
    if not sub.paid:
        return _not_begun(sub, now)
    if sub.stopped is not None:
        return Refused(Code.SUBSCRIPTION_PAUSED, "Its clock stands still; release the hold first.")
    unbegun = [period for period in sub.paid if period.since > now]
    if len(unbegun) >= AHEAD:
        return Refused(Code.RENEWAL_TOO_EARLY, f"{AHEAD} periods ahead are paid for already.", when=unbegun[0].since)
    end = sub.paid[-1].until
    opens = end - sub.rules_at(now).renew_window_days * DAY
    if now < opens:
        return Refused(Code.RENEWAL_TOO_EARLY, f"Renewal opens on {format_instant(opens)}.", when=opens)
    over = service_end(sub)
    if over is not None and now >= over + sub.rules.reinstate_days * DAY:
        return Refused(Code.RENEWAL_TOO_LATE, f"It ended on {format_instant(over)}.")
    return None


def _not_begun(sub: Subscription, now: Instant) -> Refused:
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(Code.SUBSCRIPTION_ENDED, "It was never activated.")
    return Refused(Code.AWAITING_PAYMENT if sub.awaiting_payment else Code.NOT_ACTIVATED)


def set_intent(sub: Subscription, command: SetRenewalIntent, seen: Seen, now: Instant) -> Accepted | Refused:
    """RenewalIntentSet; switching off gives a reserve up, switching on again resumes stopped payment."""
    if sub.changes[0].terms.settlement is Settlement.EXTERNAL and command.intent is Intent.AUTO:
        return Refused(Code.AUTOMATIC_NEEDS_PREPAID, field="intent")
    if sub.cancellation is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED)
    if sub.kind is Kind.UNLIMITED and command.intent is Intent.MANUAL:
        return Refused(Code.RENEWAL_IS_AUTOMATIC, "An unlimited subscription is cancelled, not switched.", "intent")
    if not sub.paid and contract_at(sub, now).phase is Phase.ENDED:
        return _not_begun(sub, now)
    on_trial = sub.trial and all(period.trial for period in sub.paid)
    if on_trial and command.intent is Intent.AUTO and sub.intent_at_order is Intent.MANUAL:
        return Refused(Code.RENEWAL_TOO_LATE, "A trial goes on by itself only if the order said so; renew by hand.")
    running = not sub.paid or sub.stopped is not None or automatic_runs(sub, now)
    if sub.intent is command.intent and (command.intent is Intent.MANUAL or running):
        return Refused(Code.NOTHING_TO_CHANGE, f"Renewal is {command.intent} already.")
    if sub.paid and command.intent is Intent.AUTO and _beyond_reinstating(sub, now):
        return Refused(Code.RENEWAL_TOO_LATE)
    stamped = stamp(command, now)
    switched = f.RenewalIntentSet(**stamped, intent=command.intent)
    if command.intent is Intent.AUTO:
        facts, postings = reserve_whole(sub, command, seen, now)
    else:
        facts, postings = give_up_reserve(sub, seen, now, stamped)
    return Accepted(facts=(switched, *facts), postings=postings)


def _beyond_reinstating(sub: Subscription, now: Instant) -> bool:
    over = service_end(sub)
    return over is not None and now >= over + sub.rules.reinstate_days * DAY


def reanchor(sub: Subscription, command: Reanchor, now: Instant) -> Accepted | Refused:
    """Reanchored: the next period runs to the first edge of the new anchor and is priced by the day."""
    if sub.anchor is None or not sub.paid:
        return _not_begun(sub, now)
    if sub.cancellation is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED)
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(Code.SUBSCRIPTION_ENDED, "A renewal after the end finds its own anchor.")
    if sub.reserved is not None:
        return Refused(Code.RENEWAL_IS_AUTOMATIC, "The next period is reserved already.", when=due(sub))
    if command.anchor == sub.anchor:
        return Refused(Code.NOTHING_TO_CHANGE, field="anchor")
    if abs(command.anchor - now) > 366 * 10 * DAY:
        return Refused(Code.FIELD_INVALID, "An anchor lies within ten years.", "anchor")
    return Accepted(facts=(f.Reanchored(**stamp(command, now), anchor=command.anchor),))


def extend_grace(sub: Subscription, command: ExtendGrace, now: Instant) -> Accepted | Refused:
    """GraceExtended: goodwill days at the coming or running end, within 90 days and less than the period
    [spec: policy]."""
    if not sub.paid:
        return _not_begun(sub, now)
    if sub.cancellation is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED)
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(Code.SUBSCRIPTION_ENDED)
    last = sub.paid[-1]
    most = most_grace(sub, last)
    if command.days < 1 or last.trial or grace_days(last) + command.days > most:
        return Refused(Code.GRACE_OUT_OF_BOUNDS, f"Grace may last {format_count(most, 'day')} in all.", "days")
    return Accepted(facts=(f.GraceExtended(**stamp(command, now), days=command.days),))
