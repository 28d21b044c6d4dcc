"""Keeps one product's lease in touch with the activation server: what applications and administration servers share.

It decides which question is asked next. When one is due, and that only one is under way, is `engine.keeper`'s; how
bytes travel is `transport`'s, where they are kept the store's; the caller of `tick` decides how often.
"""

import logging
from collections.abc import Callable

import msgspec

from tenure.core.activation_codes import ActivationCode, parse_code
from tenure.core.lease.acceptance import ResponseKind, another_code
from tenure.core.lease.sync_schedule import Rhythm, after_manual_sync, sync_rhythm
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk import results
from tenure.sdk.apply_response import take_notice
from tenure.sdk.carried_messages import CarriedMessages
from tenure.sdk.client_state import ClientState
from tenure.sdk.engine.keeper import ContactKeeper, ContactNeed
from tenure.sdk.engine.replies import Draw, Inconclusive
from tenure.sdk.engine.session import TakenAnswer
from tenure.sdk.holdings import ProvenHoldings
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.lease_questions import TakenActivation
from tenure.sdk.locks import LONGEST_WAIT
from tenure.sdk.offline_exchange import CarriedRequest
from tenure.sdk.outcomes import ActivationGranted, CodePreviewed, LicenseReleased, Rejected, Synchronized, make_rejected
from tenure.sdk.presentation import outage_told
from tenure.sdk.progress import ProgressStep, ProgressWatch, Watch
from tenure.sdk.requests import NO_WISH, ClientIdentity, SiteKey, SyncWish, UseReport, asks_for
from tenure.sdk.server_session import ServerSession
from tenure.sdk.transport import Transport
from tenure.wire.armor import ArmoredMessage
from tenure.wire.jws import TokenType, typ_of
from tenure.wire.messages import ActivateAnswer, Trigger
from tenure.wire.notices import SignedNotice

log = logging.getLogger("tenure.license")

NOT_ACTIVATED = Refused(RefusalCode.NOT_ACTIVATED)


class KeeperPorts(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper takes from outside."""

    transport: Transport
    draw: Draw
    progress: ProgressWatch
    report: Callable[[], UseReport] = UseReport
    """Use at the moment of asking; an administration server counts its devices."""
    after_end_days: int | None = None
    """The administrator's own figure for how long to go on asking after the end (M14)."""
    longest_wait: float = LONGEST_WAIT
    """Seconds for which another exchange of this program is waited for."""


class LicenseKeeper(ContactKeeper[ClientState, ProvenHoldings, Synchronized | Rejected]):
    """One site's dealings with the server about one product. Safe to call from any thread."""

    def __init__(self, who: ClientIdentity, key: SiteKey, holder: LeaseHolder, ports: KeeperPorts) -> None:
        super().__init__(holder, ports.draw, ports.progress, ports.longest_wait)
        self.holder = holder
        self._ports = ports
        self._session = ServerSession(who, key, holder, ports.transport, ports.draw, ports.progress)
        self._carried = CarriedMessages(self._session, holder)
        borne = outage_told(holder.standing())
        if borne:
            log.info("%s: %s", who.product, borne)

    # asking

    def activate(self, text: str, role: str = "active", watch: Watch | None = None) -> ActivationGranted | Rejected:
        """Applies an activation code, or stages it as `successor`. Blocks for the exchange; never raises.

        Refuses `code_malformed` and `subscription_in_force` before anything is sent, otherwise what the server signed.
        A request that finds no answer stays pending and is repeated by `tick`; that refusal is not `conclusive`.
        """
        code = parse_code(text)
        if isinstance(code, Refused):
            return make_rejected(code, conclusive=True)
        with self._hold_turn(watch) as (steps, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False, steps=tuple(steps))
            done = self._activate_code(code, role)
            return results.activation_result(done, role, self.holder, tuple(steps))

    def look_at(self, text: str, role: str = "active", watch: Watch | None = None) -> CodePreviewed | Rejected:
        """What an activation code would start; nothing begins. Refuses what `activate` does. Blocks; never raises."""
        code = parse_code(text)
        if isinstance(code, Refused):
            return make_rejected(code, conclusive=True)
        with self._hold_turn(watch) as (steps, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False, steps=tuple(steps))
            refused = self._in_force(code, role)
            if refused is not None:
                return make_rejected(refused, conclusive=True)
            return results.code_preview_result(self._session.preview_code(code, role), role, tuple(steps))

    def synchronize(
        self, trigger: Trigger = "manual", watch: Watch | None = None, wish: SyncWish = NO_WISH
    ) -> Synchronized | Rejected:
        """Asks for the present truth, and for what is wished. Blocks for the exchange; never raises.

        By hand it works in every phase, once a minute (`too_many_requests`). What the server refuses, and what is
        inconclusive, is a `Rejected`; neither takes anything away that was not signed away.
        """
        with self._hold_turn(watch) as (steps, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False, steps=tuple(steps))
            if trigger == "manual" and wish is NO_WISH:
                return self._synchronize_by_hand(steps)
            return self._synchronize_once(trigger, wish, steps)

    def release(self, watch: Watch | None = None) -> LicenseReleased | Rejected:
        """Gives the license up: nothing is licensed here any more, and the server is told. Blocks; never raises.

        A server that cannot be reached is told later, by `tick`. Refuses `not_activated` where nothing is held, what
        prevents the erasure from being saved, and `request_in_flight` while an activation waits for its answer.
        """
        with self._hold_turn(watch) as (steps, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False, steps=tuple(steps))
            kept = self.holder.kept
            if kept.activation is not None:
                waiting = Refused(RefusalCode.REQUEST_IN_FLIGHT, "The activation waits for its answer.")
                return make_rejected(waiting, conclusive=False, steps=tuple(steps))
            if not (kept.present.token or kept.receipt):
                return make_rejected(NOT_ACTIVATED, conclusive=True, steps=tuple(steps))
            until = kept.present.token and self.holder.standing().contact_until
            refused = self._session.give_up()
            if refused is not None:
                return make_rejected(refused, conclusive=False, steps=tuple(steps))
            self.holder.refresh_features()
            heard = self._session.synchronize("manual", self._ports.report)
            return results.release_result(heard, until or None, tuple(steps))

    def take_notice(self, token: bytes) -> SignedNotice | Rejected:
        """Takes a sealed notice, such as an amnesty that came as a file (B15); refuses what the root does not prove."""
        with self._hold_turn() as (_, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False)
            taken = take_notice(self.holder.kept, token.strip(), self.holder.root, self.holder.reader)
            if isinstance(taken, Refused):
                return make_rejected(taken, conclusive=True)
            refused = self.holder.save_state(taken[0])
            return taken[1] if refused is None else make_rejected(refused, conclusive=False)

    def export_request(self, text: str = "", role: str = "active") -> CarriedRequest | Rejected:
        """The request to be carried by hand, saved before it is given out: what is pending already, or a new one.

        Refuses what `activate` and `synchronize` refuse before they send, and `request_in_flight` for another code
        than the one whose activation is pending.
        """
        with self._hold_turn() as (_, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False)
            request = self._to_activate(text, role) if text else self._to_carry()
            if isinstance(request, Refused):
                return make_rejected(request, conclusive=True)
            given = self._carried.give_out(request)
            return make_rejected(given, conclusive=False) if isinstance(given, Refused) else given

    def import_answers(
        self, blocks: tuple[ArmoredMessage, ...]
    ) -> ActivationGranted | Synchronized | SignedNotice | Rejected:
        """Takes what was carried here: an answer to what is pending, with the root documents beside it, or a notice.
        Refuses with the five causes of [spec: offline-exchange], and what the answer itself refuses."""
        answers = [each for each in blocks if each.kind != "ROOT"]
        if len(answers) != 1:
            refused = Refused(RefusalCode.MESSAGE_MALFORMED, "One answer is expected in a text.", "text")
            return make_rejected(refused, conclusive=True)
        if typ_of(answers[0].token) is TokenType.NOTICE:
            return self.take_notice(answers[0].token)
        with self._hold_turn() as (steps, prevented):
            if prevented is not None:
                return make_rejected(prevented, conclusive=False, steps=tuple(steps))
            for each in blocks:
                if each.kind == "ROOT":
                    self.holder.advance_root(each.token)  # one that is known already, or leads nowhere, changes nothing
            before = self.holder.standing()
            done = self._carried.import_answer(answers[0].token)
            if isinstance(done, Refused):
                return make_rejected(done, conclusive=True, steps=tuple(steps))
            if isinstance(done.answer, ActivateAnswer):
                role = "active" if done.answer.lease and not done.answer.successor else "successor"
                return results.activation_result(done, role, self.holder, tuple(steps))
            return results.sync_result(done, before, self.holder, tuple(steps))

    # the parts of an activation

    def _activate_code(self, code: ActivationCode, role: str) -> results.Heard:
        kept = self.holder.kept
        same = kept.activation is not None and _asks_for(kept, code, role)
        if kept.activation is not None and not same:
            # What was asked before may have been granted: it is settled first, unless the server declines it.
            earlier = self._session.repeat_activation()
            if isinstance(earlier, Inconclusive) and not earlier.declined:
                return earlier
        refused = self._in_force(code, role)
        if refused is not None and not same:
            return refused
        done = self._session.repeat_activation() if same else self._session.ask_to_activate(code, role)
        if isinstance(done, Refused) or done.answer.result != "granted" or not done.resent:
            return done
        # The answer may have been stored long ago: what it brought is brought up to date at once
        # [spec: activation-response].
        if not _site_of(self.holder.kept):
            return self._session.ask_to_activate(code, role)
        synced = self._session.synchronize("startup", self._ports.report)
        return synced if isinstance(synced, TakenAnswer) else done

    def _in_force(self, code: ActivationCode, role: str) -> Refused | None:
        """M10, as far as it can be told here; the same code again is idempotent, so it is let through."""
        lease = self.holder.lease()
        if role == "successor" or lease is None or self.holder.proven_holdings.lost is not None:
            return None
        if lease.code_last_group == code.last_group:
            return None
        return another_code(lease, self.holder.now().instant, forgotten=self.holder.kept.key_wanted)

    # the parts of what is carried by hand

    def _to_activate(self, text: str, role: str) -> bytes | Refused:
        code = parse_code(text)
        if isinstance(code, Refused):
            return code
        pending = self.holder.kept.activation
        if pending is not None:
            if _asks_for(self.holder.kept, code, role):
                return self._session.to_carry(pending)
            return Refused(RefusalCode.REQUEST_IN_FLIGHT, "The activation of another code waits for its answer.")
        return self._in_force(code, role) or self._session.prepare_activation(code, role)

    def _to_carry(self) -> bytes | Refused:
        kept = self.holder.kept
        pending = kept.activation or kept.sync
        if pending is not None:
            return self._session.to_carry(pending)
        return self._session.prepare_synchronization(self._ports.report()) if _site_of(kept) else NOT_ACTIVATED

    # the parts of a synchronization

    def _synchronize_by_hand(self, steps: list[ProgressStep]) -> Synchronized | Rejected:
        """One that reached no server is not counted: once the network is mended it may be tried again at once."""
        before, now = self.holder.standing(), self.holder.now().instant
        last = self.holder.kept.contacts.by_hand
        refused = after_manual_sync(last, now)
        if refused is not None:
            return make_rejected(refused, conclusive=False)
        self.holder.apply_state(self._with_last_by_hand(now))
        heard = self._contact_server("manual", NO_WISH)
        if _reached_no_server(heard):
            self._session.keep_state(self._with_last_by_hand(last))
        return results.sync_result(heard, before, self.holder, tuple(steps))

    def _with_last_by_hand(self, at: Instant | None) -> ClientState:
        kept = self.holder.kept
        return msgspec.structs.replace(kept, contacts=msgspec.structs.replace(kept.contacts, by_hand=at))

    def _contact_server(self, trigger: Trigger, wish: SyncWish) -> results.Heard:
        activation: TakenActivation | Inconclusive | Refused | None = None
        if self.holder.kept.activation is not None:
            # The newest question first: were it granted already, an older one would look like a copy's.
            activation = self._session.repeat_activation()
            if isinstance(activation, Inconclusive) and not activation.declined:
                return activation
        kept = self.holder.kept
        if not _site_of(kept) or (kept.given_up and not kept.receipt):
            return Refused(RefusalCode.NOT_ACTIVATED) if activation is None else activation
        return self._session.synchronize(trigger, self._ports.report, wish)

    # what the engine asks for

    def _contact_need(self) -> ContactNeed:
        kept = self.holder.kept
        if kept.activation is not None:
            return ContactNeed.REPEAT
        if not _site_of(kept) or (kept.given_up and not kept.receipt):
            return ContactNeed.NOTHING
        return ContactNeed.REPEAT if kept.receipt else ContactNeed.USUAL

    def _sync_rhythm(self, now: Instant) -> Rhythm:
        lease = self.holder.proven_holdings.lease_at(now)
        return Rhythm(spans=()) if lease is None else sync_rhythm(lease, self._ports.after_end_days)

    def _contact_when_due(self, steps: list[ProgressStep]) -> Synchronized | Rejected:
        now = self.holder.now().instant
        trigger = self._calls.trigger_reason(self.holder.kept.contacts, self._sync_rhythm(now), now)
        return self._synchronize_once(trigger, NO_WISH, steps)

    def _outcome_of_prevented(self, refused: Refused, steps: list[ProgressStep]) -> Rejected:
        return make_rejected(refused, conclusive=False, steps=tuple(steps))

    def _synchronize_once(self, trigger: Trigger, wish: SyncWish, steps: list[ProgressStep]) -> Synchronized | Rejected:
        before = self.holder.standing()
        return results.sync_result(self._contact_server(trigger, wish), before, self.holder, tuple(steps))


def _reached_no_server(heard: results.Heard) -> bool:
    """Whether nothing came back: there was no way, no answer in time, or nothing to ask."""
    if isinstance(heard, Inconclusive):
        return heard.heard is ResponseKind.SILENCE
    return isinstance(heard, Refused)


def _site_of(kept: ClientState) -> str:
    return kept.present.site or kept.successor.site


def _asks_for(kept: ClientState, code: ActivationCode, role: str) -> bool:
    asked = None if kept.activation is None else asks_for(kept.activation.request)
    return asked is not None and parse_code(asked.code) == code and asked.role == role
