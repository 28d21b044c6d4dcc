"""How several sites share one device limit without being able to exceed it, whatever is offline or raced (B7).

The rule that carries everything: a site counts with the greatest allotment it may still be going by, until it has
acknowledged a smaller one or its last signed word and the waiting time after it are over [spec: allotments]. Here is
the arithmetic; what was signed and acknowledged is recorded elsewhere.
"""

import msgspec

from tenure.core.lease.standing import AMNESTY_MOST, OutageAmnesty, moved_word
from tenure.core.subscription.device_usage import device_ceiling
from tenure.core.timeline import DAY, Instant

SILENCE_DAYS = 30
"""Days after the end of a silent site's last word before its allotment is given to others unasked."""

LEAST_MARGIN = 10


def seat_margin(limit: int) -> int:
    """Seats granted beyond those in use, so that a new device need not wait for a synchronization."""
    return max(LEAST_MARGIN, limit // 10)


def should_ask(in_use: int, allotment: int, limit: int) -> bool:
    """Whether a site asks again: less than half of the margin is free."""
    return 2 * (allotment - in_use) < seat_margin(limit)


class SiteShare(msgspec.Struct, frozen=True, kw_only=True):
    """What the server knows of one site's part of the pool."""

    site: str
    signed: int = 0
    """The allotment in the newest lease signed for it."""
    held: int = 0
    """The greatest allotment it may still be going by; never below `signed`."""
    in_use: int = 0
    """Devices that counted there at its last synchronization."""
    wanted: int = 0
    """Devices it wanted to protect then, those in use included."""
    word_until: Instant = 0
    """When its leases and seats end at the latest, amnesties aside."""
    agreed: bool = False
    """Administrator or provider agreed that the silent site's part goes to others without waiting."""
    left: bool = False
    """It gave the subscription up; only its seats still run."""
    moved: int = 0
    """Seconds by which the amnesties published so far move `word_until`. Read each time, never recorded."""

    @property
    def promised_until(self) -> Instant:
        """When its last word is over, amnesties added."""
        return self.word_until + self.moved

    def prolonged(self, published: tuple[OutageAmnesty, ...]) -> "SiteShare":
        """With the amnesties `published` counted."""
        if not self.word_until:
            return self
        return msgspec.structs.replace(self, moved=moved_word(self.word_until, published))

    @property
    def need(self) -> int:
        """Devices that ought to be covered."""
        return max(self.in_use, self.wanted)

    @property
    def uncovered_need(self) -> int:
        """Devices that its newest lease does not cover."""
        return max(0, self.need - self.signed)

    @property
    def unused_seats(self) -> int:
        """What its newest lease grants beyond its need."""
        return max(0, self.signed - self.need)

    @property
    def freed_at(self) -> Instant:
        """When its part goes back to the pool if nothing more is heard of it."""
        return self.promised_until if self.agreed or self.left else self.promised_until + SILENCE_DAYS * DAY

    def takes_part(self, now: Instant) -> bool:
        """Whether it takes part: it has not left, and its last word still holds."""
        return not self.left and now < self.promised_until

    def counted_at(self, now: Instant) -> int:
        """What it takes out of the pool at `now`."""
        return self.held if now < self.freed_at else 0

    def may_count(self, now: Instant) -> bool:
        """Whether it counts at `now`, or would if an amnesty were published yet: until then it is not forgotten."""
        return bool(self.held) and now < self.freed_at + AMNESTY_MOST

    def after_acknowledgment(self, in_use: int) -> "SiteShare":
        """After the site showed that it goes by its newest lease, with `in_use` devices.

        It gives back only what its seats do not cover: seats above a lowered allotment go on counting until the site
        reports that they are gone.
        """
        held = max(self.signed, min(in_use, self.held))
        return msgspec.structs.replace(self, held=held, in_use=in_use)

    def after_report(self, in_use: int, wanted: int, now: Instant) -> "SiteShare":
        """As it stands at `now` with its report: present again, with no more than was not yet freed by its silence."""
        own = self.counted_at(now)
        return msgspec.structs.replace(
            self,
            signed=min(self.signed, own),
            held=own,
            in_use=in_use,
            wanted=wanted,
            word_until=max(self.word_until, now + 1),
            agreed=False,
            left=False,
        )

    def after_grant(self, allotment: int, word_until: Instant, now: Instant) -> "SiteShare":
        """After a lease with `allotment` was signed whose word ends at `word_until`.

        Older leases may still be under way to the site, so the greatest allotment counts until acknowledged.
        """
        return msgspec.structs.replace(
            self,
            signed=allotment,
            held=max(self.counted_at(now), allotment),
            word_until=max(self.word_until, word_until),
        )

    def after_leaving(self, in_use: int, seats_until: Instant) -> "SiteShare":
        """After the site said that it leaves: nothing new is signed there, its `in_use` seats run until `seats_until`.

        With 0 seats (all erased by receipt) everything is free at once.
        """
        held = min(self.held, in_use)
        changes = {"signed": 0, "held": held, "in_use": held, "wanted": 0, "word_until": seats_until, "left": True}
        return msgspec.structs.replace(self, **changes)

    def after_covering(self, devices: int, seats_until: Instant) -> "SiteShare":
        """After `devices` are counted here that counted in another pool, where their seats run until `seats_until`.

        They count nowhere else any more, so this part lasts as long as those seats, also if the site leaves it before
        then [spec: allotments].
        """
        if devices <= 0:
            return self
        return msgspec.structs.replace(self, word_until=max(self.word_until, seats_until))


class Pool(msgspec.Struct, frozen=True):
    """A subscription's devices, shared."""

    limit: int
    tolerance_percent: int
    sites: tuple[SiteShare, ...] = ()
    unheard: frozenset[str] = frozenset()
    """Sites not heard since the server was put back from a backup: each may hold more than is known here."""
    unheard_until: Instant = 0
    """When the longest word that a restored server may have forgotten is over, and the waiting time after it."""
    alone: int = 0
    """Devices that are applications on their own: they share nothing and are counted one by one."""

    @property
    def ceiling(self) -> int:
        """What all sites together may protect."""
        return device_ceiling(self.limit, self.tolerance_percent)

    def share_of(self, site: str) -> SiteShare:
        """The site's part; of an unknown site an empty one."""
        return next((share for share in self.sites if share.site == site), SiteShare(site=site))

    def joining_share(self, site: str, devices: int, now: Instant) -> SiteShare:
        """The part of a site that joins, or joins again with so many devices in use: they want to be covered from the
        first lease."""
        own = self.share_of(site)
        in_use = max(own.in_use, devices)
        return own.after_report(in_use, in_use, now)

    def with_share(self, changed: SiteShare) -> "Pool":
        """The pool with that site's part put in or replaced."""
        others = tuple(share for share in self.sites if share.site != changed.site)
        return msgspec.structs.replace(self, sites=(*others, changed))

    def counted_at(self, now: Instant) -> int:
        """What is out at `now`."""
        return self.alone + sum(share.counted_at(now) for share in self.sites)

    def has_unheard_sites(self, site: str, now: Instant) -> bool:
        """Whether another site than `site` may hold more than is known here, so that nothing can be granted safely."""
        others = (share for share in self.sites if share.site != site and share.site in self.unheard)
        return any(now < max(share.freed_at, 0 if share.agreed else self.unheard_until) for share in others)

    def free_at(self, now: Instant) -> int:
        """What can be granted at `now`; negative when the limit fell below what is out."""
        return self.ceiling - self.counted_at(now)


class AllotmentGrant(msgspec.Struct, frozen=True):
    """What to sign for the asking site, and from which others unused margin is called back."""

    allotment: int
    uncovered: int = 0
    """Devices in use there beyond its allotment: a seat conflict over all sites opens ([spec: seat-conflict], B11)."""
    recall: tuple[tuple[str, int], ...] = ()
    """(site, allotment it comes down to at its next synchronization)."""


def grant_allotment(pool: Pool, site: str, in_use: int, wanted: int, now: Instant) -> AllotmentGrant:
    """The allotment of `site`, which has `in_use` devices and wants to protect `wanted` (0: no more than it has).

    Its need is covered from the whole free pool; the margin beyond it comes from what no site that is short will claim,
    divided by the sites present. Seats it covers already stay covered, even under a limit that fell. A part with at
    least half a margin free that no other site needs stays as it is, so that an unchanged site gets an unchanged lease.
    While the pool is unsure of another site no site gets more than it has. The caller books the result with
    `after_report` and `after_grant` of the site's share.

    An example. A limit of 100, tolerance 10 %: 110 devices in all, a margin of 10 seats.
    - Site a has 40 devices: it gets 50, its need and the margin.
    - Site b joins with 55: 60 are left, so its 55 are covered, and 3 of the 5 spare seats as margin (half, rounded up
      to 3): 58. Both together hold 108.
    - Site a asks for 54: its 50 and the 2 left cover 52, two are short. It gets 52, and b is called back from 58 to 55
      (`recall`): all it has beyond its need, since a is short of 2 and a margin of 10 is kept for it.
    - At its next synchronization b comes down to 55; once it has acknowledged that, a gets the rest: 54 and 1 more.
    """
    asking = pool.share_of(site).after_report(in_use, wanted, now)
    pool = pool.with_share(asking)
    available = max(0, pool.free_at(now) + asking.held)
    if pool.has_unheard_sites(site, now):
        available = min(available, asking.held)
    covered = min(asking.need, max(available, asking.held))
    target = dict(recalled_margins(pool, now)).get(site)
    if target is not None:
        allotment = max(covered, target)
    elif asking.signed <= available and not should_ask(asking.need, asking.signed, pool.limit):
        allotment = asking.signed
    else:
        allotment = covered + _granted_margin(pool, asking, available - covered, now)
    booked = pool.with_share(asking.after_grant(allotment, asking.word_until, now))
    return AllotmentGrant(allotment, max(0, in_use - allotment), recalled_margins(booked, now))


class GivenAllotment(msgspec.Struct, frozen=True):
    """What the pool has for a site now."""

    allotment: int
    called: tuple[str, ...]
    """Other sites that are to give unused margin back, at their next contact."""
    withheld: bool
    """It gets no more than it has because others may hold more than a restored server knows."""


def give_allotment(pool: Pool, own: SiteShare, now: Instant) -> GivenAllotment:
    """What the pool has now for the site whose part is `own`, by what it reported last (B7)."""
    pool = pool.with_share(own)
    allotment = grant_allotment(pool, own.site, own.in_use, own.wanted, now).allotment
    called = tuple(name for name, _ in recalled_margins(pool, now) if name != own.site)
    return GivenAllotment(allotment, called, allotment < own.need and pool.has_unheard_sites(own.site, now))


def keeps_allotment(own: SiteShare, limit: int, tolerance_percent: int, now: Instant) -> bool:
    """Whether a site on whose pool no other draws is given what it has, as `give_allotment` would find: it covers the
    site's need with a margin, and the limit holds it. `own`: its part after its report."""
    fits = own.signed <= device_ceiling(limit, tolerance_percent) and not own.uncovered_need
    return fits and now < own.freed_at and not should_ask(own.need, own.signed, limit)


def first_allotment(pool: Pool, site: str, devices: int, now: Instant) -> int:
    """What an administration server that joins with so many devices in use gets of the pool."""
    own = pool.joining_share(site, devices, now)
    # One more than it has, so that a pool that is exhausted calls unused margin back at once.
    return grant_allotment(pool.with_share(own), site, own.in_use, own.in_use + 1, now).allotment


def recalled_margins(pool: Pool, now: Instant) -> tuple[tuple[str, int], ...]:
    """Sites that give unused margin back, with the allotment each comes down to at its next synchronization.

    Called back is what sites that are short miss, with a margin for each, and what is out beyond a limit that fell;
    less what is free or on its way back already. The largest unused margins come first.
    """
    present = [share for share in pool.sites if share.takes_part(now)]
    claims = sum(_claim_of(share, pool.limit) for share in present)
    coming = sum(share.held - share.signed for share in present)
    missing = claims - pool.free_at(now) - coming
    if missing <= 0:
        return ()
    found: list[tuple[str, int]] = []
    for share in sorted(present, key=lambda share: (-share.unused_seats, share.site)):
        back = min(share.unused_seats, missing)
        if back > 0:
            found.append((share.site, share.signed - back))
            missing -= back
    return tuple(found)


def declare_lost(pool: Pool, site: str, recipient: str, now: Instant) -> tuple[Pool, int]:
    """The pool after `site` is gone for good, and the declared excess: devices its old word may still cover.

    Its part goes at once to `recipient` (empty: to the pool), as the next lease for the recipient will say. This is the
    one exception to B7 [spec: lost-site].
    """
    lost = pool.share_of(site)
    part = lost.counted_at(now)
    pool = msgspec.structs.replace(pool, sites=tuple(share for share in pool.sites if share.site != site))
    if recipient:
        named = pool.share_of(recipient)
        named = named.after_report(named.in_use, named.wanted, now)
        pool = pool.with_share(named.after_grant(named.signed + part, named.word_until, now))
    return pool, part if now < lost.promised_until else 0


def _claim_of(share: SiteShare, limit: int) -> int:
    """What is kept and called back for a site that is short: what it misses, and a margin."""
    return share.uncovered_need + seat_margin(limit) if share.uncovered_need else 0


def _granted_margin(pool: Pool, asking: SiteShare, spare: int, now: Instant) -> int:
    others = [share for share in pool.sites if share.takes_part(now) and share.site != asking.site]
    unclaimed = max(0, spare - sum(_claim_of(share, pool.limit) for share in others))
    # Rounded up, so that the last seat of a pool can still be had.
    return min(seat_margin(pool.limit), -(-unclaimed // (len(others) + 1)))
