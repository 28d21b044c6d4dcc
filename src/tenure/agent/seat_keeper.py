"""Keeps a device's seat in touch with its site: decides what is asked next.

When a question is due, and that only one is under way, is `sdk.engine.keeper`'s; how bytes travel is `port`'s, what an
answer changes `apply_response`'s; the caller of `tick` decides how often.
"""

import logging
from collections.abc import Callable

import msgspec

from tenure.agent.apply_response import AppliedSiteAnswer, erase_seat, replace_device_key
from tenure.agent.device_state import DeviceState
from tenure.agent.requests import DeviceIdentity, request_for
from tenure.agent.seat_holder import ProvenSeat, SeatKeyHolder
from tenure.agent.seat_question import SeatQuestion
from tenure.agent.site_way import NOT_ENROLLED, Connect, SiteWay
from tenure.core.lease.sync_schedule import Rhythm
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import EPHEMERAL_REFRESH
from tenure.core.timeline import DAY, Instant
from tenure.sdk.engine.answers import AnswerArrival
from tenure.sdk.engine.keeper import ContactKeeper, ContactNeed
from tenure.sdk.engine.replies import Inconclusive
from tenure.sdk.engine.session import QuestionSession
from tenure.sdk.engine.state import ContactLog, PendingRequest
from tenure.sdk.progress import ProgressStep
from tenure.wire.devices import Ask, EnrollmentToken, read_ticket

log = logging.getLogger("tenure.agent")

EXCHANGES = 4
"""Questions in one contact: a receipt, a seat that was asked for, or a new enrollment may follow at once."""
ALWAYS = 100 * 366
"""Days after the end for which a device goes on asking its site: that costs the vendor nothing, and a late renewal
reaches it without a touch."""


class SeatKeeper(ContactKeeper[DeviceState, ProvenSeat, Refused | None]):
    """One device's dealings with its site. Safe to call from any thread."""

    def __init__(
        self, who: DeviceIdentity, holder: SeatKeyHolder, connect: Connect, draw: Callable[[int], bytes]
    ) -> None:
        super().__init__(holder, draw)
        self.holder = holder
        self.way = SiteWay(connect, holder)
        self._who, self._draw = who, draw
        self._question = SeatQuestion(who, draw)
        self._session = QuestionSession(holder, self.way, draw, self._progress)

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
        with self._hold_turn() as (_, prevented):
            if prevented is not None:
                return prevented
            return self.holder.save_state(self._with_ticket(ticket, ephemeral))

    def refresh(self) -> Refused | None:
        """Asks the site now; as `enroll`. Refuses `not_activated` before the first enrollment."""
        with self._hold_turn() as (_, prevented):
            if prevented is not None:
                return prevented
            return self._contact_site()

    def release(self) -> Refused | None:
        """Gives the seat up: it is erased first, then the site is told so until it has heard. None: it has."""
        with self._hold_turn() as (_, prevented):
            if prevented is not None:
                return prevented
            kept, reading = self.holder.kept, self.holder.now().reading
            reader = self._question.answer_reader(AnswerArrival(reading, reading), self.holder.root)
            gone = erase_seat(kept, reader)
            refused = self.holder.save_state(msgspec.structs.replace(gone, given_up=True))
            return self._contact_site() if refused is None and self._has_to_say(self.holder.kept) else refused

    # one contact

    def _with_ticket(self, ticket: EnrollmentToken, ephemeral: bool) -> DeviceState:
        """The state with another enrollment: a device keeps its identity at its site and gets a new one at another.

        A device enrolled as ephemeral that was not, or the reverse, gets a new one, too: a seat of two weeks must not
        count for an hour only.
        """
        kept = self.holder.kept
        other = bool(kept.seed) and kept.ephemeral != ephemeral
        moved = kept.ticket is None or kept.ticket.pin != ticket.pin
        spent = kept.ticket != ticket and not kept.device
        kept = msgspec.structs.replace(kept, ticket=ticket, given_up=False, contacts=ContactLog(), ephemeral=ephemeral)
        if moved or spent or other:
            # The key is made with the first request: copies of this disk made before it share none.
            kept = msgspec.structs.replace(kept, seed=b"", device="", token="", pending=None, receipt=b"")
        return msgspec.structs.replace(kept, certificate="") if moved else kept

    def _has_to_say(self, kept: DeviceState) -> bool:
        """A device that gave its seat up has nothing more to say once that is settled."""
        return not kept.given_up or bool(kept.receipt) or kept.pending is not None

    def _contact_site(self) -> Refused | None:
        """Asks until there is nothing more to ask at once; None when the last answer brought what was asked for."""
        outcome: AppliedSiteAnswer | Refused = NOT_ENROLLED
        for _ in range(EXCHANGES):
            kept = self.holder.kept
            if kept.ticket is None or not self._has_to_say(kept):
                break
            outcome = self._exchange_once(kept)
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

    def _exchange_once(self, kept: DeviceState) -> AppliedSiteAnswer | Refused:
        pending = kept.pending or self._prepare_request(kept)
        if isinstance(pending, Refused):
            return pending
        done = self._session.ask(self._question, pending, resent=kept.pending is not None)
        if isinstance(done, Inconclusive):
            return done
        if done.taken.refused is not None:
            log.warning("the site gave no seat: %s %s", done.taken.refused.row.sentence, done.taken.refused.detail)
        return done.taken

    def _prepare_request(self, kept: DeviceState) -> PendingRequest | Refused:
        """The next request, saved before it is sent."""
        ask: Ask = "release" if kept.receipt else "refresh" if kept.device else "enroll"
        kept = kept if kept.seed else replace_device_key(kept, self._draw)
        reading, holder = self.holder.now().reading, self.holder
        request = request_for(ask, holder.current_reader, kept, reading, holder.root.version, self._draw)
        pending, contacts = PendingRequest(request, reading), self._session.begin_attempt().contacts
        refused = holder.save_state(msgspec.structs.replace(kept, contacts=contacts, pending=pending))
        return pending if refused is None else refused

    # what the engine asks for

    def _contact_need(self) -> ContactNeed:
        kept = self.holder.kept
        if kept.ticket is None or not self._has_to_say(kept):
            return ContactNeed.NOTHING
        waits = kept.pending is not None or kept.receipt or (not kept.device and kept.contacts.answered is None)
        return ContactNeed.REPEAT if waits else ContactNeed.USUAL

    def _sync_rhythm(self, now: Instant) -> Rhythm:
        lease = self.holder.proven_seat.lease
        most = EPHEMERAL_REFRESH if self.holder.kept.ephemeral else DAY
        interval = most if lease is None else min(most, lease.contact_interval)
        return Rhythm(spans=() if lease is None else lease.spans, interval=interval, after_end_days=ALWAYS)

    def _contact_when_due(self, steps: list[ProgressStep]) -> Refused | None:
        return self._contact_site()

    def _outcome_of_prevented(self, refused: Refused, steps: list[ProgressStep]) -> Refused:
        return refused
