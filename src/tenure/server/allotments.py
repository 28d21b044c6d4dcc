"""Each site's parts of the pools it draws on, as its row keeps them, and the pool of a subscription, as the rows say it
([spec: allotments], B7; ADR 16).

What becomes of a part is decided in `core.subscription.site_pools`, how a pool is shared in `subscription.allotment`.
"""

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.subscription.allotment import GivenAllotment, Pool, SiteShare, give_allotment, recalled_margins
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.site_pools import (
    PoolPart,
    PoolSite,
    SitePools,
    may_count_still,
    share_pool,
    share_whole_pool,
    with_waiting,
)
from tenure.core.timeline import Instant
from tenure.server import places
from tenure.server.notices import current_outages
from tenure.server.site_record import SiteRecord, StoredPart, read_record, rows_of, with_extra
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow

LEFT = "left"
"""State of a row whose site has given its subscription up, or was declared lost."""


def pools_of(site: SiteRow, record: SiteRecord | None = None) -> SitePools:
    """The site's parts, as its row keeps them; `record`: its body, where that has been read already."""
    body = read_record(site) if record is None else record
    return SitePools(
        site=site.id,
        subscription=site.subscription,
        successor=site.successor,
        serial=site.serial,
        own=_read_share(site.id, body.share) if body.share else None,
        elsewhere={
            name: PoolPart(_read_share(site.id, each.share), each.after) for name, each in body.elsewhere.items()
        },
    )


def with_pools(site: SiteRow, pools: SitePools, record: SiteRecord | None = None) -> SiteRow:
    """The site with other parts, and with the subscription and the successor of theirs; `record` as in `pools_of`."""
    kept = {name: StoredPart(_write_share(each.share), each.after) for name, each in pools.elsewhere.items()}
    own = b"" if pools.own is None else _write_share(pools.own)
    row = msgspec.structs.replace(site, subscription=pools.subscription, successor=pools.successor)
    body = read_record(site) if record is None else record
    return with_extra(row, msgspec.structs.replace(body, share=own, elsewhere=kept))


def with_part(site: SiteRow, subscription: str, share: SiteShare) -> SiteRow:
    """The site with another part of that subscription's pool."""
    return with_pools(site, pools_of(site).with_part(subscription, share))


def without_successor(site: SiteRow, now: Instant) -> SiteRow:
    """The site after its successor was dropped; its next contact brings another lease."""
    if site.successor is None:
        return site
    bare = with_pools(site, pools_of(site).without_successor(now))
    body = msgspec.structs.replace(read_record(bare), successor_provider="")
    return with_extra(msgspec.structs.replace(bare, revision=0), body)


def after_learning(site: SiteRow, lease: Lease, now: Instant) -> SiteRow:
    """The site after it showed a lease that a restored server had forgotten: what that one grants counts again."""
    share = pools_of(site).part_of(lease.subscription).after_grant(lease.allotment, lease.contact_until, now)
    after = with_part(site, lease.subscription, share)
    return msgspec.structs.replace(after, epoch=max(site.epoch, lease.epoch), serial=max(site.serial, lease.serial))


def _read_share(site: str, share: bytes) -> SiteShare:
    return _decode_share(share) if share else SiteShare(site=site)


_decode_share = msgspec.json.Decoder(SiteShare).decode
_write_share = msgspec.json.Encoder().encode


def pool_of(conn: Connection, sub: Subscription, now: Instant, restored: Instant = 0, but: str = "") -> Pool:
    """The subscription's devices as they are shared now; `restored`: when this server was last put back, or 0.

    `but`: an application on its own that asks for a place, and whose own is not counted.
    """
    published, users = current_outages(conn), rows_of(conn, sub.provider, sub.id)
    known = {row.id for row in users}
    gone = sites.by_ids(conn, [each.id for each in sub.sites if may_count_still(each, now)])
    gone = [row for row in gone if row.id not in known and sub.id in read_record(row).elsewhere]
    alone = places.count_taken(conn, sub, now, restored, but)
    found = (
        PoolSite(
            share=pools_of(row).part_of(sub.id).prolonged(published),
            is_unheard=row.id in known and is_unheard(row, restored),
            asked_for=read_record(row).asked_for if row.subscription == sub.id else 0,
        )
        for row in (*users, *gone)
    )
    return share_pool(sub, found, alone, now, restored)


def share_alone(
    site: SiteRow,
    record: SiteRecord,
    own: SiteShare,
    sub: Subscription,
    now: Instant,
    restored: Instant,
    published: tuple[OutageAmnesty, ...],
) -> GivenAllotment:
    """What the pool has now for a site on which no other draws (B7); `own`: its part, `restored` as in `pool_of`."""
    part = own.prolonged(published)
    seen = PoolSite(share=part, is_unheard=is_unheard(site, restored), asked_for=record.asked_for)
    return share_whole_pool(sub, seen, now, restored)


def has_place(conn: Connection, sub: Subscription, site: str, now: Instant, restored: Instant) -> bool:
    """Whether the application on its own has a place in the subscription still, or one is free for it."""
    if places.holds_place(conn, sub, site, now, restored):
        return True
    return pool_of(conn, sub, now, restored, site).free_at(now) > 0


def call_back(conn: Connection, pool: Pool, now: Instant) -> None:
    """An application on its own found no place: administration servers give back what they do not use.

    Each comes down at its next synchronization, and what came back is kept for a day.
    """
    called = [name for name, _ in recalled_margins(with_waiting(pool, now), now)]
    changed = [
        with_extra(msgspec.structs.replace(row, revision=0), msgspec.structs.replace(read_record(row), asked_for=now))
        for row in sites.lock_many(conn, called).values()
    ]
    sites.save_many(conn, changed)


def is_unheard(site: SiteRow, restored: Instant) -> bool:
    """Whether the site has not come since the server was put back from a backup: what is signed since is of a later
    epoch."""
    return site.state != LEFT and site.epoch < restored


def share_out(conn: Connection, site: SiteRow, sub: Subscription, now: Instant, restored: Instant) -> GivenAllotment:
    """What the pool has for the site now (B7); unused margin elsewhere comes back at those sites' next contact."""
    own = pools_of(site).part_of(sub.id).prolonged(current_outages(conn))
    given = give_allotment(pool_of(conn, sub, now, restored), own, now)
    for other in sites.lock_many(conn, given.called).values():  # locked: another process may be answering it
        sites.save_many(conn, [msgspec.structs.replace(other, revision=0)])
    return given
