"""What a site is answered, as pure functions of what is known of it, its request, and the time [spec: synchronization].

`sync_contact` and `site_contact` read what is known, ask here and in `core.answering` what follows, and store that.
Nothing here touches the store, a key, or a clock. What can be taken away is said signed; a copy of a site is answered
without disturbing the other one (`SiteReply.to_copy`).
"""

import msgspec

from tenure.core.answering import forks as fork_rules
from tenure.core.answering.callers import Caller, KnownCaller, ShownCaller, TokenNumber, recognize_caller
from tenure.core.answering.unchanged import ServerMoment, is_lease_current
from tenure.core.business import commands as c
from tenure.core.business.decide.installations import resolve_fork
from tenure.core.lease.claims import Lease
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, evolve
from tenure.core.timeline import Instant, Timeline
from tenure.server import allotments, forks, places
from tenure.server.lease_signing import UNHEARD, SignedSite
from tenure.server.site_record import read_record, with_extra
from tenure.server.sync_values import PresentSite, SiteReply, report_of, site_knowledge
from tenure.store.sites import SiteRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.leases import SealedLease
from tenure.wire.messages import (
    AdministratorMessage,
    NextSync,
    SiteChange,
    SyncAnswer,
    SyncRequest,
    to_signed_refusal,
)

FORK_TOLD = "A copy of this administration server uses the same identity. Say in the console what it is."


# who asks


def recognize_site(site: SiteRow, message: SyncRequest, shown: TokenNumber | None) -> Caller | Refused:
    """Who asks; `shown`: the number of its state token, if that is authentic."""
    known = KnownCaller(
        number=(site.epoch, site.token_count),
        token=site.token.decode(),
        last_request=site.last_request,
        memory=read_record(site),
    )
    return recognize_caller(known, ShownCaller(number=shown, token=message.token, pending=message.pending))


def overtaken_by(site: SiteRow, message: SyncRequest) -> Refused | None:
    """Why a request that was carried by hand is not answered: what happened since it was made is not a fork."""
    if forks.is_newest(site, message):
        return None
    return fork_rules.refuse_overtaken((message.epoch, message.serial), message.wall, forks.last_contact(site))


def judge_shown_lease(site: SiteRow, read: SealedLease | Refused) -> SealedLease | Refused:
    """The lease by which a restored server learns of the site; `lease_not_mine` if it is another one's."""
    if isinstance(read, Refused) or read.lease.sub == site.id:
        return read
    return Refused(RefusalCode.LEASE_NOT_MINE)


def after_learning(site: SiteRow, lease: Lease, number: int, now: Instant) -> SiteRow:
    """The site as it was before the restore, as far as its lease and the `number` of its state token say it; it gets a
    new lease."""
    return msgspec.structs.replace(allotments.after_learning(site, lease, now), token_count=number, revision=0)


# what its request says


def newly_acknowledged(site: SiteRow, message: SyncRequest) -> bool:
    """Whether the site shows for the first time that it holds a lease, which replaces those before it."""
    return message.epoch == site.epoch and site.acked_serial < message.serial <= site.serial


def goes_by_newest(site: SiteRow, message: SyncRequest) -> bool:
    """Whether the site goes by the newest lease that was signed for it."""
    return (message.epoch, message.serial) == (site.epoch, site.serial)


def after_report(site: SiteRow, message: SyncRequest) -> SiteRow:
    """The site with its use and version as it reports them."""
    return msgspec.structs.replace(
        site, devices=message.use.total, devices_digest=message.use.digest, version=message.version
    )


class ResolvedFork(msgspec.Struct, frozen=True):
    """A site after it was said what its copies are, and what is stored of that: of an ephemeral one nothing."""

    present: PresentSite
    stored: tuple[f.Fact, ...]


def resolve_copies(present: PresentSite, resolution: str, now: Instant) -> ResolvedFork | Refused:
    """The fork settled by the site's administrator; both copies hold the key, so that only so much can be said."""
    site, sub = present.site, present.sub
    command = c.ResolveFork(by=site.id, role=Role.SITE, site=site.id, resolution=resolution)
    outcome = resolve_fork(sub, command, now)
    if isinstance(outcome, Refused):
        return outcome
    for fact in outcome.facts:
        if not site.ephemeral:
            sub = evolve(sub, fact)
        if isinstance(fact, f.ForkResolved):
            site = forks.after_resolution(site, fact, now)
    sub = places.with_ephemeral(sub, site)
    return ResolvedFork(
        PresentSite(site, sub, sub.find_site(site.id) or present.state), () if site.ephemeral else outcome.facts
    )


def has_heard(site: SiteRow) -> bool:
    """Whether the site shows the state token that came with the word to leave."""
    return read_record(site).told_to_leave == site.token_count


# what it gets


def lease_says_all(present: PresentSite, message: SyncRequest, told: int, moment: ServerMoment) -> bool:
    """Whether nothing is new for the site; `told`: as `revision_told`, 0 where others have changed what it is to say.

    What the hot path reads from the row, computed from the lease and the subscription (`core.answering.unchanged`).
    """
    return is_lease_current(site_knowledge(present.site, present.sub, told), report_of(message), moment)


def reply_unchanged(present: PresentSite, lease: Lease, now: Instant, *, withheld: bool) -> SiteReply:
    """Its lease says everything; from now on its row says so, too."""
    told = msgspec.structs.replace(present.site, revision=present.sub.revision)
    turn = sync_window(timeline(present.sub, present.state), lease, now)
    return SiteReply(result="unchanged", site=told, state=present.state, turn=turn, withheld=withheld)


def reply_lease(
    present: PresentSite,
    signed: SignedSite,
    changes: tuple[SiteChange, ...],
    now: Instant,
    *,
    withheld: bool,
    drawn: Timeline | None = None,
) -> SiteReply:
    """Its new lease, and that of the successor that waits; `drawn`: its timeline, where the caller has it."""
    return SiteReply(
        result="lease",
        site=signed.site,
        state=present.state,
        lease=signed.token,
        successor=signed.successor,
        turn=sync_window(timeline(present.sub, present.state) if drawn is None else drawn, signed.lease, now),
        changes=changes,
        withheld=withheld,
    )


def reply_fork(present: PresentSite, signed: SignedSite, now: Instant) -> SiteReply:
    """The truth for a week, to a copy [spec: fork-rule]."""
    turn = sync_window(timeline(present.sub, present.state), signed.lease, now)
    return SiteReply(
        result="lease", site=signed.site, state=present.state, lease=signed.token, turn=turn, forked=True, to_copy=True
    )


def refuse_site(
    site: SiteRow, refused: Refused, state: SiteState | None = None, *, tells_to_leave: bool = False
) -> SiteReply:
    """The signed "no" to the site itself."""
    return SiteReply(result="refused", site=site, state=state, refused=refused, tells_to_leave=tells_to_leave)


def refuse_copy(site: SiteRow, refused: Refused, state: SiteState | None = None, *, forked: bool = False) -> SiteReply:
    """The signed "no" to a copy; `forked`: the fork is open."""
    return SiteReply(result="refused", site=site, state=state, refused=refused, forked=forked, to_copy=True)


# as a message, and as a row


def make_answer(
    reply: SiteReply,
    asked: ProvenRequest[SyncRequest],
    now: Instant,
    *,
    root: int,
    restored: Instant,
    notices: tuple[str, ...],
) -> SyncAnswer:
    """The answer, but for its state token; `restored`: when this server was last put back from a backup, or 0."""
    return SyncAnswer(
        nonce=asked.message.nonce,
        request_sha256=asked.sha256,
        time=now,
        root=root,
        result=reply.result,
        refusal=None if reply.refused is None else to_signed_refusal(reply.refused),
        lease=reply.lease.decode(),
        successor=reply.successor.decode(),
        next_sync=None if reply.turn is None else NextSync(*reply.turn),
        forked=reply.forked,
        changes=reply.changes,
        messages=_administrator_messages(reply, restored),
        notices=notices,
        fork=forks.fork_shown(reply.site, reply.state, now),
        free_from=reply.free_from,
    )


def brings_lease_alone(reply: SiteReply) -> bool:
    """Whether the answer says nothing but its lease and its window."""
    more = reply.changes or reply.successor or reply.forked or reply.withheld or reply.free_from
    return reply.result == "lease" and reply.refused is None and not more and reply.site.forked_at is None


def _administrator_messages(reply: SiteReply, restored: Instant) -> tuple[AdministratorMessage, ...]:
    forked_at, found = reply.site.forked_at, []
    if forked_at is not None:
        found.append(AdministratorMessage("fork", forked_at, FORK_TOLD, "critical"))
    if reply.withheld:
        found.append(AdministratorMessage("unheard", restored, UNHEARD, "warning"))
    return tuple(found)


def after_answer(reply: SiteReply, message: SyncRequest, token: str, answer: bytes, now: Instant) -> SiteRow:
    """The site once it is answered: its next state token, and the answer, which a repeated request gets again."""
    site, count = reply.site, reply.site.token_count + 1
    if reply.tells_to_leave:
        site = with_extra(site, msgspec.structs.replace(read_record(site), told_to_leave=count))
    return msgspec.structs.replace(
        site,
        token=token.encode(),
        token_count=count,
        last_path=message.path.kind,
        last_trigger=message.trigger,
        last_request=message.request,
        answer=answer,
        last_contact=now,
        next_sync=None if reply.turn is None else reply.turn[1],
    )
