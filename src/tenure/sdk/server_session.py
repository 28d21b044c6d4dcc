"""Which question the activation server is asked for what an application or a site wants, and which follows at once.

How a question is saved, sent, proven and taken is `engine.session`'s; when one is due, and a lock around the whole, is
`license_keeper`'s duty.
"""

from collections.abc import Callable

import msgspec

from tenure.core.activation_codes import ActivationCode, parse_code
from tenure.core.lease.acceptance import ResponseKind
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.apply_response import AppliedLeaseAnswer
from tenure.sdk.client_state import ClientState
from tenure.sdk.engine.replies import Draw, Inconclusive
from tenure.sdk.engine.session import QuestionSession, TakenAnswer
from tenure.sdk.engine.state import PendingRequest
from tenure.sdk.holdings import ProvenHoldings
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.lease_questions import (
    A,
    ActivateQuestion,
    LeaseQuestion,
    PreviewQuestion,
    SynchronizeQuestion,
    TakenActivation,
    TakenSync,
)
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.release import erase_leases
from tenure.sdk.requests import (
    NO_WISH,
    REPLACED,
    ClientIdentity,
    SiteKey,
    SyncWish,
    UseReport,
    activate_request,
    asks_for,
    sync_request,
)
from tenure.sdk.server_way import ServerWay
from tenure.sdk.transport import Transport
from tenure.wire.messages import ActivateAnswer, Trigger

EXCHANGES = 4
"""Questions in one synchronization: after a stored answer, or when the server wants lease or key, one follows."""


class ServerSession(QuestionSession[ClientState, ProvenHoldings]):
    """Asks on behalf of one site."""

    def __init__(
        self,
        who: ClientIdentity,
        key: SiteKey,
        holder: LeaseHolder,
        transport: Transport,
        draw: Draw,
        progress: ProgressWatch,
    ) -> None:
        super().__init__(holder, ServerWay(transport, holder, sandbox=who.sandbox), draw, progress)
        self._who, self._key = who, key
        self.activation = ActivateQuestion(holder.reader, key)
        self.sync = SynchronizeQuestion(holder.reader, key)
        self._preview = PreviewQuestion(holder.reader, key)

    def ask_to_activate(self, code: ActivationCode, role: str) -> TakenActivation | Inconclusive | Refused:
        """A new activation, saved before it is sent in place of any that was pending."""
        pending = self._activation_request(code, role)
        refused = self.save_state(_with_pending(self.begin_attempt(), pending))
        return self.repeat_activation(resent=False) if refused is None else refused

    def preview_code(self, code: ActivationCode, role: str) -> ActivateAnswer | Inconclusive:
        """What the server says the code would start; nothing is saved, for nothing is asked that could be lost."""
        request = self._activation_request(code, role, preview=True).request
        heard = self.prove_answer(self._preview, self._way.post(self._preview.path, request), request)
        if isinstance(heard, Inconclusive):
            self.note_inconclusive(heard)
        else:
            self.note_answer(heard)
        return heard

    def repeat_activation(self, *, resent: bool = True) -> TakenActivation | Inconclusive | Refused:
        """The pending activation, byte for byte as it was first sent; a new request where it shows an older token."""
        pending = self._holder.kept.activation
        if pending is None:
            return Refused(RefusalCode.NOT_ACTIVATED)
        outdated = self._is_outdated(pending)
        if outdated is not None:
            return self.ask_to_activate(*outdated)
        return self._ask_reported(self.activation, pending, resent=resent)

    def synchronize(
        self, trigger: Trigger, report: Callable[[], UseReport], wish: SyncWish = NO_WISH
    ) -> TakenSync | Inconclusive | Refused:
        """Asks until the present truth is told: after a stored answer, or with the lease or key that is wanted."""
        introduced = self._holder.kept.key_wanted
        done = self._ask_to_synchronize(trigger, report(), wish)
        for _ in range(EXCHANGES - 1):
            key_wanted = self._holder.kept.key_wanted
            again = key_wanted and not introduced if isinstance(done, Refused) else _calls_for_another(done)
            if not again:
                break
            introduced = key_wanted
            done = self._ask_to_synchronize(trigger, report(), wish)
        return done

    def give_up(self) -> Refused | None:
        """Erases the license, saved before anybody is told; a refusal, and nothing changed, when it cannot be saved."""
        return self.save_state(erase_leases(self._holder.kept, self._key, self._holder.now().instant))

    def to_carry(self, pending: PendingRequest) -> bytes | Refused:
        """What waits for its answer, to be carried by hand: as it was first sent, or as `repeat_activation` asks."""
        outdated = self._is_outdated(pending)
        return pending.request if outdated is None else self.prepare_activation(*outdated)

    def prepare_activation(self, code: ActivationCode, role: str) -> bytes | Refused:
        """The request to activate, saved to be carried by hand (or sent later)."""
        pending = self._activation_request(code, role)
        return self.save_state(_with_pending(self._holder.kept, pending)) or pending.request

    def prepare_synchronization(self, report: UseReport) -> bytes | Refused:
        """The request to synchronize, saved to be carried by hand (or sent later)."""
        pending = self._sync_request(report, "manual")
        return self.save_state(msgspec.structs.replace(self._holder.kept, sync=pending)) or pending.request

    def report_taken(self, taken: AppliedLeaseAnswer) -> None:
        """Tell the watcher what has become of the lease."""
        if taken.refused is not None:
            self._progress.add_step("lease", f"{taken.refused.row.sentence} {taken.refused.detail}".strip(), ok=False)
        elif taken.heard in (ResponseKind.LEASE, ResponseKind.FORKED):
            self._progress.add_step("lease", f"Lease {taken.kept.present.serial} is in force.")

    def _ask_to_synchronize(
        self, trigger: Trigger, report: UseReport, wish: SyncWish
    ) -> TakenSync | Inconclusive | Refused:
        """The pending synchronization, byte for byte as it was first sent, or else a new one, saved first."""
        pending = self._holder.kept.sync
        if pending is not None:
            self._progress.add_step("prepare", "The last request was not answered; the same one is sent again.")
            return self._ask_reported(self.sync, pending, resent=True)
        pending = self._sync_request(report, trigger, wish)
        refused = self.save_state(msgspec.structs.replace(self.begin_attempt(), sync=pending))
        return self._ask_reported(self.sync, pending, resent=False) if refused is None else refused

    def _ask_reported(
        self, question: LeaseQuestion[A], pending: PendingRequest, *, resent: bool
    ) -> TakenAnswer[A, AppliedLeaseAnswer] | Inconclusive:
        done = self.ask(question, pending, resent=resent)
        if not isinstance(done, Inconclusive):
            self.report_taken(done.taken)
        return done

    def _activation_request(self, code: ActivationCode, role: str, *, preview: bool = False) -> PendingRequest:
        reading, kept, root = self._holder.now().reading, self._holder.kept, self._holder.root.version
        made = activate_request(self._who, self._key, code, role, kept, reading, root, self._draw, preview=preview)
        return PendingRequest(made, reading)

    def _sync_request(self, report: UseReport, trigger: Trigger, wish: SyncWish = NO_WISH) -> PendingRequest:
        reading, kept = self._holder.now().reading, self._holder.kept
        made = sync_request(self._who, self._key, report, trigger, kept, reading, self._draw, wish)
        return PendingRequest(made, reading)

    def _is_outdated(self, pending: PendingRequest) -> tuple[ActivationCode, str] | None:
        """The code and role of a pending activation that shows another token than the last answer brought.

        The server declined it, and has answered a synchronization since: sent again it would look like a copy's.
        """
        asked = asks_for(pending.request)
        code = None if asked is None else parse_code(asked.code)
        if asked is None or code is None or isinstance(code, Refused) or asked.token == self._holder.kept.token:
            return None
        return code, asked.role


def _calls_for_another(done: TakenSync) -> bool:
    """Whether the answer calls for another question at once: a stored one, or one that wants the lease.

    That a license was given up stays true, and nothing could be asked for after it.
    """
    stale = done.resent and done.taken.heard is not ResponseKind.RELEASED
    return stale or done.taken.heard is ResponseKind.SEND_LEASE


def _with_pending(kept: ClientState, pending: PendingRequest) -> ClientState:
    """What is kept with `pending` as the activation; one that it replaces is remembered until an answer comes."""
    replaced = None if kept.activation is None else asks_for(kept.activation.request)
    others = kept.unanswered if replaced is None else (replaced.request, *kept.unanswered)[:REPLACED]
    return msgspec.structs.replace(kept, activation=pending, unanswered=others)
