"""How holds and cancellations change a subscription; which fact does what is said by its kind."""

import msgspec

from tenure.core.policy.rules import RefundRule
from tenure.core.subscription.state import Cancellation, RefundOwed, SiteState, StoppedClock, Subscription
from tenure.core.subscription.terms import Hold, Period, RenewalIntent, TermsChange
from tenure.core.timeline import DAY, Instant


def stop_service(sub: Subscription, stop: Cancellation) -> Subscription:
    """Nothing is bought any more; where service ends at once, money may be owed."""
    owed = _refund_owed(sub, stop.at) if stop.at_once else sub.owed
    return msgspec.structs.replace(sub, cancellation=stop, intent=RenewalIntent.MANUAL, owed=owed)


def _refund_owed(sub: Subscription, moment: Instant) -> RefundOwed | None:
    """Periods not begun are always given back, the running one if its rules say so, a payment never made is not."""
    begun = sub.rules_at(moment).refund is RefundRule.UNUSED_DAYS
    unbegun_order = not sub.paid_periods and not sub.awaiting_payment and sub.first_price > 0
    back = any(period.since > moment or (begun and period.until > moment) for period in sub.paid_periods)
    return RefundOwed(revision=sub.revision + 1, since=moment, begun=begun) if unbegun_order or back else None


def place_hold(sub: Subscription, hold: Hold) -> Subscription:
    """One more pause; its clock stands still if that was said."""
    stopped, held = sub.stopped, msgspec.structs.replace(sub, holds=(*sub.holds, hold))
    if hold.stop_clock:
        revision = sub.revision + 1
        fresh = StoppedClock(since=hold.since, revision=revision)
        stopped = fresh if stopped is None else _prolong_stop(stopped, sub.runs_again_at, held.runs_again_at, revision)
    return msgspec.structs.replace(held, stopped=stopped)


def _prolong_stop(stopped: StoppedClock, before: Instant | None, after: Instant | None, revision: int) -> StoppedClock:
    """The standing clock after a further hold: who has not heard of it runs again when the others were to end."""
    if before is None or before == after:
        return stopped
    kept = (each for each in stopped.prolonged if each[0] < before)
    return msgspec.structs.replace(stopped, prolonged=(*kept, (before, revision)))


def release_hold(sub: Subscription, owner: str, shift_days: int) -> Subscription:
    """The pause of a side is over; the clock runs again after the last one that stopped it."""
    left = tuple(hold for hold in sub.holds if hold.owner != owner)
    if sub.stopped is None or any(hold.stop_clock for hold in left):
        return msgspec.structs.replace(sub, holds=left)
    shifted = _shift_clock(sub, sub.stopped.since, shift_days * DAY)
    return msgspec.structs.replace(shifted, holds=left, stopped=None)


def _shift_clock(sub: Subscription, stood_still_from: Instant, by: int) -> Subscription:
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

    def later(change: TermsChange) -> TermsChange:
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
