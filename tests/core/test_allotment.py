"""Allotments: several sites under one limit, offline, raced, silent, gone; never one device too many (B7)."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tenure.core.lease.standing import AMNESTY_MOST
from tenure.core.subscription.allotment import (
    SILENCE_DAYS,
    AllotmentGrant,
    Pool,
    SiteShare,
    declare_lost,
    first_allotment,
    give_allotment,
    grant_allotment,
    recalled_margins,
    seat_margin,
    should_ask,
)
from tenure.core.timeline import DAY, Instant

NOW = 1_000 * DAY
WORD = NOW + 30 * DAY


def holding(site: str, allotment: int, in_use: int = 0, wanted: int = 0) -> SiteShare:
    return SiteShare(site=site, signed=allotment, held=allotment, in_use=in_use, wanted=wanted, word_until=WORD)


def synced(pool: Pool, site: str, in_use: int, wanted: int = 0, now: Instant = NOW) -> tuple[Pool, AllotmentGrant]:
    """One synchronization of a site that goes by its newest lease: acknowledge, grant, sign."""
    known = pool.share_of(site).after_acknowledgment(in_use)
    granted = grant_allotment(pool.with_share(known), site, in_use, wanted, now)
    booked = known.after_report(in_use, wanted, now).after_grant(granted.allotment, now + 30 * DAY, now)
    return pool.with_share(booked), granted


@pytest.mark.parametrize(("limit", "seats"), [(1, 10), (100, 10), (109, 10), (110, 11), (1000, 100)])
def test_the_margin_is_ten_or_a_tenth_of_the_limit(limit: int, seats: int) -> None:
    assert seat_margin(limit) == seats


def test_a_site_asks_again_when_less_than_half_of_the_margin_is_free() -> None:
    assert not should_ask(in_use=15, allotment=20, limit=100)
    assert should_ask(in_use=16, allotment=20, limit=100)


def test_b07_a_single_site_gets_its_seats_in_use_and_the_margin() -> None:
    pool = Pool(100, 10)
    assert grant_allotment(pool, "a", 0, 1, NOW) == AllotmentGrant(11)
    assert grant_allotment(pool, "a", 40, 0, NOW) == AllotmentGrant(50)
    assert grant_allotment(pool, "a", 40, 90, NOW) == AllotmentGrant(100), "fifty more are waiting"
    assert grant_allotment(pool, "a", 105, 110, NOW) == AllotmentGrant(110), "limit and tolerance, not one more"
    assert grant_allotment(pool, "a", 110, 111, NOW) == AllotmentGrant(110)


def test_a_site_with_margin_enough_keeps_its_allotment() -> None:
    pool = Pool(100, 10, (holding("a", 20, 10),))
    assert grant_allotment(pool, "a", 15, 0, NOW).allotment == 20
    assert grant_allotment(pool, "a", 16, 0, NOW).allotment == 26
    assert grant_allotment(pool, "a", 3, 0, NOW).allotment == 20, "it gives back only when called"


def test_the_margin_comes_from_the_free_pool_divided_by_the_sites() -> None:
    pool = Pool(40, 0, (holding("a", 20, 10), holding("b", 14, 10)))
    assert grant_allotment(pool, "c", 0, 1, NOW).allotment == 3, "one needed; of five more a third, rounded up"
    last = Pool(40, 0, (holding("a", 20, 15), holding("b", 19, 14)))
    assert grant_allotment(last, "c", 0, 1, NOW).allotment == 1, "the last seat can still be had"


def test_b07_when_another_site_is_short_unused_margin_is_called_back_and_moves_once_acknowledged() -> None:
    pool = Pool(100, 0, (holding("a", 95, 20), holding("b", 5, 5)))
    pool, granted = synced(pool, "b", 5, wanted=30)
    assert granted == AllotmentGrant(5, 0, (("a", 60),)), "25 that wait, and a margin of 10"
    pool, granted = synced(pool, "a", 20)
    assert granted.allotment == 60
    pool, granted = synced(pool, "b", 5, wanted=30)
    assert granted == AllotmentGrant(5), (
        "the answer to a may be lost: nothing moves yet, and nothing more is called back"
    )
    pool, granted = synced(pool, "a", 20)
    assert granted.allotment == 60
    pool, granted = synced(pool, "b", 5, wanted=30)
    assert granted.allotment == 35, "what waited, and half of the ten that are left"
    pool, granted = synced(pool, "a", 20)
    assert granted == AllotmentGrant(60), "nobody is short any more"
    assert pool.counted_at(NOW) <= 100


def test_seats_given_out_while_the_margin_was_called_back_still_count() -> None:
    share = holding("a", 50, 20).after_grant(30, WORD, NOW)
    assert (share.signed, share.held) == (30, 50)
    assert share.after_acknowledgment(38).held == 38
    assert share.after_acknowledgment(38).after_acknowledgment(25).held == 30
    assert share.after_acknowledgment(70).held == 50, "a site cannot raise its part by claiming more"


def test_a_site_that_comes_to_an_exhausted_pool_calls_margin_back_at_once() -> None:
    pool = Pool(100, 0, (holding("a", 100, 20),))
    assert grant_allotment(pool, "new", 0, 3, NOW) == AllotmentGrant(0, 0, (("a", 87),))


def test_no_margin_is_given_out_that_a_site_that_is_short_will_claim() -> None:
    pool = Pool(100, 0, (holding("a", 60, 60), holding("b", 25, 25, 28)))
    assert grant_allotment(pool, "a", 60, 0, NOW) == AllotmentGrant(61), (
        "of fifteen, three are missing there and ten are its margin"
    )
    assert grant_allotment(pool, "a", 60, 62, NOW) == AllotmentGrant(62), "devices that wait come before margins"


def test_of_two_sites_short_of_each_other_none_gives_what_it_needs() -> None:
    pool = Pool(100, 0, (holding("a", 60, 60, 70), holding("b", 40, 40, 50)))
    assert recalled_margins(pool, NOW) == ()
    assert grant_allotment(pool, "a", 60, 70, NOW) == AllotmentGrant(60)


def test_the_largest_unused_margin_is_called_back_first() -> None:
    pool = Pool(100, 0, (holding("a", 30, 20), holding("b", 60, 20), holding("c", 10, 10, 35)))
    assert recalled_margins(pool, NOW) == (("b", 25),)
    pool = Pool(100, 0, (holding("a", 30, 20), holding("b", 60, 20), holding("c", 10, 10, 55)))
    assert recalled_margins(pool, NOW) == (("b", 20), ("a", 20))


def test_what_a_silent_site_held_is_free_thirty_days_after_its_last_word_or_when_agreed() -> None:
    pool = Pool(100, 0, (holding("a", 100, 90),))
    assert SILENCE_DAYS == 30
    free_at = WORD + SILENCE_DAYS * DAY
    assert grant_allotment(pool, "b", 0, 5, WORD).allotment == 0
    assert grant_allotment(pool, "b", 0, 5, free_at - 1).allotment == 0
    assert grant_allotment(pool, "b", 0, 5, free_at).allotment == 15
    agreed = pool.with_share(msgspec.structs.replace(pool.share_of("a"), agreed=True))
    assert grant_allotment(agreed, "b", 0, 5, WORD - 1).allotment == 0, "agreed or not, its word holds"
    assert grant_allotment(agreed, "b", 0, 5, WORD).allotment == 15


def test_b07_after_a_restore_no_site_gets_more_until_every_other_one_was_heard() -> None:
    pool = Pool(100, 0, (holding("a", 20, 15), holding("b", 20, 15)), frozenset("ab"), unheard_until=NOW + 120 * DAY)
    assert grant_allotment(pool, "a", 15, 40, NOW).allotment == 20, "what it has it keeps"
    assert grant_allotment(pool, "c", 0, 5, NOW).allotment == 0
    heard = msgspec.structs.replace(pool, unheard=frozenset("a"))
    assert grant_allotment(heard, "a", 15, 40, NOW).allotment == 50, "itself it need not wait for"
    assert grant_allotment(heard, "b", 15, 40, NOW).allotment == 20


def test_who_is_never_heard_again_after_a_restore_is_waited_for_no_longer_than_any_word_lasts() -> None:
    until = WORD + 40 * DAY
    pool = Pool(100, 0, (holding("a", 20, 15),), frozenset("a"), unheard_until=until)
    assert grant_allotment(pool, "b", 0, 5, until - 1).allotment == 0
    assert grant_allotment(pool, "b", 0, 5, until).allotment == 15
    agreed = pool.with_share(msgspec.structs.replace(pool.share_of("a"), agreed=True))
    assert grant_allotment(agreed, "b", 0, 5, WORD - 1).allotment == 0, "agreed or not, its word holds"
    assert grant_allotment(agreed, "b", 0, 5, WORD).allotment == 15


def test_a_returning_site_gets_what_is_free_and_the_rest_is_a_conflict() -> None:
    later = WORD + SILENCE_DAYS * DAY
    other = msgspec.structs.replace(holding("b", 70, 70), word_until=later + DAY)
    pool = Pool(100, 0, (holding("a", 90, 90), other))
    pool, granted = synced(pool, "a", 90, now=later)
    assert (granted.allotment, granted.uncovered) == (30, 60)
    assert pool.counted_at(later) == 100


def test_a_silent_site_neither_claims_nor_is_called_back_nor_divides() -> None:
    silent = msgspec.structs.replace(holding("a", 50, 10, 90), word_until=NOW)
    pool = Pool(60, 0, (silent,))
    assert recalled_margins(pool, NOW) == ()
    assert grant_allotment(pool, "b", 0, 1, NOW) == AllotmentGrant(10)


def test_a_site_that_leaves_holds_its_seats_until_they_end() -> None:
    left = holding("a", 50, 20).after_leaving(20, WORD - DAY)
    pool = Pool(50, 0, (left,))
    assert pool.free_at(NOW) == 30
    assert pool.free_at(WORD - DAY) == 50
    assert holding("a", 50, 20).after_leaving(0, WORD - DAY).counted_at(NOW) == 0, "all erased"
    assert holding("a", 50, 20).after_leaving(90, WORD).counted_at(NOW) == 50
    assert (left.signed, left.need, left.takes_part(NOW)) == (0, 20, False)


def test_a_site_that_left_may_come_back() -> None:
    pool = Pool(50, 0, (holding("a", 50, 20).after_leaving(20, WORD),))
    granted = grant_allotment(pool, "a", 0, 5, NOW)
    back = pool.share_of("a").after_report(0, 5, NOW).after_grant(granted.allotment, WORD, NOW)
    assert granted.allotment == 15
    assert back.takes_part(NOW)
    assert back.counted_at(NOW) == 20, "the seats it left behind still run"


def test_the_part_of_a_lost_site_goes_at_once_to_the_site_named_and_the_excess_is_declared() -> None:
    pool = Pool(100, 0, (holding("lost", 60, 50), holding("heir", 40, 35)))
    after, excess = declare_lost(pool, "lost", "heir", NOW)
    assert excess == 60
    assert after.share_of("heir").signed == 100
    assert after.counted_at(NOW) == 100
    assert [share.site for share in after.sites] == ["heir"]
    _, granted = synced(after, "heir", 35)
    assert granted.allotment == 100, "the next lease says so"
    unheard, _ = declare_lost(pool, "lost", "new", NOW)
    assert (unheard.share_of("new").signed, unheard.counted_at(NOW)) == (60, 100), (
        "kept for a site that has yet to call"
    )
    freed, _ = declare_lost(pool, "lost", "", NOW)
    assert freed.free_at(NOW) == 60
    assert declare_lost(pool, "lost", "heir", WORD)[1] == 0, "its word is over: nothing exceeds"


def test_under_a_limit_that_fell_margins_go_first_and_covered_seats_stay() -> None:
    pool = Pool(60, 0, (holding("a", 50, 30), holding("b", 50, 30)))
    pool, granted = synced(pool, "a", 30)
    assert granted == AllotmentGrant(30, 0, (("b", 30),))
    pool, granted = synced(pool, "b", 30)
    assert granted.allotment == 30
    for site in ("a", "b"):
        pool, granted = synced(pool, site, 30)
        assert granted == AllotmentGrant(30)
    assert pool.counted_at(NOW) == 60


def test_more_seats_in_use_than_a_limit_that_fell_are_never_dropped_silently() -> None:
    pool = Pool(20, 0, (holding("a", 50, 30),))
    assert grant_allotment(pool, "a", 30, 0, NOW) == AllotmentGrant(30)
    assert grant_allotment(pool, "a", 30, 45, NOW) == AllotmentGrant(45), (
        "what was promised already is not taken while it is wanted"
    )


@given(
    st.integers(1, 2_000),
    st.integers(0, 20),
    st.lists(st.integers(0, 300), min_size=1, max_size=5),
    st.lists(st.integers(0, 400), min_size=5, max_size=5),
)
def test_what_fits_under_the_ceiling_is_covered_after_a_few_rounds(
    limit: int, tolerance: int, needs: list[int], before: list[int]
) -> None:
    pool = Pool(limit, tolerance)
    for number, start in enumerate(before[: len(needs)]):
        pool, _ = synced(pool, f"s{number}", 0, wanted=start)
    for _ in range(4):
        for number, need in enumerate(needs):
            covered = min(need, pool.share_of(f"s{number}").signed)
            pool, _ = synced(pool, f"s{number}", covered, wanted=need)
    assert pool.counted_at(NOW) <= pool.ceiling
    if sum(needs) <= pool.ceiling:
        assert all(pool.share_of(f"s{number}").signed >= need for number, need in enumerate(needs))
    else:
        assert pool.counted_at(NOW) == pool.ceiling, "nothing is left unused while somebody is refused"


class Lease(msgspec.Struct):
    serial: int
    allotment: int
    until: Instant


class Site(msgspec.Struct):
    """The truth at a site, which the server knows only from what it is told."""

    lease: Lease | None = None
    under_way: list[Lease] = msgspec.field(default_factory=list)
    seats: int = 0
    seats_until: Instant = 0


NAMES = st.sampled_from(["a", "b", "c"])


class Fleet(RuleBasedStateMachine):
    """Sites that synchronize, lose answers, fall silent, leave and return, in any order."""

    @initialize(limit=st.integers(1, 60), tolerance=st.sampled_from([0, 10, 50]))
    def begin(self, limit: int, tolerance: int) -> None:
        self.now = NOW
        self.pool = Pool(limit, tolerance)
        self.bound = self.pool.ceiling
        self.serial = 0
        self.newest: dict[str, int] = {}
        self.sites = {name: Site() for name in ("a", "b", "c")}

    @rule(name=NAMES, more=st.integers(0, 40))
    def synchronizes(self, name: str, more: int) -> None:
        site, share = self.sites[name], self.pool.share_of(name)
        if site.lease is not None and site.lease.serial == self.newest[name]:
            share = share.after_acknowledgment(site.seats)
        self.pool = self.pool.with_share(share)
        granted = grant_allotment(self.pool, name, site.seats, site.seats + more, self.now)
        assert name not in dict(granted.recall), "what was just granted is not called back"
        until = self.now + 30 * DAY
        share = share.after_report(site.seats, site.seats + more, self.now).after_grant(
            granted.allotment, until, self.now
        )
        self.pool = self.pool.with_share(share)
        self.serial += 1
        self.newest[name] = self.serial
        site.under_way.append(Lease(self.serial, granted.allotment, until))

    @rule(name=NAMES, pick=st.integers(0, 9))
    def an_answer_arrives(self, name: str, pick: int) -> None:
        site = self.sites[name]
        if not site.under_way:
            return
        lease = site.under_way.pop(pick % len(site.under_way))
        if self.now < lease.until and (site.lease is None or lease.serial > site.lease.serial):
            site.lease = lease
            site.seats_until = max(site.seats_until, lease.until) if site.seats else lease.until

    @rule(name=NAMES)
    def an_answer_is_lost(self, name: str) -> None:
        if self.sites[name].under_way:
            self.sites[name].under_way.pop()

    @rule(name=NAMES, count=st.integers(1, 20))
    def devices_come(self, name: str, count: int) -> None:
        site = self.sites[name]
        if site.lease is not None and self.now < site.lease.until:
            site.seats = max(site.seats, min(site.seats + count, site.lease.allotment))

    @rule(name=NAMES, count=st.integers(1, 20))
    def devices_are_erased(self, name: str, count: int) -> None:
        self.sites[name].seats = max(0, self.sites[name].seats - count)

    @rule(days=st.integers(1, 35))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule(name=NAMES)
    def somebody_agrees(self, name: str) -> None:
        self.pool = self.pool.with_share(msgspec.structs.replace(self.pool.share_of(name), agreed=True))

    @rule(name=NAMES)
    def leaves(self, name: str) -> None:
        site = self.sites[name]
        if site.lease is None:
            return
        running = site.seats if self.now < site.seats_until else 0
        self.pool = self.pool.with_share(self.pool.share_of(name).after_leaving(running, site.seats_until))
        site.lease, site.under_way = None, []

    @rule(limit=st.integers(1, 60))
    def the_limit_changes(self, limit: int) -> None:
        self.pool = msgspec.structs.replace(self.pool, limit=limit)
        self.bound = max(self.pool.ceiling, min(self.bound, self.pool.counted_at(self.now)))

    @invariant()
    def never_one_device_too_many(self) -> None:
        if not hasattr(self, "pool"):
            return
        assert sum(map(self.may_protect, self.sites.values())) <= self.pool.counted_at(self.now) <= self.bound
        self.bound = max(self.pool.ceiling, min(self.bound, self.pool.counted_at(self.now)))

    def may_protect(self, site: Site) -> int:
        """Whatever arrives or does not arrive from here on, the most this site can come to protect."""
        newer = [lease for lease in site.under_way if site.lease is None or lease.serial > site.lease.serial]
        words = [*newer, *([site.lease] if site.lease else [])]
        allowed = max((lease.allotment for lease in words if self.now < lease.until), default=0)
        return max(allowed, site.seats if self.now < site.seats_until else 0)


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.integers(1, 200), st.integers(0, 250), st.integers(0, 250))
def test_one_that_joins_gets_no_more_than_is_free(limit: int, others: int, devices: int) -> None:
    pool = Pool(limit, 0, (holding("other", others, others),))
    assert 0 <= first_allotment(pool, "new", devices, NOW) <= max(0, limit - others)
    assert pool.joining_share("new", devices, NOW).need == devices, "they want to be covered from the first lease"


@given(st.integers(1, 60), st.integers(0, 70), st.integers(0, 70), st.integers(0, 70), st.booleans())
def test_what_is_given_is_what_is_granted_and_others_are_called_for_what_is_missed(
    limit: int, other: int, signed: int, in_use: int, unheard: bool
) -> None:
    shares = (holding("b", other), holding("a", signed, in_use))
    pool = Pool(limit, 10, shares, unheard=frozenset({"b"} if unheard else ()), unheard_until=NOW + DAY)
    given = give_allotment(pool, pool.share_of("a"), NOW)
    assert given.allotment == grant_allotment(pool, "a", in_use, 0, NOW).allotment
    assert set(given.called) <= {"b"}, "the one that asks comes down by its own lease"
    assert given.withheld == (unheard and given.allotment < in_use)


@given(
    moved=st.integers(0, AMNESTY_MOST),
    ago=st.integers(-40 * DAY, 80 * DAY),
    left=st.booleans(),
    agreed=st.booleans(),
)
def test_b07_a_part_counts_as_long_as_an_amnesty_lets_it_run_and_is_kept_as_long_as_one_might(
    moved: int, ago: int, left: bool, agreed: bool
) -> None:
    share = msgspec.structs.replace(holding("a", 50, 10), left=left, agreed=agreed)
    now = WORD + ago
    prolonged = msgspec.structs.replace(share, moved=moved)
    if now < WORD + moved:
        assert prolonged.counted_at(now) == 50
    if prolonged.counted_at(now):
        assert share.may_count(now)
