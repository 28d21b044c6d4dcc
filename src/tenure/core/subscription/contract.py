"""The timeline of a subscription: everything that will happen to it if no command changes it (B1).

Screens, answers, reminders and leases read `timeline`; who decides reads its parts. What a site out of contact may do
is `standing`'s to say.
"""

from itertools import pairwise

import msgspec

from tenure.core.subscription.facts import HoldReleased
from tenure.core.subscription.fold import SiteState, Subscription, evolve
from tenure.core.subscription.terms import Hold, Period
from tenure.core.timeline import (
    DAY,
    SERVING,
    Instant,
    Phase,
    PhaseCause,
    Span,
    Timeline,
    cut_at,
    map_spans,
    merge_spans,
    overlay_layers,
    span_at,
    starting_at,
)


def timeline(sub: Subscription, site: SiteState | None = None) -> Timeline:
    """All spans of `sub`; with `site` what concerns that site alone is laid over it (its allotment, a blocked code, a
    date from which on an application has no place)."""
    course = contract_timeline(sub) if sub.stopped is None else _frozen(contract_timeline(sub), sub.stopped.since)
    own = () if site is None else (_block_layer(sub, site), _struck_out(sub, site))
    layers = [course, *map(_hold_layer, sub.holds), *own]
    spans = _with_features(sub, overlay_layers(*filter(None, layers)), site)
    end = None if sub.stopped is None else sub.runs_again_at
    return (
        spans
        if end is None
        else merge_spans((*cut_at(spans, end), *starting_at(timeline(running_again(sub), site), end)))
    )


def contract_timeline(sub: Subscription) -> Timeline:
    """The contract clock alone: paid, grace, ended; without holds, blocks and features."""
    spans = _paid_course(sub) if sub.paid_periods else _never_started(sub)
    if sub.cancellation is None:
        return merge_spans(spans)
    stop = sub.cancellation
    return merge_spans(
        cut_at(merge_spans(spans), stop.effective, *run_out(stop.effective, PhaseCause.CANCELED, stop.grace_days))
    )


def contract_at(sub: Subscription, now: Instant) -> Span:
    """What the contract's clock says at `now`; while a hold stops it, what it said when it stopped."""
    return span_at(contract_timeline(sub), sub.contract_clock(now))


def run_out(moment: Instant, why: PhaseCause, grace_days: int) -> Timeline:
    """What follows an end at `moment`: grace if there is any (M7), then the end. 0 days means no grace span (M12)."""
    end = moment + grace_days * DAY
    return merge_spans((Span(moment, end, Phase.GRACE, why), Span(end, None, Phase.ENDED, why)))


def grace_days(period: Period) -> int:
    """Days of grace after `period`, by the rules it was begun under; a trial has its own figure."""
    return period.rules.trial_grace_days if period.trial else period.rules.grace_days


def service_end(sub: Subscription) -> Instant | None:
    """The instant at which the contract ends for good if no command changes it; None before the term has started."""
    if sub.paid_until is None:
        return None
    if sub.cancellation is not None:
        return sub.cancellation.effective + sub.cancellation.grace_days * DAY
    return sub.paid_until + grace_days(sub.paid_periods[-1]) * DAY


def _never_started(sub: Subscription) -> list[Span]:
    why = PhaseCause.AWAITING_PAYMENT if sub.awaiting_payment else PhaseCause.NOT_ACTIVATED
    if any(site.is_staged for site in sub.sites):
        # A staged successor counts as activated [spec: activate-by].
        return [Span(sub.ordered_at, None, Phase.PENDING, why)]
    return [
        Span(sub.ordered_at, sub.activate_by, Phase.PENDING, why),
        Span(sub.activate_by, None, Phase.ENDED, PhaseCause.NEVER_ACTIVATED),
    ]


def _paid_course(sub: Subscription) -> list[Span]:
    first = sub.paid_periods[0]
    spans = [Span(sub.ordered_at, first.since, Phase.PENDING, PhaseCause.NOT_ACTIVATED)]
    for period, follower in pairwise((*sub.paid_periods, None)):
        assert period is not None  # noqa: S101 - only the follower of the last is None
        spans.append(
            Span(period.since, period.until, Phase.ACTIVE, PhaseCause.TRIAL if period.trial else PhaseCause.PAID)
        )
        after = run_out(period.until, PhaseCause.PAYMENT_ENDED, grace_days(period))
        spans.extend(after if follower is None else cut_at(after, follower.since))
    return spans


def _hold_layer(hold: Hold) -> Timeline:
    """A hold as a layer: it says something while it is in force and nothing afterwards."""
    paused = Span(hold.since, hold.until, Phase.PAUSED, PhaseCause.HELD, note=hold.reason)
    return (
        (paused,)
        if hold.until is None
        else merge_spans((paused, Span(hold.until, None, Phase.ACTIVE, PhaseCause.PAID)))
    )


def _frozen(spans: Timeline, start: Instant) -> Timeline:
    """The contract's course with a clock that stopped at `start`: what held then goes on; the holds say why."""
    return cut_at(spans, start, msgspec.structs.replace(span_at(spans, start), since=start, until=None))


def running_again(sub: Subscription) -> Subscription:
    """The subscription as the ends of its holds will leave it, if every site hears of them at once."""
    end = sub.runs_again_at or 0
    days = held_days(sub, sub.contract_clock(end), end)
    for hold in [hold for hold in sub.holds if hold.stop_clock]:
        over = HoldReleased(at=end, recorded_at=end, by=hold.owner, owner=hold.owner, shift_days=days)
        sub = evolve(sub, over)
    return sub


def held_days(sub: Subscription, since: Instant, until: Instant) -> int:
    """Whole days that a stopped clock gives back for [since, until): none when what stood still was not paid for."""
    return max(0, until - since) // DAY if contract_at(sub, since).phase is Phase.ACTIVE else 0


def _block_layer(sub: Subscription, site: SiteState) -> Timeline:
    """A block of the site's code as a layer; fraud ends at once, so that there is no grace span
    [spec: blocked-code]."""
    code = sub.find_code(site.code)
    if code is None or code.blocked_at is None or code.block_ends is None:
        return ()
    return merge_spans((
        Span(code.blocked_at, code.block_ends, Phase.GRACE, PhaseCause.CODE_BLOCKED),
        Span(code.block_ends, None, Phase.ENDED, PhaseCause.BLOCKED),
    ))  # fmt: skip


def _struck_out(sub: Subscription, site: SiteState) -> Timeline:
    """The end of an application's own place, when fewer devices are ordered than are in use ([spec: seat-conflict],
    B11).

    While a hold stops the clock nothing turns at that date, nor after it.
    """
    if site.place_until is None or (sub.stopped is not None and site.place_until > sub.stopped.since):
        return ()
    return (Span(site.place_until, None, Phase.ENDED, PhaseCause.SEAT_CONFLICT),)


def _with_features(sub: Subscription, spans: Timeline, site: SiteState | None) -> Timeline:
    """Each span with the features and the limit that the terms of its time give to its phase."""
    edges = sorted(change.effective for change in sub.changes[1:])
    pieces: list[Span] = []
    for span in spans:
        inside = [edge for edge in edges if span.since < edge and (span.until is None or edge < span.until)]
        for since, until in pairwise([span.since, *inside, span.until]):
            assert since is not None  # noqa: S101 - only the last bound may be open
            pieces.append(msgspec.structs.replace(span, since=since, until=until))
    return map_spans(tuple(pieces), lambda span: _add_features(sub, span, site))


def _add_features(sub: Subscription, span: Span, site: SiteState | None) -> Span:
    terms = sub.terms_at(span.since)
    if span.phase is Phase.PENDING:
        return span
    # Base features stay when the rest goes, so they are on before, too.
    whole = tuple(dict.fromkeys((*terms.features, *terms.base_features)))
    features = whole if span.phase in SERVING else terms.base_features
    limit = (terms.devices if site is None else site.allotment) if span.phase in SERVING else 0
    return msgspec.structs.replace(span, features=features, limit=limit)
