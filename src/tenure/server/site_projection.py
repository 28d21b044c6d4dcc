"""The rows of sites that synchronizations go by, kept in step with what was decided about the sites.

The history says what is true; a row repeats of it what a synchronization must know without reading the history.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.subscription import allotment
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant
from tenure.server import allotments, forks, places
from tenure.server.allotments import LEFT, pools_of
from tenure.server.site_record import rows_of
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow

IN_USE = "in_use"


def project_sites(conn: Connection, sub: Subscription, facts: Iterable[f.Fact], now: Instant) -> None:
    """Bring the rows up to `facts`, just appended, whose outcome is `sub`."""
    for fact in facts:
        match fact:
            case f.Transferred():
                rows = [row for row in rows_of(conn, sub.provider, sub.id, every=True) if row.subscription == sub.id]
                sites.save_many(conn, [msgspec.structs.replace(row, customer=fact.customer) for row in rows])
            case f.SuccessorDropped() | f.ForkResolved() | f.AllotmentFreed():
                row = _lock_site(conn, fact.site)
                sites.save_many(conn, [] if row is None else [_after_fact(conn, row, sub, fact, now)])
            case f.SiteReleaseOrdered() | f.SiteLeft():
                row = _lock_site(conn, fact.site)
                sites.save_many(conn, [] if row is None else [_mark_leaving(conn, row, sub)])
            case f.SiteReplaced():
                places.free_place(conn, fact.site, sub.id)
                row = _lock_site(conn, fact.site)
                bare = None if row is None else msgspec.structs.replace(row, state=LEFT, allotment=0, forked_at=None)
                sites.save_many(conn, [] if bare is None else [bare])
            case f.SiteDeclaredLost():
                _pass_to_heir(conn, sub, fact, now)
            case _:
                pass  # nothing that a row repeats


def _lock_site(conn: Connection, site: str) -> SiteRow | None:
    return sites.lock_many(conn, [site]).get(site)


def _mark_leaving(conn: Connection, row: SiteRow, sub: Subscription) -> SiteRow:
    """It has not heard of it yet, so whatever its lease allows counts until that ends (rule *Giving back*)."""
    if row.subscription != sub.id:
        return row
    places.leave_place(conn, row.id, sub.id)
    gone = msgspec.structs.replace(row, state=LEFT, allotment=0)
    if places.is_alone(row):
        return gone
    share = pools_of(row).part_of(row.subscription)
    return allotments.with_part(gone, row.subscription, share.after_leaving(share.held, share.word_until))


def _after_fact(
    conn: Connection,
    row: SiteRow,
    sub: Subscription,
    fact: f.SuccessorDropped | f.ForkResolved | f.AllotmentFreed,
    now: Instant,
) -> SiteRow:
    match fact:
        case f.SuccessorDropped():
            places.went_on(conn, row, sub.id)
            return _without_subscription(row, sub, now)
        case f.AllotmentFreed():
            agreed = msgspec.structs.replace(pools_of(row).part_of(sub.id), agreed=True)
            return allotments.with_part(msgspec.structs.replace(row, allotment=0), sub.id, agreed)
        case f.ForkResolved():
            return forks.after_resolution(row, fact, now)


def _without_subscription(row: SiteRow, sub: Subscription, now: Instant) -> SiteRow:
    return allotments.without_successor(row, now) if row.successor == sub.id else row


def _pass_to_heir(conn: Connection, sub: Subscription, fact: f.SiteDeclaredLost, now: Instant) -> None:
    """The lost one's part of the pool goes to its recipient at once, the one exception to B7 [spec: lost-site]."""
    pool, _ = allotment.declare_lost(allotments.pool_of(conn, sub, now), fact.site, fact.recipient, now)
    lost, recipient = _lock_site(conn, fact.site), _lock_site(conn, fact.recipient)
    if lost is not None and lost.subscription == sub.id:
        bare = msgspec.structs.replace(lost, state=LEFT, allotment=0, forked_at=None)
        sites.save_many(conn, [allotments.with_part(bare, sub.id, allotment.SiteShare(site=lost.id))])
        places.free_place(conn, lost.id, sub.id)
    elif lost is not None:  # it only kept the subscription ready, and goes on with the one it uses
        sites.save_many(
            conn,
            [allotments.with_part(_without_subscription(lost, sub, now), sub.id, allotment.SiteShare(site=lost.id))],
        )
    if recipient is not None:
        sites.save_many(conn, [allotments.with_part(recipient, sub.id, pool.share_of(recipient.id))])
