"""Rows of installations that are over are forgotten, a few at a time, and never before a rule can need them no more.

A place goes when it does not count and no amnesty can make it count; an ephemeral application when its leases are over
and nothing that was seen of a copy is still to be held against it; a lease when a later one was acknowledged. Releases
are counted by facts, and forks of lasting installations stand in facts: neither depends on a row here.
"""

import msgspec

from tenure.core.answering.forgetting import is_forgettable
from tenure.core.lease.standing import AMNESTY_MOST
from tenure.core.subscription.occupied_place import count_rule
from tenure.core.timeline import DAY, Instant
from tenure.server import account_repository
from tenure.server.site_record import read_record
from tenure.store import leases, sites, stays
from tenure.store import places as place_rows
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow

AT_ONCE = 500
"""Rows, or subscriptions, looked at in one transaction."""
TURNS = 20
"""Transactions for each clock and hour: who has more waits for the next hour."""
KEEP_LEASES = 400 * DAY
"""Superseded leases of lasting installations are kept as long as their state tokens."""
KEEP_STAYS = 30 * DAY
"""So long a day's fact can be compared with its rows."""


class CollectionProgress(msgspec.Struct, frozen=True):
    """How far the rows of one clock were looked at: the next turn goes on there; after the last row it starts over."""

    subscription: str = ""
    site: str = ""
    more: bool = True
    """Whether more may be left."""


def collect_rows(
    conn: Connection, clock: str | None, now: Instant, restored: Instant, progress: CollectionProgress
) -> CollectionProgress:
    """One turn for all production (`clock` None) or one sandbox, at its own `now`; how far it has come.

    `restored`: as in `count_rule`.
    """
    ended = leases.collect_ended(conn, now - KEEP_LEASES, AT_ONCE, clock)
    counted = stays.collect_counted(conn, now - KEEP_STAYS, AT_ONCE, clock)
    subscription = _collect_places(conn, clock, now, restored, progress.subscription)
    site = _collect_ephemeral(conn, clock, now, restored, progress.site)
    more = max(ended, counted) >= AT_ONCE or bool(subscription or site)
    return CollectionProgress(subscription, site, more)


def _collect_places(conn: Connection, clock: str | None, now: Instant, restored: Instant, after: str) -> str:
    """The last subscription looked at, empty after the last of all; of each so many places go at once, the rest when
    its turn comes again."""
    moved_from = now - AMNESTY_MOST
    found = place_rows.lapsed_in(conn, moved_from, after, AT_ONCE, clock)
    for provider, name in found:
        sub = account_repository.load_subscription(conn, provider, name)
        if sub is not None:
            by = count_rule(sub, now, restored)
            place_rows.collect_lapsed(conn, provider, name, by, moved_from, AT_ONCE)
    return found[-1][1] if len(found) == AT_ONCE else ""


def _collect_ephemeral(conn: Connection, clock: str | None, now: Instant, restored: Instant, after: str) -> str:
    """The last one looked at, empty after the last of all; those that stay lose the leases that later ones have
    replaced."""
    found = sites.ephemeral_sites(conn, after, AT_ONCE, clock)
    # Locked, so that what is decided of one still holds when it is done: it may be synchronizing just now.
    rows = sites.lock_many(conn, found)
    ends = leases.lease_ends(conn, found)
    over = [each.id for each in rows.values() if _is_over(each, ends.get(each.id, 0), now, restored)]
    leases.collect_replaced(conn, found, now - AMNESTY_MOST)
    for forget in (leases.forget_leases, place_rows.forget_places, sites.forget_sites):
        forget(conn, over)
    return found[-1] if len(found) == AT_ONCE else ""


def _is_over(site: SiteRow, end: Instant, now: Instant, restored: Instant) -> bool:
    """`is_forgettable` of a row; `end`: of its last lease."""
    since = restored if site.epoch < restored else None
    return is_forgettable(read_record(site), max(end, site.last_contact or 0), site.forked_at, since, now)
