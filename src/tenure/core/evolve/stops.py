"""What holds and cancellations mean for a subscription, the standing clock included; never refuses."""

import msgspec

from tenure.core import facts as f
from tenure.core.policy import Refund
from tenure.core.state import Cancellation, Owed, SiteState, Stopped, Subscription
from tenure.core.terms import Change, Hold, Intent, Period
from tenure.core.timeline import DAY, Instant

Stops = f.HoldPlaced | f.HoldReleased | f.Cancelled | f.CancellationUndone


def stops(sub: Subscription, fact: Stops) -> Subscription:
    """`sub` after a hold or a cancellation came or went."""
    match fact:
        case f.HoldPlaced():
            return _hold(sub, fact.hold)
        case f.HoldReleased():
            return _release(sub, fact)
        case f.Cancelled():
            return _cancel(sub, fact)
        case f.CancellationUndone():
            intent = sub.cancellation.former_intent if sub.cancellation else sub.intent
            return msgspec.structs.replace(sub, cancellation=None, intent=intent)


def _cancel(sub: Subscription, fact: f.Cancelled) -> Subscription:
    stop = Cancellation(
        at=fact.at,
        effective=fact.effective,
        at_once=fact.at_once,
        grace_days=fact.grace_days,
        former_intent=fact.former_intent,
    )
    owed = _owed(sub, fact.at) if fact.at_once else sub.owed
    return msgspec.structs.replace(sub, cancellation=stop, intent=Intent.MANUAL, owed=owed)


def _owed(sub: Subscription, moment: Instant) -> Owed | None:
    """Periods not begun are always given back, the running one if its rules say so, a payment never made is not."""
    begun = sub.rules_at(moment).refund is Refund.UNUSED_DAYS
    unbegun_order = not sub.paid and not sub.awaiting_payment and sub.first_price > 0
    back = any(period.since > moment or (begun and period.until > moment) for period in sub.paid)
    return Owed(revision=sub.revision + 1, since=moment, begun=begun) if unbegun_order or back else None


def _hold(sub: Subscription, hold: Hold) -> Subscription:
    stopped, held = sub.stopped, msgspec.structs.replace(sub, holds=(*sub.holds, hold))
    if hold.stop_clock:
        revision = sub.revision + 1
        fresh = Stopped(since=hold.since, revision=revision)
        stopped = fresh if stopped is None else _prolonged(stopped, sub.runs_again_at, held.runs_again_at, revision)
    return msgspec.structs.replace(held, stopped=stopped)


def _prolonged(stopped: Stopped, before: Instant | None, after: Instant | None, revision: int) -> Stopped:
    """The standing clock after a further hold: who has not heard of it runs again when the others were to end."""
    if before is None or before == after:
        return stopped
    kept = (each for each in stopped.prolonged if each[0] < before)
    return msgspec.structs.replace(stopped, prolonged=(*kept, (before, revision)))


def _release(sub: Subscription, fact: f.HoldReleased) -> Subscription:
    left = tuple(hold for hold in sub.holds if hold.owner != fact.owner)
    if sub.stopped is None or any(hold.stop_clock for hold in left):
        return msgspec.structs.replace(sub, holds=left)
    shifted = _shift(sub, sub.stopped.since, fact.shift_days * DAY)
    return msgspec.structs.replace(shifted, holds=left, stopped=None)


def _shift(sub: Subscription, stood_still_from: Instant, by: int) -> Subscription:
    """Everything that was not over when the clock stopped moves back by whole days, and the anchor with it.

    A period that had begun keeps its beginning, so that no gap opens before it; `given_days` says what it gained.
    """
    if not by:
        return sub

    def moved(period: Period) -> Period:
        if period.until <= stood_still_from:
            return period
        since = period.since if period.since <= stood_still_from else period.since + by
        return msgspec.structs.replace(period, since=since, until=period.until + by)

    def later(change: Change) -> Change:
        if not change.scheduled or change.effective <= stood_still_from:
            return change
        return msgspec.structs.replace(change, effective=change.effective + by)

    def dated(site: SiteState) -> SiteState:
        if site.place_until is None or site.place_until <= stood_still_from:
            return site
        return msgspec.structs.replace(site, place_until=site.place_until + by)

    stop = sub.cancellation
    if stop is not None and stop.effective > stood_still_from:
        stop = msgspec.structs.replace(stop, effective=stop.effective + by)
    return msgspec.structs.replace(
        sub.with_later_changes(later),
        periods=tuple(map(moved, sub.periods)),
        reserved=moved(sub.reserved) if sub.reserved else None,
        anchor=None if sub.anchor is None else sub.anchor + by,
        cancellation=stop,
        sites=tuple(map(dated, sub.sites)),
        given_days=(*sub.given_days, (stood_still_from, by // DAY)),
    )
