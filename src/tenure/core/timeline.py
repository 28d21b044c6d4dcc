"""The one function of time: spans that follow one another, and a cursor on them.

Everything that depends on time (screens, leases, reminders, offline checks) reads a timeline with the functions here.
Timelines are made by `subscription.contract.timeline` and `lease.standing.local_timeline`. Instants are whole Unix
seconds, UTC.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

Instant = int
"""Seconds since 1970-01-01T00:00:00Z, whole; the core knows no time zone and no fraction."""

DAY = 86_400
HOUR = 3_600


class Phase(StrEnum):
    """What service a subscription, site or device has [spec: phases]."""

    PENDING = "pending"
    ACTIVE = "active"
    GRACE = "grace"
    PAUSED = "paused"
    ENDED = "ended"


class PhaseCause(StrEnum):
    """The cause of a phase; every cause has a remedy of its own (B6), so two are never merged."""

    NOT_ACTIVATED = "not_activated"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    TRIAL = "trial"
    PAYMENT_ENDED = "payment_ended"
    CANCELED = "canceled"
    CODE_BLOCKED = "code_blocked"
    SYNC_OVERDUE = "sync_overdue"
    HELD = "held"
    BLOCKED = "blocked"
    NEVER_ACTIVATED = "never_activated"
    SEAT_CONFLICT = "seat_conflict"


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """What holds from `since` up to, not including, `until` (None: for ever)."""

    since: Instant
    until: Instant | None
    phase: Phase
    why: PhaseCause
    features: tuple[str, ...] = ()
    limit: int = 0
    note: str = ""
    """Words that belong to the cause, such as the reason of a hold."""


SERVING = frozenset({Phase.ACTIVE, Phase.GRACE})
"""Phases with the full features of the plan."""

Timeline = tuple[Span, ...]
"""Spans without gap or overlap, `since` rising; only the last is open."""

# Where several causes apply at once the more restrictive phase is shown [spec: severity]. A pending subscription has
# no service to pause, so only an end outranks it.
SEVERITY = {Phase.ACTIVE: 0, Phase.GRACE: 1, Phase.PAUSED: 2, Phase.PENDING: 3, Phase.ENDED: 4}


def span_at(timeline: Timeline, now: Instant) -> Span:
    """The span that holds at `now`; before the first span, the first one."""
    for span in timeline:
        if span.until is None or now < span.until:
            return span
    raise ValueError("a timeline's last span must be open")


def next_change(timeline: Timeline, now: Instant) -> Instant | None:
    """The first end of a span after `now`, or None when nothing will change by itself."""
    return span_at(timeline, now).until


def spans_since(timeline: Timeline, now: Instant) -> Timeline:
    """The part of `timeline` that is not yet over at `now`, the running span whole."""
    return tuple(span for span in timeline if span.until is None or now < span.until)


def cut_at(timeline: Timeline, moment: Instant, *then: Span) -> Timeline:
    """`timeline` up to `moment`, followed by `then` (whose first span begins at `moment`)."""
    before = tuple(
        span if span.until is not None and span.until <= moment else msgspec.structs.replace(span, until=moment)
        for span in timeline
        if span.since < moment
    )
    return before + then


def starting_at(timeline: Timeline, moment: Instant) -> Timeline:
    """The part of `timeline` from `moment` on, its first span cut to begin there."""
    rest = spans_since(timeline, moment)
    return (msgspec.structs.replace(rest[0], since=max(rest[0].since, moment)), *rest[1:]) if rest else ()


def merge_spans(spans: Iterable[Span]) -> Timeline:
    """Neighbors that say the same become one span; empty spans vanish."""
    merged: list[Span] = []
    for span in spans:
        if span.until is not None and span.until <= span.since:
            continue
        if merged and _same_state(merged[-1], span):
            merged[-1] = msgspec.structs.replace(merged[-1], until=span.until)
        else:
            merged.append(span)
    return tuple(merged)


def _same_state(one: Span, other: Span) -> bool:
    return msgspec.structs.replace(one, since=0, until=None) == msgspec.structs.replace(other, since=0, until=None)


def overlay_layers(*layers: Timeline) -> Timeline:
    """Several causes over the same time: at each instant the most severe phase holds [spec: severity].

    Of equal phases the span that ends first gives `until` and `why`; on a tie the earlier layer speaks. The first
    layer must cover everything; others may begin later (before their first span they say nothing).
    """
    edges = sorted({span.since for layer in layers for span in layer})
    pieces: list[Span] = []
    # An edge is every beginning; the layers are contiguous, so every end but the open one is a beginning too.
    for begin, end in zip(edges, [*edges[1:], None], strict=True):
        if begin < layers[0][0].since:
            continue
        present = [span_at(layer, begin) for layer in layers if layer and layer[0].since <= begin]
        strongest = min(present, key=_severity_rank)
        pieces.append(msgspec.structs.replace(strongest, since=begin, until=end))
    return merge_spans(pieces)


def _severity_rank(span: Span) -> tuple[int, float]:
    return -SEVERITY[span.phase], float("inf") if span.until is None else span.until


def map_spans(timeline: Timeline, change: Callable[[Span], Span]) -> Timeline:
    """Every span changed by `change`, neighbors that became alike merged."""
    return merge_spans(change(span) for span in timeline)
