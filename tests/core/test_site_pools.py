"""One site and the pools it draws on: what it may still go by counts somewhere, whatever it switches to (B7)."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tenure.core.lease.claims import SEAT_LIFE
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.subscription.allotment import SILENCE_DAYS, SiteShare
from tenure.core.subscription.site_pools import (
    ASKED_FOR,
    REMEMBERED,
    WAITING,
    PoolPart,
    PoolSite,
    SitePools,
    may_count_still,
    share_pool,
    with_waiting,
)
from tenure.core.subscription.state import SiteState
from tenure.core.timeline import DAY, Instant
from tests.core.world import World

NOW = 1_000 * DAY
WORD = NOW + 30 * DAY
ALL = ("A", "B", "C")


def pools(**changed: object) -> SitePools:
    plain = SitePools(site="s", subscription="A", successor=None, serial=7, elsewhere={})
    return msgspec.structs.replace(plain, **changed)


def holding(allotment: int, in_use: int = 0, **more: object) -> SiteShare:
    share = SiteShare(site="s", signed=allotment, held=allotment, in_use=in_use, word_until=WORD)
    return msgspec.structs.replace(share, **more)


def granted(known: SitePools, allotment: int, now: Instant) -> SitePools:
    """The next lease is signed, of the subscription that the site uses."""
    share = known.part_of(known.subscription).after_grant(allotment, now + 30 * DAY, now)
    return msgspec.structs.replace(known.with_part(known.subscription, share), serial=known.serial + 1)


def test_b07_what_a_site_left_counts_until_it_goes_by_a_lease_that_covers_its_devices() -> None:
    left = pools(own=holding(10, 8)).after_switch("B", NOW)
    assert left.elsewhere["A"] == PoolPart(holding(10, 10, signed=0, left=True), after=7)
    assert left.has_unacknowledged
    signed = granted(left, 6, NOW)
    assert not signed.has_unacknowledged
    older = signed.after_report(8, 8, NOW, (), acknowledged=False)
    assert older.part_of("A").counted_at(NOW) == 10, "it still goes by the lease of before"
    newest = signed.after_report(8, 8, NOW, (), acknowledged=True)
    assert newest.part_of("A").counted_at(NOW) == 2, "B covers six of its eight devices"
    assert newest.part_of("B").counted_at(NOW) == 6
    rest = granted(newest, 8, NOW).after_report(8, 8, NOW, (), acknowledged=True)
    assert "A" not in rest.elsewhere


def test_a_part_that_covers_devices_of_another_pool_lasts_as_long_as_their_seats() -> None:
    signed = granted(pools(own=holding(10, 8)).after_switch("B", NOW), 8, NOW)
    late = NOW + 25 * DAY
    covered = signed.after_report(8, 8, late, (), acknowledged=True)
    assert covered.part_of("B").word_until >= min(WORD, late + SEAT_LIFE)


def test_a_dropped_successor_counts_until_a_later_lease_and_one_that_was_none_changes_nothing() -> None:
    staged = pools(own=holding(5), successor="B").with_part("B", holding(4))
    dropped = staged.without_successor(NOW)
    assert dropped.successor is None
    assert dropped.part_of("B").counted_at(NOW) == 4
    assert dropped.has_unacknowledged
    assert not staged.has_unacknowledged, "what waits was not left"
    assert pools(own=holding(5)).without_successor(NOW) == pools(own=holding(5))


def test_one_that_comes_back_has_the_part_that_it_set_aside() -> None:
    away = pools(own=holding(10, 3)).after_switch("B", NOW)
    back = away.after_switch("A", NOW)
    assert back.part_of("A").counted_at(NOW) == 10
    assert back.elsewhere == {}, "B had granted nothing"


def test_what_an_amnesty_moved_counts_also_when_it_is_heard_of_only_then() -> None:
    over, outage = pools(own=holding(10, 4)), OutageAmnesty(WORD - 9 * DAY, WORD - 4 * DAY)
    late = WORD + SILENCE_DAYS * DAY + 3 * DAY
    assert over.after_report(4, 4, late, (), acknowledged=False).part_of("A").held == 0, "given to others meanwhile"
    assert over.after_report(4, 4, late, (outage,), acknowledged=False).part_of("A").held == 10


def test_a_pool_says_who_is_unheard_and_what_an_application_waits_for() -> None:
    world = World()
    world.top_up(100_000)
    world.order()
    sub, now = world.sub(), world.now
    sites = (
        PoolSite(share=SiteShare(site="a", signed=5, held=5, word_until=now + DAY), asked_for=now),
        PoolSite(share=SiteShare(site="b", signed=2, held=2, word_until=now + DAY), is_unheard=True),
    )
    pool = share_pool(sub, sites, 1, now + 1, 0)
    assert (pool.limit, pool.alone, pool.unheard) == (10, 1, {"b"})
    assert pool.share_of(WAITING).wanted == 1
    assert pool.counted_at(now + 1) == 8, "who waits takes nothing"
    assert share_pool(sub, sites, 1, now + ASKED_FOR, 0).share_of(WAITING).wanted == 0
    assert with_waiting(share_pool(sub, (), 0, now, 0), now).share_of(WAITING).wanted == 1


def test_a_server_that_left_is_looked_at_as_long_as_a_word_of_it_can_last() -> None:
    gone = SiteState(id="s", key="k", code="", name="", version="", since=0, left_at=NOW)
    assert may_count_still(gone, NOW + REMEMBERED - 1)
    assert not may_count_still(gone, NOW + REMEMBERED)
    assert not may_count_still(msgspec.structs.replace(gone, left_at=None), NOW)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 60), st.sampled_from(ALL))
def test_setting_a_part_changes_no_other(held: int, other: int, serial: int, name: str) -> None:
    known = pools(own=holding(held), successor="B", serial=serial).with_part("B", holding(other))
    changed = known.with_part(name, holding(9, moved=5))
    assert changed.part_of(name) == holding(9), "amnesties are read each time, never recorded"
    assert all(changed.part_of(each) == known.part_of(each) for each in ALL if each != name)


class Word(msgspec.Struct):
    serial: int
    allotment: int
    until: Instant


class Traveler(RuleBasedStateMachine):
    """A site that applies codes, synchronizes, loses answers and falls silent, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.pools = granted(pools(serial=0, own=SiteShare(site="s")), 5, NOW)
        self.word = Word(1, 5, NOW + 30 * DAY)
        self.under_way: list[Word] = []
        self.devices, self.seats_until = 0, 0

    def sign(self, allotment: int) -> None:
        self.pools = granted(self.pools, allotment, self.now)
        self.under_way.append(Word(self.pools.serial, allotment, self.now + 30 * DAY))

    @rule(name=st.sampled_from(ALL), allotment=st.integers(0, 30))
    def applies_a_code(self, name: str, allotment: int) -> None:
        self.pools = self.pools.after_switch(name, self.now)
        self.sign(allotment)

    @rule(allotment=st.integers(0, 30))
    def synchronizes(self, allotment: int) -> None:
        in_use = self.devices if self.now < self.seats_until else 0
        newest = self.word.serial == self.pools.serial
        self.pools = self.pools.after_report(in_use, in_use, self.now, (), acknowledged=newest)
        self.sign(allotment)

    @rule(pick=st.integers(0, 9))
    def an_answer_arrives(self, pick: int) -> None:
        if self.under_way:
            word = self.under_way.pop(pick % len(self.under_way))
            self.word = word if word.serial > self.word.serial else self.word

    @rule()
    def an_answer_is_lost(self) -> None:
        if self.under_way:
            self.under_way.pop()

    @rule(count=st.integers(0, 30))
    def signs_seats(self, count: int) -> None:
        running = self.devices if self.now < self.seats_until else 0
        if self.now < self.word.until:
            self.devices = max(running, min(count, self.word.allotment))
            self.seats_until = max(self.seats_until if running else 0, min(self.word.until, self.now + SEAT_LIFE))

    @rule(count=st.integers(0, 30))
    def devices_are_erased(self, count: int) -> None:
        self.devices = max(0, self.devices - count)

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @invariant()
    def every_device_counts_in_some_pool(self) -> None:
        running = self.devices if self.now < self.seats_until else 0
        assert running <= sum(self.pools.part_of(name).counted_at(self.now) for name in ALL)

    @invariant()
    def what_it_may_sign_counts_where_it_is_granted_or_was(self) -> None:
        newer = [each for each in self.under_way if each.serial > self.word.serial]
        granted_to_it = max((each.allotment for each in (self.word, *newer) if self.now < each.until), default=0)
        assert granted_to_it <= sum(self.pools.part_of(name).counted_at(self.now) for name in ALL)


TestTraveler = Traveler.TestCase
TestTraveler.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
