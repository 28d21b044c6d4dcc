"""Days of ephemeral applications: each coming and each going in one day's fact, whenever somebody looks."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.subscription.ephemeral import EphemeralStay, after_count, day_of, days_over
from tenure.core.subscription.facts import EphemeralCounted
from tenure.core.timeline import DAY

MOMENTS = st.integers(0, 6 * DAY)


@st.composite
def a_stay(draw: st.DrawFn) -> EphemeralStay:
    came, gone = sorted((draw(MOMENTS), draw(MOMENTS)))
    return EphemeralStay(site=f"site_{draw(st.integers(0, 5))}", came=came, until=gone)


def looked_at(stays: list[EphemeralStay], days: list[int]) -> list[EphemeralCounted]:
    """Every fact, when those who are there by then are looked at after each of these days."""
    facts, until, seen = list[EphemeralCounted](), 0, dict.fromkeys(range(len(stays)), 0)
    for over in (day * DAY for day in days):
        there = {
            number: msgspec.structs.replace(stay, counted=seen[number])
            for number, stay in enumerate(stays)
            if stay.came < over
        }
        new = days_over(there.values(), until, over, over)
        seen |= {number: after_count(stay, until, over).counted for number, stay in there.items()}
        facts += new
        until = new[-1].at if new else until
    assert set(seen.values()) <= {2}
    return facts


@given(st.lists(a_stay(), max_size=8), st.sets(st.integers(1, 6)))
def test_a_server_that_looks_seldom_says_the_same_of_each_day_as_one_that_is_always_awake(
    stays: list[EphemeralStay], days: set[int]
) -> None:
    awake = looked_at(stays, list(range(1, 8)))
    seldom = looked_at(stays, [*sorted(days), 7])
    assert [msgspec.structs.replace(each, recorded_at=0) for each in seldom] == [
        msgspec.structs.replace(each, recorded_at=0) for each in awake
    ]
    assert sum(each.came for each in awake) == sum(each.went for each in awake) == len(stays)
    assert len({each.day for each in awake}) == len(awake)


def test_what_is_found_late_of_a_day_that_has_its_fact_goes_with_the_next_one() -> None:
    late = EphemeralStay(site="site_1", came=DAY - 1, until=DAY + 5)
    assert days_over([late], DAY, DAY, DAY) == ()
    assert after_count(late, DAY, DAY) == late
    (fact,) = days_over([late], DAY, 2 * DAY, 2 * DAY)
    assert (fact.day, fact.at, fact.came, fact.went) == (DAY, 2 * DAY, 1, 1)


def test_the_digest_tells_who_came_and_went_and_when() -> None:
    """SHA-256 over `0 came site_1`, `9 went site_1`, a line each, as anybody can work out from the rows."""
    (fact,) = days_over([EphemeralStay(site="site_1", came=0, until=9)], 0, DAY, DAY)
    (other,) = days_over([EphemeralStay(site="site_1", came=0, until=10)], 0, DAY, DAY)
    assert fact.digest == "q-WyGTygNeEjROkIgR2roI9ENiUiYWrdOUohrooy4so"
    assert fact.digest != other.digest
    assert day_of(DAY - 1) == 0
