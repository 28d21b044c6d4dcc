"""Use of a subscription: levels that do not flutter, devices that count as long as they may be protected."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import (
    EPHEMERAL_SEAT,
    LEVELS,
    CountedDevice,
    UsageLevel,
    count_devices,
    counts_until,
    device_ceiling,
    may_protect,
    step_level,
    usage_level,
)
from tenure.core.timeline import DAY

NORMAL, INFO, WARNING, CRITICAL = LEVELS


def events(limit: int, *uses: int) -> list[UsageLevel]:
    announced, seen = NORMAL, []
    for used in uses:
        look = step_level(announced, used, limit)
        announced = look.announced
        if look.event is not None:
            seen.append(look.event)
    return seen


@pytest.mark.parametrize(
    ("limit", "tolerance", "most"), [(100, 10, 110), (19, 10, 20), (9, 10, 9), (1, 100, 2), (7, 0, 7), (0, 10, 0)]
)
def test_m01_the_limit_and_its_tolerance_may_be_protected(limit: int, tolerance: int, most: int) -> None:
    assert device_ceiling(limit, tolerance) == most
    assert may_protect(most - 1, most) is None
    answer = may_protect(most, most)
    assert isinstance(answer, Refused)
    assert answer.code is RefusalCode.DEVICE_LIMIT_REACHED


def test_many_devices_at_once_fit_together_or_not_at_all() -> None:
    assert may_protect(5, 10, more=5) is None
    assert isinstance(may_protect(5, 10, more=6), Refused)


@pytest.mark.parametrize(
    ("used", "limit", "expected"),
    [
        *((0, 100, NORMAL), (89, 100, NORMAL), (90, 100, INFO), (99, 100, INFO), (100, 100, WARNING)),
        *((110, 100, WARNING), (111, 100, CRITICAL), (8, 9, NORMAL), (9, 10, INFO), (1, 1, WARNING), (2, 1, CRITICAL)),
        *((899, 1000, NORMAL), (999, 1000, INFO), (1100, 1000, WARNING), (1101, 1000, CRITICAL)),
        *((0, 0, NORMAL), (1, 0, CRITICAL)),
    ],
)
def test_the_level_follows_the_percent_of_the_limit(used: int, limit: int, expected: UsageLevel) -> None:
    assert usage_level(used, limit) is expected


def test_a_level_is_announced_once_per_entry() -> None:
    assert events(100, 50, 90, 95, 90, 99) == [INFO]
    assert events(100, 90, 100, 111) == [INFO, WARNING, CRITICAL]


def test_of_several_levels_entered_at_once_the_highest_speaks() -> None:
    assert events(100, 50, 120) == [CRITICAL]
    assert events(100, 50, 105) == [WARNING]


def test_use_that_hovers_at_an_edge_is_not_announced_again() -> None:
    assert events(100, 90, 89, 90, 89, 90) == [INFO]
    assert events(100, 100, 99, 100, 99, 100) == [WARNING]
    assert events(100, 111, 109, 111, 110, 111) == [CRITICAL]


def test_after_falling_two_points_below_the_edge_it_is_announced_again() -> None:
    assert events(100, 90, 88, 90) == [INFO, INFO]
    assert events(100, 100, 98, 100) == [WARNING, WARNING]
    assert events(100, 111, 108, 111) == [CRITICAL, CRITICAL]
    assert events(1000, 900, 881, 900, 880, 900) == [INFO, INFO]


def test_coming_down_through_the_levels_announces_nothing() -> None:
    assert events(100, 111, 105, 99, 95, 80) == [CRITICAL]
    assert events(100, 111, 99, 100) == [CRITICAL], "from 99 it is not two points below the edge of 100"


def test_without_a_limit_the_last_release_ends_the_alarm() -> None:
    assert events(0, 1, 1, 0, 1) == [CRITICAL, CRITICAL]


@given(st.integers(1, 200), st.lists(st.integers(0, 300), max_size=30))
def test_an_event_always_names_the_present_level_and_only_on_the_way_up(limit: int, uses: list[int]) -> None:
    announced, before = NORMAL, 0
    for used in uses:
        look = step_level(announced, used, limit)
        assert look.level is usage_level(used, limit)
        assert LEVELS.index(look.announced) >= LEVELS.index(look.level)
        if look.event is not None:
            assert look.event is look.level
            assert used > before
        assert step_level(look.announced, used, limit).event is None
        announced, before = look.announced, used


def test_a_device_counts_until_it_gave_its_seat_up_or_was_silent_long_enough() -> None:
    seen, seat = 10 * DAY, 24 * DAY
    assert counts_until(CountedDevice(id="a", last_seen=seen, seat_until=seat), 60) == 70 * DAY
    assert counts_until(CountedDevice(id="a", last_seen=seen, seat_until=90 * DAY), 60) == 90 * DAY, (
        "a seat in force counts"
    )
    assert counts_until(CountedDevice(id="a", last_seen=seen, seat_until=seat, removed=True), 60) == seat
    assert counts_until(CountedDevice(id="a", last_seen=seen, seat_until=seat, erased=True), 60) == 0
    assert counts_until(CountedDevice(id="a", last_seen=seen, seat_until=seat, removed=True, erased=True), 60) == 0


def test_a_device_ceases_to_count_at_the_instant() -> None:
    devices = [
        CountedDevice(id="b", last_seen=DAY),
        CountedDevice(id="a", last_seen=0),
        CountedDevice(id="c", last_seen=50 * DAY),
    ]
    assert (count_devices(devices, 61 * DAY - 1, 60), count_devices(devices, 61 * DAY, 60)) == (2, 1)


def test_an_ephemeral_device_counts_until_its_seat_ends_however_long_silence_is_waited_for() -> None:
    seen = 1_000_000
    lasting = CountedDevice(id="dev_1", last_seen=seen, seat_until=seen + EPHEMERAL_SEAT)
    ephemeral = msgspec.structs.replace(lasting, ephemeral=True)
    assert counts_until(lasting, 60) == seen + 60 * DAY
    assert counts_until(ephemeral, 60) == seen + EPHEMERAL_SEAT
    assert counts_until(msgspec.structs.replace(ephemeral, erased=True), 60) == 0
