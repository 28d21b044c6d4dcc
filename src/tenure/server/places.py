"""Places of standalone applications, each one device of its subscription's limit [spec: places, giving-back].

Taken and given back here, as rows; how they are counted is `store.places`', who gets one is decided in the core.
"""

import msgspec

from tenure.core.installation import Installation
from tenure.core.lease.claims import Lease
from tenure.core.lease.standing import AMNESTY_MOST, OutageAmnesty, moved_by
from tenure.core.subscription.allotment import SILENCE_DAYS
from tenure.core.subscription.ephemeral import EphemeralStay
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import DAY, Instant, PhaseCause, Timeline
from tenure.server.notices import current_notices
from tenure.server.site_record import read_record
from tenure.store import places, stays
from tenure.store.engine import Connection
from tenure.store.places import CountRule, OccupiedPlace
from tenure.store.sites import SiteRow


def is_alone(site: SiteRow) -> bool:
    """Whether it is an application without an administration server."""
    return site.installation == Installation.STANDALONE


def count_taken(conn: Connection, sub: Subscription, now: Instant, restored: Instant, but: str = "") -> int:
    """How many places standalone applications take of the subscription; `but` is left out.

    A place counts until its lease's end, every amnesty added, and as long as the application's silence is waited for.
    `restored`: when this server was last put back from a backup; until every lease it can have forgotten is over, no
    application is taken for silent because it was not heard since.
    """
    by = count_rule(sub, now, restored, but)
    published = current_notices(conn)
    found = places.count_places(conn, sub.provider, sub.id, by)
    if not published:
        return found
    outages = [OutageAmnesty(each.notice.since, each.notice.until) for each in published]
    lapsed = places.lapsed_places(conn, sub.provider, sub.id, by, now - AMNESTY_MOST)
    return found + sum(_still_runs(place, outages, now) for place in lapsed if place.site not in by.struck)


def holds_place(conn: Connection, sub: Subscription, site: str, now: Instant, restored: Instant) -> bool:
    """Whether the application's place in the subscription still counts, so that no other has been given it."""
    by = count_rule(sub, now, restored)
    if places.holds_place(conn, sub.provider, sub.id, site, by):
        return True
    if site in by.struck:  # an outage moves no date of the order's
        return False
    outages = [OutageAmnesty(each.notice.since, each.notice.until) for each in current_notices(conn)]
    own = [each for each in places.of_site(conn, site) if each.subscription == sub.id]
    return any(_still_runs(each, outages, now) for each in own)


def promise_place(conn: Connection, site: SiteRow, sub: Subscription, lease: Lease, now: Instant) -> None:
    """The application's place after a lease was signed for it: it counts at least as long as that one runs.

    Of an ephemeral one the stay goes on, or a new one begins.
    """
    known = next((each for each in places.of_site(conn, site.id) if each.subscription == sub.id), None)
    before = 0 if known is None else known.until
    waits = not site.ephemeral and lease.role == "active"
    place = OccupiedPlace(
        site=site.id,
        subscription=sub.id,
        provider=sub.provider,
        since=now if known is None else known.since,
        signed=lease.iat,
        until=max(before, promised_until(lease)),
        waits=int(waits),
    )
    places.save_place(conn, place)
    if site.ephemeral:
        stay = stays.open_stay(conn, sub.provider, sub.id, site.id, now) or EphemeralStay(
            site=site.id, came=now, until=0
        )
        until = max(stay.until, promised_until(lease))
        stays.save_stay(conn, sub.provider, sub.id, msgspec.structs.replace(stay, until=until))


def date_in(spans: Timeline) -> Instant | None:
    """When a seat conflict's list ends the service; None where it does not."""
    return next((span.since for span in spans if span.why is PhaseCause.SEAT_CONFLICT), None)


def promised_until(lease: Lease) -> Instant:
    """Until when the application may go by the lease: its end, or the date that it carries, if that is earlier."""
    date = date_in(lease.spans)
    return lease.contact_until if date is None else min(date, lease.contact_until)


def goes_by(conn: Connection, site: SiteRow, subscription: str, date: Instant) -> None:
    """The application goes by its newest lease, which carries `date`: what an older one promised beyond is over."""
    for place in places.of_site(conn, site.id):
        if place.subscription == subscription and place.until > date:
            places.save_place(conn, msgspec.structs.replace(place, until=date))


def went_on(conn: Connection, site: SiteRow, left: str) -> None:
    """The application goes to another subscription: in the one it `left` it counts until it goes by a later lease."""
    for place in places.of_site(conn, site.id):
        if place.subscription == left:
            places.save_place(conn, msgspec.structs.replace(place, waits=0, after=site.serial))


def after_acknowledgment(conn: Connection, site: SiteRow, now: Instant) -> None:
    """The application goes by its newest lease: what it left before that was signed is free."""
    for place in places.of_site(conn, site.id):
        others = place.subscription not in (site.subscription, site.successor)
        if others and place.after < site.serial:
            _free_now(conn, place, now)


def has_unacknowledged(conn: Connection, site: SiteRow) -> bool:
    """Whether the application has left something since its newest lease was signed (for sites:
    `allotments.has_unacknowledged`)."""
    own = (site.subscription, site.successor)
    return any(each.subscription not in own and each.after >= site.serial for each in places.of_site(conn, site.id))


def holds_elsewhere(conn: Connection, site: SiteRow, subscription: str) -> bool:
    """Whether the application has a place in another subscription than this one, whatever it waits for."""
    return any(each.subscription != subscription for each in places.of_site(conn, site.id))


def free_place(conn: Connection, site: str, subscription: str) -> None:
    """The place is free at once."""
    places.free_place(conn, site, subscription)


def leave_place(conn: Connection, site: str, subscription: str) -> None:
    """The application has no use for the place any more, but its last word may run: then it ends with that."""
    for place in places.of_site(conn, site):
        if place.subscription == subscription:
            places.save_place(conn, msgspec.structs.replace(place, waits=0))


def give_back(conn: Connection, sub: Subscription, site: SiteRow, now: Instant) -> bool:
    """The application's receipt says that its lease is erased: whether its place is free at once.

    Within one lease's length as many are as the limit has devices; later ones are free at their lease's end, so that a
    folder that is put back again and again multiplies no place, by whichever key. An ephemeral one is short enough for
    any number. While a fork is open nothing is free at once: the copy that was seen goes by a lease of its own.
    """
    since = now - sub.rules_at(now).lease_days * DAY
    counted = sum(each > since for each in sub.places_freed)
    copied = site.forked_at is not None
    at_once = not copied and (bool(site.ephemeral) or counted < sub.terms_at(now).devices)
    for place in places.of_site(conn, site.id):
        waited = place.subscription != sub.id  # as successor: its lease is erased with the other
        if at_once or (waited and not copied):
            _free_now(conn, place, now)
        else:
            places.save_place(conn, msgspec.structs.replace(place, waits=0))
    return at_once


def free_from(conn: Connection, site: str, sub: Subscription, now: Instant) -> Instant | None:
    """When the place that the application gave back is free; None: it is already. An outage may move that."""
    ends = [each.until for each in places.of_site(conn, site) if each.subscription == sub.id]
    return max((each for each in ends if each > now), default=None)


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


def count_rule(sub: Subscription, now: Instant, restored: Instant, but: str = "") -> CountRule:
    """What counts as a place of the subscription at `now`; as in `count_taken`."""
    rules = sub.rules_at(now)
    longest = max(rules.lease_days, rules.air_gap_lease_days) + SILENCE_DAYS
    return CountRule(
        now=now,
        heard_since=now - rules.idle_release_days * DAY,
        restored=restored if now < restored + longest * DAY else 0,
        but=but,
        struck=tuple(site.id for site in sub.sites if _is_struck(sub, site, now)),
    )


def _is_struck(sub: Subscription, site: SiteState, now: Instant) -> bool:
    """Whether a seat conflict's date has ended the application's own place."""
    return site.place_until is not None and site.place_until <= sub.contract_clock(now)


def _still_runs(place: OccupiedPlace, outages: list[OutageAmnesty], now: Instant) -> bool:
    return now < place.until + moved_by(place.signed, outages)
