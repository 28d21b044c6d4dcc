"""One question to the activation server and what comes of it: saved, sent, proven under the newest root, taken, saved.

Which question is asked, and when, is `license_keeper`'s; a lock around the whole is its duty too.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from tenure.core.activation_codes import ActivationCode, parse_code
from tenure.core.lease.acceptance import ResponseKind
from tenure.core.lease.clock import ClockReading
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk import offline_exchange
from tenure.sdk.apply_response import (
    AnswerArrival,
    AppliedAnswer,
    after_failed_contact,
    after_unknown_site,
    take_activation,
    take_sync,
)
from tenure.sdk.call_schedule import random_fraction
from tenure.sdk.client_state import ClientState, PendingRequest
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.network.path import HttpExchange, ServerUnreached
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.release import erase_leases
from tenure.sdk.requests import (
    ACTIVATE,
    NO_WISH,
    PREVIEW,
    REPLACED,
    SYNC,
    ClientIdentity,
    Draw,
    Inconclusive,
    SiteKey,
    SyncWish,
    UseReport,
    activate_request,
    asks_for,
    hear_activation,
    hear_sync,
    sync_request,
)
from tenure.sdk.transport import Transport, TransportRequest
from tenure.wire.exchanges import ProvenAnswer, read_activate_answer, read_sync_answer
from tenure.wire.jws import TokenType, typ_of
from tenure.wire.messages import ActivateAnswer, NetworkPath, SyncAnswer, Trigger
from tenure.wire.root import STEPS, TrustedRoot, refuse_expired

A = TypeVar("A", ActivateAnswer, SyncAnswer)
Hear = Callable[[HttpExchange | Refused, bytes, TrustedRoot, bool], ProvenAnswer[A] | Inconclusive]


UNASKED = Refused(RefusalCode.NOT_THE_ANSWER)


class TakenAnswer(msgspec.Struct, Generic[A], frozen=True):
    """An answer that was proven and taken."""

    taken: AppliedAnswer
    answer: A
    resent: bool
    """The question was asked before, so that the answer may be one that the server had stored."""
    path: str


EXCHANGES = 4
"""Questions in one synchronization: after a stored answer, or when the server wants lease or key, one follows."""


class ServerSession:
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
        self._who = who
        self._key = key
        self._holder = holder
        self._transport = transport
        self._draw = draw
        self._progress = progress

    def ask_to_activate(self, code: ActivationCode, role: str) -> TakenAnswer[ActivateAnswer] | Inconclusive | Refused:
        """A new activation, saved before it is sent in place of any that was pending."""
        reading = self._holder.now().reading
        root = self._holder.root.version
        request = activate_request(self._who, self._key, code, role, self._holder.kept, reading, root, self._draw)
        refused = self._save_kept(_with_pending(self._begin_attempt(), PendingRequest(request, reading)))
        return self.repeat_activation(resent=False) if refused is None else refused

    def preview_code(self, code: ActivationCode, role: str) -> ProvenAnswer[ActivateAnswer] | Inconclusive:
        """What the server says the code would start; nothing is saved, for nothing is asked that could be lost."""
        reading = self._holder.now().reading
        kept, root = self._holder.kept, self._holder.root.version
        request = activate_request(self._who, self._key, code, role, kept, reading, root, self._draw, preview=True)
        reply = self._send_request(PREVIEW, request)
        heard = self._prove_answer(reply, PendingRequest(request, reading), hear_activation)
        if isinstance(heard, Inconclusive):
            self._progress.add_step("answer", f"{heard.row.sentence} {heard.detail}".strip(), ok=False)
        else:
            self._progress.add_step("answer", f"The server answered: {heard.message.result}.")
        return heard

    def repeat_activation(self, *, resent: bool = True) -> TakenAnswer[ActivateAnswer] | Inconclusive | Refused:
        """The pending activation, byte for byte as it was first sent; asked anew where it shows an older token."""
        pending = self._holder.kept.activation
        if pending is None:
            return Refused(RefusalCode.NOT_ACTIVATED)
        outdated = self._is_outdated(pending)
        if outdated is not None:
            return self.ask_to_activate(*outdated)
        return self._await_answer(ACTIVATE, pending, hear_activation, take_activation, resent=resent)

    def _is_outdated(self, pending: PendingRequest) -> tuple[ActivationCode, str] | None:
        """The code and role of a pending activation that shows another token than the last answer brought.

        The server declined it, and has answered a synchronization since: sent again it would look like a copy's.
        """
        asked = asks_for(pending.request)
        code = None if asked is None else parse_code(asked.code)
        if asked is None or code is None or isinstance(code, Refused) or asked.token == self._holder.kept.token:
            return None
        return code, asked.role

    def synchronize(
        self, trigger: Trigger, report: Callable[[], UseReport], wish: SyncWish = NO_WISH
    ) -> TakenAnswer[SyncAnswer] | Inconclusive | Refused:
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

    def _ask_to_synchronize(
        self, trigger: Trigger, report: UseReport, wish: SyncWish
    ) -> TakenAnswer[SyncAnswer] | Inconclusive | Refused:
        """The pending synchronization, byte for byte as it was first sent, or else a new one, saved first."""
        pending = self._holder.kept.sync
        if pending is not None:
            self._progress.add_step("prepare", "The last request was not answered; the same one is sent again.")
            return self._await_answer(SYNC, pending, hear_sync, take_sync, resent=True)
        reading = self._holder.now().reading
        request = sync_request(self._who, self._key, report, trigger, self._holder.kept, reading, self._draw, wish)
        pending = PendingRequest(request, reading)
        refused = self._save_kept(msgspec.structs.replace(self._begin_attempt(), sync=pending))
        if refused is not None:
            return refused
        return self._await_answer(SYNC, pending, hear_sync, take_sync, resent=False)

    def _send_request(self, path: str, request: bytes) -> HttpExchange | Refused:
        """What comes back to a sealed request.

        While the clock is in doubt the dates of the server's certificate are judged by nobody: the answer is signed and
        bound, and settles the time. Not so where a code would be shown: there the clock is named as the cause.
        """
        fault = self._clock_fault()
        reply = self._transport.send(TransportRequest("POST", path, request, dated=fault is None or path != SYNC))
        local = isinstance(reply, Refused) and reply.code is RefusalCode.ENVIRONMENT_UNUSABLE
        self._holder.hindered = reply if isinstance(reply, Refused) and local else None
        if fault is not None and isinstance(reply, ServerUnreached) and reply.by_dates:
            detail = f"{fault.detail} The server's certificate is not valid at the time that it shows."
            return Refused(RefusalCode.CLOCK_IMPLAUSIBLE, detail)
        return reply

    def _clock_fault(self) -> Refused | None:
        """What is wrong with this computer's clock, as far as that is known; None while it agrees with all."""
        return None if self._holder.reader.sandbox else self._holder.now().estimate.refusal

    def _begin_attempt(self) -> ClientState:
        """What is kept, with the attempt that now begins: whoever is started next waits for a minute."""
        kept, now = self._holder.kept, self._holder.now().instant
        return msgspec.structs.replace(kept, contacts=kept.contacts.begin_attempt(now, random_fraction(self._draw)))

    def _save_kept(self, kept: ClientState) -> Refused | None:
        refused = self._holder.save_state(kept)
        if refused is not None:
            self._progress.add_step("save", refused.detail, ok=False)
        return refused

    def _await_answer(
        self,
        path: str,
        pending: PendingRequest,
        hear: Hear[A],
        take: Callable[..., AppliedAnswer],
        *,
        resent: bool,
    ) -> TakenAnswer[A] | Inconclusive:
        if resent:
            self._keep_state(self._begin_attempt())
        reply = self._send_request(path, pending.request)
        received = self._holder.now().reading
        heard = self._prove_answer(reply, pending, hear)
        if isinstance(heard, Inconclusive):
            self._progress.add_step("answer", f"{heard.row.sentence} {heard.detail}".strip(), ok=False)
            kept = after_failed_contact(self._holder.kept, self._holder.now().instant, heard.retry_after)
            self._keep_state(after_unknown_site(kept) if heard.unknown and path == SYNC else kept)
            return heard
        taken = self._take_answer(heard, pending, received, take)
        way = reply.path if isinstance(reply, HttpExchange) else None
        if way is not None:
            kept = msgspec.structs.replace(taken.kept, path=NetworkPath(way.kind.value, way.resolver))
            taken = msgspec.structs.replace(taken, kept=kept)
        self._keep_state(taken.kept)
        self._report_taken(taken)
        return TakenAnswer(taken, heard.message, resent, "" if way is None else way.describe_path())

    def _take_answer(
        self,
        heard: ProvenAnswer[A],
        pending: PendingRequest,
        received: ClockReading,
        take: Callable[..., AppliedAnswer],
    ) -> AppliedAnswer:
        self._progress.add_step("answer", f"The server answered: {heard.message.result}.")
        arrival = AnswerArrival(pending.sent, received)
        taken = take(self._holder.kept, heard.message, arrival, self._holder.reader, self._holder.root)
        if taken.kept.given_up and taken.kept.present.token:
            # Asked for before it was given up: this lease, too, is erased, and the receipt names it.
            return msgspec.structs.replace(taken, kept=erase_leases(taken.kept, self._key, taken.now))
        return taken

    def give_up(self) -> Refused | None:
        """Erases the license, saved before anybody is told; a refusal, and nothing changed, when it cannot be saved."""
        return self._save_kept(erase_leases(self._holder.kept, self._key, self._holder.now().instant))

    def to_carry(self, pending: PendingRequest) -> bytes | Refused:
        """What waits for its answer, to be carried by hand: as it was first sent, or as `repeat_activation` asks."""
        outdated = self._is_outdated(pending)
        return pending.request if outdated is None else self.prepare_activation(*outdated)

    def prepare_activation(self, code: ActivationCode, role: str) -> bytes | Refused:
        """The request to activate, saved to be carried by hand (or sent later)."""
        reading = self._holder.now().reading
        kept, root = self._holder.kept, self._holder.root.version
        request = activate_request(self._who, self._key, code, role, kept, reading, root, self._draw)
        refused = self._save_kept(_with_pending(kept, PendingRequest(request, reading)))
        return request if refused is None else refused

    def prepare_synchronization(self, report: UseReport) -> bytes | Refused:
        """The request to synchronize, saved to be carried by hand (or sent later)."""
        reading, kept = self._holder.now().reading, self._holder.kept
        request = sync_request(self._who, self._key, report, "manual", kept, reading, self._draw)
        refused = self._save_kept(msgspec.structs.replace(kept, sync=PendingRequest(request, reading)))
        return request if refused is None else refused

    def import_answer(self, answer: bytes) -> TakenAnswer[ActivateAnswer] | TakenAnswer[SyncAnswer] | Refused:
        """An answer that was carried here, taken if it belongs to what is pending; one of the five causes if not."""
        kept = self._holder.kept
        if typ_of(answer) is TokenType.ACTIVATE_ANSWER:
            return self._take_carried(answer, kept.activation, read_activate_answer, take_activation)
        return self._take_carried(answer, kept.sync, read_sync_answer, take_sync)

    def _take_carried(
        self,
        answer: bytes,
        pending: PendingRequest | None,
        read: Callable[..., ProvenAnswer[A] | Refused],
        take: Callable[..., AppliedAnswer],
    ) -> TakenAnswer[A] | Refused:
        kept, received = self._holder.kept, self._holder.now()
        unfit = offline_exchange.refuse_unfit(
            kept, answer, None if pending is None else pending.request, received.instant
        )
        if unfit is not None:
            return unfit
        root, reader = self._holder.root, self._holder.reader
        heard = UNASKED if pending is None else read(answer, pending.request, root, sandbox=reader.sandbox)
        if pending is None or (isinstance(heard, Refused) and heard.code is RefusalCode.NOT_THE_ANSWER):
            return offline_exchange.refuse_misplaced(kept, answer, root, reader.product, sandbox=reader.sandbox)
        stale = None if isinstance(heard, Refused) else refuse_expired(root, heard.message.time)
        if isinstance(heard, Refused) or stale is not None:
            return offline_exchange.name_cause(heard if isinstance(heard, Refused) else stale or UNASKED)
        taken = self._take_answer(heard, pending, received.reading, take)
        if taken.refused is not None and heard.message.refusal is None:
            return offline_exchange.name_cause(taken.refused)
        refused = self._save_kept(offline_exchange.after_import(taken.kept, answer))
        if refused is not None:
            return refused
        self._report_taken(taken)
        return TakenAnswer(taken, heard.message, resent=False, path="a file")

    def _keep_state(self, kept: ClientState) -> None:
        """Saves; where that fails, goes by it in memory: on disk the question is still pending, and harmless."""
        if self._save_kept(kept) is not None:
            self._holder.apply_state(kept)

    def _report_taken(self, taken: AppliedAnswer) -> None:
        if taken.refused is not None:
            self._progress.add_step("lease", f"{taken.refused.row.sentence} {taken.refused.detail}".strip(), ok=False)
        elif taken.heard in (ResponseKind.LEASE, ResponseKind.FORKED):
            self._progress.add_step("lease", f"Lease {taken.kept.present.serial} is in force.")

    def _prove_answer(
        self, reply: HttpExchange | Refused, pending: PendingRequest, hear: Hear[A]
    ) -> ProvenAnswer[A] | Inconclusive:
        """The answer under the newest root there is: it decides which key may still say anything
        [spec: root-document]."""
        heard = hear(reply, pending.request, self._holder.root, self._holder.reader.sandbox)
        if isinstance(heard, Inconclusive):
            newer = heard.heard is ResponseKind.FOREIGN and self._walk_roots()
            return hear(reply, pending.request, self._holder.root, self._holder.reader.sandbox) if newer else heard
        stale = refuse_expired(self._holder.root, heard.message.time)
        if (heard.message.root > self._holder.root.version or stale is not None) and self._walk_roots():
            heard = hear(reply, pending.request, self._holder.root, self._holder.reader.sandbox)
        if isinstance(heard, Inconclusive):
            return heard
        # Measured by the signed time: by our own, a clock once set to 2099 could never be healed by an answer.
        stale = refuse_expired(self._holder.root, heard.message.time)
        return (
            heard if stale is None else Inconclusive(stale.code, stale.detail, stale.field, heard=ResponseKind.FOREIGN)
        )

    def _walk_roots(self) -> bool:
        """Fetches and takes the root documents that follow, one version at a time; whether there was any."""
        began = self._holder.root.version
        path = "/v1/sandbox/root" if self._who.sandbox else "/v1/root"
        for _ in range(STEPS):
            version = self._holder.root.version + 1
            reply = self._transport.send(
                TransportRequest("GET", f"{path}/{version}", dated=self._clock_fault() is None)
            )
            if isinstance(reply, Refused) or reply.status != 200:
                break
            refused = self._holder.advance_root(reply.body)
            if refused is not None:
                self._progress.add_step("root", f"{refused.row.sentence} {refused.detail}", ok=False)
                break
            self._progress.add_step("root", f"Root document {version} is trusted.")
        return self._holder.root.version > began


def _calls_for_another(done: TakenAnswer[SyncAnswer]) -> bool:
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
