"""When a client contacts its server next: a pure function that the shell polls, so that it works on any clock.

The shell draws a number in [0, 1) for each attempt and keeps it, with all the rest, on disk until the next attempt is
made: a wait that restarts with each process would never end in a program that runs for a second. It notes
`attempted` before anything is sent, and what came of it with `after_answer` and `after_failure`. Devices ask their
site by the same function ([spec: lease-figures, backoff], M14).

An example, under a lease of 30 days. Answered Monday 12:00, window Tuesday 9:36-14:24, draw 0.5: due Tuesday 12:00.
- The program is started at 8:00 on Tuesday and stays: 8:07:30, half of a quarter of an hour after its start.
- It is started at 8:00 for a second, and again at 15:00: due at once then, for Tuesday 12:00 has passed.
- It fails at 15:00: next between 15:01 and 15:02, then after up to 2, 4 ... 60 minutes, no matter which programs are
  started meanwhile.
- The network is away from 16:00 to 17:00: 17:07:30, also for a program that is started at 17:05.
"""

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR, Instant, Phase, Timeline

MINUTE = 60
WEEK = 7 * DAY

BEFORE_EDGE = 3 * DAY
AFTER_EDGE = DAY
"""So close to an edge of the timeline contacts are hourly: what changes there should be known there."""

SPREAD = 15 * MINUTE
"""The first contacts after a start or the network's return are spread over this: a power cut wakes all at once.

What is overdue by then is due at once all the same, or else a program that runs for a second would never ask.
"""

RETRY_BASE, RETRY_CAP = MINUTE, HOUR
RETRY_AFTER_LEAST, RETRY_AFTER_MOST = 30, DAY

UNSETTLED = 5 * MINUTE
"""Between contacts for the sake of a clock that answers did not settle."""


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How often to ask, as the lease and the administrator say."""

    spans: Timeline
    """The contract's own spans, not those of the contact clock: silence has its own cure, the back-off."""
    interval: int = DAY
    after_end_days: int = 90
    """Days of daily contact after the end, then weekly while it can be renewed; 0: none at all after the end."""
    reinstate_days: int = 365
    refresh_after: Instant | None = None


class SyncState(msgspec.Struct, frozen=True, kw_only=True):
    """What a client remembers of its contacts. Instants by the clock estimate; those of the future are not believed."""

    rhythm: Rhythm
    woke: Instant
    """Start of the program."""
    returned: Instant | None = None
    """The network's return, as long as no attempt has followed it: one that comes and goes puts nothing off."""
    attempted: Instant | None = None
    """The last attempt, whatever became of it: a program may end, or be ended, in the midst of one."""
    answered: Instant | None = None
    window: tuple[Instant, Instant] | None = None
    """`next_sync` of the last answer."""
    failed: Instant | None = None
    """The last inconclusive attempt since an answer."""
    failures: int = 0
    retry_after: int | None = None
    """Seconds the server asked for with the last failure."""
    urgent: bool = False
    """Only an answer can settle something, such as the clock (`TimeEstimate.synchronize`)."""
    overdue: bool = False
    """Silence is shown already (`sync_overdue`): a window further away than the usual interval is not waited for."""


def sync_rhythm(lease: Lease, after_end_days: int | None = None) -> Rhythm:
    """The rhythm that `lease` sets; `after_end_days` is the administrator's own figure, if there is one (M14)."""
    figures = lease.figures
    return Rhythm(
        spans=lease.spans,
        interval=lease.contact_interval,
        after_end_days=figures.after_end_sync_days if after_end_days is None else after_end_days,
        reinstate_days=figures.reinstate_days,
        refresh_after=lease.refresh_after,
    )


def next_due(state: SyncState, now: Instant, draw: float) -> Instant | None:
    """When to contact the server next; due if not after `now`. None: not by itself any more (by hand one always may).

    `draw` in [0, 1) spreads the contact over the time allowed for it. Stamps of a time to come come from a clock that
    has since been healed and count for nothing.
    """
    pace = _retry_pace(state.rhythm, now)
    if pace is None:
        return None
    returned, answered, failed = (_is_past(each, now) for each in (state.returned, state.answered, state.failed))
    if failed is not None and (returned is None or returned <= failed):
        return repeat_due(state, now, draw)
    spread = min(SPREAD, pace)
    due = now if answered is None else _usual_window(state, answered, now, draw)
    if answered is not None and state.overdue:
        due = min(due, answered + pace)
    if returned is not None:
        due = returned + int(draw * spread)
        due = due if failed is None else max(due, failed + _asked_for(state.retry_after))
    elif answered is not None and answered < state.woke <= now:
        due = min(due, state.woke + int(draw * spread))
    return max(due, _free_again(state, now))


def repeat_due(state: SyncState, now: Instant, draw: float) -> Instant:
    """When a request that was saved and not answered is sent again: at once, or when the back-off is over."""
    failed = _is_past(state.failed, now)
    if failed is None:
        return max(now, _free_again(state, now))
    most = max(MINUTE, min(RETRY_CAP, state.rhythm.interval))
    due, free = retry_at(failed, state.failures, state.retry_after, draw, most), _free_again(state, now)
    # Clients that would be too early are spread again: otherwise all would come when the minute is over.
    return due if due >= free else free + int(draw * min(most, MINUTE))


def sync_window(spans: Timeline, lease: Lease, now: Instant) -> tuple[Instant, Instant] | None:
    """The server's side: `next_sync` (not before, not after) for an answer given at `now`; None: do not come again.

    `spans`: the timeline as it stands now, which may be newer than the lease's.
    """
    return next_attempt(msgspec.structs.replace(sync_rhythm(lease), spans=spans, refresh_after=None), now)


def retry_at(failed: Instant, failures: int, retry_after: int | None, draw: float, cap: int = RETRY_CAP) -> Instant:
    """When to repeat what failed for the `failures`-th time in a row at `failed`: full jitter, base 60 s, cap 1 h.

    The server's `retry_after` (seconds, None: not given) is obeyed within 30 s..24 h, the jitter coming on top, or
    else all who were sent away together would come back together.
    """
    # Doubling beyond the cap changes nothing; bounding the exponent keeps a year of failures from making huge numbers.
    most = min(cap, RETRY_BASE * 2 ** min(max(failures, 1) - 1, 10))
    return failed + _asked_for(retry_after) + max(1, int(draw * most))


def after_manual_sync(last: Instant | None, now: Instant) -> Refused | None:
    """Whether a synchronization by hand has to wait: once a minute, in every phase (M17); `too_many_requests`."""
    if last is None or not last <= now < last + MINUTE:
        return None
    return Refused(RefusalCode.TOO_MANY_REQUESTS, "One synchronization by hand a minute.", when=last + MINUTE)


def network_returned(state: SyncState, now: Instant) -> SyncState:
    """The network is back: the first contact is spread over a quarter of an hour from its first return on."""
    return state if _is_past(state.returned, now) is not None else msgspec.structs.replace(state, returned=now)


def after_answer(
    state: SyncState, rhythm: Rhythm, now: Instant, window: tuple[Instant, Instant] | None, *, settled: bool = True
) -> SyncState:
    """An answer counted as one at `now`; `settled` says whether the clock was set by it."""
    return SyncState(
        rhythm=rhythm,
        woke=min(state.woke, now),
        attempted=state.attempted,
        answered=now,
        window=window,
        urgent=state.urgent and not settled,
    )


def after_failure(state: SyncState, now: Instant, retry_after: int | None = None) -> SyncState:
    """An attempt was inconclusive at `now` (`acceptance.effect_of_response(…).again`)."""
    return msgspec.structs.replace(
        state, failed=now, failures=state.failures + 1, retry_after=retry_after, returned=None
    )


def _usual_window(state: SyncState, answered: Instant, now: Instant, draw: float) -> Instant:
    """When the contact after an answer is due where nothing has happened since; long past in a program seldom run."""
    asked = state.window or next_attempt(state.rhythm, answered)
    due = now if asked is None else asked[0] + int(draw * max(0, asked[1] - asked[0]))
    return min(due, answered + UNSETTLED) if state.urgent else due


def _free_again(state: SyncState, now: Instant) -> Instant:
    """A minute after the last attempt: programs that are started again and again share one attempt a minute."""
    attempted = _is_past(state.attempted, now)
    return 0 if attempted is None else attempted + MINUTE


def _asked_for(retry_after: int | None) -> int:
    """Seconds that a `Retry-After` is obeyed for."""
    return 0 if retry_after is None else min(max(retry_after, RETRY_AFTER_LEAST), RETRY_AFTER_MOST)


def _is_past(moment: Instant | None, now: Instant) -> Instant | None:
    """A stamp of the future comes from a clock that has since been healed."""
    return None if moment is None or moment > now else moment


def next_attempt(rhythm: Rhythm, moment: Instant) -> tuple[Instant, Instant] | None:
    """The window for the contact after one answered at `moment`."""
    pace = _retry_pace(rhythm, moment)
    if pace is None:
        return None
    low, high = moment + pace * 9 // 10, moment + pace * 11 // 10
    coming = [span.since - BEFORE_EDGE for span in rhythm.spans]
    if rhythm.refresh_after is not None and _ended_at(rhythm.spans, moment) is None:
        coming.append(rhythm.refresh_after)
    for start in coming:
        if moment < start:
            low, high = min(low, start), min(high, start + HOUR)
    return low, high


def _retry_pace(rhythm: Rhythm, moment: Instant) -> int | None:
    """Seconds between contacts at `moment`; None: none."""
    pace: int | None = max(MINUTE, rhythm.interval)
    ended = _ended_at(rhythm.spans, moment)
    if ended is not None:
        pace = _pace_after_end(rhythm, moment - ended)
    if pace is None:
        return None
    for span in rhythm.spans:
        if span.since - BEFORE_EDGE <= moment < span.since + AFTER_EDGE:
            return min(pace, HOUR)
    return pace


def _pace_after_end(rhythm: Rhythm, age: int) -> int | None:
    if rhythm.after_end_days == 0:
        return None
    if age < rhythm.after_end_days * DAY:
        return DAY
    return WEEK if age < rhythm.reinstate_days * DAY else None


def _ended_at(spans: Timeline, moment: Instant) -> Instant | None:
    """Since when the contract has been over at `moment`, whatever the causes; None while it is not."""
    since: Instant | None = None
    for span in spans:
        if span.since > moment:
            break
        if span.phase is not Phase.ENDED:
            since = None
        elif since is None:
            since = span.since
    return since
