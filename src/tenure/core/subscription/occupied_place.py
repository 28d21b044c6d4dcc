"""Places of standalone applications, each one device of its subscription's limit: until when a place counts, and when
one that was given back is free [spec: places, giving-back].

They are counted by the caller, who may have thousands; who gets one is decided in `business.decide.places`.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.lease.standing import OutageAmnesty, moved_by
from tenure.core.subscription.allotment import SILENCE_DAYS
from tenure.core.subscription.state import SiteState, Subscription
from tenure.core.timeline import DAY, Instant, PhaseCause, Timeline


class OccupiedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One application's place in one subscription; instants are the provider's."""

    site: str
    subscription: str
    provider: str
    since: Instant
    signed: Instant = 0
    """When its last word was signed."""
    until: Instant = 0
    """When that word is over, amnesties aside."""
    waits: int = 1
    """Whether silence is waited for after that."""
    after: int = 0
    """Serial of the newest lease when the application went to another subscription."""

    def runs_until(self, published: tuple[OutageAmnesty, ...]) -> Instant:
        """When its last word is over, the amnesties `published` added."""
        return self.until + moved_by(self.signed, published)

    def without_wait(self) -> "OccupiedPlace":
        """After the application has no use for it any more: its last word may run, and it ends with that."""
        return msgspec.structs.replace(self, waits=0)


class CountRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a count of places goes by."""

    now: Instant
    heard_since: Instant
    """An application heard from after this is waited for."""
    restored: Instant = 0
    """The epoch that the last restore of the server opened; 0 when there was none, or it is long enough ago."""
    but: str = ""
    """The application that asks: its own place is not counted."""
    struck: tuple[str, ...] = ()
    """Whose silence is not waited for: a seat conflict's date has ended their places."""

    def counts_by_amnesty(self, place: OccupiedPlace, published: tuple[OutageAmnesty, ...]) -> bool:
        """Whether a place whose word is over counts still by amnesties: an outage moves no date of the order's."""
        return place.site not in self.struck and self.now < place.runs_until(published)


def count_rule(sub: Subscription, now: Instant, restored: Instant, but: str = "") -> CountRule:
    """What counts as a place of the subscription at `now`.

    `restored`: when this server was last put back from a backup; until every lease it can have forgotten is over, no
    application is taken for silent because it was not heard since.
    """
    rules = sub.rules_at(now)
    longest = max(rules.lease_days, rules.air_gap_lease_days) + SILENCE_DAYS
    return CountRule(
        now=now,
        heard_since=now - rules.idle_release_days * DAY,
        restored=restored if now < restored + longest * DAY else 0,
        but=but,
        struck=tuple(site.id for site in sub.sites if _is_struck(sub, site, now)),
    )


def promise_place(
    known: OccupiedPlace | None, sub: Subscription, lease: Lease, now: Instant, *, ephemeral: bool
) -> OccupiedPlace:
    """The application's place after `lease` was signed for it: it counts at least as long as that one runs."""
    return OccupiedPlace(
        site=lease.sub,
        subscription=sub.id,
        provider=sub.provider,
        since=now if known is None else known.since,
        signed=lease.iat,
        until=max(0 if known is None else known.until, word_until(lease)),
        waits=int(not ephemeral and lease.role == "active"),
    )


def word_until(lease: Lease) -> Instant:
    """Until when an application may go by the lease: its end, or the date that it carries, if that is earlier."""
    date = conflict_date(lease.spans)
    return lease.contact_until if date is None else min(date, lease.contact_until)


def conflict_date(spans: Timeline) -> Instant | None:
    """When a seat conflict's list ends the service; None where it does not."""
    return next((span.since for span in spans if span.why is PhaseCause.SEAT_CONFLICT), None)


def split_left(
    places: Iterable[OccupiedPlace], own: tuple[str | None, ...], serial: int
) -> tuple[list[OccupiedPlace], list[OccupiedPlace]]:
    """Of an application's places those that it has left: before its newest lease (`serial`) was signed, and since.

    `own`: the subscription it uses, and a successor that waits.
    """
    left = [each for each in places if each.subscription not in own]
    return [each for each in left if each.after < serial], [each for each in left if each.after >= serial]


def frees_at_once(sub: Subscription, now: Instant, *, copied: bool, ephemeral: bool) -> bool:
    """Whether the place of an application that has erased its lease is free at once, by what its receipt says.

    Within one lease's length as many are as the limit has devices; later ones are free at their lease's end, so that a
    folder that is put back again and again multiplies no place, by whichever key. An ephemeral one is short enough for
    any number. While a fork is open (`copied`) nothing is free at once: the copy that was seen goes by a lease of its
    own.
    """
    since = now - sub.rules_at(now).lease_days * DAY
    counted = sum(each > since for each in sub.places_freed)
    return not copied and (ephemeral or counted < sub.terms_at(now).devices)


def _is_struck(sub: Subscription, site: SiteState, now: Instant) -> bool:
    """Whether a seat conflict's date has ended the application's own place."""
    return site.place_until is not None and site.place_until <= sub.contract_clock(now)
