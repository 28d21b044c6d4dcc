"""What a site or device may do now: verified lease, last contact and time give phase, cause, end and features.

SDK, site, agent and console gather the arguments and show the result [spec: standing]. That the lease is genuine is
`wire`'s to prove, that it may replace the one held is `acceptance`'s, and what time it is `clock` says.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from tenure.core.lease.claims import LONGEST_LEASE, Lease
from tenure.core.lease.clock import TimeEstimate
from tenure.core.refusals import Refused
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
    span_at,
)
from tenure.core.versions import refuse_below

AMNESTY_MOST = 30 * DAY
"""No lease is moved by more, however many outages were announced."""

FOREVER = float("inf")


class OutageAmnesty(msgspec.Struct, frozen=True):
    """The outage [since, until) that a verified notice of the vendor announces (B15)."""

    since: Instant
    until: Instant


class SeatTerm(msgspec.Struct, frozen=True, kw_only=True):
    """What a seat says to its device: the site's signed word under the lease attached [spec: seat]."""

    thumbprint: str
    """RFC 7638 thumbprint of the device's key."""
    lease: str
    """Digest of the bytes of the lease that this seat stands on."""
    iat: Instant
    until: Instant
    """The seat's end, never beyond the lease's `contact_until`."""
    features: tuple[str, ...] = ()
    """Which of the lease's features this device gets while they are in force; base features are never withheld."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The service level now, its cause, and what comes next if nothing changes it."""

    phase: Phase
    why: PhaseCause
    since: Instant | None = None
    until: Instant | None = None
    """The first instant at which anything of this changes; None: never by itself."""
    features: tuple[str, ...] = ()
    limit: int = 0
    """Devices this site may protect."""
    note: str = ""
    next: Span | None = None
    """What holds from `until` on."""
    contact_until: Instant | None = None
    """When silence ends the service, amnesty included; a device: its seat's end, if that is earlier."""
    refusal: Refused | None = None
    """Why features of the phase are withheld: `version_too_old`, `version_unreadable`, `site_lost`."""
    warning: Refused | None = None
    """What is wrong without taking anything away: `clock_implausible`."""


class Snapshot(msgspec.Struct, frozen=True):
    """A standing made ready for questions: good for the instants it covers, then compile another."""

    valid_from: float
    valid_until: float
    features: frozenset[str]
    standing: Standing

    def covers(self, now: Instant) -> bool:
        """Whether this still is the answer at `now`."""
        return self.valid_from <= now < self.valid_until

    def allows(self, feature: str) -> bool:
        """Whether `feature` is on at every instant covered: a set look-up, no I/O."""
        return feature in self.features


UNLICENSED = Standing(phase=Phase.PENDING, why=PhaseCause.NOT_ACTIVATED)
"""No code has been applied: nothing licensed works (M9)."""


def standing(
    lease: Lease | None,
    contact: Instant,
    notices: Iterable[OutageAmnesty],
    estimate: TimeEstimate,
    *,
    version: str | None,
    lost: Refused | None = None,
) -> Standing:
    """The standing of a site, or of an application that holds a lease itself [spec: standing].

    `contact`: server time of the last answered synchronization, `unchanged` included. `version`: the application's
    own, held against the lease's floor (M13); None where there is none to hold, as at the portal. `lost`: the signed
    refusal that withdrew this site (`acceptance.effect_of_response`).
    """
    if lease is None:
        return UNLICENSED
    if lost is not None:
        return Standing(phase=Phase.ENDED, why=PhaseCause.BLOCKED, features=lease.base_features, refusal=lost)
    known = tuple(notices)
    return _read_standing(
        lease, local_timeline(lease, contact, known), silence_ends_at(lease, known), estimate, version
    )


def device_standing(
    lease: Lease | None,
    seat: SeatTerm | None,
    contact: Instant,
    notices: Iterable[OutageAmnesty],
    estimate: TimeEstimate,
    *,
    version: str | None,
) -> Standing:
    """The standing of a device: its site's, bounded by the end and the features of its seat (B8).

    `contact`: the site's time at the device's last answered refresh. Without a seat nothing is licensed.
    """
    if lease is None or seat is None:
        return UNLICENSED
    known = tuple(notices)
    return _read_standing(
        lease, device_timeline(lease, seat, contact, known), silence_ends_at(lease, known, seat), estimate, version
    )


def local_timeline(lease: Lease, contact: Instant, notices: Iterable[OutageAmnesty] = ()) -> Timeline:
    """The contract's spans under the contact clock of a site last answered at `contact`, moved by amnesties."""
    known = tuple(notices)
    return _with_silence(lease, contact, known, silence_ends_at(lease, known))


def device_timeline(lease: Lease, seat: SeatTerm, contact: Instant, notices: Iterable[OutageAmnesty] = ()) -> Timeline:
    """`local_timeline` as it reaches a device: silence ends it with the seat, and it gets the seat's features only."""
    known = tuple(notices)
    allowed = {*seat.features, *lease.base_features}
    return map_spans(
        _with_silence(lease, contact, known, silence_ends_at(lease, known, seat)),
        lambda span: _limit_features(span, allowed) if span.phase in SERVING else span,
    )


def silence_ends_at(lease: Lease, notices: Iterable[OutageAmnesty], seat: SeatTerm | None = None) -> Instant:
    """When silence ends the service: `contact_until` (or an earlier seat's end) moved by the amnesties."""
    end = lease.contact_until if seat is None else min(seat.until, lease.contact_until)
    return end + moved_by(lease.iat, notices)


def moved_by(signed: Instant, notices: Iterable[OutageAmnesty]) -> int:
    """Seconds by which amnesties move the ends of a lease signed at `signed`; the server counts with the same figure.

    Only outages that ended after it was signed; what they share counts once; at most 30 days in all [spec: amnesty].
    """
    total, counted = 0, None
    for outage in sorted((each for each in notices if each.until > signed), key=lambda each: each.since):
        begin = outage.since if counted is None else max(outage.since, counted)
        total += max(0, outage.until - begin)
        counted = max(begin, outage.until)
    return min(total, AMNESTY_MOST)


def moved_word(until: Instant, notices: Iterable[OutageAmnesty]) -> int:
    """Seconds by which amnesties move the end of a word that is over at `until`, whenever it was signed."""
    return moved_by(until - LONGEST_LEASE, notices)


def effective_lease(active: Lease | None, successor: Lease | None, now: Instant) -> Lease | None:
    """The lease that applies at `now`: a successor takes over at its `nbf` without a server [spec: successor].

    It stays staged while the present one is paid beyond that instant, that is, while a renewal is known.
    """
    if active is None or successor is None:
        return active or successor
    if now < successor.nbf or active.subscription == successor.subscription or paid_beyond(active, successor.nbf):
        return active
    return successor


def paid_beyond(lease: Lease, moment: Instant) -> bool:
    """Whether the contract of `lease` is paid past `moment`; under a hold or a block what is paid beneath counts."""
    span = span_at(lease.spans, moment)
    if span.phase is Phase.ACTIVE:
        return True
    beneath = span.phase is Phase.PAUSED or span.why is PhaseCause.CODE_BLOCKED
    return beneath and lease.prepaid_until is not None and lease.prepaid_until > moment


def compile_snapshot(current: Standing, now: Instant) -> Snapshot:
    """`current`, as it stands at `now`, ready for `allows` up to the next change of anything in it."""
    since = now if current.since is None else min(current.since, now)
    until = FOREVER if current.until is None else current.until
    return Snapshot(since, until, frozenset(current.features), current)


def _read_standing(
    lease: Lease, spans: Timeline, end: Instant, estimate: TimeEstimate, version: str | None
) -> Standing:
    refusal = None if version is None else refuse_below(version, lease.min_version)
    if refusal is not None:
        spans = map_spans(spans, lambda span: _base_only(span, lease.base_features))
    span = span_at(spans, estimate.now)
    follower = None if span.until is None else span_at(spans, span.until)
    return Standing(
        phase=span.phase,
        why=span.why,
        since=span.since,
        until=span.until,
        features=span.features,
        limit=span.limit,
        note=span.note,
        next=follower,
        contact_until=end,
        refusal=refusal,
        warning=estimate.refusal,
    )


def _with_silence(lease: Lease, contact: Instant, notices: tuple[OutageAmnesty, ...], end: Instant) -> Timeline:
    """The contract's spans, with a warning where silence has lasted long, and over where it has lasted too long."""
    warn = contact + lease.warned_after + moved_by(lease.iat, notices)
    return _over_silence(_contract_spans(lease, contact), lease.base_features, warn, end)


@lru_cache(maxsize=256)
def _over_silence(contract: Timeline, base: tuple[str, ...], warn: Instant, end: Instant) -> Timeline:
    """Evaluated again every few seconds, and new only with the next answer."""
    pieces = [_with_warning(piece, warn) for piece in _split_spans(contract, min(warn, end), end)]
    for piece in pieces:
        # An end of the contract before this keeps its own cause, and where nothing was granted nothing is taken.
        if piece.since >= end and piece.phase not in (Phase.ENDED, Phase.PENDING):
            over = Span(piece.since, None, Phase.ENDED, PhaseCause.SYNC_OVERDUE, base)
            return merge_spans(cut_at(tuple(pieces), piece.since, over))
    return merge_spans(pieces)


def _contract_spans(lease: Lease, contact: Instant) -> Timeline:
    """The spans of `lease`; a successor's begin with its takeover, before which it grants nothing."""
    if lease.role != "successor":
        return lease.spans
    staged = Span(min(contact, lease.nbf - 1), lease.nbf, Phase.PENDING, PhaseCause.NOT_ACTIVATED)
    return (staged, *_split_spans(lease.spans, lease.nbf, since=lease.nbf))


def _split_spans(spans: Timeline, *edges: Instant, since: Instant | None = None) -> Timeline:
    """`spans` cut at each of `edges`, from `since` on."""
    pieces: list[Span] = []
    for span in spans:
        inside = sorted({edge for edge in edges if span.since < edge and (span.until is None or edge < span.until)})
        bounds = [span.since, *inside]
        ends = [*inside, span.until]
        pieces += [msgspec.structs.replace(span, since=b, until=e) for b, e in zip(bounds, ends, strict=True)]
    return tuple(piece for piece in pieces if since is None or piece.since >= since)


def _with_warning(piece: Span, warn: Instant) -> Span:
    """Only an active contract shows `sync_overdue`: the two clocks are never merged into one label
    [spec: contact-clock]."""
    if piece.phase is not Phase.ACTIVE or piece.since < warn:
        return piece
    return msgspec.structs.replace(piece, phase=Phase.GRACE, why=PhaseCause.SYNC_OVERDUE)


def _base_only(span: Span, base: tuple[str, ...]) -> Span:
    return msgspec.structs.replace(span, features=base) if span.phase in SERVING else span


def _limit_features(span: Span, allowed: set[str]) -> Span:
    return msgspec.structs.replace(span, features=tuple(each for each in span.features if each in allowed))
