"""Who stops when fewer devices are ordered than are in use, as far as applications on their own go
([spec: seat-conflict], B11).

The list is made the day a lower limit is agreed, and kept in the history; what an administration server's devices give
up is settled at its console. Who counts is read by the caller, what a lease then says follows from `contract.timeline`.

A worked example: 10 devices are ordered, 6 applications run in addition to a server with 4 devices, and 6 are agreed
for 1 March. The server's part is 6 x 4 / 10 = 2.4, rounded to 2, so 4 applications stay and 2 go: first one silent for
a week or longer, then the one that came last.
"""

from collections.abc import Iterable, Mapping

import msgspec

from tenure.core.installation import Installation
from tenure.core.subscription.contract import running_again
from tenure.core.subscription.device_usage import device_ceiling
from tenure.core.subscription.facts import SeatConflictListed
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import DAY, Instant

SILENT = 7 * DAY
"""Without an answer for so long an application counts as silent (as `sync_overdue` does), and goes before others."""
BY = "seat conflict"
"""Who makes the list where no person edited it."""


class LowerLimit(msgspec.Struct, frozen=True):
    """The next instant from which fewer devices may be protected."""

    at: Instant
    limit: int
    most: int
    """The limit and the tolerance of the period that runs then."""


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """An application on its own that has a place now."""

    site: str
    since: Instant
    heard: Instant = 0
    """When it was last heard of; 0: not since it came."""
    stays: bool = False
    """The customer said that it stays."""
    until: Instant | None = None
    """It is on the list already, for this date."""

    def is_silent(self, now: Instant) -> bool:
        """Whether nothing was heard of it for a week."""
        return now - max(self.heard, self.since) >= SILENT


class SeatConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A lower limit to come, and what is in use before it."""

    coming: LowerLimit
    servers: int
    """Devices of the coming limit that administration servers will have (`split_list`)."""
    elsewhere: int = 0
    """Places that are not in use and will still be promised then."""
    ephemeral: int = 0
    """Ephemeral applications: they stand on no list, for each lives for a day, and get what the others leave."""
    applications: tuple[Application, ...] = ()

    @property
    def stay(self) -> int:
        """How many applications may stay."""
        return max(0, self.coming.most - self.servers - self.elsewhere)

    @property
    def go(self) -> int:
        """How many of the list have to go."""
        return max(0, len(self.applications) - self.stay)


def lower_limit(sub: Subscription, now: Instant) -> LowerLimit | None:
    """The next lower limit that is agreed, by a smaller number, another plan or another tolerance; None: none is.

    While a hold stops the clock its day moves with everything else: where the hold has an end, to the day that follows
    from it; where it has none no day is known, and None is returned. Agreed for 1 March and held from 10 February for
    20 days: 21 March.
    """
    if sub.stopped is not None:
        return None if sub.runs_again_at is None else lower_limit(running_again(sub), now)
    return agreed_limit(sub, now)


def agreed_limit(sub: Subscription, now: Instant) -> LowerLimit | None:
    """The next lower limit by the contract's own clock: while a hold stops that, with the day that stood when it did.

    The list of a seat conflict is kept by it, because what a hold's release moves it moves there, too.
    """
    clock = sub.contract_clock(now)
    turns = {*(each.effective for each in sub.changes), *(period.since for period in sub.paid_periods)}
    ahead = sorted(each for each in turns if each > clock)
    if not ahead:
        return None
    present = _most_at(sub, clock)
    lower = next((moment for moment in ahead if _most_at(sub, moment) < present), None)
    return None if lower is None else LowerLimit(lower, sub.terms_for(lower).devices, _most_at(sub, lower))


def _most_at(sub: Subscription, moment: Instant) -> int:
    return device_ceiling(sub.terms_for(moment).devices, sub.rules_at(moment).tolerance_percent)


def split_list(most: int, alone: int, servers: Mapping[str, int]) -> dict[str, int]:
    """What each administration server will have of `most` devices, by its devices in use: all are cut in proportion.

    The applications on their own (`alone`) are one of those who share. Rounded down, what is left over goes to the
    greatest fractions, so that all is had and never more: 6 for 4 devices behind a server and 6 applications are 2.4
    and 3.6, hence 2 and 4; for 1 and 6 they are 0.86 and 5.14, hence 1 and 5. Where all fit each keeps what it uses,
    and one that is alone has everything.
    """
    total = alone + sum(servers.values())
    if len(servers) == 1 and not alone:
        return dict.fromkeys(servers, most)
    if total <= most:
        return dict(servers)
    shared = {**servers, "": alone}
    found = {name: most * used // total for name, used in shared.items()}
    by_fraction = sorted(shared, key=lambda name: (-(most * shared[name] % total), name == "", name))
    for name in by_fraction[: most - sum(found.values())]:
        found[name] += 1
    return {name: found[name] for name in servers}


def default_order(applications: Iterable[Application], now: Instant, newcomer: str = "") -> list[Application]:
    """Who goes first: who has just come, then those silent for a week (the longest first), then the last to have come.

    An application that the customer chose to keep goes last of all.
    """

    def rank(each: Application) -> tuple[bool, bool, bool, int, str]:
        silent = each.is_silent(now)
        key = max(each.heard, each.since) if silent else -each.since
        return each.stays, each.site != newcomer, not silent, key, each.site

    return sorted(applications, key=rank)


def may_relist(sub: Subscription, now: Instant, newcomer: str = "") -> bool:
    """Whether `relist_applications` could find anything: almost never, and told without a look at any installation.

    There is something to list while a lower limit lies ahead, and something to take back where a date was told.
    """
    own = sub.find_site(newcomer) if newcomer else None
    dated = any(_with_date(site, now) for site in sub.sites)
    return dated or (own is not None and own.place_until is not None) or lower_limit(sub, now) is not None


def relist_applications(
    sub: Subscription, conflict: SeatConflict | None, now: Instant, newcomer: str = ""
) -> SeatConflictListed | None:
    """What the list has to become by itself, None when it is right: as many go as have to, and not one more.

    An application on the list stays on it while so many have to go. Further additions and removals follow
    `default_order`. While a hold stops the clock nothing turns, so the list waits with it.
    """
    if sub.stopped is not None:
        return None
    dated = [site for site in sub.sites if _with_date(site, now)]
    back = [site.id for site in sub.sites if site.id == newcomer and site.place_until is not None]
    back = [name for name in back if name not in {site.id for site in dated}]
    if conflict is None:
        effective, out = now, list[str]()
        back += [site.id for site in dated]
    else:
        effective = conflict.coming.at
        listed = default_order([each for each in conflict.applications if each.until is not None], now)
        others = default_order([each for each in conflict.applications if each.until is None], now, newcomer)
        going, taken_back = listed[: conflict.go], listed[conflict.go :]
        out = [each.site for each in going if each.until != effective]
        out += [each.site for each in others[: conflict.go - len(going)]]
        back = [name for name in back if name not in out] + [each.site for each in taken_back]
    if not out and not back:
        return None
    return SeatConflictListed(at=now, recorded_at=now, by=BY, effective=effective, out=tuple(out), back=tuple(back))


def _with_date(site: SiteState, now: Instant) -> bool:
    return site.place_until is not None and site.place_until > now and is_listed(site)


def is_listed(site: SiteState) -> bool:
    """Whether the list of a seat conflict can hold it: an application on its own that uses or awaits the license."""
    return site.installation is Installation.STANDALONE and (site.is_active or site.is_staged)
