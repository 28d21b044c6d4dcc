"""What a site's answer changes in what a device keeps: pure, from proven messages to the next `Kept`
[spec: enrollment].

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


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes, under which root, and when."""

    who: Identity
    held: Held
    """The reader with empty hands."""
    root: Root
    arrival: Arrival
    draw: Callable[[int], bytes]

    def now(self, kept: Kept) -> Instant:
        """The estimate at the answer's arrival."""
        reading, sandbox = self.arrival.received, self.who.sandbox
        return estimated(kept.clock, reading, kept.held.serial, None, sandbox=sandbox)[1].now

    def notice(self, token: bytes) -> Notice | None:
        """The notice that `token` proves to be."""
        read = read_notice(token, self.root, product=self.who.product, sandbox=self.who.sandbox)
        return read if isinstance(read, Notice) else None

    def seat(self, bundle: bytes) -> SealedSeat | Refused:
        """The seat with its lease that `bundle` proves to be."""
        return read_seat(bundle, self.root, product=self.who.product, sandbox=self.who.sandbox)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer has led to."""

    kept: Kept
    refused: Refused | None = None
    """The signed refusal, or why the seat that came was not accepted."""
    again: bool = False
    """Another question follows at once: a seat to show, or an enrolment of its own."""


def take(kept: Kept, asked: Ask, answer: DeviceAnswer, by: By) -> Taken:
    """The answer to the pending request, which is thereby no longer pending, whatever it says."""
    heard = msgspec.structs.replace(
        kept,
        pending=None,
        seat_wanted=answer.result == "send_seat",
        clock=answered(kept.clock, by.arrival.sent, by.arrival.received, answer.time),
        device=answer.device or kept.device,
        token=answer.token or kept.token,
        notices=_notices(kept, answer, by),
        refusal=answer.refusal,
    )
    after, refused = _obeyed(heard, asked, answer, by)
    shows = after.seat_wanted and not kept.seat_wanted
    nameless = bool(heard.device) and not after.device and not after.given_up
    again = shows or nameless or answer.result == "copied"
    return Taken(kept=_contacted(after, answer, by, refused), refused=refused, again=again)


def _obeyed(kept: Kept, asked: Ask, answer: DeviceAnswer, by: By) -> tuple[Kept, Refused | None]:
    """What the answer's result makes of `kept`, and what was refused."""
    match answer.result:
        case "seat":
            seated, refused = _seated(kept, answer, by)
            # Asked for before it was given up: this seat, too, is erased, and the receipt names it.
            return (erase(seated, by) if kept.given_up and refused is None else seated), refused
        case "erase":
            return erase(kept, by), None
        case "released":
            return msgspec.structs.replace(kept, receipt=b""), None
        case "copied":
            return anew(kept, by.draw), None
        case "send_seat":
            return (kept if kept.seat else _forgotten(kept)), None
        case "refused":
            refused = None if answer.refusal is None else answer.refusal.refused()
            return _declined(kept, asked, None if refused is None else refused.code), refused


def _declined(kept: Kept, asked: Ask, code: Code | None) -> Kept:
    """After a signed "no": the seat held runs on to its end, whatever it says."""
    if asked == "release":
        kept = msgspec.structs.replace(kept, receipt=b"")
    if code is Code.NOT_FOUND:
        return _removed(kept)
    return _forgotten(kept) if code is Code.NOT_AUTHENTICATED and asked == "refresh" else kept


def failed(kept: Kept, now: Instant, retry_after: int | None) -> Kept:
    """After an inconclusive attempt: nothing changes but when the next one is made."""
    state = after_failure(kept.contacts.state(_ANY_RHYTHM, now), now, retry_after)
    return msgspec.structs.replace(kept, contacts=kept.contacts.after(state))


def anew(kept: Kept, draw: Callable[[int], bytes]) -> Kept:
    """A copy's way on: a key of its own, and an enrolment of its own. The seat held stays good until its end."""
    return msgspec.structs.replace(
        kept, seed=draw(32), device="", token="", pending=None, seat_wanted=False, receipt=b""
    )


def _forgotten(kept: Kept) -> Kept:
    """The site knows this device no more, and there is nothing that it could show: it has to enrol once more."""
    return msgspec.structs.replace(kept, device="", token="", seat_wanted=False)


def _removed(kept: Kept) -> Kept:
    """The administrator has removed this device: it asks no more, and has another key when it is enrolled again."""
    return msgspec.structs.replace(kept, seed=b"", device="", token="", receipt=b"", given_up=True)


def erase(kept: Kept, by: By) -> Kept:
    """The seat is gone, and a signed receipt says so until the site has it. To be saved before anything is sent."""
    gone = msgspec.structs.replace(kept, seat="", seat_seed=b"")
    sealed = by.seat(kept.bundle) if kept.seat else None
    if not isinstance(sealed, SealedSeat) or not kept.seed:
        return gone
    sha256, now = digest(kept.seat.encode("ascii")), max(by.now(kept), 0)
    said = Erased(what="seat", jti=sealed.seat.jti, sha256=sha256, sub=sealed.seat.sub, iat=now)
    return msgspec.structs.replace(gone, receipt=seal_erased(said, SeedSigner(kept.seed)))


def _notices(kept: Kept, answer: DeviceAnswer, by: By) -> tuple[bytes, ...]:
    tokens = dict.fromkeys((*kept.notices, *(each.encode("ascii") for each in answer.notices)))
    return tuple(token for token in tokens if by.notice(token) is not None)[-NOTICES:]


def _seated(kept: Kept, answer: DeviceAnswer, by: By) -> tuple[Kept, Refused | None]:
    token = answer.lease.encode("ascii") or kept.held.token
    sealed = by.seat(msgspec.json.encode(Bundle(answer.seat, token.decode("ascii"))))
    if isinstance(sealed, Refused):
        return kept, sealed
    lease, site = sealed.lease.lease, from_jwk(sealed.lease.lease.cnf.jwk, "cnf.jwk")
    if isinstance(site, Refused):
        return kept, site
    held = _measured_by(kept, site).held_seat(by.held, thumbprint(SeedSigner(kept.seed).public))
    amnesties = tuple(notice.amnesty() for notice in map(by.notice, kept.notices) if notice is not None)
    accepted = accept_seat(held, lease, sealed.lease.digest, sealed.seat.term(), by.now(kept), amnesties)
    if isinstance(accepted, Refused):
        return kept, accepted
    # A successor may have been signed for a time to come, so that its date proves nothing of the present.
    clock = verified(kept.clock, by.arrival.received, lease.iat) if lease.role == "active" else kept.clock
    taken = msgspec.structs.replace(
        kept,
        seat=answer.seat,
        seat_seed=kept.seed,
        site=site,
        held=slot(token, accepted.held.lease),
        seat_iat=accepted.held.iat,
        clock=clock,
        contact=answer.time if by.arrival.fresh else max(kept.contact, answer.time),
    )
    return taken, None


def _measured_by(kept: Kept, site: bytes) -> Kept:
    """The numbers to measure by: a site that had to begin anew under the same port begins to count anew, too."""
    if not kept.site or site == kept.site:
        return kept
    return msgspec.structs.replace(kept, held=slot(b"", Held(product="", version="", key=None)), seat_iat=0)


def _contacted(kept: Kept, answer: DeviceAnswer, by: By, refused: Refused | None) -> Kept:
    now = by.now(kept)
    if refused is not None and answer.result == "seat":
        return failed(kept, now, None)
    state = kept.contacts.state(_ANY_RHYTHM, now)
    window = _window(answer.next_contact, now)
    heard = after_answer(state, _ANY_RHYTHM, now, window, settled=by.arrival.fresh)
    return msgspec.structs.replace(kept, contacts=kept.contacts.after(heard))


def _window(asked: NextSync | None, now: Instant) -> tuple[Instant, Instant] | None:
    if asked is None:
        return None
    latest = now + LONGEST_WAIT
    return min(asked.not_before, latest), min(asked.not_after, latest)
