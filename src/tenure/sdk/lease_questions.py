"""The questions about a lease as the engine puts them: where each is asked, how its answer is read, what that changes.

Pure. What a request says is `requests`', what a proven answer changes `apply_response`'s; when which one is asked is
`server_session`'s and `license_keeper`'s.
"""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import msgspec

from tenure.core.lease.acceptance import ResponseKind
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.sdk.apply_response import AppliedLeaseAnswer, after_unknown_site, take_activation, take_sync
from tenure.sdk.client_state import ClientState
from tenure.sdk.engine.answers import AnswerArrival
from tenure.sdk.engine.replies import Inconclusive, make_inconclusive, prove_answer
from tenure.sdk.engine.session import TakenAnswer
from tenure.sdk.holdings import LeaseReader
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.release import erase_leases
from tenure.sdk.requests import ACTIVATE, PREVIEW, SYNC, SiteKey
from tenure.wire.exchanges import read_activate_answer, read_sync_answer
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tenure.wire.root import TrustedRoot, refuse_expired

A = TypeVar("A", ActivateAnswer, SyncAnswer)

TakenActivation = TakenAnswer[ActivateAnswer, AppliedLeaseAnswer]
TakenSync = TakenAnswer[SyncAnswer, AppliedLeaseAnswer]


class LeaseQuestion(ABC, Generic[A]):
    """What the questions about a lease have in common (see `engine.session.Question`)."""

    path: str

    def __init__(self, reader: LeaseReader, key: SiteKey) -> None:
        """`reader`: as configured."""
        self.reader, self.key = reader, key

    @abstractmethod
    def read(self, answer: bytes, request: bytes, root: TrustedRoot) -> A | Refused:
        """The answer to `request` that the bytes are, or a refusal; also of one that was carried by hand."""

    @abstractmethod
    def apply(
        self, kept: ClientState, request: bytes, answer: A, arrival: AnswerArrival, root: TrustedRoot
    ) -> AppliedLeaseAnswer:
        """What the answer makes of `kept`."""

    def prove(
        self, reply: HttpExchange | Refused, request: bytes, kept: ClientState, root: TrustedRoot
    ) -> A | Inconclusive:
        """See `engine.session.Question`."""
        return prove_answer(reply, lambda answer: self.read(answer, request, root), _FOREIGN, _refuse_unsigned)

    def refuse_stale(self, answer: A, root: TrustedRoot) -> Refused | None:
        """See `engine.session.Question`: the server signs with keys that the root document names."""
        return refuse_expired(root, answer.time)

    def after_failure(self, kept: ClientState, heard: Inconclusive) -> ClientState:
        """See `engine.session.Question`."""
        return kept

    def _erase_given_up(self, taken: AppliedLeaseAnswer) -> AppliedLeaseAnswer:
        """Asked for before it was given up: this lease, too, is erased, and the receipt names it."""
        if not (taken.kept.given_up and taken.kept.present.token):
            return taken
        return msgspec.structs.replace(taken, kept=erase_leases(taken.kept, self.key, taken.now))


class ActivateQuestion(LeaseQuestion[ActivateAnswer]):
    """Whether a code is granted here."""

    path = ACTIVATE

    def read(self, answer: bytes, request: bytes, root: TrustedRoot) -> ActivateAnswer | Refused:
        """The answer to `request`; refuses like `wire.exchanges.read_activate_answer`."""
        read = read_activate_answer(answer, request, root, sandbox=self.reader.under(root).sandbox)
        return read if isinstance(read, Refused) else read.message

    def apply(
        self, kept: ClientState, request: bytes, answer: ActivateAnswer, arrival: AnswerArrival, root: TrustedRoot
    ) -> AppliedLeaseAnswer:
        """See `engine.session.Question`."""
        return self._erase_given_up(take_activation(kept, answer, arrival, self.reader.under(root), root))


class PreviewQuestion(ActivateQuestion):
    """What a code would start here."""

    path = PREVIEW


class SynchronizeQuestion(LeaseQuestion[SyncAnswer]):
    """What holds at present."""

    path = SYNC

    def read(self, answer: bytes, request: bytes, root: TrustedRoot) -> SyncAnswer | Refused:
        """The answer to `request`; refuses like `wire.exchanges.read_sync_answer`."""
        read = read_sync_answer(answer, request, root, sandbox=self.reader.under(root).sandbox)
        return read if isinstance(read, Refused) else read.message

    def apply(
        self, kept: ClientState, request: bytes, answer: SyncAnswer, arrival: AnswerArrival, root: TrustedRoot
    ) -> AppliedLeaseAnswer:
        """See `engine.session.Question`."""
        return self._erase_given_up(take_sync(kept, answer, arrival, self.reader.under(root), root))

    def after_failure(self, kept: ClientState, heard: Inconclusive) -> ClientState:
        """See `engine.session.Question`: a server that does not know the site is asked with key and lease next."""
        return after_unknown_site(kept) if heard.unknown else kept


_FOREIGN = frozenset(
    {RefusalCode.KEY_UNKNOWN, RefusalCode.KEY_NOT_FOR_THIS, RefusalCode.SIGNATURE_INVALID, RefusalCode.ROOT_REJECTED}
)
_STRANGER = "The activation server says that it does not know this installation; existing licenses go on meanwhile."
_UNSIGNED = {429: RefusalCode.TOO_MANY_REQUESTS, 503: RefusalCode.SERVER_BUSY}


class _Problem(msgspec.Struct, frozen=True):
    """What is read of a problem document (RFC 9457)."""

    code: str = ""


def _refuse_unsigned(reply: HttpExchange) -> Inconclusive:
    if reply.status == TABLE[RefusalCode.KEY_UNKNOWN].status and _problem_code(reply) == RefusalCode.KEY_UNKNOWN:
        strange = make_inconclusive(reply, Refused(RefusalCode.SITE_UNKNOWN, _STRANGER), ResponseKind.UNSIGNED)
        return msgspec.structs.replace(strange, unknown=True)
    detail = f"The response (HTTP {reply.status}) is not signed and counts for nothing."
    code = _UNSIGNED.get(reply.status, RefusalCode.UNREACHABLE)
    return make_inconclusive(reply, Refused(code, detail), ResponseKind.UNSIGNED)


def _problem_code(reply: HttpExchange) -> str:
    """The code of a problem document; empty for anything else."""
    try:
        return msgspec.json.decode(reply.body, type=_Problem).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
