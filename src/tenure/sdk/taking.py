"""What an answer changes in what is kept: pure, from proven messages to the next `Kept`
[spec: acceptance-order, synchronization, offline-exchange].

The rules are `core.acceptance`'s, `core.clock`'s and `core.schedule`'s; here they are applied in their order. Asking,
sending and saving are left to `keeper`.
"""

import msgspec

from tenure.core.acceptance import Conclusion, Heard, accept, accept_successor, conclude
from tenure.core.clock import Reading, answered, is_fresh, verified
from tenure.core.refusals import Code, Refused
from tenure.core.schedule import Rhythm, after_answer, after_failure
from tenure.core.timeline import DAY, Instant
from tenure.sdk.clock import estimated
from tenure.sdk.exchange import REPLACED
from tenure.sdk.holdings import Reader, amnesties
from tenure.sdk.kept import Kept, Slot, slot
from tenure.wire.answers import claimed_request, unwrap_sync
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, NextSync, Refusal, SyncAnswer
from tenure.wire.notices import Notice, read_notice
from tenure.wire.root import Root

NOTICES = 32
LONGEST_WAIT = 31 * DAY
"""No answer sends us away for longer: a slip at the server must not outlast the lease."""

_ANY_RHYTHM = Rhythm(spans=())
"""Recording what came of a contact does not look at the rhythm."""


class Arrival(msgspec.Struct, frozen=True):
    """When an answer came, and when its question was first sent."""

    sent: Reading
    received: Reading

    @property
    def fresh(self) -> bool:
        """Whether its time may set the clock."""
        return is_fresh(self.sent, self.received)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer has led to."""

    kept: Kept
    heard: Heard
    now: Instant
    """The estimate once the answer's time was taken."""
    refused: Refused | None = None
    """The signed refusal, or why what the answer brought was not accepted."""


def take_sync(kept: Kept, answer: SyncAnswer, arrival: Arrival, reader: Reader, root: Root) -> Taken:
    """The answer to the pending synchronisation, which is thereby no longer pending, whatever it says."""
    heard = Heard.FORKED if answer.forked and answer.result != "refused" else Heard(answer.result)
    told = heard is Heard.RELEASED or (answer.refusal is not None and answer.refusal.conclusive)
    receipt = b"" if told else kept.receipt
    without = msgspec.structs.replace(
        kept, sync=None, lease_wanted=heard is Heard.SEND_LEASE, key_wanted=False, receipt=receipt
    )
    return _take(without, answer, heard, arrival, reader, root)


def take_activation(kept: Kept, answer: ActivateAnswer, arrival: Arrival, reader: Reader, root: Root) -> Taken:
    """The answer to the pending activation. Granted, it also replaces a pending synchronisation of the site's past.

    To a copy of the site it is what a synchronization would have said (`Heard.FORKED`).

    A refusal that is not conclusive leaves the request pending: it is repeated until it is decided.
    """
    granted = Heard.FORKED if answer.forked else Heard.LEASE
    heard = granted if answer.result == "granted" else Heard.REFUSED
    pending = None if _settled(answer.refusal) else kept.activation
    without = msgspec.structs.replace(kept, activation=pending)
    if heard is Heard.LEASE:
        without = msgspec.structs.replace(
            without, sync=None, lease_wanted=False, key_wanted=False, lost=None, given_up=False, receipt=b""
        )
    return _take(without, answer, heard, arrival, reader, root)


def take_notice(kept: Kept, token: bytes, root: Root, reader: Reader) -> tuple[Kept, Notice] | Refused:
    """A notice from an answer or a file; refuses like `wire.notices.read_notice`. Each counts once, old ones go."""
    notice = read_notice(token, root, product=reader.product, sandbox=reader.sandbox)
    if isinstance(notice, Refused):
        return notice
    others = tuple(each for each in kept.notices if each != token)
    return msgspec.structs.replace(kept, notices=(*others, token)[-NOTICES:]), notice


def failed(kept: Kept, now: Instant, retry_after: int | None) -> Kept:
    """After an inconclusive attempt: nothing changes but when the next one is made."""
    state = after_failure(kept.contacts.state(_ANY_RHYTHM, now), now, retry_after)
    return msgspec.structs.replace(kept, contacts=kept.contacts.after(state))


def introducing(kept: Kept) -> Kept:
    """After the server said that it does not know the site: the next question is another one, with key and lease.

    The declined one is named as unanswered; the word is unsigned, so that it changes nothing else.
    """
    asked = None if kept.sync is None else unwrap_sync(kept.sync.request)
    name = "" if asked is None or isinstance(asked, Refused) else claimed_request(asked)
    unanswered = (name, *kept.unanswered)[:REPLACED] if name else kept.unanswered
    return msgspec.structs.replace(kept, sync=None, key_wanted=True, unanswered=unanswered)


def _take(
    kept: Kept, answer: ActivateAnswer | SyncAnswer, heard: Heard, arrival: Arrival, reader: Reader, root: Root
) -> Taken:
    refusal = answer.refusal
    conclusion = conclude(heard, None if refusal is None else refusal.refused().code)
    after = _heard(kept, answer, arrival, reader, root)
    now = _now(after, arrival, reader)
    refused = None if refusal is None else refusal.refused()
    if conclusion.lease:
        after, refused = _leases(after, answer, arrival, reader, root)
        now = _now(after, arrival, reader)
    if conclusion.lost:
        after = msgspec.structs.replace(after, lost=refusal)
    after = msgspec.structs.replace(
        after,
        forked=_forked(kept.forked, heard, refusal),
        fork=answer.fork,
        separated=_said(refusal, Code.COPY_SEPARATED) or (kept.separated and heard is Heard.REFUSED),
    )
    after = _contact(after, answer, conclusion, arrival, now, refused)
    return Taken(kept=after, heard=heard, now=now, refused=refused)


def _heard(kept: Kept, answer: ActivateAnswer | SyncAnswer, arrival: Arrival, reader: Reader, root: Root) -> Kept:
    """What every signed and bound answer brings: the time, the next token, notices and messages."""
    after = msgspec.structs.replace(
        kept,
        clock=answered(kept.clock, arrival.sent, arrival.received, answer.time),
        token=answer.token or kept.token,
        unanswered=() if answer.token else kept.unanswered,
        messages=answer.messages,
    )
    for token in answer.notices:
        taken = take_notice(after, token.encode("ascii"), root, reader)
        after = after if isinstance(taken, Refused) else taken[0]
    return after


def _leases(
    kept: Kept, answer: ActivateAnswer | SyncAnswer, arrival: Arrival, reader: Reader, root: Root
) -> tuple[Kept, Refused | None]:
    """The present lease, then the successor: both are signed anew together, so that none staged means none any more."""
    after = kept
    if answer.lease:
        named = isinstance(answer, ActivateAnswer)
        taken = _present(kept, answer.lease.encode("ascii"), arrival, reader, root, named=named)
        if isinstance(taken, Refused):
            return kept, taken
        after = taken
    if not answer.successor:
        return (_without_successor(after) if answer.lease else after), None
    staged = _successor(after, answer.successor.encode("ascii"), arrival, reader, root)
    return (after, staged) if isinstance(staged, Refused) else (staged, None)


def _present(
    kept: Kept, token: bytes, arrival: Arrival, reader: Reader, root: Root, *, named: bool = False
) -> Kept | Refused:
    """The lease taken. `named`: the answer to an activation, which says anew which site this key is.

    A server that was made anew under the same root knows the key by another name; the numbers of the site that was
    measure nothing any more, and the answer, bound to its question, is no replay.
    """
    sealed = read_lease(token, root, product=reader.product, sandbox=reader.sandbox)
    if isinstance(sealed, Refused):
        return sealed
    now = _now(kept, arrival, reader)
    known = kept.present if not named or sealed.lease.sub == kept.present.site else Slot()
    if known is not kept.present:
        kept = msgspec.structs.replace(kept, successor=Slot())
    held = known.held(reader.held)
    accepted = accept(held, sealed.lease, sealed.digest, now, amnesties(kept, root, reader))
    if isinstance(accepted, Refused):
        return accepted
    return msgspec.structs.replace(
        kept,
        present=slot(token, accepted.held),
        clock=verified(kept.clock, arrival.received, sealed.lease.iat),
        lost=None,
        notices=_still_moving(kept, sealed, root, reader),
    )


def _successor(kept: Kept, token: bytes, arrival: Arrival, reader: Reader, root: Root) -> Kept | Refused:
    sealed = read_lease(token, root, product=reader.product, sandbox=reader.sandbox)
    if isinstance(sealed, Refused):
        return sealed
    slot_of = msgspec.structs.replace(kept.successor, site=kept.successor.site or kept.present.site)
    held = slot_of.held(reader.held)
    now = _now(kept, arrival, reader)
    accepted = accept_successor(held, sealed.lease, sealed.digest, now, amnesties(kept, root, reader))
    if isinstance(accepted, Refused):
        return accepted
    return msgspec.structs.replace(kept, successor=slot(token, accepted.held))


def _without_successor(kept: Kept) -> Kept:
    """The slot emptied; its numbers stay, for they are what a replay is measured against."""
    return msgspec.structs.replace(kept, successor=msgspec.structs.replace(kept.successor, token=b""))


def _still_moving(kept: Kept, sealed: SealedLease, root: Root, reader: Reader) -> tuple[bytes, ...]:
    """Notices of outages that ended before the present lease was signed move nothing any more."""
    read = ((token, read_notice(token, root, product=reader.product, sandbox=reader.sandbox)) for token in kept.notices)
    return tuple(token for token, notice in read if isinstance(notice, Notice) and notice.until > sealed.lease.iat)


def _contact(
    kept: Kept,
    answer: ActivateAnswer | SyncAnswer,
    conclusion: Conclusion,
    arrival: Arrival,
    now: Instant,
    refused: Refused | None,
) -> Kept:
    """Whether this counts as an answered synchronisation, and when the next contact is due."""
    unsettled = answer.refusal is not None and not answer.refusal.conclusive
    rejected = conclusion.lease and refused is not None
    if unsettled or rejected:
        when = None if answer.refusal is None else answer.refusal.when
        return failed(kept, now, None if when is None else max(0, when - answer.time))
    contact = kept.contact
    if conclusion.contact:
        contact = answer.time if arrival.fresh else max(contact, answer.time)
    state = kept.contacts.state(_ANY_RHYTHM, now)
    heard = after_answer(state, _ANY_RHYTHM, now, _window(answer.next_sync, now), settled=arrival.fresh)
    return msgspec.structs.replace(kept, contact=contact, contacts=kept.contacts.after(heard))


def _window(asked: NextSync | None, now: Instant) -> tuple[Instant, Instant] | None:
    if asked is None:
        return None
    latest = now + LONGEST_WAIT
    return min(asked.not_before, latest), min(asked.not_after, latest)


def _now(kept: Kept, arrival: Arrival, reader: Reader) -> Instant:
    return estimated(kept.clock, arrival.received, kept.present.serial, None, sandbox=reader.sandbox)[1].now


def _forked(before: bool, heard: Heard, refusal: Refusal | None) -> bool:
    if heard is Heard.REFUSED:
        return before or _said(refusal, Code.LEASE_FORKED) or _said(refusal, Code.COPY_SEPARATED)
    return heard is Heard.FORKED


def _said(refusal: Refusal | None, code: Code) -> bool:
    return refusal is not None and refusal.code == code.value


def _settled(refusal: Refusal | None) -> bool:
    return refusal is None or refusal.conclusive
