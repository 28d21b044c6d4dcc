"""Reminders as arithmetic on the timeline: which one is due now, and when to look for the next [spec: reminders].

Before each end by the policy's offsets, then daily in grace; what was told already is the caller's to remember.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from tenure.core.subscription.contract import contract_timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import automatic_runs, pays_itself, reserve_from
from tenure.core.subscription.terms import Settlement
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Span, Timeline, span_at

PENDING_DAYS = (60, 30, 7)
"""Days before a subscription that was never activated ends."""
STALE = 7 * DAY
"""A reminder is told late, by a sweep that slept, but not later than this; the next one says it better."""


class ReminderRemedy(StrEnum):
    """What the reader of a reminder can do; each has its own words in the mail."""

    ACTIVATE = "activate"
    CONFIRM = "confirm"
    """Pay outside what was ordered; the term begins with the provider's confirmation."""
    UNDO = "undo"
    """Canceled at the end: nothing to pay, and it can be taken back until then."""
    ORDER = "order"
    """Canceled for good, with days of grace left."""
    TOP_UP = "top_up"
    """It renews itself, and the money is not there."""
    PAY_OUTSIDE = "pay_outside"
    RENEW = "renew"


def reminder_remedy(sub: Subscription, now: Instant) -> ReminderRemedy:
    """What helps against the end that is ahead of `sub` at `now`."""
    if not sub.paid_periods:
        return ReminderRemedy.CONFIRM if sub.awaiting_payment else ReminderRemedy.ACTIVATE
    if sub.cancellation is not None:
        return ReminderRemedy.UNDO if sub.contract_clock(now) < sub.cancellation.effective else ReminderRemedy.ORDER
    if sub.changes[0].terms.settlement is Settlement.EXTERNAL:
        return ReminderRemedy.PAY_OUTSIDE
    return ReminderRemedy.TOP_UP if pays_itself(sub) and automatic_runs(sub, now) else ReminderRemedy.RENEW


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """One reminder: true from `at` on, about what happens at `end`."""

    at: Instant
    offset: int
    """Days before the end; in grace minus the days since it began."""
    about: Instant
    """The edge that the offsets are counted from: with `offset` it names the reminder for good."""
    end: Instant
    """When service ends or grace begins, whichever is ahead."""
    phase: Phase
    why: PhaseCause


def reminder_due(sub: Subscription, now: Instant) -> Reminder | None:
    """The latest reminder that is due at `now`; it replaces earlier ones that were not sent."""
    passed = [each for each in _reminders_of_phase(sub, now) if now - STALE < each.at <= now]
    return max(passed, key=lambda each: each.at, default=None)


def next_reminder(sub: Subscription, now: Instant) -> Instant | None:
    """When the next one after `now` is due, as far as the phase that holds at `now` goes."""
    return min((each.at for each in _reminders_of_phase(sub, now) if each.at > now), default=None)


def _reminders_of_phase(sub: Subscription, now: Instant) -> Iterator[Reminder]:
    """Every reminder of the phase that holds at `now`, past and coming; none while a hold stops the clock."""
    if sub.stopped is not None:
        return iter(())
    spans = contract_timeline(sub)
    span = span_at(spans, now)
    if span.phase is Phase.PENDING:
        return _of_pending(spans, span)
    if span.phase is Phase.ACTIVE:
        return _of_active(sub, spans, now)
    return _of_grace(sub, span) if span.phase is Phase.GRACE else iter(())


def _of_pending(spans: Timeline, span: Span) -> Iterator[Reminder]:
    end = span.until
    if end is not None and span_at(spans, end).phase is Phase.ENDED:
        yield from (each for each in _reminder_before(end, PENDING_DAYS, span) if each.at > span.since)


def _of_active(sub: Subscription, spans: Timeline, now: Instant) -> Iterator[Reminder]:
    end = next((span.since for span in spans if span.since > now and span.phase is not Phase.ACTIVE), None)
    if end is None or not sub.paid_periods:
        return
    # While the money is not due yet, what renews itself is not about to end.
    since = max(sub.paid_periods[-1].since, reserve_from(sub) if pays_itself(sub) else 0)
    days = tuple(each for each in sub.rules.reminders if each > 0)
    yield from (each for each in _reminder_before(end, days, span_at(spans, now)) if each.at > since)


def _reminder_before(end: Instant, days: tuple[int, ...], span: Span) -> Iterator[Reminder]:
    for each in days:
        yield Reminder(at=end - each * DAY, offset=each, about=end, end=end, phase=span.phase, why=span.why)


def _of_grace(sub: Subscription, span: Span) -> Iterator[Reminder]:
    """On the day of the end itself, if the policy names it, then every day; none without any offset at all."""
    if span.until is None or not sub.rules.reminders:
        return
    for day in range(0 if 0 in sub.rules.reminders else 1, (span.until - span.since + DAY - 1) // DAY):
        moment = span.since + day * DAY
        yield Reminder(at=moment, offset=-day, about=span.since, end=span.until, phase=span.phase, why=span.why)
