"""Seat conflicts of a subscription with applications on their own: the list kept right, and what leases say of it.

Who goes is decided in `core.seat_conflict`; here is who uses the subscription, read in the caller's transaction.
"""

import msgspec

from tenure.core.lease.claims import ComingLimit, Lease
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, Subscription, evolve
from tenure.core.subscription.seat_conflict import (
    Application,
    LowerLimit,
    SeatConflict,
    agreed_limit,
    is_listed,
    lower_limit,
    relist_applications,
    split_list,
)
from tenure.core.timeline import Instant, Timeline, spans_since
from tenure.server import account_repository, places
from tenure.server.site_record import rows_of
from tenure.server.sync_hint import read_pace
from tenure.store import leases
from tenure.store import places as rows
from tenure.store.engine import Connection
from tenure.store.leases import SignedLease
from tenure.store.places import PlaceUser
from tenure.store.sites import SiteRow
from tenure.wire import b64


def server_devices(conn: Connection, sub: Subscription) -> dict[str, int]:
    """The devices that each administration server using the subscription protects."""
    return {row.id: row.devices for row in rows_of(conn, sub.provider, sub.id) if row.subscription == sub.id}


def coming_conflict(
    conn: Connection, sub: Subscription, now: Instant, restored: Instant = 0, newcomer: str = ""
) -> SeatConflict | None:
    """The next lower limit and who uses the subscription before it; None where no lower one is agreed.

    `newcomer`: an application that has just been let in and has no place yet.
    """
    lower = agreed_limit(sub, now)
    return (
        None if lower is None else _with_users(conn, sub, lower, _place_users(conn, sub, now, restored), now, newcomer)
    )


def _place_users(conn: Connection, sub: Subscription, now: Instant, restored: Instant) -> list[PlaceUser]:
    return rows.place_users(conn, sub.provider, sub.id, places.count_rule(sub, now, restored))


def _with_users(
    conn: Connection, sub: Subscription, lower: LowerLimit, users: list[PlaceUser], now: Instant, newcomer: str
) -> SeatConflict:
    known = {each.site: each for each in users}
    listed = [site for site in sub.sites if is_listed(site) and (site.id in known or site.id == newcomer)]
    alone = {each.id for each in listed}
    others = [each for each in users if each.site not in alone]
    elsewhere = sum(not each.ephemeral and each.until > lower.at for each in others)
    counted = len(alone) + len(others)
    return SeatConflict(
        coming=lower,
        servers=sum(split_list(lower.most, counted, server_devices(conn, sub)).values()),
        elsewhere=elsewhere,
        ephemeral=sum(bool(each.ephemeral) for each in others),
        applications=tuple(_make_application(site, known.get(site.id), sub.contract_clock(now)) for site in listed),
    )


def _make_application(site: SiteState, user: PlaceUser | None, clock: Instant) -> Application:
    until = site.place_until if site.place_until is not None and site.place_until > clock else None
    heard = 0 if user is None else user.heard
    return Application(site=site.id, since=site.since, heard=heard, stays=site.stays, until=until)


class _LimitInLease(msgspec.Struct):
    """What of a lease tells of a lower limit: a server its share to come, an application its date."""

    coming: ComingLimit | None = None
    spans: Timeline = ()


def date_told(conn: Connection, site: SiteRow, subscription: str) -> Instant | None:
    """The date that the application's newest lease carries, if it has been struck out of the subscription.

    A lease of what it used before a successor took over says nothing of this one.
    """
    pace = read_pace(site.pace)
    date = None if pace is None else places.date_in(pace.spans)
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
    date = places.date_in(_limit_told(waiting).spans)
    if date is not None:
        places.goes_by(conn, site, site.successor, date)


def _limit_told(signed: SignedLease) -> _LimitInLease:
    payload = b"{}" if signed.body is None else b64.decode_text(signed.body.split(b".")[1].decode()) or b"{}"
    return msgspec.json.decode(payload, type=_LimitInLease)


def told_share(conn: Connection, site: str, lower: LowerLimit) -> int | None:
    """The share that the server's newest lease leaves it from then on; None where it says nothing of a lower limit.

    The lease may name an earlier day, from before a hold that moved it: from then on the server has no more either.
    """
    signed = leases.latest_lease(conn, site)
    coming = None if signed is None else _limit_told(signed).coming
    return coming.allotment if coming is not None and coming.at <= lower.at else None


def server_share(
    conn: Connection, sub: Subscription, site: SiteRow, lower: LowerLimit, now: Instant, restored: Instant
) -> int:
    """What the server will have of the lower limit: its part, but not what others have been promised already.

    It grows only into what neither applications nor other servers may go by beyond the date (rule *Giving back*).
    """
    using = {**server_devices(conn, sub), site.id: site.devices}
    users = _place_users(conn, sub, now, restored)
    part = split_list(lower.most, len(users), using)[site.id]
    told = told_share(conn, site.id, lower)
    if told is not None and part <= told:
        return part
    others = sum(told_share(conn, name, lower) or 0 for name in using if name != site.id)
    room = lower.most - others - sum(each.until > lower.at for each in users)
    return min(part, max(told or 0, room, 0))


def may_concern(sub: Subscription, now: Instant) -> bool:
    """Whether there can be anything to list or to take back: almost never, and told without a look at any row."""
    dated = any(site.place_until is not None and site.place_until > now for site in sub.sites)
    return dated or lower_limit(sub, now) is not None


def relist_conflict(
    conn: Connection, sub: Subscription, now: Instant, restored: Instant = 0, newcomer: str = ""
) -> Subscription:
    """The subscription after its list was made what it has to be, with a fact if that changes it.

    Called whenever terms change, an application comes, goes or asks, and a server reports other devices.
    """
    own = sub.find_site(newcomer) if newcomer else None
    if not may_concern(sub, now) and (own is None or own.place_until is None):
        return sub
    fact = relist_applications(sub, coming_conflict(conn, sub, now, restored, newcomer), now, newcomer)
    if fact is None:
        return sub
    after = evolve(sub, fact)
    account_repository.append_to(conn, after, (fact,), now)
    return after


def is_told(
    conn: Connection, sub: Subscription, site: SiteRow, state: SiteState, lease: Lease, now: Instant, restored: Instant
) -> bool:
    """Whether the application's newest lease carries the date that it is to carry, or none if there is none."""
    due = as_promised(conn, sub, site, state, now, restored)
    return places.date_in(spans_since(timeline(sub, due), now)) == places.date_in(lease.spans)


def as_promised(
    conn: Connection, sub: Subscription, site: SiteRow, state: SiteState, now: Instant, restored: Instant
) -> SiteState:
    """The application as its lease is to speak of it: with the date also where others may still go by a longer word.

    One that was taken back gets its place beyond the date when the one struck out instead has shown that it knows
    [spec: giving-back], so that never more are served than are ordered. An ephemeral one gets what those on
    the list leave, the first to come first.
    """
    lower = None if state.place_until is not None or sub.stopped is not None else lower_limit(sub, now)
    if lower is None or not places.is_alone(site):
        return state
    lasting = tuple(each for each in sub.sites if each.id != site.id or not site.ephemeral)
    sub = msgspec.structs.replace(sub, sites=lasting)
    users = _place_users(conn, sub, now, restored)
    conflict = _with_users(conn, sub, lower, users, now, site.id)
    ephemeral = [each.site for each in users if each.ephemeral]
    if len(conflict.applications) + len({*ephemeral, *([site.id] if site.ephemeral else [])}) <= conflict.stay:
        return state
    promised = {each.site for each in users if each.until > lower.at}
    using = server_devices(conn, sub)
    own = split_list(lower.most, len(users), using)
    held = sum(max(own[name], told_share(conn, name, lower) or 0) for name in using)
    room = site.id in promised or len(promised) < lower.most - held
    if site.ephemeral:
        left = conflict.stay - (len(conflict.applications) - conflict.go)
        place = ephemeral.index(site.id) if site.id in ephemeral else len(ephemeral)
        room = room and place < left
    return state if room else msgspec.structs.replace(state, place_until=lower.at)
