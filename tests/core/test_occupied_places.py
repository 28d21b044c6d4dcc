"""Places of applications on their own: until when one counts, and when one given back is free [spec: places]."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, lease_for
from tenure.core.lease.claims import Lease
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.occupied_place import (
    CountRule,
    OccupiedPlace,
    conflict_date,
    count_rule,
    frees_at_once,
    promise_place,
    split_left,
    word_until,
)
from tenure.core.timeline import DAY, Phase, PhaseCause, Span
from tests.core.world import World, terms

PLACE = OccupiedPlace(site="s", subscription="A", provider="p", since=0, signed=10 * DAY, until=40 * DAY)


def ordered() -> tuple[World, Subscription]:
    world = World()
    world.top_up(100_000)
    world.order()
    world.activate()
    return world, world.sub()


def lease_of(world: World, **changed: object) -> Lease:
    sub = world.sub()
    lease = lease_for(
        sub,
        sub.sites[0],
        LeaseHolderClaims(id="s", jwk={}, epoch=100, serial=1),
        LeaseIssuer(name="v", provider="p"),
        world.now,
    )
    return msgspec.structs.replace(lease, **changed)


def test_an_amnesty_lets_a_place_count_on_unless_a_list_ended_it() -> None:
    outage = (OutageAmnesty(20 * DAY, 23 * DAY),)
    by = CountRule(now=42 * DAY, heard_since=0)
    assert PLACE.runs_until(outage) == 43 * DAY
    assert by.counts_by_amnesty(PLACE, outage)
    assert not by.counts_by_amnesty(PLACE, ())
    assert not msgspec.structs.replace(by, struck=("s",)).counts_by_amnesty(PLACE, outage)


def test_the_silence_of_one_whose_date_has_come_is_not_waited_for_and_a_restore_holds_for_a_while() -> None:
    world, sub = ordered()
    dated = msgspec.structs.replace(sub.sites[0], place_until=world.now)
    sub = msgspec.structs.replace(sub, sites=(dated,))
    assert count_rule(sub, world.now, 0).struck == (dated.id,)
    assert count_rule(sub, world.now - 1, 0).struck == ()
    assert count_rule(sub, world.now, world.now - DAY).restored == world.now - DAY
    assert count_rule(sub, world.now, 1).restored == 0, "long ago"


def test_a_place_counts_as_long_as_the_longest_word_signed_for_it() -> None:
    world, sub = ordered()
    lease = lease_of(world, contact_until=world.now + 30 * DAY)
    first = promise_place(None, sub, lease, world.now, ephemeral=False)
    assert (first.since, first.until, first.waits) == (world.now, world.now + 30 * DAY, 1)
    shorter = msgspec.structs.replace(lease, contact_until=world.now + DAY)
    again = promise_place(first, sub, shorter, world.now + 5, ephemeral=False)
    assert (again.since, again.until) == (world.now, world.now + 30 * DAY)
    assert promise_place(None, sub, lease, world.now, ephemeral=True).waits == 0
    successor = msgspec.structs.replace(lease, role="successor")
    assert promise_place(None, sub, successor, world.now, ephemeral=False).waits == 0


def test_a_word_ends_with_the_date_that_it_carries() -> None:
    world, _ = ordered()
    date = Span(world.now + 9 * DAY, None, Phase.ENDED, PhaseCause.SEAT_CONFLICT, ())
    lease = lease_of(world, contact_until=world.now + 30 * DAY)
    assert conflict_date(lease.spans) is None
    struck = msgspec.structs.replace(lease, spans=(*lease.spans, date))
    assert (conflict_date(struck.spans), word_until(struck)) == (date.since, date.since)
    assert word_until(msgspec.structs.replace(struck, contact_until=world.now + DAY)) == world.now + DAY


@given(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4), st.integers(0, 9))
def test_what_was_left_is_free_or_waits_and_what_is_used_is_neither(own: int, left: list[int], serial: int) -> None:
    places = [msgspec.structs.replace(PLACE, subscription=f"x{at}", after=after) for at, after in enumerate(left)]
    free, waiting = split_left([PLACE, *places], ("A", None), serial)
    assert sorted([*free, *waiting], key=str) == sorted(places, key=str)
    assert all(each.after < serial for each in free)
    assert all(each.after >= serial for each in waiting)


@given(st.integers(1, 6), st.lists(st.integers(0, 80), max_size=8), st.booleans(), st.booleans())
def test_within_a_lease_s_length_no_more_are_free_at_once_than_are_ordered(
    devices: int, ago: list[int], copied: bool, ephemeral: bool
) -> None:
    world = World()
    world.top_up(1_000_000)
    world.order(of=terms(devices=devices))
    sub, now = world.sub(), world.now + 100 * DAY
    sub = msgspec.structs.replace(sub, places_freed=tuple(now - days * DAY for days in ago))
    recent = sum(days < sub.rules_at(now).lease_days for days in ago)
    free = frees_at_once(sub, now, copied=copied, ephemeral=ephemeral)
    assert free == (not copied and (ephemeral or recent < devices))


def test_one_without_use_for_its_place_keeps_it_no_longer_than_its_word() -> None:
    assert PLACE.without_wait() == msgspec.structs.replace(PLACE, waits=0)
