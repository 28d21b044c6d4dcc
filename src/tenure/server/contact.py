"""A synchronisation that changes something: forks, acknowledgements, reports, allotments, new leases
[spec: synchronization].

One `Contact` answers one request inside the caller's transaction. What it may take away it says signed; what it cannot
tell it refuses unsigned.
"""

import base64
from typing import Literal

import msgspec

from tenure.core import commands as c
from tenure.core import facts as f
from tenure.core.contract import timeline
from tenure.core.decide.sites import resolve_fork
from tenure.core.lease import Lease
from tenure.core.periods import format_instant
from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.schedule import window
from tenure.core.subscription import SiteState, Subscription, evolve
from tenure.core.timeline import Instant
from tenure.server import books, copies, forks, leaving, places, seat_conflicts, settling, shares, takeover, words
from tenure.server.beside import beside, with_beside
from tenure.server.context import Context
from tenure.server.leases import renewal_due
from tenure.server.pace import read_pace
from tenure.server.real_time import RealTime
from tenure.store import facts, leases, sites
from tenure.store.engine import Connection
from tenure.store.sites import Site
from tenure.wire import answers
from tenure.wire.answers import Asked
from tenure.wire.keys import Signer
from tenure.wire.leases import read_lease
from tenure.wire.messages import Change, Message, NextSync, Refusal, SyncAnswer, SyncRequest, refusal

CHANGES_TOLD = 16


class Contact:
    """One request of one site, answered."""

    def __init__(
        self,
        context: Context,
        conn: Connection,
        asked: Asked[SyncRequest],
        site: Site,
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
        self._carried = self._anew = carried
        """Whether a lease is signed although nothing of the present subscription has changed."""

    def answer(self) -> tuple[bytes, Site]:
        """The signed answer, and the site as it is afterwards."""
        shown = self._context.keys.read_state_token(self._site.id, self._asked.message.token)
        if shown is not None and shown > (self._site.epoch, self._site.token_count):
            return self._learn()
        settled = forks.told(self._site, self._asked.message.token)
        if settled is not None:
            return self._aside(self._message(result="refused", refusal=refusal(settled)))
        if not forks.newest(self._site, self._asked.message):
            return self._forked()
        return self._present()

    @staticmethod
    def latest_lease(conn: Connection, site: Site) -> Lease | None:
        """The site's newest lease as a value: the server's own word, read without checking it again."""
        signed = leases.latest(conn, site.id)
        if signed is None or signed.body is None:
            return None
        payload = signed.body.split(b".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)), type=Lease)

    def _present(self) -> tuple[bytes, Site]:
        """The present truth for a site that is who it says."""
        self._note_acknowledgement()
        if self._site.state != shares.LEFT:  # what it left counts as it was set aside, whatever it reports
            self._note_report()
        if not self._context.stopped_money:
            self._site = takeover.take_over_if_due(self._conn, self._site, self._time, self._asked.message.subscription)
        sub = self._settled()
        state = None if sub is None else places.state_of(sub, self._site)
        if self._asked.message.erased and sub is not None:
            return self._erased(sub, state)
        if sub is None or state is None or not state.holds:
            gone = leaving.gone(state)
            return self._finish(self._message(result="refused", refusal=refusal(gone)), self._told_to_leave(sub, state))
        self._state = state
        full = self._no_place(sub, state) if places.is_alone(self._site) else None
        if full is not None:
            return self._finish(self._message(result="refused", refusal=refusal(full)))
        sub = self._relisted(sub, state)
        self._state = state = places.state_of(sub, self._site) or state
        sub = places.with_ephemeral(sub, self._site)
        wished = self._wishes(sub)
        if isinstance(wished, Refused):
            return self._finish(self._message(result="refused", refusal=refusal(wished)))
        return self._lease_or_unchanged(self._share_out(wished, state))

    def _no_place(self, sub: Subscription, state: SiteState) -> Refused | None:
        """`device_limit_reached` to an application whose place is over and for which none is free."""
        name, floor = self._site.id, self._context.epoch_floor
        date = seat_conflicts.date_told(self._conn, self._site, sub.id)
        over = date is not None and date <= sub.clock(self._now)
        if over and state.place_until is None and not self._site.ephemeral:
            # It stays, but its lease had to carry the date: whoever was struck out instead may still go by his.
            if shares.pool_of(self._conn, sub, self._now, floor, name).slack(self._now) > 0:
                return None
        elif shares.has_place(self._conn, sub, name, self._now, floor):
            return None
        else:
            places.left(self._conn, name, sub.id)  # having been heard again must not bring it back
        full = leaving.full(self._conn, self._context, sub, self._now)
        if not over or date is None:
            return full
        struck = f"It was struck out from {format_instant(date)} on, because fewer devices are ordered."
        return msgspec.structs.replace(full, detail=f"{struck} {full.detail}")

    def _relisted(self, sub: Subscription, state: SiteState) -> Subscription:
        """The subscription with a seat conflict's list as it has to be now, also for whoever asks."""
        if places.is_alone(self._site):
            message = self._asked.message
            if (message.epoch, message.serial) == (self._site.epoch, self._site.serial):
                seat_conflicts.shown_newest(self._conn, self._site, sub.id)
        again = state.place_until is not None and state.place_until <= sub.clock(self._now)
        name = self._site.id if again else ""
        return seat_conflicts.relist(self._conn, sub, self._now, self._context.epoch_floor, name)

    def _erased(self, sub: Subscription, state: SiteState | None) -> tuple[bytes, Site]:
        """An application on its own gives its place back: its receipt says that the lease is gone from its disk."""
        wrong = leaving.unproven(self._conn, self._site, self._asked.message.erased, self._asked.public)
        if wrong is not None:
            return self._finish(self._message(result="refused", refusal=refusal(wrong)))
        if state is not None and (state.holds or state.leaving_until is not None):
            self._site = leaving.given_up(self._conn, self._site, sub, state, self._now)
        free_from = places.free_from(self._conn, self._site.id, sub, self._now)
        return self._finish(msgspec.structs.replace(self._message(result="released"), free_from=free_from))

    def _told_to_leave(self, sub: Subscription | None, state: SiteState | None) -> bool:
        """Whether this answer tells the site to give its place up; once it has heard so, its return is booked."""
        if sub is None or state is None or state.leaving_until is None or state.left_at is not None:
            return False
        if beside(self._site).told_to_leave != self._site.token_count:
            return True
        self._site = leaving.returned(self._conn, self._site, sub, self._asked.message.use.total, self._now)
        return False

    def _wishes(self, sub: Subscription) -> Subscription | Refused:
        """The subscription after what the administrator asked for at the site: a fork resolved, a successor dropped."""
        message = self._asked.message
        if message.resolve:
            resolved = self._resolve(sub, message.resolve)
            if isinstance(resolved, Refused):
                return resolved
            sub = resolved
        if message.drop_successor:
            dropped = takeover.drop_successor(self._conn, self._site, message.drop_successor, self._time)
            if isinstance(dropped, Refused):
                return dropped
            self._site, self._anew = dropped, True
        return sub

    def _resolve(self, sub: Subscription, resolution: str) -> Subscription | Refused:
        """The fork settled by the site's administrator; both copies hold the key, so that only so much can be said."""
        command = c.ResolveFork(by=self._site.id, role=Role.SITE, site=self._site.id, resolution=resolution)
        outcome = resolve_fork(sub, command, self._now)
        if isinstance(outcome, Refused):
            return outcome
        for fact in outcome.facts:
            if not self._site.ephemeral:
                sub = self._append(sub, fact)
            if isinstance(fact, f.ForkResolved):
                self._site = forks.resolved(self._site, fact, self._now)
        sub = places.with_ephemeral(sub, self._site)
        self._state = sub.site(self._site.id)
        return sub

    def _lease_or_unchanged(self, sub: Subscription) -> tuple[bytes, Site]:
        state = places.state_of(sub, self._site)
        assert state is not None  # noqa: S101 - the caller looked
        lease = self.latest_lease(self._conn, self._site)
        message = self._asked.message
        held = (message.epoch, message.serial) == (self._site.epoch, self._site.serial)
        # What was signed before a restore is of an epoch that the restore has closed.
        held = held and self._site.epoch >= self._context.epoch_floor
        spans = timeline(sub, state)
        if lease is not None and held and not self._anew and not self._outdated(lease, sub, state):
            self._site = msgspec.structs.replace(self._site, revision=sub.revision)  # nothing is left to tell
            return self._finish(self._message(result="unchanged", turn=window(spans, lease, self._now)))
        signed = words.sign(self._conn, self._context, self._site, sub, self._now, carried=self._carried)
        self._site = signed.site
        return self._finish(
            self._message(
                result="lease",
                lease=signed.token.decode(),
                successor=signed.successor.decode(),
                turn=window(spans, signed.lease, self._now),
                changes=self._changes(sub, lease),
            )
        )

    def _outdated(self, lease: Lease, sub: Subscription, state: SiteState) -> bool:
        turned = lease.spans[0].until is not None and lease.spans[0].until <= self._now
        return (
            turned
            or not self._context.keys.knows(_signed_by(self._site), sandbox=self._sandbox)
            or renewal_due(
                lease, sub, state, self._now, outlook=words.outlook(self._conn, self._context, sub, self._now)
            )
            or self._site.successor is not None
            or shares.untold(self._site)
            or self._told_otherwise(lease, sub, state)
        )

    def _told_otherwise(self, lease: Lease, sub: Subscription, state: SiteState) -> bool:
        """Whether others have changed what the lease is to say: what was left, or who goes at a lower limit."""
        if not places.is_alone(self._site):
            return lease.coming != words.coming(self._conn, self._site, sub, self._now)
        if places.untold(self._conn, self._site):
            return True
        floor = self._context.epoch_floor
        return not seat_conflicts.is_told(self._conn, sub, self._site, state, lease, self._now, floor)

    def _note_acknowledgement(self) -> None:
        """The site shows which lease it goes by: earlier words are replaced (rule *Giving back*)."""
        message = self._asked.message
        if message.epoch == self._site.epoch and self._site.acked_serial < message.serial <= self._site.serial:
            leases.acknowledged(self._conn, self._site.id, message.epoch, message.serial, self._now)
            self._site = msgspec.structs.replace(self._site, acked_serial=message.serial)
            self._heard = True

    def _note_report(self) -> None:
        message = self._asked.message
        goes_by_newest = (message.epoch, message.serial) == (self._site.epoch, self._site.serial)
        if places.is_alone(self._site):
            if goes_by_newest:
                places.acknowledged(self._conn, self._site, self._now)
        else:
            self._site = shares.reported(
                self._conn, self._site, message.use.total, message.wanted, self._now, acknowledged=goes_by_newest
            )
        self._site = msgspec.structs.replace(
            self._site, devices=message.use.total, devices_digest=message.use.digest, version=message.version
        )
        sites.save_many(self._conn, [self._site])

    def _settled(self) -> Subscription | None:
        site = self._site
        customer = books.customer_of(self._conn, site.provider, site.subscription)
        loaded = None if customer is None else books.load(self._conn, site.provider, customer, self._time)
        if loaded is not None and not self._context.stopped_money:
            loaded = settling.settled(self._conn, loaded, heard=self._heard)
        item = None if loaded is None else loaded.item(site.subscription)
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
            if in_use == state.allotment or not forks.outlived(self._site, sub, self._now):
                return sub
            return words.allot(self._conn, self._site, sub, in_use, self._now)
        shared = words.share_out(self._conn, self._context, self._site, sub, self._now)
        self._withheld = shared.withheld
        return shared.sub

    def _append(self, sub: Subscription, fact: f.Fact) -> Subscription:
        after = evolve(sub, fact)
        books.append_to(self._conn, after, (fact,), self._now)
        return after

    def _forked(self) -> tuple[bytes, Site]:
        """A token used before, with a new request: two copies of the site live [spec: fork-rule].

        The current token stays: the other copy is not disturbed. The stale one gets the truth for a week, once in 90
        days, and is refused after that until somebody says what it is.
        """
        sub = self._settled()
        state = None if sub is None else places.state_of(sub, self._site)
        if sub is None or state is None or not state.holds:
            return self._aside(self._message(result="refused", refusal=refusal(leaving.gone(state))))
        message = self._asked.message
        seen = copies.sight(self._conn, self._site, sub, forks.sighting(message, self._now), self._now)
        self._site, sub = seen.site, seen.sub
        self._state = state = places.state_of(sub, self._site) or state
        if message.resolve:
            return self._said_by_the_copy(sub, message.resolve)
        signed = copies.truth(self._conn, self._context, self._site, sub, self._now)
        if isinstance(signed, Refused):
            return self._aside(self._message(result="refused", refusal=refusal(signed), forked=True))
        self._site = signed.site
        turn = window(timeline(sub, state), signed.lease, self._now)
        return self._aside(self._message(result="lease", lease=signed.token.decode(), turn=turn, forked=True))

    def _said_by_the_copy(self, sub: Subscription, resolution: str) -> tuple[bytes, Site]:
        """The stale copy's own administrator speaks: restored, it is the site from this answer on."""
        resolved = self._resolve(sub, resolution)
        if isinstance(resolved, Refused):
            return self._aside(self._message(result="refused", refusal=refusal(resolved), forked=True))
        settled = forks.told(self._site, self._asked.message.token)
        if settled is not None:
            return self._aside(self._message(result="refused", refusal=refusal(settled)))
        self._asked = msgspec.structs.replace(
            self._asked, message=msgspec.structs.replace(self._asked.message, resolve="")
        )
        return self._present()

    def _aside(self, message: SyncAnswer) -> tuple[bytes, Site]:
        """The answer to a stale copy: token and stored answer stay those of the other one."""
        return answers.answer_sync(message, self._signer()), self._site

    def _learn(self) -> tuple[bytes, Site]:
        """An authentic token newer than the server remembers: it was restored, and the site knows more
        [spec: restored-server]."""
        if not self._asked.message.lease:
            return self._aside(self._message(result="send_lease"))
        known = read_lease(
            self._asked.message.lease.encode(),
            self._context.keys.root_of(sandbox=self._sandbox),
            product=self._site.product,
            sandbox=self._sandbox,
        )
        if isinstance(known, Refused) or known.lease.sub != self._site.id:
            bad = known if isinstance(known, Refused) else Refused(Code.LEASE_NOT_MINE)
            return self._aside(self._message(result="refused", refusal=refusal(bad)))
        sub = self._settled()
        if sub is None:
            return self._aside(self._message(result="refused", refusal=refusal(Refused(Code.SITE_UNKNOWN))))
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
        self._append(sub, learned)
        shown = self._context.keys.read_state_token(self._site.id, self._asked.message.token) or (0, 0)
        self._site = msgspec.structs.replace(
            shares.learned(self._site, lease, self._now),
            token_count=shown[1],
            epoch=max(self._site.epoch, lease.epoch),
            serial=max(self._site.serial, lease.serial),
            revision=0,
        )
        return self._present()

    def _changes(self, sub: Subscription, lease: Lease | None) -> tuple[Change, ...]:
        """What happened since the revision that the site knows."""
        since = self._asked.message.revision if lease is not None and lease.subscription == sub.id else 0
        told = facts.history(self._conn, sub.provider, sub.id, since, CHANGES_TOLD)
        return tuple(Change(link.seq, link.fact.at, books.snake(link.fact.kind), link.fact.kind) for link in told)

    def _message(
        self,
        *,
        result: Literal["lease", "unchanged", "send_lease", "refused", "released"],
        lease: str = "",
        successor: str = "",
        turn: tuple[Instant, Instant] | None = None,
        refusal: Refusal | None = None,
        forked: bool = False,
        changes: tuple[Change, ...] = (),
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
            notices=self._context.carried(sandbox=self._sandbox),
            fork=forks.shown(self._site, self._state, self._now),
        )

    def _words_for_people(self) -> tuple[Message, ...]:
        found: tuple[Message, ...] = ()
        if self._site.forked_at is not None:
            text = "A copy of this administration server uses the same identity. Say in the console what it is."
            found = (Message("fork", self._site.forked_at, text, "critical"),)
        if self._withheld:
            found = (*found, Message("unheard", self._context.epoch_floor, words.UNHEARD, "warning"))
        return found

    def _finish(self, message: SyncAnswer, told_to_leave: bool = False) -> tuple[bytes, Site]:
        """Sign, rotate the state token, and keep the answer for a repetition of the request.

        `told_to_leave`: whoever shows the token of this answer has heard that the site gives its place up.
        """
        count = self._site.token_count + 1
        if told_to_leave:
            body = msgspec.structs.replace(beside(self._site), told_to_leave=count)
            self._site = with_beside(self._site, body)
        token = self._context.keys.state_token(self._site.id, self._site.epoch, count)
        answer = answers.answer_sync(msgspec.structs.replace(message, token=token), self._signer())
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

    def _signer(self) -> Signer:
        return self._context.answer_signer(self._site.product, sandbox=self._sandbox)


def _signed_by(site: Site) -> str:
    """The id of the key that signed the site's newest lease; empty where that was not kept."""
    pace = read_pace(site.pace)
    return "" if pace is None else pace.kid
