"""Nobody takes all places: whoever holds many leaves room for others, and a newcomer finds one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.http.fairness import FairPlaces, FairShares, block_of, network_of, networks_of

MOVES = st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=200)


@given(MOVES, st.integers(1, 40))
def test_nobody_ever_holds_more_than_he_leaves_free(moves: list[tuple[str, bool]], most: int) -> None:
    shares, held = FairShares(most), dict.fromkeys("abcdef", 0)
    for who, comes in moves:
        if not comes:
            if held[who]:
                shares.give_back(who)
                held[who] -= 1
        elif shares.has_room(who):
            shares.take_share(who)
            held[who] += 1
            assert held[who] <= most - shares.held + 1
        assert shares.held == sum(held.values()) <= most


@pytest.mark.parametrize(("hogs", "share"), [(1, 256), (3, 128), (7, 64)])
def test_those_who_take_all_they_can_end_with_equal_shares_and_one_is_left(hogs: int, share: int) -> None:
    shares, held = FairShares(512), [0] * hogs
    for _ in range(600):
        for each in range(hogs):
            if shares.has_room(str(each)):
                shares.take_share(str(each))
                held[each] += 1
    assert max(held) - min(held) <= 1
    assert abs(held[0] - share) <= 1
    assert shares.has_room("a newcomer")


def test_who_waits_for_somebody_else_is_not_counted() -> None:
    shares = FairShares(4)
    shares.take_share("a")
    with shares.lend_share("a"):
        assert shares.held == 0
    assert shares.held == 1


def test_the_longest_of_one_hand_makes_room_first() -> None:
    places: FairPlaces[str] = FairPlaces(most=6, each=2)
    for holder, network in (("old", "x"), ("mine", "y"), ("mine too", "y")):
        places.take_place(holder, network, network)
    assert not places.has_room("y", "y")
    assert places.has_room("y", "y", each=False), "behind a proxy there are many"
    assert places.longest_holder("y") == "mine"
    assert places.longest_holder("nobody") == "old"
    places.give_back("mine")
    places.give_back("mine")
    assert len(places) == 2
    assert places.has_room("y", "y")


def test_one_hand_with_many_networks_is_held_to_one_share() -> None:
    places: FairPlaces[int] = FairPlaces(most=16, each=2)
    taken = 0
    for number in range(100):
        address = f"2001:db8:7:{number:x}::1"
        if places.has_room(network_of(address), block_of(address)):
            places.take_place(number, network_of(address), block_of(address))
            taken += 1
    assert taken == 8
    assert places.has_room(network_of("2001:db8:8::1"), block_of("2001:db8:8::1"))


def test_the_networks_behind_an_address() -> None:
    assert networks_of("2001:db8:1:2ff::9") == ("2001:db8:1:2ff::/64", "2001:db8:1:200::/56", "2001:db8:1::/48")
    assert networks_of("192.0.2.7") == ("192.0.2.7",)
