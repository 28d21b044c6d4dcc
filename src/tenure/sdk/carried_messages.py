"""Messages that people carry: requests given out, and answers taken where they belong to one, or one of five causes why
not [spec: offline-exchange].

Which request is made to be carried is `license_keeper`'s; the causes are `offline_exchange`'s.
"""

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk import offline_exchange
from tenure.sdk.apply_response import AppliedLeaseAnswer
from tenure.sdk.engine.answers import AnswerArrival
from tenure.sdk.engine.session import TakenAnswer
from tenure.sdk.engine.state import PendingRequest
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.lease_questions import A, LeaseQuestion, TakenActivation, TakenSync
from tenure.sdk.offline_exchange import CarriedRequest
from tenure.sdk.requests import asks_for
from tenure.sdk.server_session import ServerSession
from tenure.wire.jws import TokenType, typ_of


class CarriedMessages:
    """What one holder gives out to be carried, and makes of what was carried to it."""

    def __init__(self, session: ServerSession, holder: LeaseHolder) -> None:
        self._session, self._holder = session, holder

    def give_out(self, request: bytes) -> CarriedRequest | Refused:
        """The request to be carried by hand; a refusal when it cannot be saved that it was given out."""
        kept, known = offline_exchange.after_export(self._holder.kept, request, self._holder.now().instant)
        kind = "synchronization" if asks_for(request) is None else "activation"
        refused = self._holder.save_state(kept)
        return CarriedRequest(kind=kind, request=request, made=known.made) if refused is None else refused

    def import_answer(self, answer: bytes) -> TakenActivation | TakenSync | Refused:
        """An answer that was carried here, taken if it belongs to what is pending; one of the five causes if not."""
        kept = self._holder.kept
        if typ_of(answer) is TokenType.ACTIVATE_ANSWER:
            return self._take_carried(answer, kept.activation, self._session.activation)
        return self._take_carried(answer, kept.sync, self._session.sync)

    def _take_carried(
        self, token: bytes, pending: PendingRequest | None, question: LeaseQuestion[A]
    ) -> TakenAnswer[A, AppliedLeaseAnswer] | Refused:
        kept, received = self._holder.kept, self._holder.now()
        unfit = offline_exchange.refuse_unfit(
            kept, token, None if pending is None else pending.request, received.instant
        )
        if unfit is not None:
            return unfit
        answer = None if pending is None else self._prove_carried(token, pending, question)
        if pending is None or answer is None:
            root, reader = self._holder.root, self._holder.reader
            return offline_exchange.refuse_misplaced(kept, token, root, reader.product, sandbox=reader.sandbox)
        if isinstance(answer, Refused):
            return offline_exchange.name_cause(answer)
        arrival = AnswerArrival(pending.sent, received.reading)
        taken = self._session.apply_answer(question, pending.request, answer, arrival)
        if taken.refused is not None and answer.refusal is None:
            return offline_exchange.name_cause(taken.refused)
        refused = self._session.save_state(offline_exchange.after_import(taken.kept, token))
        if refused is not None:
            return refused
        self._session.report_taken(taken)
        return TakenAnswer(taken, answer, resent=False, path="a file")

    def _prove_carried(self, token: bytes, pending: PendingRequest, question: LeaseQuestion[A]) -> A | Refused | None:
        """The answer to what is pending, a refusal, or None: it answers something else."""
        root = self._holder.root
        answer = question.read(token, pending.request, root)
        if isinstance(answer, Refused):
            return None if answer.code is RefusalCode.NOT_THE_ANSWER else answer
        return question.refuse_stale(answer, root) or answer
