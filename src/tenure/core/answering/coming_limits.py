"""What leases say of a lower device limit before its day: to an application its date, to a server its share
([spec: seat-conflict, giving-back], B11).

Who goes is decided in `subscription.seat_conflict`. Here it is held that never more are served than are ordered: a
place beyond the day is promised only where no longer word of another may still run.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tenure.core.lease.claims import ComingLimit
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.occupied_place import conflict_date
from tenure.core.subscription.seat_conflict import Application, LowerLimit, SeatConflict, is_listed, split_list
from tenure.core.timeline import Instant, Timeline, spans_since

ToldShare = Callable[[str], int | None]
"""The share that the newest lease of that server leaves it (`told_share`), read only where it matters."""


class PlaceUser(msgspec.Struct, frozen=True, kw_only=True):
    """An application with a place that counts, and when it was last heard of."""

    site: str
    since: Instant
    until: Instant
    ephemeral: int
    heard: Instant


class LimitUsers(msgspec.Struct, frozen=True, kw_only=True):
    """Who uses a subscription before a lower limit of it."""

    lower: LowerLimit
    alone: Sequence[PlaceUser]
    """Applications on their own, the first to come first."""
    servers: Mapping[str, int]
    """By administration server the devices that it protects."""

    @property
    def parts(self) -> dict[str, int]:
        """What each server will have of the lower limit."""
        return split_list(self.lower.most, len(self.alone), self.servers)


def make_conflict(sub: Subscription, users: LimitUsers, now: Instant, newcomer: str = "") -> SeatConflict:
    """The conflict over the lower limit; `newcomer`: an application just let in, which has no place yet."""
    known = {each.site: each for each in users.alone}
    listed = [site for site in sub.sites if is_listed(site) and (site.id in known or site.id == newcomer)]
    named = {each.id for each in listed}
    others = [each for each in users.alone if each.site not in named]
    counted = len(listed) + len(others)
    return SeatConflict(
        coming=users.lower,
        servers=sum(split_list(users.lower.most, counted, users.servers).values()),
        elsewhere=sum(not each.ephemeral and each.until > users.lower.at for each in others),
        ephemeral=sum(bool(each.ephemeral) for each in others),
        applications=tuple(_make_application(site, known.get(site.id), sub.contract_clock(now)) for site in listed),
    )


def _make_application(site: SiteState, user: PlaceUser | None, clock: Instant) -> Application:
    until = site.place_until if site.place_until is not None and site.place_until > clock else None
    heard = 0 if user is None else user.heard
    return Application(site=site.id, since=site.since, heard=heard, stays=site.stays, until=until)


def told_share(coming: ComingLimit | None, lower: LowerLimit) -> int | None:
    """The share that a server's newest lease leaves it from the lower limit on; None where it says nothing of one.

    The lease may name an earlier day, from before a hold that moved it: from then on the server has no more either.
    """
    return coming.allotment if coming is not None and coming.at <= lower.at else None


def share_ahead(users: LimitUsers, site: str, told: ToldShare) -> int:
    """What the server will have of the lower limit: its part, but not what others have been promised already.

    It grows only into what neither applications nor other servers may go by beyond the date (rule *Giving back*).
    """
    lower, part, own = users.lower, users.parts[site], told(site)
    if own is not None and part <= own:
        return part
    others = sum(told(name) or 0 for name in users.servers if name != site)
    room = lower.most - others - sum(each.until > lower.at for each in users.alone)
    return min(part, max(own or 0, room, 0))


def has_room(
    sub: Subscription, users: LimitUsers, site: str, told: ToldShare, now: Instant, *, ephemeral: bool
) -> bool:
    """Whether a lease for the application may speak of a place beyond the lower limit's day.

    One that was taken back gets it when the one struck out instead has shown that it knows, so that never more are
    served than are ordered. An ephemeral one gets what those on the list leave, the first to come first.
    """
    lower, conflict = users.lower, make_conflict(sub, users, now, site)
    passing = [each.site for each in users.alone if each.ephemeral]
    if len(conflict.applications) + len({*passing, *([site] if ephemeral else [])}) <= conflict.stay:
        return True
    promised = {each.site for each in users.alone if each.until > lower.at}
    held = sum(max(part, told(name) or 0) for name, part in users.parts.items())
    room = site in promised or len(promised) < lower.most - held
    if not ephemeral:
        return room
    left = conflict.stay - (len(conflict.applications) - conflict.go)
    return room and (passing.index(site) if site in passing else len(passing)) < left


def says_date(sub: Subscription, due: SiteState, spans: Timeline, now: Instant) -> bool:
    """Whether the spans of a lease carry the date that it is to carry (`due`), or none if there is none."""
    return conflict_date(spans_since(timeline(sub, due), now)) == conflict_date(spans)
