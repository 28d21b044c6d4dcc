"""One question and what comes of it: saved, sent, proven under the newest root, taken, saved.

Which question is asked, and when, is a keeper's; a lock around the whole is its duty too. What a question says, and
what its answer changes, is the payload's.
"""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from tenure.core.lease.acceptance import ResponseKind
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.sdk.call_schedule import random_fraction
from tenure.sdk.engine.answers import AnswerArrival, AppliedAnswer, after_failed_contact
from tenure.sdk.engine.holder import P, StateHolder
from tenure.sdk.engine.replies import Inconclusive
from tenure.sdk.engine.state import PendingRequest, S, change_fields
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.progress import ProgressWatch
from tenure.wire.root import STEPS, TrustedRoot


class SignedAnswer(Protocol):
    """What every proven answer says."""

    @property
    def result(self) -> str:
        """What was decided, in one word."""

    @property
    def time(self) -> Instant:
        """The present, as the server or site that answers has it."""

    @property
    def root(self) -> int:
        """Newest version of the root document known there."""


A = TypeVar("A", bound=SignedAnswer)
R = TypeVar("R", bound=AppliedAnswer[Any])
"""What an answer has led to."""
R_co = TypeVar("R_co", bound=AppliedAnswer[Any], covariant=True)


class Question(Protocol[S, A, R_co]):
    """One kind of question. Pure: no clock, no I/O."""

    @property
    def path(self) -> str:
        """Where it is asked."""

    def prove(self, reply: HttpExchange | Refused, request: bytes, kept: S, root: TrustedRoot) -> A | Inconclusive:
        """The answer to `request` that `reply` proves to be, or why it counts for nothing."""

    def refuse_stale(self, answer: A, root: TrustedRoot) -> Refused | None:
        """Why `root`, were it the newest, could not prove `answer`: it is over."""

    def apply(self, kept: S, request: bytes, answer: A, arrival: AnswerArrival, root: TrustedRoot) -> R_co:
        """What the answer makes of `kept`; whatever it says, `request` is answered."""

    def after_failure(self, kept: S, heard: Inconclusive) -> S:
        """`kept` after a reply that counts for nothing."""


class Way(Protocol[S]):
    """The way to the server or site that answers."""

    def post(self, path: str, request: bytes) -> HttpExchange | Refused:
        """What comes back to a sealed request; blocks, never raises."""

    def get_root(self, version: int) -> HttpExchange | Refused:
        """What comes back when a root document is asked for; blocks, never raises."""

    def note_way(self, kept: S, reply: HttpExchange | Refused) -> S:
        """`kept` with what was learned of the way, once a reply that came by it was proven."""


class TakenAnswer(msgspec.Struct, Generic[A, R], frozen=True):
    """An answer that was proven and taken."""

    taken: R
    answer: A
    resent: bool
    """The question was asked before, so that the answer may be one that was stored."""
    path: str
    """The way it came by, for people."""


class QuestionSession(Generic[S, P]):
    """Asks on behalf of one holder."""

    def __init__(
        self, holder: StateHolder[S, P], way: Way[S], draw: Callable[[int], bytes], progress: ProgressWatch
    ) -> None:
        self._holder, self._way, self._draw, self._progress = holder, way, draw, progress

    def ask(
        self, question: Question[S, A, R], pending: PendingRequest, *, resent: bool
    ) -> TakenAnswer[A, R] | Inconclusive:
        """Sends what is pending, byte for byte, and takes what it is answered. `resent`: it was sent before."""
        if resent:
            self.keep_state(self.begin_attempt())
        reply = self._way.post(question.path, pending.request)
        arrival = AnswerArrival(pending.sent, self._holder.now().reading)
        heard = self.prove_answer(question, reply, pending.request)
        if isinstance(heard, Inconclusive):
            self._note_failure(question, heard)
            return heard
        taken = self.apply_answer(question, pending.request, heard, arrival)
        taken = msgspec.structs.replace(taken, kept=self._way.note_way(taken.kept, reply))
        self.keep_state(taken.kept)
        way = reply.path if isinstance(reply, HttpExchange) else None
        return TakenAnswer(taken, heard, resent, "" if way is None else way.describe_path())

    def apply_answer(self, question: Question[S, A, R], request: bytes, answer: A, arrival: AnswerArrival) -> R:
        """What a proven answer makes of what is kept; to be saved."""
        self.note_answer(answer)
        return question.apply(self._holder.kept, request, answer, arrival, self._holder.root)

    def begin_attempt(self) -> S:
        """The kept state with the attempt that now begins: a program that is started next waits for a minute."""
        kept, now = self._holder.kept, self._holder.now().instant
        return change_fields(kept, contacts=kept.contacts.begin_attempt(now, random_fraction(self._draw)))

    def save_state(self, kept: S) -> Refused | None:
        """Saves, before anything is sent or believed because of it; a refusal where that fails."""
        refused = self._holder.save_state(kept)
        if refused is not None:
            self._progress.add_step("save", refused.detail, ok=False)
        return refused

    def keep_state(self, kept: S) -> None:
        """Saves; where that fails, goes by it in memory: on disk the question is still pending, and harmless."""
        if self.save_state(kept) is not None:
            self._holder.apply_state(kept)

    def prove_answer(
        self, question: Question[S, A, R], reply: HttpExchange | Refused, request: bytes
    ) -> A | Inconclusive:
        """The answer under the newest root there is: it decides which key may still say anything
        [spec: root-document]."""
        heard = question.prove(reply, request, self._holder.kept, self._holder.root)
        if self._may_need_newer_root(question, heard) and self._walk_roots():
            heard = question.prove(reply, request, self._holder.kept, self._holder.root)
        if isinstance(heard, Inconclusive):
            return heard
        # Measured by the signed time: by our own, a clock once set to 2099 could never be healed by an answer.
        stale = question.refuse_stale(heard, self._holder.root)
        if stale is None:
            return heard
        return Inconclusive(stale.code, stale.detail, stale.field, heard=ResponseKind.FOREIGN)

    def note_answer(self, answer: SignedAnswer) -> None:
        """Tell the watcher what a proven answer says."""
        self._progress.add_step("answer", f"The server answered: {answer.result}.")

    def note_inconclusive(self, heard: Inconclusive) -> None:
        """Tell the watcher why a reply counts for nothing."""
        self._progress.add_step("answer", f"{heard.row.sentence} {heard.detail}".strip(), ok=False)

    def _note_failure(self, question: Question[S, A, R], heard: Inconclusive) -> None:
        self.note_inconclusive(heard)
        kept = after_failed_contact(self._holder.kept, self._holder.now().instant, heard.retry_after)
        self.keep_state(question.after_failure(kept, heard))

    def _may_need_newer_root(self, question: Question[S, A, R], heard: A | Inconclusive) -> bool:
        """It was signed by a key that is not known yet, tells of a newer root document, or came when ours is over."""
        if isinstance(heard, Inconclusive):
            return heard.heard is ResponseKind.FOREIGN
        return heard.root > self._holder.root.version or question.refuse_stale(heard, self._holder.root) is not None

    def _walk_roots(self) -> bool:
        """Fetches and takes the root documents that follow, one version at a time; whether there was any."""
        began = self._holder.root.version
        for _ in range(STEPS):
            version = self._holder.root.version + 1
            reply = self._way.get_root(version)
            if isinstance(reply, Refused) or reply.status != 200:
                break
            refused = self._holder.advance_root(reply.body)
            if refused is not None:
                self._progress.add_step("root", f"{refused.row.sentence} {refused.detail}", ok=False)
                break
            self._progress.add_step("root", f"Root document {version} is trusted.")
        return self._holder.root.version > began
