"""What an answer changes in what is kept: pure, from proven messages to the next `ClientState`
[spec: acceptance-order, synchronization, offline-exchange].

The rules are `lease.acceptance`'s, `lease.clock`'s and `lease.sync_schedule`'s; here they are applied in their order.
What every answer changes is `engine.answers`'; asking, sending and saving are left to `server_session`.
"""

import msgspec

from tenure.core.lease.acceptance import (
    ResponseEffect,
    ResponseKind,
    accept_lease,
    accept_successor,
    effect_of_response,
)
from tenure.core.lease.clock import clock_after_answer, clock_after_lease
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.client_state import ClientState, LeaseSlot, make_slot
from tenure.sdk.engine.answers import (
    AnswerArrival,
    AppliedAnswer,
    add_notices,
    after_answered_contact,
    after_failed_contact,
    estimated_now,
)
from tenure.sdk.holdings import LeaseReader
from tenure.sdk.requests import REPLACED
from tenure.wire.exchanges import claimed_request, unwrap_sync
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, SignedRefusal, SyncAnswer
from tenure.wire.notices import SignedNotice
from tenure.wire.root import TrustedRoot


class AppliedLeaseAnswer(AppliedAnswer[ClientState], frozen=True, kw_only=True):
    """What an answer of the activation server has led to."""

    heard: ResponseKind
    now: Instant
    """The estimate once the answer's time was taken."""


def take_sync(
    kept: ClientState, answer: SyncAnswer, arrival: AnswerArrival, reader: LeaseReader, root: TrustedRoot
) -> AppliedLeaseAnswer:
    """The answer to the pending synchronization, which is thereby no longer pending, whatever it says."""
    heard = ResponseKind.FORKED if answer.forked and answer.result != "refused" else ResponseKind(answer.result)
    told = heard is ResponseKind.RELEASED or (answer.refusal is not None and answer.refusal.conclusive)
    receipt = b"" if told else kept.receipt
    without = msgspec.structs.replace(
        kept, sync=None, lease_wanted=heard is ResponseKind.SEND_LEASE, key_wanted=False, receipt=receipt
    )
    return _apply_answer(without, answer, heard, arrival, reader, root)


def take_activation(
    kept: ClientState, answer: ActivateAnswer, arrival: AnswerArrival, reader: LeaseReader, root: TrustedRoot
) -> AppliedLeaseAnswer:
    """The answer to the pending activation. Granted, it also replaces a pending synchronization of the site's past.

    To a copy of the site it is what a synchronization would have said (`ResponseKind.FORKED`).

    A refusal that is not conclusive leaves the request pending: it is repeated until it is decided.
    """
    granted = ResponseKind.FORKED if answer.forked else ResponseKind.LEASE
    heard = granted if answer.result == "granted" else ResponseKind.REFUSED
    pending = None if _is_settled(answer.refusal) else kept.activation
    without = msgspec.structs.replace(kept, activation=pending)
    if heard is ResponseKind.LEASE:
        without = msgspec.structs.replace(
            without, sync=None, lease_wanted=False, key_wanted=False, lost=None, given_up=False, receipt=b""
        )
    return _apply_answer(without, answer, heard, arrival, reader, root)


def take_notice(
    kept: ClientState, token: bytes, root: TrustedRoot, reader: LeaseReader
) -> tuple[ClientState, SignedNotice] | Refused:
    """A notice from a file; refuses like `wire.notices.read_notice`. Each counts once, old ones go."""
    read = reader.notices(root).read_notice
    notice = read(token)
    if isinstance(notice, Refused):
        return notice
    return msgspec.structs.replace(kept, notices=add_notices(kept.notices, (token,), read)), notice


def after_unknown_site(kept: ClientState) -> ClientState:
    """After the server said that it does not know the site: the next question is another one, with key and lease.

    The declined one is named as unanswered; the word is unsigned, so that it changes nothing else.
    """
    asked = None if kept.sync is None else unwrap_sync(kept.sync.request)
    name = "" if asked is None or isinstance(asked, Refused) else claimed_request(asked)
    unanswered = (name, *kept.unanswered)[:REPLACED] if name else kept.unanswered
    return msgspec.structs.replace(kept, sync=None, key_wanted=True, unanswered=unanswered)


def _apply_answer(
    kept: ClientState,
    answer: ActivateAnswer | SyncAnswer,
    heard: ResponseKind,
    arrival: AnswerArrival,
    reader: LeaseReader,
    root: TrustedRoot,
) -> AppliedLeaseAnswer:
    refusal = answer.refusal
    conclusion = effect_of_response(heard, None if refusal is None else refusal.as_refused().code)
    after = _apply_common(kept, answer, arrival, reader, root)
    now = _estimated_now(after, arrival, reader)
    refused = None if refusal is None else refusal.as_refused()
    if conclusion.lease:
        after, refused = _apply_leases(after, answer, arrival, reader, root)
        now = _estimated_now(after, arrival, reader)
    if conclusion.lost:
        after = msgspec.structs.replace(after, lost=refusal)
    after = msgspec.structs.replace(
        after,
        forked=_fork_refusal(kept.forked, heard, refusal),
        fork=answer.fork,
        separated=_has_code(refusal, RefusalCode.COPY_SEPARATED) or (kept.separated and heard is ResponseKind.REFUSED),
    )
    after = _apply_contact(after, answer, conclusion, arrival, now, refused)
    return AppliedLeaseAnswer(kept=after, heard=heard, now=now, refused=refused)


def _apply_common(
    kept: ClientState,
    answer: ActivateAnswer | SyncAnswer,
    arrival: AnswerArrival,
    reader: LeaseReader,
    root: TrustedRoot,
) -> ClientState:
    """What every signed and bound answer brings: the time, the next token, notices and messages."""
    return msgspec.structs.replace(
        kept,
        clock=clock_after_answer(kept.clock, arrival.sent, arrival.received, answer.time),
        token=answer.token or kept.token,
        unanswered=() if answer.token else kept.unanswered,
        messages=answer.messages,
        notices=add_notices(kept.notices, map(str.encode, answer.notices), reader.notices(root).read_notice),
    )


def _apply_leases(
    kept: ClientState,
    answer: ActivateAnswer | SyncAnswer,
    arrival: AnswerArrival,
    reader: LeaseReader,
    root: TrustedRoot,
) -> tuple[ClientState, Refused | None]:
    """Take the present lease, then the successor: the server signs both together, so that an answer with a lease and
    without a successor means that none is staged any more."""
    after = kept
    if answer.lease:
        named = isinstance(answer, ActivateAnswer)
        taken = _apply_present(kept, answer.lease.encode("ascii"), arrival, reader, root, named=named)
        if isinstance(taken, Refused):
            return kept, taken
        after = taken
    if not answer.successor:
        return (_without_successor(after) if answer.lease else after), None
    staged = _apply_successor(after, answer.successor.encode("ascii"), arrival, reader, root)
    return (after, staged) if isinstance(staged, Refused) else (staged, None)


def _apply_present(
    kept: ClientState,
    token: bytes,
    arrival: AnswerArrival,
    reader: LeaseReader,
    root: TrustedRoot,
    *,
    named: bool = False,
) -> ClientState | Refused:
    """`kept` with the lease taken. `named`: the answer to an activation, which says again which site this key is.

    A server that was set up again under the same root gives the key another site id; the numbers of the old site
    measure nothing any more, and the answer, bound to its question, is no replay.
    """
    sealed = read_lease(token, root, product=reader.product, sandbox=reader.sandbox)
    if isinstance(sealed, Refused):
        return sealed
    now = _estimated_now(kept, arrival, reader)
    known = kept.present if not named or sealed.lease.sub == kept.present.site else LeaseSlot()
    if known is not kept.present:
        kept = msgspec.structs.replace(kept, successor=LeaseSlot())
    held = known.trusted_state(reader.empty_state)
    accepted = accept_lease(held, sealed.lease, sealed.digest, now, reader.notices(root).proven_amnesties(kept.notices))
    if isinstance(accepted, Refused):
        return accepted
    return msgspec.structs.replace(
        kept,
        present=make_slot(token, accepted.held),
        clock=clock_after_lease(kept.clock, arrival.received, sealed.lease.iat),
        lost=None,
        notices=_still_moving(kept, sealed, root, reader),
    )


def _apply_successor(
    kept: ClientState, token: bytes, arrival: AnswerArrival, reader: LeaseReader, root: TrustedRoot
) -> ClientState | Refused:
    sealed = read_lease(token, root, product=reader.product, sandbox=reader.sandbox)
    if isinstance(sealed, Refused):
        return sealed
    slot_of = msgspec.structs.replace(kept.successor, site=kept.successor.site or kept.present.site)
    held = slot_of.trusted_state(reader.empty_state)
    now = _estimated_now(kept, arrival, reader)
    accepted = accept_successor(
        held, sealed.lease, sealed.digest, now, reader.notices(root).proven_amnesties(kept.notices)
    )
    if isinstance(accepted, Refused):
        return accepted
    return msgspec.structs.replace(kept, successor=make_slot(token, accepted.held))


def _without_successor(kept: ClientState) -> ClientState:
    """The slot emptied; its numbers stay, for they are what a replay is measured against."""
    return msgspec.structs.replace(kept, successor=msgspec.structs.replace(kept.successor, token=b""))


def _still_moving(kept: ClientState, sealed: SealedLease, root: TrustedRoot, reader: LeaseReader) -> tuple[bytes, ...]:
    """Notices of outages that ended before the present lease was signed move nothing any more."""
    read = ((token, reader.notices(root).read_notice(token)) for token in kept.notices)
    return tuple(
        token for token, notice in read if isinstance(notice, SignedNotice) and notice.until > sealed.lease.iat
    )


def _apply_contact(
    kept: ClientState,
    answer: ActivateAnswer | SyncAnswer,
    conclusion: ResponseEffect,
    arrival: AnswerArrival,
    now: Instant,
    refused: Refused | None,
) -> ClientState:
    """Whether this counts as an answered synchronization, and when the next contact is due."""
    unsettled = answer.refusal is not None and not answer.refusal.conclusive
    rejected = conclusion.lease and refused is not None
    if unsettled or rejected:
        when = None if answer.refusal is None else answer.refusal.when
        return after_failed_contact(kept, now, None if when is None else max(0, when - answer.time))
    contact = kept.contact
    if conclusion.contact:
        contact = answer.time if arrival.is_fresh else max(contact, answer.time)
    heard = msgspec.structs.replace(kept, contact=contact)
    return after_answered_contact(heard, now, answer.next_sync, settled=arrival.is_fresh)


def _estimated_now(kept: ClientState, arrival: AnswerArrival, reader: LeaseReader) -> Instant:
    return estimated_now(kept, arrival, kept.present.serial, sandbox=reader.sandbox)


def _fork_refusal(before: bool, heard: ResponseKind, refusal: SignedRefusal | None) -> bool:
    if heard is ResponseKind.REFUSED:
        return before or _has_code(refusal, RefusalCode.LEASE_FORKED) or _has_code(refusal, RefusalCode.COPY_SEPARATED)
    return heard is ResponseKind.FORKED


def _has_code(refusal: SignedRefusal | None, code: RefusalCode) -> bool:
    return refusal is not None and refusal.code == code.value


def _is_settled(refusal: SignedRefusal | None) -> bool:
    return refusal is None or refusal.conclusive
