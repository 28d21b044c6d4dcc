"""Each site's parts of the pools it draws on, as its row keeps them ([spec: allotments], B7; ADR 16).

A site draws on the pool of the subscription it uses, on that of a successor it keeps ready, and on every one it has
left until it is known to go by what came after. How a pool is shared is `subscription.allotment`'s, what is signed is
`lease_signing`'.
"""

import msgspec

from tenure.core.installation import Installation
from tenure.core.lease.claims import ISSUE_SKEW, SEAT_LIFE, Lease
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.subscription.allotment import SILENCE_DAYS, Pool, SiteShare, grant_allotment, recalled_margins
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import DAY, Instant
from tenure.server import places
from tenure.server.notices import current_outages, moved_word
from tenure.server.site_record import PoolPart, read_record, rows_of, with_extra
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow

LEFT = "left"
"""State of a row whose site has given its subscription up, or was declared lost."""
WAITING = "waiting"
"""Stands in a pool for applications on their own that found no place."""
ASKED_FOR = DAY
REMEMBERED = 400 * DAY
"""Longer than any word of a site that left can last."""


class GivenAllotment(msgspec.Struct, frozen=True):
    """What the pool has for a site now."""

    allotment: int
    withheld: bool = False
    """It gets no more than it has because others may hold more than a restored server knows."""


def prolonged_part(site: SiteRow, subscription: str, published: tuple[OutageAmnesty, ...]) -> SiteShare:
    """As `pool_part`, with the amnesties `published` counted: to decide how many places are free."""
    share = pool_part(site, subscription)
    return msgspec.structs.replace(share, moved=moved_word(share.word_until, published)) if share.word_until else share


def pool_part(site: SiteRow, subscription: str) -> SiteShare:
    """The site's part of that subscription's pool, amnesties aside; an empty one where it has none."""
    body = read_record(site)
    if subscription == site.subscription:
        return _read_share(body.share, site)
    kept = body.elsewhere.get(subscription)
    return SiteShare(site=site.id) if kept is None else _read_share(kept.share, site)


def with_part(site: SiteRow, subscription: str, share: SiteShare) -> SiteRow:
    """The site with another part of that subscription's pool."""
    body, kept = read_record(site), msgspec.json.encode(msgspec.structs.replace(share, moved=0))
    if subscription == site.subscription:
        return with_extra(site, msgspec.structs.replace(body, share=kept))
    before = body.elsewhere.get(subscription, PoolPart(after=site.serial))
    changed = {**body.elsewhere, subscription: msgspec.structs.replace(before, share=kept)}
    return with_extra(site, msgspec.structs.replace(body, elsewhere=changed))


def _read_share(share: bytes, site: SiteRow) -> SiteShare:
    return msgspec.json.decode(share, type=SiteShare) if share else SiteShare(site=site.id)


def after_switch(site: SiteRow, subscription: str, now: Instant) -> SiteRow:
    """The site once it uses another subscription: with the part that it has there, and what it left set aside."""
    left, there = pool_part(site, site.subscription), pool_part(site, subscription)
    elsewhere = {name: kept for name, kept in read_record(site).elsewhere.items() if name != subscription}
    bare = with_extra(site, msgspec.structs.replace(read_record(site), elsewhere=elsewhere, share=b""))
    there_now = with_part(msgspec.structs.replace(bare, subscription=subscription), subscription, there)
    return _set_aside(there_now, site.subscription, left, now)


def without_successor(site: SiteRow, now: Instant) -> SiteRow:
    """The site after its successor was dropped: its lease may be there until the site goes by a later one, which its
    next contact brings."""
    if site.successor is None:
        return site
    share, name = pool_part(site, site.successor), site.successor
    elsewhere = {other: kept for other, kept in read_record(site).elsewhere.items() if other != name}
    body = msgspec.structs.replace(read_record(site), elsewhere=elsewhere, successor_provider="")
    bare = with_extra(msgspec.structs.replace(site, successor=None, revision=0), body)
    return _set_aside(bare, name, share, now)


def has_unacknowledged(site: SiteRow) -> bool:
    """Whether the site has left something since its newest lease was signed, so that it goes by what that one says."""
    kept = read_record(site).elsewhere
    return any(each.after >= site.serial for name, each in kept.items() if name != site.successor)


def _set_aside(site: SiteRow, subscription: str, share: SiteShare, now: Instant) -> SiteRow:
    """It still counts there with all it may be going by, until it shows a lease signed from now on."""
    if not share.may_count(now) or subscription == site.subscription:
        return site
    return with_part(site, subscription, share.after_leaving(share.held, share.word_until))


def pool_of(conn: Connection, sub: Subscription, now: Instant, restored: Instant = 0, but: str = "") -> Pool:
    """The subscription's devices as they are shared now; `restored`: when this server was last put back, or 0.

    `but`: an application on its own that asks for a place, and whose own is not counted.
    """
    rows = rows_of(conn, sub.provider, sub.id)
    known = {row.id for row in rows}
    gone = [each.id for each in sub.sites if _remembered_parts(each, now)]
    rows += [row for row in sites.by_ids(conn, gone) if row.id not in known and sub.id in read_record(row).elsewhere]
    published = current_outages(conn)
    terms = sub.terms_at(now)
    rules = sub.rules_at(now)
    longest = max(rules.lease_days, rules.air_gap_lease_days)
    return Pool(
        terms.devices,
        rules.tolerance_percent,
        (*(prolonged_part(row, sub.id, published) for row in rows), *_asked_for(rows, sub.id, now)),
        unheard=frozenset(row.id for row in rows if row.id in known and is_unheard(row, restored)),
        unheard_until=restored + (longest + SILENCE_DAYS) * DAY,
        alone=places.count_taken(conn, sub, now, restored, but),
    )


def _remembered_parts(site: SiteState, now: Instant) -> bool:
    server = site.installation is Installation.SERVER
    return server and site.left_at is not None and now < site.left_at + REMEMBERED


def _asked_for(rows: list[SiteRow], subscription: str, now: Instant) -> tuple[SiteShare, ...]:
    """Who asked for a place in vain wants one for a day: meanwhile what is not in use is called back for him."""
    asked = max((read_record(row).asked_for for row in rows if row.subscription == subscription), default=0)
    if not asked or now >= asked + ASKED_FOR:
        return ()
    return (SiteShare(site=WAITING, wanted=1, word_until=asked + ASKED_FOR),)


def has_place(conn: Connection, sub: Subscription, site: str, now: Instant, restored: Instant) -> bool:
    """Whether the application on its own has a place in the subscription still, or one is free for it."""
    if places.holds_place(conn, sub, site, now, restored):
        return True
    return pool_of(conn, sub, now, restored, site).free_at(now) > 0


def call_back(conn: Connection, pool: Pool, now: Instant) -> None:
    """An application on its own found no place: administration servers give back what they do not use.

    Each comes down at its next synchronization, and what came back is kept for a day.
    """
    wanting = pool.with_share(SiteShare(site=WAITING, wanted=1, word_until=now + ASKED_FOR))
    called = [name for name, _ in recalled_margins(wanting, now)]
    changed = [
        with_extra(msgspec.structs.replace(row, revision=0), msgspec.structs.replace(read_record(row), asked_for=now))
        for row in sites.lock_many(conn, called).values()
    ]
    sites.save_many(conn, changed)


def is_unheard(site: SiteRow, restored: Instant) -> bool:
    """Whether the site has not come since the server was put back from a backup: what is signed since is of a later
    epoch."""
    return site.state != LEFT and site.epoch < restored


def after_report(
    conn: Connection, site: SiteRow, in_use: int, wanted: int, now: Instant, *, acknowledged: bool
) -> SiteRow:
    """The site's parts after its report; acknowledged when it goes by its newest lease.

    What its last word promised counts as long as amnesties let it run, also when it is heard of only then. Of what it
    left then only that counts which the newest lease does not cover: devices whose seats have yet to end.
    """
    for name in (site.subscription, site.successor):
        if name is not None:
            share = pool_part(site, name)
            if share.held and share.word_until <= now:
                share = prolonged_part(site, name, current_outages(conn))
            share = share.after_acknowledgment(in_use) if acknowledged else share
            site = with_part(site, name, share.after_report(in_use, max(in_use, wanted), now))
    return _given_back(site, in_use, now, acknowledged=acknowledged)


def _given_back(site: SiteRow, in_use: int, now: Instant, *, acknowledged: bool) -> SiteRow:
    """The site after what its newest lease covers is free in the pools it left, once it goes by that lease.

    The part that covers such devices lasts until their seats of before are over: no seat is signed by an older lease
    from now on.
    """
    body, own = read_record(site), pool_part(site, site.subscription)
    uncovered = max(0, in_use - own.signed)
    kept: dict[str, PoolPart] = {}
    for name, each in body.elsewhere.items():
        share = pool_part(site, name)
        if name != site.successor:
            if acknowledged and site.serial > each.after:
                covered = min(share.held, in_use) - min(share.held, uncovered)
                own = own.after_covering(covered, min(share.word_until, now + SEAT_LIFE + ISSUE_SKEW))
                share = share.after_leaving(min(share.held, uncovered), share.word_until)
            if not share.may_count(now):
                continue
        kept[name] = msgspec.structs.replace(each, share=msgspec.json.encode(share))
    return with_part(with_extra(site, msgspec.structs.replace(body, elsewhere=kept)), site.subscription, own)


def after_learning(site: SiteRow, lease: Lease, now: Instant) -> SiteRow:
    """The site after it showed a lease that a restored server had forgotten: what that one grants counts again."""
    share = pool_part(site, lease.subscription).after_grant(lease.allotment, lease.contact_until, now)
    return with_part(site, lease.subscription, share)


def joining_share(site: SiteRow | None, name: str, pool: Pool, now: Instant) -> SiteShare:
    """The part of a site that joins, or joins again: what it protects now wants to be covered from the first lease."""
    own = pool.share_of(name)
    in_use = max(own.in_use, 0 if site is None else site.devices)
    return own.after_report(in_use, in_use, now)


def give_allotment(
    conn: Connection, site: SiteRow, sub: Subscription, now: Instant, restored: Instant
) -> GivenAllotment:
    """What the pool has for the site now (B7); unused margin elsewhere comes back at those sites' next contact."""
    own = prolonged_part(site, sub.id, current_outages(conn))
    pool = pool_of(conn, sub, now, restored).with_share(own)
    granted = grant_allotment(pool, site.id, own.in_use, own.wanted, now)
    called = [name for name, _ in recalled_margins(pool, now) if name != site.id]
    for other in sites.lock_many(conn, called).values():  # locked: another process may be answering it
        sites.save_many(conn, [msgspec.structs.replace(other, revision=0)])
    short = granted.allotment < max(own.in_use, own.wanted)
    return GivenAllotment(granted.allotment, short and pool.has_unheard_sites(site.id, now))
