"""One site's parts of every pool that it draws on: of the subscription it uses, of a successor it keeps ready, and of
each one it has left until it is known to go by what came after ([spec: allotments], B7; ADR 16).

How one pool is shared is `allotment`'s. Who the sites of a pool are is read by the caller.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.installation import Installation
from tenure.core.lease.claims import ISSUE_SKEW, SEAT_LIFE
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.subscription.allotment import (
    SILENCE_DAYS,
    GivenAllotment,
    Pool,
    SiteShare,
    give_allotment,
    keeps_allotment,
)
from tenure.core.subscription.state import SiteState, Subscription
from tenure.core.timeline import DAY, Instant

WAITING = "waiting"
"""Stands in a pool for applications on their own that found no place."""
ASKED_FOR = DAY
REMEMBERED = 400 * DAY
"""Longer than any word of a site that left can last."""


class PoolPart(msgspec.Struct, frozen=True):
    """A part of another subscription's pool."""

    share: SiteShare
    after: int = 0
    """Serial of the newest lease when it was set aside: one with a greater serial replaces what this was."""


class SitePools(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one site, amnesties aside.

    An example. A site that holds 10 of A, by leases up to serial 7, applies a code of B: A's 10 are set aside with
    `after` 7, and count in A's pool. Its lease 8 grants 6 of B, and it reports 8 devices while it still goes by 7:
    nothing changes. Once it shows 8, only the 2 devices that B does not cover count in A, until their seats are over.
    """

    site: str
    subscription: str
    """The one it uses."""
    successor: str | None
    serial: int
    """Of the newest lease signed for it."""
    own: SiteShare | None = None
    """Its part of the pool of `subscription`; None until something is known of it."""
    elsewhere: dict[str, PoolPart]
    """By subscription its parts of other pools: of a successor kept ready, of what it left and may still go by."""

    @property
    def has_unacknowledged(self) -> bool:
        """Whether it has left something since its newest lease was signed, so that it goes by what that one says."""
        return any(each.after >= self.serial for name, each in self.elsewhere.items() if name != self.successor)

    def part_of(self, subscription: str) -> SiteShare:
        """Its part of that subscription's pool; an empty one where it has none."""
        if subscription == self.subscription:
            return self.own or SiteShare(site=self.site)
        kept = self.elsewhere.get(subscription)
        return SiteShare(site=self.site) if kept is None else kept.share

    def with_part(self, subscription: str, share: SiteShare) -> "SitePools":
        """With another part of that subscription's pool."""
        share = msgspec.structs.replace(share, moved=0)
        if subscription == self.subscription:
            return msgspec.structs.replace(self, own=share)
        before = self.elsewhere.get(subscription)
        part = PoolPart(share, self.serial if before is None else before.after)
        return msgspec.structs.replace(self, elsewhere={**self.elsewhere, subscription: part})

    def after_switch(self, subscription: str, now: Instant) -> "SitePools":
        """Once it uses another subscription: with the part that it has there, and what it left set aside."""
        there = self._without(subscription)
        there = msgspec.structs.replace(there, subscription=subscription, own=self.part_of(subscription))
        return there._set_aside(self.subscription, self.part_of(self.subscription), now)

    def without_successor(self, now: Instant) -> "SitePools":
        """After its successor was dropped: its lease may be there until the site goes by a later one, which its next
        contact brings."""
        if self.successor is None:
            return self
        bare = msgspec.structs.replace(self._without(self.successor), successor=None)
        return bare._set_aside(self.successor, self.part_of(self.successor), now)

    def after_report(
        self, in_use: int, wanted: int, now: Instant, published: tuple[OutageAmnesty, ...], *, acknowledged: bool
    ) -> "SitePools":
        """After its report; acknowledged when it goes by its newest lease.

        What its last word promised counts as long as the amnesties `published` let it run, also when it is heard of
        only then. Of what it left then only that counts which the newest lease does not cover: devices whose seats have
        yet to end.
        """
        pools = self
        for name in filter(None, (self.subscription, self.successor)):
            share = pools.part_of(name)
            if share.held and share.word_until <= now:
                share = share.prolonged(published)
            share = share.after_acknowledgment(in_use) if acknowledged else share
            pools = pools.with_part(name, share.after_report(in_use, max(in_use, wanted), now))
        return pools._given_back(in_use, now, acknowledged=acknowledged)

    def _without(self, subscription: str) -> "SitePools":
        others = {name: kept for name, kept in self.elsewhere.items() if name != subscription}
        return msgspec.structs.replace(self, elsewhere=others)

    def _set_aside(self, subscription: str, share: SiteShare, now: Instant) -> "SitePools":
        """It still counts there with all it may be going by, until it shows a lease signed from now on."""
        if not share.may_count(now) or subscription == self.subscription:
            return self
        return self.with_part(subscription, share.after_leaving(share.held, share.word_until))

    def _given_back(self, in_use: int, now: Instant, *, acknowledged: bool) -> "SitePools":
        """After what its newest lease covers is free in the pools it left, once it goes by that lease.

        The part that covers such devices lasts until their seats of before are over: no seat is signed by an older
        lease from now on.
        """
        own = self.part_of(self.subscription)
        uncovered = max(0, in_use - own.signed)
        kept: dict[str, PoolPart] = {}
        for name, each in self.elsewhere.items():
            share = each.share
            if name != self.successor:
                if acknowledged and self.serial > each.after:
                    covered = min(share.held, in_use) - min(share.held, uncovered)
                    own = own.after_covering(covered, min(share.word_until, now + SEAT_LIFE + ISSUE_SKEW))
                    share = share.after_leaving(min(share.held, uncovered), share.word_until)
                if not share.may_count(now):
                    continue
            kept[name] = PoolPart(share, each.after)
        return msgspec.structs.replace(self, own=own, elsewhere=kept)


class PoolSite(msgspec.Struct, frozen=True, kw_only=True):
    """An administration server among those of a pool, as far as its row says it."""

    share: SiteShare
    is_unheard: bool = False
    """It has not come since the server was put back from a backup."""
    asked_for: Instant = 0
    """When an application on its own asked in vain for a place that this one may hold unused."""


def share_pool(sub: Subscription, sites: Iterable[PoolSite], alone: int, now: Instant, restored: Instant) -> Pool:
    """The subscription's devices as they are shared at `now` by its `sites` and by the applications on their own.

    `restored`: when this server was last put back, or 0. For a day after an application asked in vain a place is
    wanted for it: meanwhile what is not in use is called back.
    """
    terms, rules, found = sub.terms_at(now), sub.rules_at(now), tuple(sites)
    longest = max(rules.lease_days, rules.air_gap_lease_days)
    asked = max((each.asked_for for each in found), default=0)
    waiting = (_waiting_share(asked),) if asked and now < asked + ASKED_FOR else ()
    return Pool(
        terms.devices,
        rules.tolerance_percent,
        (*(each.share for each in found), *waiting),
        unheard=frozenset(each.share.site for each in found if each.is_unheard),
        unheard_until=restored + (longest + SILENCE_DAYS) * DAY,
        alone=alone,
    )


def share_whole_pool(sub: Subscription, own: PoolSite, now: Instant, restored: Instant) -> GivenAllotment:
    """What the pool has at `now` for a site on which no other draws (B7); `restored` as in `share_pool`."""
    share, waits = own.share, own.asked_for and now < own.asked_for + ASKED_FOR
    if not waits and keeps_allotment(share, sub.terms_at(now).devices, sub.rules_at(now).tolerance_percent, now):
        return GivenAllotment(share.signed, (), withheld=False)
    return give_allotment(share_pool(sub, (own,), 0, now, restored), share, now)


def with_waiting(pool: Pool, now: Instant) -> Pool:
    """The pool after an application on its own has found no place in it."""
    return pool.with_share(_waiting_share(now))


def _waiting_share(asked: Instant) -> SiteShare:
    return SiteShare(site=WAITING, wanted=1, word_until=asked + ASKED_FOR)


def may_count_still(site: SiteState, now: Instant) -> bool:
    """Whether an administration server that left may still have a part of the pool."""
    server = site.installation is Installation.SERVER
    return server and site.left_at is not None and now < site.left_at + REMEMBERED
