"""A new lease for a site of which nothing else is new: what most contacts that change something come to
[spec: new-lease].

Many are signed from one read and stored by one write of each kind (`store.sync_lease_path`). What a lease says is
decided by the functions that `site_contact` asks, too. Here is only looked whether anything else is to be done; then,
and wherever that is in doubt, the contact is `site_contact`'s, which comes to the same answer.
"""

import msgspec

from tenure.core.answering.lease_issue import lease_for
from tenure.core.subscription.allotment import GivenAllotment
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.seat_conflict import may_relist
from tenure.core.subscription.site_pools import SitePools, may_count_still
from tenure.core.timeline import Instant
from tenure.server import allotments, folding, lease_signing, places, site_contact, sync_reply
from tenure.server.lease_signing import SignedSite
from tenure.server.notices import current_outages
from tenure.server.site_record import SiteRecord, read_record
from tenure.server.sync_contact import sign_reply
from tenure.server.sync_hint import pace_of, read_pace
from tenure.server.sync_values import PresentSite, SyncContact
from tenure.store import tenants
from tenure.store.leases import PRESENT, Acknowledgment, SignedLease
from tenure.store.sites import SiteRow
from tenure.store.sync_lease_path import LeaseGround, PlainLease
from tenure.store.tenants import ProviderRow


class _Seen(msgspec.Struct, frozen=True):
    """A site that gets a lease and nothing else."""

    ground: LeaseGround
    record: SiteRecord
    sub: Subscription
    state: SiteState
    pools: SitePools
    """After its report."""
    given: GivenAllotment
    heard: bool
    """It shows for the first time that it holds a lease."""


def sign_plain(contact: SyncContact, ground: LeaseGround) -> tuple[bytes, PlainLease] | None:
    """The signed answer with a new lease, and what is to be written; None where anything else is to be looked at.

    Nothing is written, so that another contact finds everything as it was.
    """
    seen = _look_at(contact, ground)
    if seen is None or _says_all(contact, seen):
        return None
    return _answer_lease(contact, seen)


def _look_at(contact: SyncContact, ground: LeaseGround) -> _Seen | None:
    """The site, if it is plain: itself, alone with its subscription, and nothing is due, left, staged or asked for."""
    site, message, now = ground.site, contact.message, contact.now
    record = read_record(site)
    heard = sync_reply.newly_acknowledged(site, message)
    if contact.carried or _is_special(site, record) or ground.is_shared or _wishes(contact, site):
        return None
    if ground.next_due is not None and ground.next_due <= now:
        return None
    if heard and not _gives_nothing_back(contact, ground):
        return None
    sub = folding.subscription_at(contact.conn, site.provider, site.subscription, ground.head)
    state = None if sub is None else sub.find_site(site.id)
    if sub is None or state is None or not _is_plain_use(sub, state, now):
        return None
    pools = _reported_pools(contact, site, record)
    own, floor, outages = pools.part_of(sub.id), contact.context.epoch_floor, current_outages(contact.conn)
    given = allotments.share_alone(site, record, own, sub, now, floor, outages)
    if given.allotment != state.allotment or given.called:
        return None
    return _Seen(ground, record, sub, state, pools, given, heard)


def _is_special(site: SiteRow, record: SiteRecord) -> bool:
    """Whether the site is on its own, has left or forked, waits for a successor, or has left something elsewhere."""
    return (
        places.is_alone(site)
        or bool(site.ephemeral)
        or site.state == allotments.LEFT
        or site.successor is not None
        or site.forked_at is not None
        or bool(record.settled or record.elsewhere)
    )


def _wishes(contact: SyncContact, site: SiteRow) -> bool:
    """Whether it asks for more than an answer, or may be a copy."""
    message = contact.message
    asks = message.lease or message.resolve or message.drop_successor or message.erased
    return bool(asks) or not site.token or message.token != site.token.decode()


def _gives_nothing_back(contact: SyncContact, ground: LeaseGround) -> bool:
    """Whether that it holds the lease it shows is only to be noted, as its row says (`SyncHint.gives_nothing_back`)."""
    site, message, pace = ground.site, contact.message, read_pace(ground.site.pace)
    told = pace is not None and site.revision == ground.head.seq
    return told and pace is not None and pace.takes_word(message.use.total, message.wanted)


def _is_plain_use(sub: Subscription, state: SiteState, now: Instant) -> bool:
    """Whether the site uses the subscription, alone, and no lower limit is agreed."""
    gone = any(each.id != state.id and may_count_still(each, now) for each in sub.sites)
    return state.is_active and state.place_until is None and sub.owed is None and not gone and not may_relist(sub, now)


def _reported_pools(contact: SyncContact, site: SiteRow, record: SiteRecord) -> SitePools:
    message, outages = contact.message, current_outages(contact.conn)
    newest = sync_reply.goes_by_newest(site, message)
    pools = allotments.pools_of(site, record)
    return pools.after_report(message.use.total, message.wanted, contact.now, outages, acknowledged=newest)


def _says_all(contact: SyncContact, seen: _Seen) -> bool:
    """Whether its newest lease says everything, or may: so much is looked at only where the site goes by that one."""
    if not sync_reply.goes_by_newest(seen.ground.site, contact.message):
        return False
    lease = lease_signing.lease_value(seen.ground.newest)
    if lease is None:
        return True
    site = allotments.with_pools(sync_reply.after_report(seen.ground.site, contact.message), seen.pools, seen.record)
    return site_contact.is_current(contact, PresentSite(site, seen.sub, seen.state), lease)


def _answer_lease(contact: SyncContact, seen: _Seen) -> tuple[bytes, PlainLease] | None:
    """The lease signed, and the answer with it."""
    before, message, now = seen.ground.site, contact.message, contact.now
    provider = tenants.get_provider(contact.conn, before.provider)
    if provider is None:
        return None
    signed, record = _sign_lease(contact, seen, provider)
    present = PresentSite(before, seen.sub, seen.state)
    known = seen.ground.newest if seen.ground.newest.body is not None else None
    changes = site_contact.changes_since(contact, seen.sub, None if known is None else known.subscription)
    drawn = folding.drawn_timeline(seen.sub, seen.state)
    reply = sync_reply.reply_lease(present, signed, changes, now, withheld=seen.given.withheld, drawn=drawn)
    answer, after = sign_reply(contact, reply)
    shown = Acknowledgment(before.id, message.epoch, message.serial, now, before.acked_serial) if seen.heard else None
    return answer, PlainLease(before, after, record, seen.ground.newest, shown)


def _sign_lease(contact: SyncContact, seen: _Seen, provider: ProviderRow) -> tuple[SignedSite, SignedLease]:
    """As `lease_signing.sign_lease` for a site that is plain, with its part of the pool counted; nothing is written."""
    conn, context, now, sub = contact.conn, contact.context, contact.now, seen.sub
    before = seen.ground.site
    site = sync_reply.after_report(before, contact.message)
    acked = contact.message.serial if seen.heard else before.acked_serial
    site = msgspec.structs.replace(site, acked_serial=acked, epoch=max(site.epoch, context.epoch_floor))
    holder = lease_signing.lease_holder(conn, site, seen.record, sub.terms_at(now), seen.ground.newest)
    outlook = lease_signing.renewal_outlook(conn, context, sub, now)
    if outlook is not None:
        holder = msgspec.structs.replace(holder, outlook=outlook)
    issuer = lease_signing.issuer_of(context, provider)
    lease = lease_for(sub, seen.state, holder, issuer, now, drawn=folding.drawn_timeline(sub, seen.state))
    signer = context.lease_signer(site.product, sandbox=provider.sandbox)
    lease, token = lease_signing.seal_shortest(lease, signer)
    share = seen.pools.part_of(sub.id).after_grant(lease.allotment, lease.contact_until, now)
    pools = seen.pools.with_part(sub.id, share)
    plain = lease_signing.plain_word(site, sub, pools)
    moved = lease_signing.after_signing(
        allotments.with_pools(site, pools, seen.record),
        sub,
        lease,
        pace_of(lease, signer.key_id, sub.next_turn(now), plain),
    )
    return SignedSite(moved, lease, token), lease_signing.record_of(site.id, sub, lease, token, PRESENT, now)
