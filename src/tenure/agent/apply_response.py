"""What a site's answer changes in what a device keeps: pure, from proven messages to the next `DeviceState`
[spec: enrollment].

The rules are `lease.acceptance`'s, `lease.clock`'s and `lease.sync_schedule`'s; here they are applied in their order.
"""

from collections.abc import Callable

import msgspec

from tenure.agent.device_state import DeviceState
from tenure.agent.requests import DeviceIdentity
from tenure.core.lease.acceptance import TrustedLeaseState, accept_seat
from tenure.core.lease.clock import clock_after_answer, clock_after_lease
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.client_state import make_slot
from tenure.sdk.engine.answers import (
    AnswerArrival,
    AppliedAnswer,
    NoticeReader,
    add_notices,
    after_answered_contact,
    after_failed_contact,
    estimated_now,
)
from tenure.wire.devices import Ask, DeviceAnswer
from tenure.wire.jws import token_digest
from tenure.wire.keys import SeedSigner, from_jwk, key_thumbprint
from tenure.wire.root import TrustedRoot
from tenure.wire.seats import ErasureReceipt, SealedSeat, SeatBundle, read_seat, seal_erased


class AnswerReader(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes, under which root, and when."""

    who: DeviceIdentity
    """Under that root."""
    root: TrustedRoot
    arrival: AnswerArrival
    draw: Callable[[int], bytes]

    def estimated_now(self, kept: DeviceState) -> Instant:
        """The estimate at the answer's arrival."""
        return estimated_now(kept, self.arrival, kept.held.serial, sandbox=self.who.sandbox)

    @property
    def notices(self) -> NoticeReader:
        """This reader of notices."""
        return NoticeReader(self.root, self.who.product, self.who.sandbox)

    def read_seat(self, bundle: bytes) -> SealedSeat | Refused:
        """The seat with its lease that `bundle` proves to be."""
        return read_seat(bundle, self.root, product=self.who.product, sandbox=self.who.sandbox)


class AppliedSiteAnswer(AppliedAnswer[DeviceState], frozen=True, kw_only=True):
    """What an answer of the site has led to."""

    again: bool = False
    """Another question follows at once: a seat to show, or an enrollment of its own."""


def apply_answer(kept: DeviceState, asked: Ask, answer: DeviceAnswer, by: AnswerReader) -> AppliedSiteAnswer:
    """The answer to the pending request, which is thereby no longer pending, whatever it says."""
    heard = msgspec.structs.replace(
        kept,
        pending=None,
        seat_wanted=answer.result == "send_seat",
        clock=clock_after_answer(kept.clock, by.arrival.sent, by.arrival.received, answer.time),
        device=answer.device or kept.device,
        token=answer.token or kept.token,
        notices=add_notices(kept.notices, map(str.encode, answer.notices), by.notices.read_notice),
        refusal=answer.refusal,
    )
    after, refused = _apply_result(heard, asked, answer, by)
    shows = after.seat_wanted and not kept.seat_wanted
    nameless = bool(heard.device) and not after.device and not after.given_up
    again = shows or nameless or answer.result == "copied"
    return AppliedSiteAnswer(kept=_after_contact(after, answer, by, refused), refused=refused, again=again)


def _apply_result(
    kept: DeviceState, asked: Ask, answer: DeviceAnswer, by: AnswerReader
) -> tuple[DeviceState, Refused | None]:
    """What the answer's result makes of `kept`, and what was refused."""
    match answer.result:
        case "seat":
            seated, refused = _apply_seat(kept, answer, by)
            # Asked for before it was given up: this seat, too, is erased, and the receipt names it.
            return (erase_seat(seated, by) if kept.given_up and refused is None else seated), refused
        case "erase":
            return erase_seat(kept, by), None
        case "released":
            return msgspec.structs.replace(kept, receipt=b""), None
        case "copied":
            return replace_device_key(kept, by.draw), None
        case "send_seat":
            return (kept if kept.seat else _after_unknown_device(kept)), None
        case "refused":
            refused = None if answer.refusal is None else answer.refusal.as_refused()
            return _apply_refusal(kept, asked, None if refused is None else refused.code), refused


def _apply_refusal(kept: DeviceState, asked: Ask, code: RefusalCode | None) -> DeviceState:
    """After a signed "no": the seat held runs on to its end, whatever it says."""
    if asked == "release":
        kept = msgspec.structs.replace(kept, receipt=b"")
    if code is RefusalCode.NOT_FOUND:
        return _after_removal(kept)
    return _after_unknown_device(kept) if code is RefusalCode.NOT_AUTHENTICATED and asked == "refresh" else kept


def replace_device_key(kept: DeviceState, draw: Callable[[int], bytes]) -> DeviceState:
    """A copy's way on: a key of its own, and an enrollment of its own. The seat held stays good until its end."""
    return msgspec.structs.replace(
        kept, seed=draw(32), device="", token="", pending=None, seat_wanted=False, receipt=b""
    )


def _after_unknown_device(kept: DeviceState) -> DeviceState:
    """The site knows this device no more, and there is nothing that it could show: it has to enroll once more."""
    return msgspec.structs.replace(kept, device="", token="", seat_wanted=False)


def _after_removal(kept: DeviceState) -> DeviceState:
    """The administrator has removed this device: it asks no more, and has another key when it is enrolled again."""
    return msgspec.structs.replace(kept, seed=b"", device="", token="", receipt=b"", given_up=True)


def erase_seat(kept: DeviceState, by: AnswerReader) -> DeviceState:
    """The seat is gone, and a signed receipt says so until the site has it. To be saved before anything is sent."""
    gone = msgspec.structs.replace(kept, seat="", seat_seed=b"")
    sealed = by.read_seat(kept.bundle) if kept.seat else None
    if not isinstance(sealed, SealedSeat) or not kept.seed:
        return gone
    sha256, now = token_digest(kept.seat.encode("ascii")), max(by.estimated_now(kept), 0)
    said = ErasureReceipt(what="seat", jti=sealed.seat.jti, sha256=sha256, sub=sealed.seat.sub, iat=now)
    return msgspec.structs.replace(gone, receipt=seal_erased(said, SeedSigner(kept.seed)))


def _apply_seat(kept: DeviceState, answer: DeviceAnswer, by: AnswerReader) -> tuple[DeviceState, Refused | None]:
    token = answer.lease.encode("ascii") or kept.held.token
    sealed = by.read_seat(msgspec.json.encode(SeatBundle(answer.seat, token.decode("ascii"))))
    if isinstance(sealed, Refused):
        return kept, sealed
    lease, site = sealed.lease.lease, from_jwk(sealed.lease.lease.cnf.jwk, "cnf.jwk")
    if isinstance(site, Refused):
        return kept, site
    held = _measured_by(kept, site).held_seat(by.who.empty_state, key_thumbprint(SeedSigner(kept.seed).public))
    amnesties = by.notices.proven_amnesties(kept.notices)
    accepted = accept_seat(held, lease, sealed.lease.digest, sealed.seat.as_term(), by.estimated_now(kept), amnesties)
    if isinstance(accepted, Refused):
        return kept, accepted
    # A successor may have been signed for a time to come, so that its date proves nothing of the present.
    clock = clock_after_lease(kept.clock, by.arrival.received, lease.iat) if lease.role == "active" else kept.clock
    taken = msgspec.structs.replace(
        kept,
        seat=answer.seat,
        seat_seed=kept.seed,
        site=site,
        held=make_slot(token, accepted.held.lease),
        seat_iat=accepted.held.iat,
        clock=clock,
        contact=answer.time if by.arrival.is_fresh else max(kept.contact, answer.time),
    )
    return taken, None


def _measured_by(kept: DeviceState, site: bytes) -> DeviceState:
    """The numbers to measure by: a site that had to start over under the same port starts its numbers over, too."""
    if not kept.site or site == kept.site:
        return kept
    return msgspec.structs.replace(
        kept, held=make_slot(b"", TrustedLeaseState(product="", version="", key=None)), seat_iat=0
    )


def _after_contact(kept: DeviceState, answer: DeviceAnswer, by: AnswerReader, refused: Refused | None) -> DeviceState:
    now = by.estimated_now(kept)
    if refused is not None and answer.result == "seat":
        return after_failed_contact(kept, now, None)
    return after_answered_contact(kept, now, answer.next_contact, settled=by.arrival.is_fresh)
