"""The synchronization of a site that is who it says, inside the caller's transaction [spec: synchronization].

Each step reads what it needs, asks a pure function what follows (`sync_reply`, `core.answering`), stores that, and
hands its values on. Who asks, and what copies get, is `sync_contact`'s.
"""

import msgspec

from tenure.core.answering.departures import is_told_to_leave, refuse_gone, refuse_struck
from tenure.core.answering.forks import allotment_of_copies
from tenure.core.answering.unchanged import ServerMoment, renewal_at, revision_told
from tenure.core.lease.claims import Lease
from tenure.core.refusals import Refused
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.server import (
    account_repository,
    allotments,
    lease_signing,
    leaving,
    places,
    seat_conflicts,
    settlement,
    sync_reply,
    takeover,
)
from tenure.server.notices import current_outages
from tenure.server.site_record import read_record
from tenure.server.sync_hint import read_pace
from tenure.server.sync_values import PresentSite, SiteReply, SyncContact
from tenure.store import facts, leases, sites
from tenure.store.leases import Acknowledgment
from tenure.store.sites import SiteRow
from tenure.wire.messages import SiteChange

CHANGES_TOLD = 16


class GrantedWishes(msgspec.Struct, frozen=True):
    """A site after what its administrator asked for there."""

    present: PresentSite
    renews: bool = False
    """A lease is signed although nothing of the present subscription has changed."""
    refused: Refused | None = None


class SharedPool(msgspec.Struct, frozen=True):
    """A site after its allotment was set to what the pool has for it."""

    present: PresentSite
    withheld: bool = False
    """It gets no more than it has because others may hold more than a restored server knows."""


def answer_site(contact: SyncContact, site: SiteRow, resolve: str, *, stored: bool = False) -> SiteReply:
    """The present truth; `resolve`: what is still to be said of a fork, or nothing.

    `stored`: the site is as its row is, so that a report which changes nothing needs no writing.
    """
    acknowledged = sync_reply.newly_acknowledged(site, contact.message)
    before = site if stored else None
    site = _take_report(contact, _note_acknowledgment(contact, site) if acknowledged else site, before)
    if not contact.context.stopped_money:
        site = takeover.take_over_if_due(contact.conn, site, contact.time, contact.message.subscription)
    sub = settle_subscription(contact, site, heard=acknowledged)
    state = None if sub is None else places.state_of(sub, site)
    if contact.message.erased and sub is not None:
        return _take_receipt(contact, site, sub, state)
    if sub is None or state is None or not state.is_active:
        return _answer_gone(contact, site, sub, state)
    return _answer_present(contact, PresentSite(site, sub, state), resolve)


def settle_subscription(contact: SyncContact, site: SiteRow, *, heard: bool = False) -> Subscription | None:
    """What the site uses, with everything booked that was due; `heard`: it has just acknowledged a lease."""
    conn, context = contact.conn, contact.context
    loaded = account_repository.books_of(conn, site.provider, site.subscription, site.customer, contact.time)
    if loaded is not None and not context.stopped_money:
        loaded = settlement.settle_books(conn, loaded, heard=heard)
    item = None if loaded is None else loaded.find_item(site.subscription)
    return None if item is None else item.sub


def resolve_fork(contact: SyncContact, present: PresentSite, resolution: str) -> PresentSite | Refused:
    """The site after its administrator has said what its copies are."""
    resolved = sync_reply.resolve_copies(present, resolution, contact.now)
    if isinstance(resolved, Refused):
        return resolved
    sub = present.sub
    for fact in resolved.stored:
        sub = account_repository.append_to(contact.conn, sub, (fact,), contact.now)
    return resolved.present


# what it reports


def _note_acknowledgment(contact: SyncContact, site: SiteRow) -> SiteRow:
    """The site shows which lease it goes by: earlier words are replaced [spec: giving-back]."""
    message = contact.message
    leases.mark_acknowledged(
        contact.conn, [Acknowledgment(site.id, message.epoch, message.serial, contact.now, site.acked_serial)]
    )
    return msgspec.structs.replace(site, acked_serial=message.serial)


def _take_report(contact: SyncContact, site: SiteRow, before: SiteRow | None) -> SiteRow:
    """The site with its report; what it left counts as it was set aside, whatever it reports.

    Written at once, for what is counted next reads rows; `before`: its row, where that is known.
    """
    if site.state == allotments.LEFT:
        return site
    after = sync_reply.after_report(_free_what_was_left(contact, site), contact.message)
    # Which lease it goes by is written with the answer: no count reads that of a row.
    if before is None or msgspec.structs.replace(after, acked_serial=before.acked_serial) != before:
        sites.save_many(contact.conn, [after])
    return after


def _free_what_was_left(contact: SyncContact, site: SiteRow) -> SiteRow:
    conn, message, now = contact.conn, contact.message, contact.now
    newest = sync_reply.goes_by_newest(site, message)
    if not places.is_alone(site):
        use, published = message.use.total, current_outages(conn)
        pools = allotments.pools_of(site).after_report(use, message.wanted, now, published, acknowledged=newest)
        return allotments.with_pools(site, pools)
    if newest:
        places.after_acknowledgment(conn, site, now)
    return site


# that it leaves, or has left


def _take_receipt(contact: SyncContact, site: SiteRow, sub: Subscription, state: SiteState | None) -> SiteReply:
    """An application on its own gives its place back: its receipt says that the lease is gone from its disk."""
    conn, now = contact.conn, contact.now
    wrong = leaving.refuse_unproven(conn, site, contact.message.erased, contact.asked.public)
    if wrong is not None:
        return sync_reply.refuse_site(site, wrong)
    if state is not None and (state.is_active or state.leaving_until is not None):
        site = leaving.given_up(conn, site, sub, state, now)
    return SiteReply(result="released", site=site, free_from=places.free_from(conn, site.id, sub, now))


def _answer_gone(contact: SyncContact, site: SiteRow, sub: Subscription | None, state: SiteState | None) -> SiteReply:
    """It has nothing here any more; once it has heard that it was made to leave, its return is booked."""
    gone, leaves = refuse_gone(state), is_told_to_leave(state)
    heard = leaves and sync_reply.has_heard(site)
    if sub is not None and heard:
        site = leaving.after_return(contact.conn, site, sub, contact.message.use.total, contact.now)
    return sync_reply.refuse_site(site, gone, tells_to_leave=leaves and not heard)


# what it gets


def _answer_present(contact: SyncContact, present: PresentSite, resolve: str) -> SiteReply:
    if places.is_alone(present.site):
        full = _refuse_place(contact, present)
        if full is not None:
            return sync_reply.refuse_site(present.site, full, present.state)
    wishes = _grant_wishes(contact, _relist_conflict(contact, present), resolve)
    if wishes.refused is not None:
        return sync_reply.refuse_site(wishes.present.site, wishes.refused, wishes.present.state)
    return _lease_or_unchanged(contact, _share_out(contact, wishes.present), renews=wishes.renews or contact.carried)


def _refuse_place(contact: SyncContact, present: PresentSite) -> Refused | None:
    """`device_limit_reached` to an application whose place is over and for which none is free."""
    site, sub = present.site, present.sub
    date = seat_conflicts.date_told(contact.conn, site, sub.id)
    struck = date if date is not None and date <= sub.contract_clock(contact.now) else None
    taken_back = struck is not None and present.state.place_until is None and not site.ephemeral
    if _finds_place(contact, present, taken_back=taken_back):
        return None
    if not taken_back:
        places.leave_place(contact.conn, site.id, sub.id)  # having been heard again must not bring it back
    return refuse_struck(leaving.refuse_full(contact.conn, contact.context, sub, contact.now), struck)


def _finds_place(contact: SyncContact, present: PresentSite, *, taken_back: bool) -> bool:
    """Whether it has a place, or one is free. One that was `taken_back` after its lease had to carry the date has none
    of its own: the one that was struck out instead may still go by its lease."""
    conn, name, sub, now, floor = (
        contact.conn, present.site.id, present.sub, contact.now, contact.context.epoch_floor,
    )  # fmt: skip
    if taken_back:
        return allotments.pool_of(conn, sub, now, floor, name).free_at(now) > 0
    return allotments.has_place(conn, sub, name, now, floor)


def _relist_conflict(contact: SyncContact, present: PresentSite) -> PresentSite:
    """The site with a seat conflict's list as it has to be now, also for the application that asks."""
    conn, site, sub = contact.conn, present.site, present.sub
    if places.is_alone(site) and sync_reply.goes_by_newest(site, contact.message):
        seat_conflicts.shown_newest(conn, site, sub.id)
    until = present.state.place_until
    newcomer = site.id if until is not None and until <= sub.contract_clock(contact.now) else ""
    sub = seat_conflicts.relist_conflict(conn, sub, contact.now, contact.context.epoch_floor, newcomer)
    return PresentSite(site, places.with_ephemeral(sub, site), places.state_of(sub, site) or present.state)


def _grant_wishes(contact: SyncContact, present: PresentSite, resolve: str) -> GrantedWishes:
    """The site after what the administrator asked for there: a fork resolved, a successor dropped."""
    if resolve:
        resolved = resolve_fork(contact, present, resolve)
        if isinstance(resolved, Refused):
            return GrantedWishes(present, refused=resolved)
        present = resolved
    name = contact.message.drop_successor
    if not name:
        return GrantedWishes(present)
    dropped = takeover.drop_successor(contact.conn, present.site, name, contact.time)
    if isinstance(dropped, Refused):
        return GrantedWishes(present, refused=dropped)
    return GrantedWishes(msgspec.structs.replace(present, site=dropped), renews=True)


def _share_out(contact: SyncContact, present: PresentSite) -> SharedPool:
    """The site after its allotment was set to what the pool has for it (B7).

    Where a fork is open it is `allotment_of_copies`.
    """
    site, sub = present.site, present.sub
    if places.is_alone(site):
        return SharedPool(present)
    if site.forked_at is None:
        shared, withheld = lease_signing.share_out(contact.conn, contact.context, site, sub, contact.now)
        return SharedPool(_with_subscription(present, shared), withheld)
    allotted, use = present.state.allotment, contact.message.use.total
    lowered = allotment_of_copies(read_record(site), site.forked_at, sub, (allotted, use), contact.now)
    if lowered == allotted:
        return SharedPool(present)
    after = lease_signing.set_allotment(contact.conn, site, sub, lowered, contact.now)
    return SharedPool(_with_subscription(present, after))


def _with_subscription(present: PresentSite, sub: Subscription) -> PresentSite:
    return PresentSite(present.site, sub, places.state_of(sub, present.site) or present.state)


def _lease_or_unchanged(contact: SyncContact, shared: SharedPool, *, renews: bool) -> SiteReply:
    """A new lease where the newest one does not say everything, or where the contact `renews` it."""
    present, now = shared.present, contact.now
    newest = leases.latest_lease(contact.conn, present.site.id)
    lease = None if newest is None else lease_signing.lease_value(newest)
    if lease is not None and not renews and is_current(contact, present, lease):
        return sync_reply.reply_unchanged(present, lease, now, withheld=shared.withheld)
    signed = lease_signing.sign_lease(
        contact.conn, contact.context, present.site, present.sub, now, carried=contact.carried, newest=newest
    )
    changes = changes_since(contact, present.sub, None if lease is None else lease.subscription)
    return sync_reply.reply_lease(present, signed, changes, now, withheld=shared.withheld)


def is_current(contact: SyncContact, present: PresentSite, lease: Lease) -> bool:
    """Whether the site goes by `lease`, its newest one, and that says everything."""
    context, site, sub, now = contact.context, present.site, present.sub, contact.now
    pace = read_pace(site.pace)
    trusted = context.keys.is_believed("" if pace is None else pace.kid, sandbox=contact.sandbox)
    moment = ServerMoment(now, renewal_at(lease), context.epoch_floor, trusted)
    if not sync_reply.lease_says_all(present, contact.message, sub.revision, moment):
        return False  # whatever it says, the site goes by an older one, or its time has come
    outlook = lease_signing.renewal_outlook(contact.conn, context, sub, now)
    told = revision_told(lease, sub, present.state, now, outlook=outlook)
    if told and _is_told_otherwise(contact, present, lease):
        told = 0
    return sync_reply.lease_says_all(present, contact.message, told, moment)


def _is_told_otherwise(contact: SyncContact, present: PresentSite, lease: Lease) -> bool:
    """Whether others have changed what the lease is to say: what was left, or who goes at a lower limit."""
    conn, site, sub, now = contact.conn, present.site, present.sub, contact.now
    if allotments.pools_of(site).has_unacknowledged:
        return True
    if not places.is_alone(site):
        return lease.coming != seat_conflicts.coming_limit(conn, site, sub, now)
    if places.has_unacknowledged(conn, site):
        return True
    return not seat_conflicts.is_told(conn, sub, site, present.state, lease, now, contact.context.epoch_floor)


def changes_since(contact: SyncContact, sub: Subscription, known: str | None) -> tuple[SiteChange, ...]:
    """What happened since the revision that the site knows; `known`: the subscription of its newest lease."""
    since: int = contact.message.revision if known == sub.id else 0
    if since == sub.revision:
        return ()
    told = facts.links_after(contact.conn, sub.provider, sub.id, since, CHANGES_TOLD)
    return tuple(
        SiteChange(link.seq, link.fact.at, account_repository.snake_case(link.fact.kind), link.fact.kind)
        for link in told
    )
