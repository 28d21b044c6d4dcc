"""Places of standalone applications, as rows: taken, counted and given back [spec: places, giving-back].

Until when one counts and when one is free is decided in `core.subscription.occupied_place`, who gets one in
`core.business.decide.places`.
"""

import msgspec

from tenure.core.installation import Installation
from tenure.core.lease.claims import Lease
from tenure.core.lease.standing import AMNESTY_MOST
from tenure.core.subscription.ephemeral import EphemeralStay
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.occupied_place import (
    OccupiedPlace,
    count_rule,
    frees_at_once,
    promise_place,
    split_left,
    word_until,
)
from tenure.core.timeline import Instant
from tenure.server.notices import current_outages
from tenure.server.site_record import read_record
from tenure.store import places, stays
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow


def is_alone(site: SiteRow) -> bool:
    """Whether it is an application without an administration server."""
    return site.installation == Installation.STANDALONE


def count_taken(conn: Connection, sub: Subscription, now: Instant, restored: Instant, but: str = "") -> int:
    """How many places standalone applications take of the subscription; `but` is left out.

    A place counts until its lease's end, every amnesty added, and as long as the application's silence is waited for
    (`count_rule`).
    """
    by = count_rule(sub, now, restored, but)
    published = current_outages(conn)
    found = places.count_places(conn, sub.provider, sub.id, by)
    if not published:
        return found
    lapsed = places.lapsed_places(conn, sub.provider, sub.id, by, now - AMNESTY_MOST)
    return found + sum(by.counts_by_amnesty(place, published) for place in lapsed)


def holds_place(conn: Connection, sub: Subscription, site: str, now: Instant, restored: Instant) -> bool:
    """Whether the application's place in the subscription still counts, so that no other has been given it."""
    by = count_rule(sub, now, restored)
    if places.holds_place(conn, sub.provider, sub.id, site, by):
        return True
    published = current_outages(conn)
    return any(by.counts_by_amnesty(each, published) for each in places_in(conn, site, sub.id))


def places_in(conn: Connection, site: str, subscription: str) -> list[OccupiedPlace]:
    """The application's place in the subscription, if it has one."""
    return [each for each in places.of_site(conn, site) if each.subscription == subscription]


def save_promise(conn: Connection, site: SiteRow, sub: Subscription, lease: Lease, now: Instant) -> None:
    """The application's place after a lease was signed for it; of an ephemeral one the stay goes on, or a new one
    begins."""
    known = next(iter(places_in(conn, site.id, sub.id)), None)
    places.save_place(conn, promise_place(known, sub, lease, now, ephemeral=bool(site.ephemeral)))
    if site.ephemeral:
        stay = stays.open_stay(conn, sub.provider, sub.id, site.id, now) or EphemeralStay(
            site=site.id, came=now, until=0
        )
        until = max(stay.until, word_until(lease))
        stays.save_stay(conn, sub.provider, sub.id, msgspec.structs.replace(stay, until=until))


def goes_by(conn: Connection, site: SiteRow, subscription: str, date: Instant) -> None:
    """The application goes by its newest lease, which carries `date`: what an older one promised beyond is over."""
    for place in places_in(conn, site.id, subscription):
        if place.until > date:
            places.save_place(conn, msgspec.structs.replace(place, until=date))


def went_on(conn: Connection, site: SiteRow, left: str) -> None:
    """The application goes to another subscription: in the one it `left` it counts until it goes by a later lease."""
    for place in places_in(conn, site.id, left):
        places.save_place(conn, msgspec.structs.replace(place, waits=0, after=site.serial))


def after_acknowledgment(conn: Connection, site: SiteRow, now: Instant) -> None:
    """The application goes by its newest lease: what it left before that was signed is free."""
    for place in _left_places(conn, site)[0]:
        _free_now(conn, place, now)


def has_unacknowledged(conn: Connection, site: SiteRow) -> bool:
    """Whether the application has left something since its newest lease was signed."""
    return bool(_left_places(conn, site)[1])


def _left_places(conn: Connection, site: SiteRow) -> tuple[list[OccupiedPlace], list[OccupiedPlace]]:
    return split_left(places.of_site(conn, site.id), (site.subscription, site.successor), site.serial)


def holds_elsewhere(conn: Connection, site: SiteRow, subscription: str) -> bool:
    """Whether the application has a place in another subscription than this one, whatever it waits for."""
    return any(each.subscription != subscription for each in places.of_site(conn, site.id))


def free_place(conn: Connection, site: str, subscription: str) -> None:
    """The place is free at once."""
    places.free_place(conn, site, subscription)


def leave_place(conn: Connection, site: str, subscription: str) -> None:
    """The application has no use for the place any more, but its last word may run: then it ends with that."""
    for place in places_in(conn, site, subscription):
        places.save_place(conn, place.without_wait())


def give_back(conn: Connection, sub: Subscription, site: SiteRow, now: Instant) -> bool:
    """The application's receipt says that its lease is erased: whether its place is free at once (`frees_at_once`)."""
    copied = site.forked_at is not None
    at_once = frees_at_once(sub, now, copied=copied, ephemeral=bool(site.ephemeral))
    for place in places.of_site(conn, site.id):
        waited = place.subscription != sub.id  # as successor: its lease is erased with the other
        if at_once or (waited and not copied):
            _free_now(conn, place, now)
        else:
            places.save_place(conn, place.without_wait())
    return at_once


def free_from(conn: Connection, site: str, sub: Subscription, now: Instant) -> Instant | None:
    """When the place that the application gave back is free; None: it is already. An outage may move that."""
    return max((each.until for each in places_in(conn, site, sub.id) if each.until > now), default=None)


def _free_now(conn: Connection, place: OccupiedPlace, now: Instant) -> None:
    """Free a place that no application can go by any more; the stay of an ephemeral application is over with it."""
    places.free_place(conn, place.site, place.subscription)
    stay = stays.open_stay(conn, place.provider, place.subscription, place.site, now)
    if stay is not None:
        stays.save_stay(conn, place.provider, place.subscription, msgspec.structs.replace(stay, until=now))


def state_of(sub: Subscription, site: SiteRow) -> SiteState | None:
    """What the subscription says of the installation; of an ephemeral one, what its row says."""
    if not site.ephemeral:
        return sub.find_site(site.id)
    if site.subscription != sub.id or site.state != "in_use":
        return None
    body = read_record(site)
    return SiteState(
        id=site.id,
        key=site.thumbprint,
        code=body.code,
        name=site.name,
        version=site.version,
        since=site.created,
        allotment=1,
        installation=Installation.STANDALONE,
        forked_at=site.forked_at,
        restores=body.restores,
    )


def with_ephemeral(sub: Subscription, site: SiteRow) -> Subscription:
    """The subscription with an ephemeral application among its installations, to sign for it; others as they are."""
    state = state_of(sub, site) if site.ephemeral else None
    if state is None:
        return sub
    others = tuple(each for each in sub.sites if each.id != site.id)
    return msgspec.structs.replace(sub, sites=(*others, state))
