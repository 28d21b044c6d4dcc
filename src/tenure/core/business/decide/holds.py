"""Holding, releasing, canceling and undoing [spec: cancellation, holds]."""

from collections.abc import Iterable

from tenure.core.business.commands import Cancel, DecisionContext, PlaceHold, ReleaseHold, UndoCancellation
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.money import give_up_reserve, kept_stretch, reserve_whole
from tenure.core.business.outstanding_leases import paused_for
from tenure.core.periods import format_instant
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription import terms
from tenure.core.subscription.contract import contract_at
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import automatic_runs
from tenure.core.subscription.terms import Period, RenewalIntent, SubscriptionKind
from tenure.core.timeline import DAY, Instant, Phase, Span

LONGEST_HOLD_DAYS = 3_660


def _acting_side(role: Role) -> str:
    """A site's administrator acts for the customer."""
    return Role.CUSTOMER if role is Role.SITE else role


def place_hold(sub: Subscription, command: PlaceHold, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """HoldPlaced. Refuses not_activated, subscription_ended, already_paused, field_invalid (an end that is past)."""
    phase = contract_at(sub, now).phase
    if phase is Phase.PENDING:
        return Refused(RefusalCode.AWAITING_PAYMENT if sub.awaiting_payment else RefusalCode.NOT_ACTIVATED)
    if phase is Phase.ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED)
    side = _acting_side(command.role)
    if any(placed.owner == side for placed in sub.holds if placed.until is None or placed.until > now):
        return Refused(RefusalCode.ALREADY_PAUSED, f"A hold by the {side} stands.")
    if command.until is not None and not now < command.until <= now + LONGEST_HOLD_DAYS * DAY:
        return Refused(RefusalCode.FIELD_INVALID, "A hold ends after now, within ten years.", "until")
    stop_clock = sub.rules_at(now).stop_clock
    placed = terms.Hold(owner=side, reason=command.reason, since=now, until=command.until, stop_clock=stop_clock)
    return Accepted(facts=(f.HoldPlaced(**fact_header(command, now), hold=placed),))


def release_hold(sub: Subscription, command: ReleaseHold, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """HoldReleased; when the clock runs again, with the whole paid days that were held."""
    side = _acting_side(command.role)
    mine = [placed for placed in sub.holds if placed.owner == side and (placed.until is None or placed.until > now)]
    if not mine:
        held_by = ", ".join(placed.owner for placed in sub.holds)
        return Refused(RefusalCode.NOT_PAUSED, f"Held by: {held_by}." if held_by else "")
    days = shift_days(sub, side, seen, now)
    return Accepted(facts=(f.HoldReleased(**fact_header(command, now), owner=side, shift_days=days),))


def shift_days(sub: Subscription, owner: str, seen: DecisionContext, now: Instant) -> int:
    """Days given back when `owner`'s hold ends at `now`: none while another hold stops the clock."""
    others_stop = any(placed.stop_clock for placed in sub.holds if placed.owner != owner)
    return 0 if others_stop else _restart_days(sub, seen, now)


def _restart_days(sub: Subscription, seen: DecisionContext, now: Instant) -> int:
    """Whole paid days held until `now`; a site that had not heard of the hold used its days itself."""
    if sub.stopped is None:
        return 0
    return paused_for(sub.stopped, seen.words, now) // DAY if contract_at(sub, now).phase is Phase.ACTIVE else 0


def cancel_subscription(sub: Subscription, command: Cancel, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """Canceled at the end of what is paid for, or at once; a reserve is given up less what leases still promise.

    In grace, `at the end` means the end of the grace already running: service is not cut short and not extended (ADR
    5). An ended one can be canceled as long as automatic payment would still revive it.
    """
    if sub.cancellation is not None:
        return Refused(
            RefusalCode.ALREADY_CANCELED,
            f"It takes effect on {format_instant(sub.cancellation.effective)}.",
            when=sub.cancellation.effective,
        )
    running = contract_at(sub, now)
    if running.phase is Phase.ENDED and not automatic_runs(sub, now):
        return Refused(RefusalCode.SUBSCRIPTION_ENDED)
    stamped = fact_header(command, now)
    if command.at_once or running.phase in {Phase.PENDING, Phase.ENDED}:
        fact = f.Canceled(**stamped, effective=now, at_once=True, former_intent=sub.intent)
        return Accepted(facts=(*_clock_started(sub, command, seen, now), fact))
    released, postings = give_up_reserve(sub, seen, now, stamped)
    effective, grace_days = _cancellation_end(sub, kept_stretch(sub, seen), running, now)
    fact = f.Canceled(**stamped, effective=effective, grace_days=grace_days, former_intent=sub.intent)
    return Accepted(facts=(*released, fact), postings=postings)


def _clock_started(sub: Subscription, command: Cancel, seen: DecisionContext, now: Instant) -> Iterable[f.Fact]:
    """What ends at once pauses nothing any more; the days held are given back first, so that a refund counts them."""
    stopping = [placed for placed in sub.holds if placed.stop_clock]
    for number, placed in enumerate(stopping, 1):
        days = _restart_days(sub, seen, now) if number == len(stopping) else 0
        yield f.HoldReleased(**fact_header(command, now, "canceled"), owner=placed.owner, shift_days=days)


def _cancellation_end(sub: Subscription, kept: Period | None, running: Span, now: Instant) -> tuple[Instant, int]:
    last = kept or sub.periods[-1]  # the grace is that of what ends, not of a reserve that is given up
    if last.until > sub.contract_clock(now):
        return last.until, last.rules.cancel_grace_days
    return (running.until if running.until is not None else now), 0


def undo_cancellation(
    sub: Subscription, command: UndoCancellation, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """CancellationUndone; with an automatic intent inside the reserve window the money is reserved again at once.

    Short money does not forbid it: the stretch kept for signed leases stays paid for, the rest is tried at its turn.
    """
    stop = sub.cancellation
    if stop is None or stop.effective <= sub.contract_clock(now):
        return Refused(RefusalCode.NOTHING_TO_UNDO)
    undone = f.CancellationUndone(**fact_header(command, now))
    wanted = stop.former_intent is RenewalIntent.AUTO or sub.kind is SubscriptionKind.UNLIMITED
    facts, postings = reserve_whole(sub, command, seen, now) if wanted else ((), ())
    return Accepted(facts=(undone, *facts), postings=postings)
