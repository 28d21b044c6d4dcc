"""Rate limits: never more than allowed in any window, waiting as long as told suffices, memory stays bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.fairness import network_of
from tenure.http.limits import MemoryCounters, RateLimit, RateThrottle, decide_limit


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=40),
)
def test_never_more_than_burst_and_rate_in_any_window(count: int, burst: int, gaps: list[float]) -> None:
    limit = RateLimit("test", count, 1.0, burst)
    now, stored, allowed = 0.0, None, []
    for gap in gaps:
        now += gap
        decision = decide_limit(limit, stored, now)
        if decision.allowed:
            stored = decision.full_at
            allowed.append(now)
        else:
            assert decision.retry_in > 0
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            window = allowed[last] - allowed[first]
            assert last - first + 1 <= burst + window * count + 1e-6


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 20))
def test_waiting_as_long_as_told_suffices(count: int, burst: int, spent: int) -> None:
    limit = RateLimit("test", count, 1.0, burst)
    stored = None
    for _ in range(spent):
        stored = decide_limit(limit, stored, 0.0).full_at
    decision = decide_limit(limit, stored, 0.0)
    assert decision.allowed or decide_limit(limit, stored, decision.retry_in).allowed


def test_what_remains_is_told() -> None:
    limit, stored = RateLimit("test", 3, 60.0), None
    told = []
    for _ in range(4):
        decision = decide_limit(limit, stored, 5.0)
        stored = decision.full_at
        told.append((decision.allowed, decision.remaining))
    assert told == [(True, 2), (True, 1), (True, 0), (False, 0)]
    assert decide_limit(limit, None, 0.0, cost=4).allowed is False


class Clocks:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def ticks(self) -> float:
        return self.seconds

    def clock(self) -> int:
        return 1_790_000_000 + int(self.seconds - 1000)


def test_a_throttle_counts_against_all_limits_or_none() -> None:
    clocks = Clocks()
    counters = MemoryCounters()
    throttle = RateThrottle(counters, clocks.ticks, clocks.clock)
    each, all_of_them = RateLimit("address", 2, 60.0), RateLimit("global", 3, 60.0)
    assert throttle.count_request((each, "a"), (all_of_them, "")) is None
    assert throttle.count_request((each, "a"), (all_of_them, "")) is None
    for _ in range(5):
        told = throttle.count_request((each, "a"), (all_of_them, ""))
        assert isinstance(told, Refused)
        assert (told.code, told.when) == (RefusalCode.TOO_MANY_REQUESTS, 1_790_000_030)
        assert told.detail == "At most 2 in 60 seconds are allowed here (address)."
    # What was refused to a used up nothing of what all share.
    assert throttle.count_request((each, "b"), (all_of_them, "")) is None
    told = throttle.count_request((each, "c"), (all_of_them, ""))
    assert isinstance(told, Refused)
    assert "(global)" in told.detail
    clocks.seconds += 30
    assert throttle.count_request((each, "a"), (all_of_them, "")) is None


def test_many_strangers_do_not_fill_the_memory() -> None:
    counters = MemoryCounters(capacity=10)
    for number in range(1_000):
        counters.write_counter(("address", str(number)), float(number))
        counters.write_counter(("address", "often"), 1.0)
    known = [
        name for name in [*map(str, range(1_000)), "often"] if counters.read_counter(("address", name)) is not None
    ]
    assert known == [*map(str, range(991, 1_000)), "often"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_who_is_counted_for_an_address(address: str, network: str) -> None:
    assert network_of(address) == network
