"""The rows of sites that synchronisations go by, kept in step with what was decided about the sites.

The history says what is true; a row repeats of it what a synchronisation must know without reading the history.
"""

from collections.abc import Iterable

import msgspec

from tenure.core import allotment
from tenure.core import facts as f
from tenure.core.subscription import Subscription
from tenure.core.timeline import Instant
from tenure.server import forks, places, shares
from tenure.server.beside import rows_of
from tenure.server.shares import LEFT
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import Site

IN_USE = "in_use"


def follow(conn: Connection, sub: Subscription, facts: Iterable[f.Fact], now: Instant) -> None:
    """Bring the rows up to `facts`, just appended, whose outcome is `sub`."""
    for fact in facts:
        match fact:
            case f.Transferred():
                rows = [row for row in rows_of(conn, sub.provider, sub.id, every=True) if row.subscription == sub.id]
                sites.save_many(conn, [msgspec.structs.replace(row, customer=fact.customer) for row in rows])
            case f.SuccessorDropped() | f.ForkResolved() | f.AllotmentFreed():
                row = _locked(conn, fact.site)
                sites.save_many(conn, [] if row is None else [_after(conn, row, sub, fact, now)])
            case f.SiteReleaseOrdered() | f.SiteLeft():
                row = _locked(conn, fact.site)
                sites.save_many(conn, [] if row is None else [_leaving(conn, row, sub)])
            case f.SiteReplaced():
                places.drop(conn, fact.site, sub.id)
                row = _locked(conn, fact.site)
                bare = None if row is None else msgspec.structs.replace(row, state=LEFT, allotment=0, forked_at=None)
                sites.save_many(conn, [] if bare is None else [bare])
            case f.SiteDeclaredLost():
                _lost(conn, sub, fact, now)
            case _:
                pass  # nothing that a row repeats


def _locked(conn: Connection, site: str) -> Site | None:
    return sites.lock_many(conn, [site]).get(site)


def _leaving(conn: Connection, row: Site, sub: Subscription) -> Site:
    """It has not heard of it yet, so whatever its lease allows counts until that ends (rule *Giving back*)."""
    if row.subscription != sub.id:
        return row
    places.left(conn, row.id, sub.id)
    gone = msgspec.structs.replace(row, state=LEFT, allotment=0)
    if places.is_alone(row):
        return gone
    share = shares.part(row, row.subscription)
    return shares.with_part(gone, row.subscription, share.leaving(share.held, share.word_until))


def _after(
    conn: Connection,
    row: Site,
    sub: Subscription,
    fact: f.SuccessorDropped | f.ForkResolved | f.AllotmentFreed,
    now: Instant,
) -> Site:
    match fact:
        case f.SuccessorDropped():
            places.went_on(conn, row, sub.id)
            return _without(row, sub, now)
        case f.AllotmentFreed():
            agreed = msgspec.structs.replace(shares.part(row, sub.id), agreed=True)
            return shares.with_part(msgspec.structs.replace(row, allotment=0), sub.id, agreed)
        case f.ForkResolved():
            return forks.resolved(row, fact, now)


def _without(row: Site, sub: Subscription, now: Instant) -> Site:
    return shares.without_successor(row, now) if row.successor == sub.id else row


def _lost(conn: Connection, sub: Subscription, fact: f.SiteDeclaredLost, now: Instant) -> None:
    """The lost one's part of the pool goes to its heir at once, the one exception to B7 [spec: lost-site]."""
    pool, _ = allotment.declare_lost(shares.pool_of(conn, sub, now), fact.site, fact.heir, now)
    lost, heir = _locked(conn, fact.site), _locked(conn, fact.heir)
    if lost is not None and lost.subscription == sub.id:
        bare = msgspec.structs.replace(lost, state=LEFT, allotment=0, forked_at=None)
        sites.save_many(conn, [shares.with_part(bare, sub.id, allotment.SiteShare(site=lost.id))])
        places.drop(conn, lost.id, sub.id)
    elif lost is not None:  # it only kept the subscription ready, and goes on with the one it uses
        sites.save_many(conn, [shares.with_part(_without(lost, sub, now), sub.id, allotment.SiteShare(site=lost.id))])
    if heir is not None:
        sites.save_many(conn, [shares.with_part(heir, sub.id, pool.share(heir.id))])
