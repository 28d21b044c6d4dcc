"""Seat conflicts of a subscription with applications on their own: who uses it is read, and the list is stored.

Who goes is decided in `core.subscription.seat_conflict`, what leases say of it in `core.answering.coming_limits`.
"""

from functools import partial

import msgspec

from tenure.core.answering.coming_limits import (
    LimitUsers,
    has_room,
    make_conflict,
    says_date,
    share_ahead,
    told_share,
)
from tenure.core.lease.claims import ComingLimit, Lease
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.occupied_place import conflict_date, count_rule
from tenure.core.subscription.seat_conflict import (
    LowerLimit,
    SeatConflict,
    agreed_limit,
    lower_limit,
    may_relist,
    relist_applications,
)
from tenure.core.timeline import Instant, Timeline
from tenure.server import account_repository, places
from tenure.server.site_record import rows_of
from tenure.server.sync_hint import read_pace
from tenure.store import leases
from tenure.store import places as rows
from tenure.store.engine import Connection
from tenure.store.leases import SignedLease
from tenure.store.sites import SiteRow
from tenure.wire import b64


def _limit_users(conn: Connection, sub: Subscription, lower: LowerLimit, now: Instant, restored: Instant) -> LimitUsers:
    servers = {row.id: row.devices for row in rows_of(conn, sub.provider, sub.id) if row.subscription == sub.id}
    alone = rows.place_users(conn, sub.provider, sub.id, count_rule(sub, now, restored))
    return LimitUsers(lower=lower, alone=alone, servers=servers)


def coming_conflict(
    conn: Connection, sub: Subscription, now: Instant, restored: Instant = 0, newcomer: str = ""
) -> SeatConflict | None:
    """The next lower limit and who uses the subscription before it; None where no lower one is agreed.

    `newcomer`: an application that has just been let in and has no place yet.
    """
    lower = agreed_limit(sub, now)
    return None if lower is None else make_conflict(sub, _limit_users(conn, sub, lower, now, restored), now, newcomer)


class _LimitInLease(msgspec.Struct):
    """What of a lease tells of a lower limit: a server its share to come, an application its date."""

    coming: ComingLimit | None = None
    spans: Timeline = ()


def date_told(conn: Connection, site: SiteRow, subscription: str) -> Instant | None:
    """The date that the application's newest lease carries, if it has been struck out of the subscription.

    A lease of what it used before a successor took over says nothing of this one.
    """
    pace = read_pace(site.pace)
    date = None if pace is None else conflict_date(pace.spans)
    signed = None if date is None else leases.latest_lease(conn, site.id)
    return date if signed is not None and signed.subscription == subscription else None


def shown_newest(conn: Connection, site: SiteRow, subscription: str) -> None:
    """The application shows that it holds its newest leases: what older ones promised beyond their dates is over.

    That of the subscription it uses, and that of a successor that waits, if it was signed with it.
    """
    date = date_told(conn, site, subscription)
    if date is not None:
        places.goes_by(conn, site, subscription, date)
    waiting = None if site.successor is None else leases.latest_lease(conn, site.id, leases.SUCCESSOR)
    if waiting is None or site.successor is None or waiting.serial != site.serial:
        return
    date = conflict_date(_limit_told(waiting).spans)
    if date is not None:
        places.goes_by(conn, site, site.successor, date)


def _limit_told(signed: SignedLease) -> _LimitInLease:
    payload = b"{}" if signed.body is None else b64.decode_text(signed.body.split(b".")[1].decode()) or b"{}"
    return msgspec.json.decode(payload, type=_LimitInLease)


def _told_share(conn: Connection, lower: LowerLimit, site: str) -> int | None:
    signed = leases.latest_lease(conn, site)
    return None if signed is None else told_share(_limit_told(signed).coming, lower)


def coming_limit(conn: Connection, site: SiteRow, sub: Subscription, now: Instant) -> ComingLimit | None:
    """The next lower device limit, and the server's share of it: what it has in use, cut like everybody's."""
    lower = None if places.is_alone(site) else lower_limit(sub, now)
    if lower is None:
        return None
    users = _limit_users(conn, sub, lower, now, 0)
    users = msgspec.structs.replace(users, servers={**users.servers, site.id: site.devices})
    return ComingLimit(lower.at, lower.limit, share_ahead(users, site.id, partial(_told_share, conn, lower)))


def relist_conflict(
    conn: Connection, sub: Subscription, now: Instant, restored: Instant = 0, newcomer: str = ""
) -> Subscription:
    """The subscription after its list was made what it has to be, with a fact if that changes it.

    Called whenever terms change, an application comes, goes or asks, and a server reports other devices.
    """
    if not may_relist(sub, now, newcomer):
        return sub
    fact = relist_applications(sub, coming_conflict(conn, sub, now, restored, newcomer), now, newcomer)
    return sub if fact is None else account_repository.append_to(conn, sub, (fact,), now)


def is_told(
    conn: Connection, sub: Subscription, site: SiteRow, state: SiteState, lease: Lease, now: Instant, restored: Instant
) -> bool:
    """Whether the application's newest lease carries the date that it is to carry, or none if there is none."""
    return says_date(sub, as_promised(conn, sub, site, state, now, restored), lease.spans, now)


def as_promised(
    conn: Connection, sub: Subscription, site: SiteRow, state: SiteState, now: Instant, restored: Instant
) -> SiteState:
    """The application as its lease is to speak of it: with the date also where others may still go by a longer word."""
    lower = None if state.place_until is not None or sub.stopped is not None else lower_limit(sub, now)
    if lower is None or not places.is_alone(site):
        return state
    lasting = tuple(each for each in sub.sites if each.id != site.id or not site.ephemeral)
    sub = msgspec.structs.replace(sub, sites=lasting)
    users, told = _limit_users(conn, sub, lower, now, restored), partial(_told_share, conn, lower)
    if has_room(sub, users, site.id, told, now, ephemeral=bool(site.ephemeral)):
        return state
    return msgspec.structs.replace(state, place_until=lower.at)
