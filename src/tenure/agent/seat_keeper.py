"""Keeps a device's seat in touch with its site: decides what is asked next and sees to it that only one is under way.

How bytes travel is `port`'s, what an answer changes `apply_response`'s, when to ask `lease.sync_schedule`'s; whoever
calls `tick` decides how often.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from tenure.agent.apply_response import (
    AnswerReader,
    AppliedSiteAnswer,
    after_failed_contact,
    apply_answer,
    erase_seat,
    reset_identity,
)
from tenure.agent.device_state import DeviceState
from tenure.agent.requests import DEVICE, DeviceIdentity, prove_reply, request_for, request_kind
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.core.lease.acceptance import ResponseKind
from tenure.core.lease.clock import worth_saving
from tenure.core.lease.sync_schedule import Rhythm
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import EPHEMERAL_REFRESH
from tenure.core.timeline import DAY, Instant, PhaseCause
from tenure.sdk.apply_response import AnswerArrival
from tenure.sdk.call_schedule import CallSchedule, random_fraction
from tenure.sdk.client_state import ContactLog, PendingRequest
from tenure.sdk.clock import PresentMoment
from tenure.sdk.faults import refuse_unlocked
from tenure.sdk.leaving import leave_folder
from tenure.sdk.locks import LONGEST_WAIT
from tenure.sdk.requests import Inconclusive
from tenure.sdk.transport import Transport, TransportRequest
from tenure.wire.devices import Ask, DeviceAnswer, EnrollmentToken, read_ticket
from tenure.wire.root import STEPS

log = logging.getLogger("tenure.agent")

EXCHANGES = 4
"""Questions in one contact: a receipt, a seat that was asked for, or a new enrollment may follow at once."""
ALWAYS = 100 * 366
"""Days after the end for which a device goes on asking its site: that costs the vendor nothing, and a late renewal
reaches it without a touch."""

Connect = Callable[[EnrollmentToken, str], Transport]
"""An enrollment token and the certificate known so far to the way to the site."""


class SeatKeeper:
    """One device's dealings with its site. Safe to call from any thread."""

    def __init__(
        self, who: DeviceIdentity, holder: SeatKeyHolder, connect: Connect, draw: Callable[[int], bytes]
    ) -> None:
        self.holder = holder
        self._who, self._connect, self._draw = who, connect, draw
        self._turn = threading.Lock()
        self._calls = CallSchedule(holder.now().instant, draw)
        self._way: tuple[EnrollmentToken, Transport] | None = None

    # asking

    def enroll(self, text: str, *, ephemeral: bool = False) -> Refused | None:
        """Enrolls with an enrollment token; blocks for the exchange. None: there is a seat. Never raises.

        Refuses `field_invalid` for what is no token, and what the site says; a request without an answer stays pending.
        """
        refused = self.prepare_enrollment(text, ephemeral=ephemeral)
        return self.refresh() if refused is None else refused

    def prepare_enrollment(self, text: str, *, ephemeral: bool = False) -> Refused | None:
        """Keeps an enrollment token and asks nothing yet: for a disk image whose copies are to enroll by themselves.

        `ephemeral`: the device does not last (a container). Its seats live for an hour.
        """
        ticket = read_ticket(text)
        if isinstance(ticket, Refused):
            return ticket
        if ticket.product != self._who.product:
            return Refused(
                RefusalCode.FIELD_INVALID, f"The token is for {ticket.product}, not {self._who.product}.", "token"
            )
        with self._hold_turn() as prevented:
            if prevented is not None:
                return prevented
            return self.holder.save_state(self._with_ticket(ticket, ephemeral))

    def refresh(self) -> Refused | None:
        """Asks the site now; as `enroll`. Refuses `not_activated` before the first enrollment."""
        with self._hold_turn() as prevented:
            if prevented is not None:
                return prevented
            return self._contact_site()

    def release(self) -> Refused | None:
        """Gives the seat up: it is erased first, then the site is told so until it has heard. None: it has."""
        with self._hold_turn() as prevented:
            if prevented is not None:
                return prevented
            kept = self.holder.kept
            reading = self.holder.now().reading
            gone = erase_seat(kept, self._make_reader(AnswerArrival(reading, reading)))
            refused = self.holder.save_state(msgspec.structs.replace(gone, given_up=True))
            return self._contact_site() if refused is None and self._has_to_say(self.holder.kept) else refused

    # time

    def tick(self) -> None:
        """Does what is due; to be called every few seconds, where blocking for an exchange harms nobody."""
        self.holder.reload_state()
        if self._is_due():
            self._asked_once()
        else:
            self.remember_time()
        self.holder.compile_features()

    def next_contact_at(self, now: PresentMoment | None = None) -> Instant | None:
        """When the site is asked next by itself; None: not yet, or not any more."""
        now = now or self.holder.now()
        kept = self.holder.kept
        contacts = kept.contacts
        if kept.ticket is None or not self._has_to_say(kept):
            return None
        if kept.pending is not None or kept.receipt or (not kept.device and contacts.answered is None):
            return self._calls.repeat_due(contacts, self._sync_rhythm(), now)
        overdue = self.holder.standing(now.estimate).why is PhaseCause.SYNC_OVERDUE
        return self._calls.due_at(contacts, self._sync_rhythm(), now, overdue=overdue)

    def _is_due(self) -> bool:
        now = self.holder.now()
        due = self.next_contact_at(now)
        return due is not None and due <= now.instant

    def _asked_once(self) -> None:
        """Asks, unless another process of this device has just done so."""
        with self._hold_turn() as prevented:
            if prevented is None and self._is_due():
                self._contact_site()

    def _sync_rhythm(self) -> Rhythm:
        lease = self.holder.proven_seat.lease
        most = EPHEMERAL_REFRESH if self.holder.kept.ephemeral else DAY
        interval = most if lease is None else min(most, lease.contact_interval)
        return Rhythm(spans=() if lease is None else lease.spans, interval=interval, after_end_days=ALWAYS)

    def remember_time(self) -> None:
        """Saves how far time has come, so that running time always counts; as in `sdk.license_keeper`."""
        recent = not worth_saving(self.holder.saved_state.clock, self.holder.now().reading)
        if recent and not self.holder.features_changed() and not self.holder.state_store.missing_files():
            return
        if not (self.holder.kept.seat or self.holder.state_store.missing_files()) or not self._turn.acquire(
            blocking=False
        ):
            return
        try:
            with self.holder.state_store.hold_lock(wait=False) as held:
                if held and self.holder.reload_state() is None:
                    self.holder.save_state(self.holder.kept)
        except OSError as fault:
            self.holder.note_fault(refuse_unlocked(fault, self.holder.state_store.place))
        finally:
            self._turn.release()

    def leave_folder(self) -> None:
        """Gives the folder up, so that another computer can use it at once: this program ends. As in
        `sdk.license_keeper`."""
        leave_folder(self._turn, self.holder)

    @contextmanager
    def _hold_turn(self) -> Iterator[Refused | None]:
        """As in `sdk.license_keeper`: the turn, the lock and what lies there now, or why nothing may be asked."""
        if not self._turn.acquire(timeout=LONGEST_WAIT):
            yield Refused(RefusalCode.FOLDER_IN_USE, "Another exchange of this agent has not come to its end.")
            return
        try:
            with ExitStack() as stack:
                try:
                    stack.enter_context(self.holder.state_store.hold_lock())
                except OSError as fault:
                    yield self.holder.note_fault(refuse_unlocked(fault, self.holder.state_store.place))
                else:
                    yield self.holder.reload_state()
        finally:
            self._turn.release()

    # one contact

    def _with_ticket(self, ticket: EnrollmentToken, ephemeral: bool) -> DeviceState:
        """The state with another enrollment: at the same site the device stays who it is, at another it begins anew.

        So does one that is enrolled as what it was not: a seat of two weeks must not count for an hour only.
        """
        kept = self.holder.kept
        other = bool(kept.seed) and kept.ephemeral != ephemeral
        moved = kept.ticket is None or kept.ticket.pin != ticket.pin
        spent = kept.ticket != ticket and not kept.device
        kept = msgspec.structs.replace(kept, ticket=ticket, given_up=False, contacts=ContactLog(), ephemeral=ephemeral)
        if moved or spent or other:
            # The key is made with the first request: whoever copies this disk before shares none.
            kept = msgspec.structs.replace(kept, seed=b"", device="", token="", pending=None, receipt=b"")
        return msgspec.structs.replace(kept, certificate="") if moved else kept

    def _has_to_say(self, kept: DeviceState) -> bool:
        """A device that gave its seat up has nothing more to say once that is settled."""
        return not kept.given_up or bool(kept.receipt) or kept.pending is not None

    def _contact_site(self) -> Refused | None:
        """Asks until there is nothing more to ask at once; None when the last answer brought what was asked for."""
        outcome: AppliedSiteAnswer | Refused = Refused(
            RefusalCode.NOT_ACTIVATED, "This device is not enrolled at any site."
        )
        for _ in range(EXCHANGES):
            kept = self.holder.kept
            if kept.ticket is None or not self._has_to_say(kept):
                break
            outcome = self._exchange_once(kept, kept.ticket)
            if isinstance(outcome, Refused) or not self._one_more(kept, outcome):
                break
        if isinstance(outcome, Refused):
            log.warning("the site was asked in vain: %s %s", outcome.row.sentence, outcome.detail)
            return outcome
        return outcome.refused

    def _one_more(self, before: DeviceState, outcome: AppliedSiteAnswer) -> bool:
        """A receipt to send, a seat to show, or a copy that has just taken a new key and may enroll with it."""
        after = outcome.kept
        if after.receipt and (before.pending is not None or not before.receipt):
            return True
        return outcome.again

    def _exchange_once(self, kept: DeviceState, ticket: EnrollmentToken) -> AppliedSiteAnswer | Refused:
        pending = kept.pending or self._prepare_request(kept)
        if isinstance(pending, Refused):
            return pending
        if kept.pending is not None:
            self._keep_state(self._begin_attempt(self.holder.kept))
        way = self._transport_to(ticket)
        reply = way.send(TransportRequest("POST", DEVICE, pending.request))
        received = self.holder.now().reading
        heard = prove_reply(reply, pending.request, self.holder.kept, self.holder.current_reader, self.holder.root)
        if self._may_need_newer_root(heard) and self._walk_roots(way):
            heard = prove_reply(reply, pending.request, self.holder.kept, self.holder.current_reader, self.holder.root)
        if isinstance(heard, Inconclusive):
            self._keep_state(after_failed_contact(self.holder.kept, self.holder.now().instant, heard.retry_after))
            return heard
        taken = apply_answer(
            self.holder.kept,
            request_kind(pending.request),
            heard,
            self._make_reader(AnswerArrival(pending.sent, received)),
        )
        certificate = getattr(way, "certificate", "") or taken.kept.certificate
        self._keep_state(msgspec.structs.replace(taken.kept, certificate=certificate))
        if taken.refused is not None:
            log.warning("the site gave no seat: %s %s", taken.refused.row.sentence, taken.refused.detail)
        return taken

    def _make_reader(self, arrival: AnswerArrival) -> AnswerReader:
        holder = self.holder
        return AnswerReader(
            who=holder.current_reader, held=holder.empty_state, root=holder.root, arrival=arrival, draw=self._draw
        )

    def _may_need_newer_root(self, heard: DeviceAnswer | Inconclusive) -> bool:
        """The site knows a newer root document, or speaks under a lease whose key this device does not know yet."""
        if isinstance(heard, Inconclusive):
            return heard.heard is ResponseKind.FOREIGN
        return heard.root > self.holder.root.version

    def _prepare_request(self, kept: DeviceState) -> PendingRequest | Refused:
        """The next request, saved before it is sent."""
        ask: Ask = "release" if kept.receipt else "refresh" if kept.device else "enroll"
        kept = kept if kept.seed else reset_identity(kept, self._draw)
        reading = self.holder.now().reading
        request = request_for(ask, self.holder.current_reader, kept, reading, self.holder.root.version, self._draw)
        pending = PendingRequest(request, reading)
        refused = self.holder.save_state(msgspec.structs.replace(self._begin_attempt(kept), pending=pending))
        return pending if refused is None else refused

    def _begin_attempt(self, kept: DeviceState) -> DeviceState:
        """`kept` with the attempt that now begins: whoever is started next waits for a minute."""
        contacts = kept.contacts.begin_attempt(self.holder.now().instant, random_fraction(self._draw))
        return msgspec.structs.replace(kept, contacts=contacts)

    def _keep_state(self, kept: DeviceState) -> None:
        """Saves; where that fails, goes by it in memory: on disk the question is still pending, and harmless."""
        if self.holder.save_state(kept) is not None:
            self.holder.apply_state(kept)

    def _transport_to(self, ticket: EnrollmentToken) -> Transport:
        if self._way is None or self._way[0] != ticket:
            self._way = (ticket, self._connect(ticket, self.holder.kept.certificate))
        return self._way[1]

    def _walk_roots(self, way: Transport) -> bool:
        """Fetches and takes the root documents that follow, one version at a time; whether there was any."""
        began = self.holder.root.version
        for _ in range(STEPS):
            reply = way.send(TransportRequest("GET", f"/v1/root/{self.holder.root.version + 1}"))
            if isinstance(reply, Refused) or reply.status != 200 or self.holder.advance_root(reply.body) is not None:
                break
        return self.holder.root.version > began
