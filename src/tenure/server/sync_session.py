"""A synchronization that changes something: forks, acknowledgments, reports, allotments, new leases
[spec: synchronization].

One `SyncSession` answers one request inside the caller's transaction. What it may take away it says signed; what it
cannot tell it refuses unsigned.
"""

import base64
from typing import Literal

import msgspec

from tenure.core.answering.forks import has_outlived, told_to_copy
from tenure.core.answering.unchanged import ServerMoment, is_lease_current, renewal_at, revision_told
from tenure.core.business import commands as c
from tenure.core.business.decide.installations import resolve_fork
from tenure.core.lease.claims import Lease
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.periods import format_instant
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, Subscription, evolve
from tenure.core.timeline import Instant
from tenure.server import (
    account_repository,
    allotments,
    copies,
    forks,
    lease_signing,
    leaving,
    places,
    seat_conflicts,
    settlement,
    takeover,
)
from tenure.server.context import ServerContext
from tenure.server.real_time import RealTime
from tenure.server.site_record import read_record, with_extra
from tenure.server.sync_hint import read_pace
from tenure.server.sync_values import report_of, site_knowledge
from tenure.store import facts, leases, sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire import exchanges
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.keys import Signer
from tenure.wire.leases import read_lease
from tenure.wire.messages import (
    AdministratorMessage,
    NextSync,
    SignedRefusal,
    SiteChange,
    SyncAnswer,
    SyncRequest,
    to_signed_refusal,
)

CHANGES_TOLD = 16


class SyncSession:
    """One request of one site, answered."""

    def __init__(
        self,
        context: ServerContext,
        conn: Connection,
        asked: ProvenRequest[SyncRequest],
        site: SiteRow,
        time: RealTime,
        now: Instant,
        *,
        sandbox: bool,
        carried: bool = False,
    ) -> None:
        """`now` is that of the site's provider, as it follows from `time`; `carried`: by hand
        [spec: offline-exchange]."""
        self._context, self._conn, self._asked = context, conn, asked
        self._site, self._time, self._now, self._sandbox = site, time, now, sandbox
        self._heard = self._withheld = False
        self._state: SiteState | None = None
        self._carried = self._is_new_lease = carried
        """Whether a lease is signed although nothing of the present subscription has changed."""

    def answer_request(self) -> tuple[bytes, SiteRow]:
        """The signed answer, and the site as it is afterwards."""
        shown = self._context.keys.read_state_token(self._site.id, self._asked.message.token)
        if shown is not None and shown > (self._site.epoch, self._site.token_count):
            return self._learn_state()
        settled = told_to_copy(read_record(self._site), self._asked.message.token)
        if settled is not None:
            return self._refuse_copy(settled)
        if not forks.is_newest(self._site, self._asked.message):
            return self._answer_fork()
        return self._answer_present()

    @staticmethod
    def latest_lease(conn: Connection, site: SiteRow) -> Lease | None:
        """The site's newest lease as a value: the server's own word, read without checking it again."""
        signed = leases.latest_lease(conn, site.id)
        if signed is None or signed.body is None:
            return None
        payload = signed.body.split(b".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)), type=Lease)

    def _answer_present(self) -> tuple[bytes, SiteRow]:
        """The present truth for a site that is who it says."""
        self._note_acknowledgment()
        if self._site.state != allotments.LEFT:  # what it left counts as it was set aside, whatever it reports
            self._note_report()
        if not self._context.stopped_money:
            self._site = takeover.take_over_if_due(self._conn, self._site, self._time, self._asked.message.subscription)
        sub = self._settle_books()
        state = None if sub is None else places.state_of(sub, self._site)
        if self._asked.message.erased and sub is not None:
            return self._take_receipt(sub, state)
        if sub is None or state is None or not state.is_active:
            gone = leaving.refuse_gone(state)
            return self._refuse(gone, self._told_to_leave(sub, state))
        self._state = state
        full = self._no_place(sub, state) if places.is_alone(self._site) else None
        if full is not None:
            return self._refuse(full)
        sub = self._relist_conflict(sub, state)
        self._state = state = places.state_of(sub, self._site) or state
        sub = places.with_ephemeral(sub, self._site)
        wished = self._apply_wishes(sub)
        if isinstance(wished, Refused):
            return self._refuse(wished)
        return self._lease_or_unchanged(self._share_out(wished, state))

    def _no_place(self, sub: Subscription, state: SiteState) -> Refused | None:
        """`device_limit_reached` to an application whose place is over and for which none is free."""
        name, floor = self._site.id, self._context.epoch_floor
        date = seat_conflicts.date_told(self._conn, self._site, sub.id)
        over = date is not None and date <= sub.contract_clock(self._now)
        if over and state.place_until is None and not self._site.ephemeral:
            # It stays, but its lease had to carry the date: whoever was struck out instead may still go by his.
            if allotments.pool_of(self._conn, sub, self._now, floor, name).free_at(self._now) > 0:
                return None
        elif allotments.has_place(self._conn, sub, name, self._now, floor):
            return None
        else:
            places.leave_place(self._conn, name, sub.id)  # having been heard again must not bring it back
        full = leaving.refuse_full(self._conn, self._context, sub, self._now)
        if not over or date is None:
            return full
        struck = f"It was struck out from {format_instant(date)} on, because fewer devices are ordered."
        return msgspec.structs.replace(full, detail=f"{struck} {full.detail}")

    def _relist_conflict(self, sub: Subscription, state: SiteState) -> Subscription:
        """The subscription with a seat conflict's list as it has to be now, also for whoever asks."""
        if places.is_alone(self._site):
            message = self._asked.message
            if (message.epoch, message.serial) == (self._site.epoch, self._site.serial):
                seat_conflicts.shown_newest(self._conn, self._site, sub.id)
        again = state.place_until is not None and state.place_until <= sub.contract_clock(self._now)
        name = self._site.id if again else ""
        return seat_conflicts.relist_conflict(self._conn, sub, self._now, self._context.epoch_floor, name)

    def _take_receipt(self, sub: Subscription, state: SiteState | None) -> tuple[bytes, SiteRow]:
        """An application on its own gives its place back: its receipt says that the lease is gone from its disk."""
        wrong = leaving.refuse_unproven(self._conn, self._site, self._asked.message.erased, self._asked.public)
        if wrong is not None:
            return self._refuse(wrong)
        if state is not None and (state.is_active or state.leaving_until is not None):
            self._site = leaving.given_up(self._conn, self._site, sub, state, self._now)
        free_from = places.free_from(self._conn, self._site.id, sub, self._now)
        return self._finish_answer(msgspec.structs.replace(self._make_message(result="released"), free_from=free_from))

    def _told_to_leave(self, sub: Subscription | None, state: SiteState | None) -> bool:
        """Whether this answer tells the site to give its place up; once it has heard so, its return is booked."""
        if sub is None or state is None or state.leaving_until is None or state.left_at is not None:
            return False
        if read_record(self._site).told_to_leave != self._site.token_count:
            return True
        self._site = leaving.after_return(self._conn, self._site, sub, self._asked.message.use.total, self._now)
        return False

    def _apply_wishes(self, sub: Subscription) -> Subscription | Refused:
        """The subscription after what the administrator asked for at the site: a fork resolved, a successor dropped."""
        message = self._asked.message
        if message.resolve:
            resolved = self._resolve_fork(sub, message.resolve)
            if isinstance(resolved, Refused):
                return resolved
            sub = resolved
        if message.drop_successor:
            dropped = takeover.drop_successor(self._conn, self._site, message.drop_successor, self._time)
            if isinstance(dropped, Refused):
                return dropped
            self._site, self._is_new_lease = dropped, True
        return sub

    def _resolve_fork(self, sub: Subscription, resolution: str) -> Subscription | Refused:
        """The fork settled by the site's administrator; both copies hold the key, so that only so much can be said."""
        command = c.ResolveFork(by=self._site.id, role=Role.SITE, site=self._site.id, resolution=resolution)
        outcome = resolve_fork(sub, command, self._now)
        if isinstance(outcome, Refused):
            return outcome
        for fact in outcome.facts:
            if not self._site.ephemeral:
                sub = self._append_fact(sub, fact)
            if isinstance(fact, f.ForkResolved):
                self._site = forks.after_resolution(self._site, fact, self._now)
        sub = places.with_ephemeral(sub, self._site)
        self._state = sub.find_site(self._site.id)
        return sub

    def _lease_or_unchanged(self, sub: Subscription) -> tuple[bytes, SiteRow]:
        state = places.state_of(sub, self._site)
        assert state is not None  # noqa: S101 - the caller looked
        lease = self.latest_lease(self._conn, self._site)
        spans = timeline(sub, state)
        if lease is not None and not self._is_new_lease and self._is_lease_current(lease, sub, state):
            self._site = msgspec.structs.replace(self._site, revision=sub.revision)  # nothing is left to tell
            return self._finish_answer(
                self._make_message(result="unchanged", turn=sync_window(spans, lease, self._now))
            )
        signed = lease_signing.sign_lease(self._conn, self._context, self._site, sub, self._now, carried=self._carried)
        self._site = signed.site
        return self._finish_answer(
            self._make_message(
                result="lease",
                lease=signed.token.decode(),
                successor=signed.successor.decode(),
                turn=sync_window(spans, signed.lease, self._now),
                changes=self._changes_since(sub, lease),
            )
        )

    def _is_lease_current(self, lease: Lease, sub: Subscription, state: SiteState) -> bool:
        """What the hot path reads from the row, computed from the lease and the subscription (`core.answering`)."""
        outlook = lease_signing.renewal_outlook(self._conn, self._context, sub, self._now)
        told = revision_told(lease, sub, state, self._now, outlook=outlook)
        if told and (allotments.has_unacknowledged(self._site) or self._told_otherwise(lease, sub, state)):
            told = 0
        trusted = self._context.keys.is_believed(_signed_by(self._site), sandbox=self._sandbox)
        moment = ServerMoment(self._now, renewal_at(lease), self._context.epoch_floor, trusted)
        return is_lease_current(site_knowledge(self._site, sub, told), report_of(self._asked.message), moment)

    def _told_otherwise(self, lease: Lease, sub: Subscription, state: SiteState) -> bool:
        """Whether others have changed what the lease is to say: what was left, or who goes at a lower limit."""
        if not places.is_alone(self._site):
            return lease.coming != lease_signing.coming_limit(self._conn, self._site, sub, self._now)
        if places.has_unacknowledged(self._conn, self._site):
            return True
        floor = self._context.epoch_floor
        return not seat_conflicts.is_told(self._conn, sub, self._site, state, lease, self._now, floor)

    def _note_acknowledgment(self) -> None:
        """The site shows which lease it goes by: earlier words are replaced (rule *Giving back*)."""
        message = self._asked.message
        if message.epoch == self._site.epoch and self._site.acked_serial < message.serial <= self._site.serial:
            leases.mark_acknowledged(self._conn, self._site.id, message.epoch, message.serial, self._now)
            self._site = msgspec.structs.replace(self._site, acked_serial=message.serial)
            self._heard = True

    def _note_report(self) -> None:
        message = self._asked.message
        goes_by_newest = (message.epoch, message.serial) == (self._site.epoch, self._site.serial)
        if places.is_alone(self._site):
            if goes_by_newest:
                places.after_acknowledgment(self._conn, self._site, self._now)
        else:
            self._site = allotments.after_report(
                self._conn, self._site, message.use.total, message.wanted, self._now, acknowledged=goes_by_newest
            )
        self._site = msgspec.structs.replace(
            self._site, devices=message.use.total, devices_digest=message.use.digest, version=message.version
        )
        sites.save_many(self._conn, [self._site])

    def _settle_books(self) -> Subscription | None:
        site = self._site
        customer = account_repository.customer_of(self._conn, site.provider, site.subscription)
        loaded = (
            None if customer is None else account_repository.load_books(self._conn, site.provider, customer, self._time)
        )
        if loaded is not None and not self._context.stopped_money:
            loaded = settlement.settle_books(self._conn, loaded, heard=self._heard)
        item = None if loaded is None else loaded.find_item(site.subscription)
        return None if item is None else item.sub

    def _share_out(self, sub: Subscription, state: SiteState) -> Subscription:
        """The subscription after this site's allotment was set to what the pool has for it (B7).

        Where a fork is open it stays as it is; where the copy that this one was *restored* for turns out to be in use,
        it comes down to what is protected here: new devices wait until somebody says what the copies are.
        """
        if places.is_alone(self._site):
            return sub
        if self._site.forked_at is not None:
            in_use = min(state.allotment, self._asked.message.use.total)
            if in_use == state.allotment or not has_outlived(
                read_record(self._site), self._site.forked_at, sub, self._now
            ):
                return sub
            return lease_signing.set_allotment(self._conn, self._site, sub, in_use, self._now)
        shared = lease_signing.share_out(self._conn, self._context, self._site, sub, self._now)
        self._withheld = shared.withheld
        return shared.sub

    def _append_fact(self, sub: Subscription, fact: f.Fact) -> Subscription:
        after = evolve(sub, fact)
        account_repository.append_to(self._conn, after, (fact,), self._now)
        return after

    def _answer_fork(self) -> tuple[bytes, SiteRow]:
        """A token used before, with a new request: two copies of the site live [spec: fork-rule].

        The current token stays: the other copy is not disturbed. The stale one gets the truth for a week, once in 90
        days, and is refused after that until somebody says what it is.
        """
        sub = self._settle_books()
        state = None if sub is None else places.state_of(sub, self._site)
        if sub is None or state is None or not state.is_active:
            return self._refuse_copy(leaving.refuse_gone(state))
        message = self._asked.message
        seen = copies.record_copy(self._conn, self._site, sub, forks.make_sighting(message, self._now), self._now)
        self._site, sub = seen.site, seen.sub
        self._state = state = places.state_of(sub, self._site) or state
        if message.resolve:
            return self._said_by_the_copy(sub, message.resolve)
        signed = copies.answer_copy(self._conn, self._context, self._site, sub, self._now)
        if isinstance(signed, Refused):
            return self._refuse_copy(signed, forked=True)
        self._site = signed.site
        turn = sync_window(timeline(sub, state), signed.lease, self._now)
        return self._answer_stale_copy(
            self._make_message(result="lease", lease=signed.token.decode(), turn=turn, forked=True)
        )

    def _said_by_the_copy(self, sub: Subscription, resolution: str) -> tuple[bytes, SiteRow]:
        """The stale copy's own administrator speaks: restored, it is the site from this answer on."""
        resolved = self._resolve_fork(sub, resolution)
        if isinstance(resolved, Refused):
            return self._refuse_copy(resolved, forked=True)
        settled = told_to_copy(read_record(self._site), self._asked.message.token)
        if settled is not None:
            return self._refuse_copy(settled)
        self._asked = msgspec.structs.replace(
            self._asked, message=msgspec.structs.replace(self._asked.message, resolve="")
        )
        return self._answer_present()

    def _answer_stale_copy(self, message: SyncAnswer) -> tuple[bytes, SiteRow]:
        """The answer to a stale copy: token and stored answer stay those of the other one."""
        return exchanges.answer_sync(message, self._answer_signer()), self._site

    def _refuse(self, refused: Refused, told_to_leave: bool = False) -> tuple[bytes, SiteRow]:
        """The signed "no" to the site itself; `told_to_leave` as in `_finish_answer`."""
        message = self._make_message(result="refused", refusal=to_signed_refusal(refused))
        return self._finish_answer(message, told_to_leave)

    def _refuse_copy(self, refused: Refused, *, forked: bool = False) -> tuple[bytes, SiteRow]:
        """The signed "no" to a stale copy; `forked`: a fork is open."""
        refusal = to_signed_refusal(refused)
        return self._answer_stale_copy(self._make_message(result="refused", refusal=refusal, forked=forked))

    def _learn_state(self) -> tuple[bytes, SiteRow]:
        """An authentic token newer than the server remembers: it was restored, and the site knows more
        [spec: restored-server]."""
        if not self._asked.message.lease:
            return self._answer_stale_copy(self._make_message(result="send_lease"))
        known = read_lease(
            self._asked.message.lease.encode(),
            self._context.keys.root_of(sandbox=self._sandbox),
            product=self._site.product,
            sandbox=self._sandbox,
        )
        if isinstance(known, Refused) or known.lease.sub != self._site.id:
            bad = known if isinstance(known, Refused) else Refused(RefusalCode.LEASE_NOT_MINE)
            return self._refuse_copy(bad)
        sub = self._settle_books()
        if sub is None:
            return self._refuse_copy(Refused(RefusalCode.SITE_UNKNOWN))
        lease = known.lease
        learned = f.Learned(
            at=self._now,
            recorded_at=self._now,
            by=self._site.id,
            site=self._site.id,
            key=self._site.thumbprint,
            serial=lease.serial,
            until=lease.contact_until,
            lease=known.digest,
        )
        self._append_fact(sub, learned)
        shown = self._context.keys.read_state_token(self._site.id, self._asked.message.token) or (0, 0)
        self._site = msgspec.structs.replace(
            allotments.after_learning(self._site, lease, self._now),
            token_count=shown[1],
            epoch=max(self._site.epoch, lease.epoch),
            serial=max(self._site.serial, lease.serial),
            revision=0,
        )
        return self._answer_present()

    def _changes_since(self, sub: Subscription, lease: Lease | None) -> tuple[SiteChange, ...]:
        """What happened since the revision that the site knows."""
        since = self._asked.message.revision if lease is not None and lease.subscription == sub.id else 0
        told = facts.links_after(self._conn, sub.provider, sub.id, since, CHANGES_TOLD)
        return tuple(
            SiteChange(link.seq, link.fact.at, account_repository.snake_case(link.fact.kind), link.fact.kind)
            for link in told
        )

    def _make_message(
        self,
        *,
        result: Literal["lease", "unchanged", "send_lease", "refused", "released"],
        lease: str = "",
        successor: str = "",
        turn: tuple[Instant, Instant] | None = None,
        refusal: SignedRefusal | None = None,
        forked: bool = False,
        changes: tuple[SiteChange, ...] = (),
    ) -> SyncAnswer:
        return SyncAnswer(
            nonce=self._asked.message.nonce,
            request_sha256=self._asked.sha256,
            time=self._now,
            root=self._context.keys.root_of(sandbox=self._sandbox).version,
            result=result,
            refusal=refusal,
            lease=lease,
            successor=successor,
            next_sync=None if turn is None else NextSync(*turn),
            forked=forked,
            changes=changes,
            messages=self._words_for_people(),
            notices=self._context.notices_carried(sandbox=self._sandbox),
            fork=forks.fork_shown(self._site, self._state, self._now),
        )

    def _words_for_people(self) -> tuple[AdministratorMessage, ...]:
        found: tuple[AdministratorMessage, ...] = ()
        if self._site.forked_at is not None:
            text = "A copy of this administration server uses the same identity. Say in the console what it is."
            found = (AdministratorMessage("fork", self._site.forked_at, text, "critical"),)
        if self._withheld:
            found = (
                *found,
                AdministratorMessage("unheard", self._context.epoch_floor, lease_signing.UNHEARD, "warning"),
            )
        return found

    def _finish_answer(self, message: SyncAnswer, told_to_leave: bool = False) -> tuple[bytes, SiteRow]:
        """Sign, rotate the state token, and keep the answer for a repetition of the request.

        `told_to_leave`: whoever shows the token of this answer has heard that the site gives its place up.
        """
        count = self._site.token_count + 1
        if told_to_leave:
            body = msgspec.structs.replace(read_record(self._site), told_to_leave=count)
            self._site = with_extra(self._site, body)
        token = self._context.keys.state_token(self._site.id, self._site.epoch, count)
        answer = exchanges.answer_sync(msgspec.structs.replace(message, token=token), self._answer_signer())
        told = self._asked.message
        site = msgspec.structs.replace(
            self._site,
            token=token.encode(),
            token_count=count,
            last_path=told.path.kind,
            last_trigger=told.trigger,
            last_request=told.request,
            answer=answer,
            last_contact=self._now,
            next_sync=None if message.next_sync is None else message.next_sync.not_after,
        )
        return answer, site

    def _answer_signer(self) -> Signer:
        return self._context.answer_signer(self._site.product, sandbox=self._sandbox)


def _signed_by(site: SiteRow) -> str:
    """The id of the key that signed the site's newest lease; empty where that was not kept."""
    pace = read_pace(site.pace)
    return "" if pace is None else pace.kid
