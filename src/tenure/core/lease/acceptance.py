"""Whether an authentic word may replace the one held, and what an answer, or its absence, is able to change.

`wire` has proven size, form, key and signature before anything comes here; the shell stores what is accepted. The
checks stand in the order of [spec: acceptance-order], each with its own refusal.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import pairwise

import msgspec

from tenure.core.installation import Installation, installation_mismatch
from tenure.core.lease.claims import Lease
from tenure.core.lease.clock import TOLERANCE
from tenure.core.lease.standing import OutageAmnesty, SeatTerm, paid_beyond, silence_ends_at
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.timeline import Instant, Phase, PhaseCause, Span, Timeline
from tenure.core.versions import refuse_below


class TrustedLeaseState(msgspec.Struct, frozen=True, kw_only=True):
    """Who the reader is, and the newest lease it has taken into this slot (a successor has a slot of its own).

    The numbers outlive the lease's own end and are never forgotten: they are what a replay is measured against.
    """

    product: str
    version: str
    key: dict[str, str] | None
    """The site's public key as a JWK; None at a device, which holds another key and goes by `site`."""
    site: str = ""
    """Site id; empty until the first lease names it."""
    sandbox: bool = False
    """Whether sandbox leases are welcome: only under a sandbox root."""
    installation: Installation = Installation.SERVER
    """What the reader is; a device goes by the lease of its administration server."""
    epoch: int = 0
    serial: int = 0
    digest: str = ""
    """SHA-256 (base64url) of the lease's bytes as received."""
    subscription: str = ""
    revision: int = 0


class TrustedSeatState(msgspec.Struct, frozen=True, kw_only=True):
    """A device's memory: the lease it last took, its own key's thumbprint, and when its seat was signed."""

    lease: TrustedLeaseState
    thumbprint: str
    iat: Instant = 0


class AcceptedLease(msgspec.Struct, frozen=True):
    """The lease may be stored; `held` is what to remember with it."""

    held: TrustedLeaseState
    reservation: Refused | None = None
    """The application is below the floor: the lease is the truth all the same, and grants base features only."""


class AcceptedSeat(msgspec.Struct, frozen=True):
    """Seat and lease may be stored together; `held` is what to remember with them."""

    held: TrustedSeatState
    reservation: Refused | None = None


class _Candidate(msgspec.Struct, frozen=True):
    lease: Lease
    digest: str
    now: Instant
    notices: tuple[OutageAmnesty, ...]
    role: str = "active"
    seat: SeatTerm | None = None


_Check = Callable[[TrustedLeaseState, _Candidate], Refused | None]


def accept_lease(
    held: TrustedLeaseState, lease: Lease, digest: str, now: Instant, notices: Iterable[OutageAmnesty] = ()
) -> AcceptedLease | Refused:
    """Whether `lease`, whose received bytes have `digest`, may replace the present one at `now`.

    Refuses `lease_not_mine`, `key_not_for_this` (a sandbox lease in production), `type_unexpected`,
    `installation_mismatch`, `message_malformed` (spans with gaps), `lease_older`, `lease_outside_window`. A version
    below the floor is no reason to keep an older, kinder lease: it is accepted with a reservation.
    """
    return _run_checks(_ALL, held, _Candidate(lease, digest, now, tuple(notices)))


def accept_successor(
    held: TrustedLeaseState, lease: Lease, digest: str, now: Instant, notices: Iterable[OutageAmnesty] = ()
) -> AcceptedLease | Refused:
    """Whether `lease` may fill the successor's slot: everything but its beginning is checked at receipt
    [spec: successor-slot]."""
    return _run_checks(
        (*_FORM, *_ORDER, _check_not_over), held, _Candidate(lease, digest, now, tuple(notices), "successor")
    )


def take_over(
    held: TrustedLeaseState, lease: Lease, digest: str, now: Instant, notices: Iterable[OutageAmnesty] = ()
) -> AcceptedLease | Refused:
    """Whether the staged `lease` may start ruling now: checked whole once more, with the slot it came into."""
    return _run_checks(_ALL, held, _Candidate(lease, digest, now, tuple(notices), "successor"))


def accept_seat(
    held: TrustedSeatState,
    lease: Lease,
    digest: str,
    seat: SeatTerm,
    now: Instant,
    notices: Iterable[OutageAmnesty] = (),
) -> AcceptedSeat | Refused:
    """Whether a device may take `seat` with the `lease` attached, whose bytes have `digest`.

    The lease may be a successor that has taken over at the site. Leases are ordered within one subscription only,
    because which of two rules is the site's to say; the seats themselves never go back.
    Refuses what `accept_lease` does, and `lease_not_mine` (another device's key, another lease), `lease_older` (a seat
    signed earlier than the one held), `lease_outside_window` (over, or reaching beyond its lease).
    """
    if seat.thumbprint != held.thumbprint:
        return Refused(RefusalCode.LEASE_NOT_MINE, "The seat names another device's key.")
    if seat.lease != digest:
        return Refused(RefusalCode.LEASE_NOT_MINE, "The seat stands on another lease than the one attached.")
    offer = _Candidate(lease, digest, now, tuple(notices), lease.role, seat)
    order = _ORDER if lease.subscription == held.lease.subscription else (_check_epoch,)
    accepted = _run_checks((*_FORM, *order, _check_seat_within_lease, _check_begun, _check_not_over), held.lease, offer)
    if isinstance(accepted, Refused):
        return accepted
    if seat.iat < held.iat:
        return Refused(RefusalCode.LEASE_OLDER, "A newer seat was accepted before.", "iat")
    after = TrustedSeatState(lease=accepted.held, thumbprint=held.thumbprint, iat=seat.iat)
    return AcceptedSeat(after, accepted.reservation)


def another_code(lease: Lease | None, now: Instant, *, forgotten: bool = False) -> Refused | None:
    """Why the site does not apply another code yet: `subscription_in_force` with the date; None if it may (M10).

    `forgotten`: the server said last that it does not know the site. What its lease is of may be unknown there, too, so
    that the server decides (ADR 44).

    Only the contract clock decides: silence, holds and blocks do not matter, a coming cancellation does. Where the
    lease leaves it open (nothing started yet) the server decides.
    """
    if lease is None or forgotten:
        return None
    coming = [span for span in lease.spans if span.until is None or now < span.until]
    beneath = coming[0].phase is Phase.PAUSED or coming[0].why is PhaseCause.CODE_BLOCKED
    in_force = coming[0].phase is Phase.ACTIVE or (beneath and paid_beyond(lease, now))
    if not in_force or any(span.why is PhaseCause.CANCELED for span in coming):
        return None
    paid = lease.prepaid_until if beneath else _active_end(coming)
    return Refused(
        RefusalCode.SUBSCRIPTION_IN_FORCE, "The paid period of the present subscription is not over.", when=paid
    )


class ResponseKind(StrEnum):
    """What came back to a request. The first six are signed by the server and bound to nonce and request."""

    LEASE = "lease"
    UNCHANGED = "unchanged"
    SEND_LEASE = "send_lease"
    FORKED = "forked"
    REFUSED = "refused"
    RELEASED = "released"
    """What was given up is free for others."""
    UNBOUND = "unbound"
    """Signed, but the answer to another question: a recording."""
    FOREIGN = "foreign"
    """Signed by a key that is not trusted for answers, or altered."""
    UNSIGNED = "unsigned"
    """Any unsigned reply: an HTTP error, a captive page, something cut off or too large."""
    SILENCE = "silence"
    """Nothing: no name, no path, no certificate, no reply in time."""


class ResponseEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What may be done with what was heard; the default is what silence concludes: keep all, and try again."""

    time: bool = False
    """The server's time may be taken (`clock.clock_after_answer` decides how)."""
    contact: bool = False
    """Counts as an answered synchronization: the warning is cleared."""
    lease: bool = False
    """May bring a lease, also one that takes something away."""
    seats: bool = False
    """Counts as answered in [spec: new-seats]: new seats may be signed."""
    lost: bool = False
    """The site is refused for good: `standing(lost=…)`."""
    again: bool = True
    """Inconclusive: back off and repeat the same request."""


_BOUND = {
    ResponseKind.LEASE: ResponseEffect(time=True, contact=True, lease=True, seats=True, again=False),
    ResponseKind.UNCHANGED: ResponseEffect(time=True, contact=True, seats=True, again=False),
    ResponseKind.SEND_LEASE: ResponseEffect(time=True, contact=True, again=False),
    ResponseKind.FORKED: ResponseEffect(time=True, contact=True, lease=True, again=False),
    ResponseKind.RELEASED: ResponseEffect(time=True, again=False),
}


GONE = frozenset(
    {
        RefusalCode.SITE_LOST,
        RefusalCode.COPY_RETIRED,
        RefusalCode.INSTALLATION_RELEASED,
        RefusalCode.INSTALLATION_REPLACED,
    }
)
"""Refusals that end a site for good."""


def effect_of_response(heard: ResponseKind, refusal: RefusalCode | None = None) -> ResponseEffect:
    """What `heard` may change: only a signed, nonce-bound answer takes anything away [spec: signed-responses].

    `refusal`: the code of a `refused` answer. Even that leaves the lease to run to its end, except `GONE`;
    whether to repeat the request follows the table's `conclusive`.
    """
    if heard is ResponseKind.REFUSED and refusal is not None:
        return ResponseEffect(time=True, lost=refusal in GONE, again=not TABLE[refusal].conclusive)
    return _BOUND.get(heard, ResponseEffect())


def _active_end(coming: list[Span]) -> Instant | None:
    """The end of the active spans that `coming` begins with; None if they have none."""
    return next((span.since for span in coming if span.phase is not Phase.ACTIVE), None)


def _run_checks(checks: tuple[_Check, ...], held: TrustedLeaseState, offer: _Candidate) -> AcceptedLease | Refused:
    for check in checks:
        refused = check(held, offer)
        if refused is not None:
            return refused
    lease = offer.lease
    after = msgspec.structs.replace(
        held,
        site=lease.sub,
        epoch=lease.epoch,
        serial=lease.serial,
        digest=offer.digest,
        subscription=lease.subscription,
        revision=lease.revision,
    )
    return AcceptedLease(after, refuse_below(held.version, lease.min_version))


def _check_recipient(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """`cnf` names my key, and the lease my site and product."""
    jwk = offer.lease.cnf.jwk
    if held.key is not None and any(jwk.get(part) != held.key.get(part) for part in ("kty", "crv", "x")):
        return Refused(RefusalCode.LEASE_NOT_MINE, "The lease names another key than this site's.")
    if held.site and offer.lease.sub != held.site:
        return Refused(RefusalCode.LEASE_NOT_MINE, "The lease is for another site.")
    if offer.lease.product != held.product:
        return Refused(RefusalCode.LEASE_NOT_MINE, "The lease is for another product.")
    return None


def _check_purpose(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """A sandbox's word counts in a sandbox only, a successor's in its own slot only."""
    if offer.lease.sandbox and not held.sandbox:
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, "A sandbox lease is worth nothing in production.")
    if offer.lease.role != offer.role:
        return Refused(
            RefusalCode.TYPE_UNEXPECTED, f"The lease is for the role {offer.lease.role!r}, not {offer.role!r}."
        )
    return None


def _check_installation(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """An administration server's word serves no application on its own, nor the other way round
    [spec: installations]."""
    return installation_mismatch(offer.lease.installation, held.installation)


def _check_spans(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """The spans follow one another and cover the lease's time: everything later relies on it."""
    lease = offer.lease
    if not _well_formed(lease.spans) or lease.spans[0].since > lease.nbf or lease.contact_until <= lease.nbf:
        return Refused(RefusalCode.MESSAGE_MALFORMED, "The lease's spans do not make a timeline.", "spans")
    return None


def _well_formed(spans: Timeline) -> bool:
    if not spans or spans[-1].until is not None:
        return False
    touching = all(one.until == other.since for one, other in pairwise(spans))
    return touching and all(span.until is None or span.since < span.until for span in spans)


def _check_serial(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """(epoch, serial) goes up; the same once more only if it is the very same bytes."""
    offered, present = (offer.lease.epoch, offer.lease.serial), (held.epoch, held.serial)
    if offered > present or (offered == present and offer.digest == held.digest):
        return None
    detail = "Two leases carry the same serial." if offered == present else "A newer lease was accepted before."
    return Refused(RefusalCode.LEASE_OLDER, detail, "serial")


def _check_epoch(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    if offer.lease.epoch < held.epoch:
        return Refused(RefusalCode.LEASE_OLDER, "The lease is from before a restore of the server.", "epoch")
    return None


def _check_revision(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """Within one epoch and one subscription the history only grows."""
    same = offer.lease.epoch == held.epoch and offer.lease.subscription == held.subscription
    if same and offer.lease.revision < held.revision:
        return Refused(RefusalCode.LEASE_OLDER, "The subscription's history went back.", "revision")
    return None


def _check_begun(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    if offer.lease.nbf > offer.now + TOLERANCE:
        return Refused(RefusalCode.LEASE_OUTSIDE_WINDOW, "The lease is not valid yet.", "nbf", when=offer.lease.nbf)
    return None


def _check_seat_within_lease(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    """A seat promises nothing that its lease does not."""
    seat = offer.seat
    if seat is not None and not seat.iat < seat.until <= offer.lease.contact_until:
        return Refused(RefusalCode.LEASE_OUTSIDE_WINDOW, "The seat does not end within its lease.", "until")
    return None


def _check_not_over(held: TrustedLeaseState, offer: _Candidate) -> Refused | None:
    if offer.now >= silence_ends_at(offer.lease, offer.notices, offer.seat):
        what, field = ("lease", "contact_until") if offer.seat is None else ("seat", "until")
        return Refused(RefusalCode.LEASE_OUTSIDE_WINDOW, f"The {what} is over.", field)
    return None


_FORM: tuple[_Check, ...] = (_check_recipient, _check_purpose, _check_installation, _check_spans)
_ORDER: tuple[_Check, ...] = (_check_serial, _check_revision)
_ALL: tuple[_Check, ...] = (*_FORM, *_ORDER, _check_begun, _check_not_over)
