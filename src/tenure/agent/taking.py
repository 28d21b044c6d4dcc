"""What a site's answer changes in what a device keeps: pure, from proven messages to the next `Kept` (spec 3.8).

The rules are `core.acceptance`'s, `core.clock`'s and `core.schedule`'s; here they are applied in their order.
"""

from collections.abc import Callable

import msgspec

from tenure.agent.exchange import Identity
from tenure.agent.kept import Kept
from tenure.core.acceptance import Held, accept_seat
from tenure.core.clock import answered, verified
from tenure.core.refusals import Code, Refused
from tenure.core.schedule import Rhythm, after_answer, after_failure
from tenure.core.timeline import Instant
from tenure.sdk.clock import estimated
from tenure.sdk.kept import slot
from tenure.sdk.taking import LONGEST_WAIT, NOTICES, Arrival
from tenure.wire.devices import Ask, DeviceAnswer
from tenure.wire.keys import SeedSigner, from_jwk, thumbprint
from tenure.wire.messages import NextSync
from tenure.wire.notices import Notice, read_notice
from tenure.wire.root import Root
from tenure.wire.seal import digest
from tenure.wire.seats import Bundle, Erased, SealedSeat, read_seat, seal_erased

_ANY_RHYTHM = Rhythm(spans=())


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer has led to."""

    kept: Kept
    refused: Refused | None = None
    """The signed refusal, or why the seat that came was not accepted."""


def take(
    kept: Kept,
    asked: Ask,
    answer: DeviceAnswer,
    arrival: Arrival,
    who: Identity,
    held: Held,
    root: Root,
    draw: Callable[[int], bytes],
) -> Taken:
    """The answer to the pending request, which is thereby no longer pending, whatever it says."""
    after = msgspec.structs.replace(
        kept,
        pending=None,
        seat_wanted=answer.result == "send_seat",
        clock=answered(kept.clock, arrival.sent, arrival.received, answer.time),
        device=answer.device or kept.device,
        token=answer.token or kept.token,
        notices=_notices(kept, answer, who, root),
        refusal=answer.refusal,
    )
    if answer.result == "seat":
        after, refused = _seated(after, answer, arrival, who, held, root)
        if kept.given_up and refused is None:
            # Asked for before it was given up: this seat, too, is erased, and the receipt names it.
            after = _erased(after, root, who, _now(after, arrival, who))
    elif answer.result == "erase":
        after, refused = _erased(after, root, who, _now(after, arrival, who)), None
    elif answer.result == "released":
        after, refused = msgspec.structs.replace(after, receipt=b""), None
    else:
        refused = None if answer.refusal is None else answer.refusal.refused()
        if asked == "release" and refused is not None:
            after = msgspec.structs.replace(after, receipt=b"")
    if refused is not None and refused.code is Code.LEASE_FORKED and answer.result == "refused":
        after = anew(after, draw)
    return Taken(kept=_contacted(after, answer, arrival, who, refused), refused=refused)


def failed(kept: Kept, now: Instant, retry_after: int | None) -> Kept:
    """After an inconclusive attempt: nothing changes but when the next one is made."""
    state = after_failure(kept.contacts.state(_ANY_RHYTHM, now), now, retry_after)
    return msgspec.structs.replace(kept, contacts=kept.contacts.after(state))


def anew(kept: Kept, draw: Callable[[int], bytes]) -> Kept:
    """A copy's way on: a key of its own, and an enrolment of its own. The seat held stays good until its end."""
    return msgspec.structs.replace(kept, seed=draw(32), device="", token="", pending=None, seat_wanted=False)


def erase(kept: Kept, root: Root, who: Identity, now: Instant) -> Kept:
    """The seat is gone, and a signed receipt says so until the site has it. To be saved before anything is sent."""
    return _erased(kept, root, who, now)


def _notices(kept: Kept, answer: DeviceAnswer, who: Identity, root: Root) -> tuple[bytes, ...]:
    tokens = dict.fromkeys((*kept.notices, *(each.encode("ascii") for each in answer.notices)))
    read = (
        token
        for token in tokens
        if isinstance(read_notice(token, root, product=who.product, sandbox=who.sandbox), Notice)
    )
    return tuple(read)[-NOTICES:]


def _seated(
    kept: Kept, answer: DeviceAnswer, arrival: Arrival, who: Identity, held: Held, root: Root
) -> tuple[Kept, Refused | None]:
    token = answer.lease.encode("ascii") or kept.held.token
    sealed = read_seat(_bundle(answer.seat, token), root, product=who.product, sandbox=who.sandbox)
    if isinstance(sealed, Refused):
        return kept, sealed
    known = _of_site(kept, sealed)
    key = thumbprint(SeedSigner(kept.seed).public)
    now = _now(kept, arrival, who)
    amnesties = tuple(
        read.amnesty()
        for token in kept.notices
        if isinstance(read := read_notice(token, root, product=who.product, sandbox=who.sandbox), Notice)
    )
    term = sealed.seat.term()
    accepted = accept_seat(known.held_seat(held, key), sealed.lease.lease, sealed.lease.digest, term, now, amnesties)
    if isinstance(accepted, Refused):
        return kept, accepted
    clock = kept.clock
    if sealed.lease.lease.role == "active":
        clock = verified(clock, arrival.received, sealed.lease.lease.iat)
    site = from_jwk(sealed.lease.lease.cnf.jwk, "cnf.jwk")
    return msgspec.structs.replace(
        kept,
        seat=answer.seat,
        seat_seed=kept.seed,
        site=kept.site if isinstance(site, Refused) else site,
        held=slot(token, accepted.held.lease),
        seat_iat=accepted.held.iat,
        clock=clock,
        contact=answer.time if arrival.fresh else max(kept.contact, answer.time),
    ), None


def _bundle(seat: str, lease: bytes) -> bytes:
    return msgspec.json.encode(Bundle(seat, lease.decode("ascii")))


def _of_site(kept: Kept, sealed: SealedSeat) -> Kept:
    """The numbers to measure by: a site that had to begin anew under the same port begins to count anew, too."""
    site = from_jwk(sealed.lease.lease.cnf.jwk, "cnf.jwk")
    if not kept.site or site == kept.site or isinstance(site, Refused):
        return kept
    return msgspec.structs.replace(kept, held=slot(b"", Held(product="", version="", key=None)), seat_iat=0)


def _erased(kept: Kept, root: Root, who: Identity, now: Instant) -> Kept:
    gone = msgspec.structs.replace(kept, seat="", seat_seed=b"")
    sealed = read_seat(kept.bundle, root, product=who.product, sandbox=who.sandbox) if kept.seat else None
    if not isinstance(sealed, SealedSeat) or not kept.seed:
        return gone
    sha256 = digest(kept.seat.encode("ascii"))
    said = Erased(what="seat", jti=sealed.seat.jti, sha256=sha256, sub=sealed.seat.sub, iat=max(now, 0))
    return msgspec.structs.replace(gone, receipt=seal_erased(said, SeedSigner(kept.seed)))


def _contacted(kept: Kept, answer: DeviceAnswer, arrival: Arrival, who: Identity, refused: Refused | None) -> Kept:
    now = _now(kept, arrival, who)
    if refused is not None and answer.result == "seat":
        return failed(kept, now, None)
    state = after_answer(
        kept.contacts.state(_ANY_RHYTHM, now),
        _ANY_RHYTHM,
        now,
        _window(answer.next_contact, now),
        settled=arrival.fresh,
    )
    return msgspec.structs.replace(kept, contacts=kept.contacts.after(state))


def _window(asked: NextSync | None, now: Instant) -> tuple[Instant, Instant] | None:
    if asked is None:
        return None
    latest = now + LONGEST_WAIT
    return min(asked.not_before, latest), min(asked.not_after, latest)


def _now(kept: Kept, arrival: Arrival, who: Identity) -> Instant:
    return estimated(kept.clock, arrival.received, kept.held.serial, None, sandbox=who.sandbox)[1].now
