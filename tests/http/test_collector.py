"""While a program starts nothing is searched for cycles; afterwards only what came since, and seldom."""

import gc
from collections.abc import Iterator

import pytest

from tenure.http.collector import pause_collector, spare_collector


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The other tests of this worker are collected as ever."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()


def test_a_start_that_fails_leaves_it_on() -> None:
    with pytest.raises(ValueError, match="no"), pause_collector():
        assert not gc.isenabled()
        raise ValueError("no")
    assert gc.isenabled()


def test_what_was_off_before_a_start_stays_off() -> None:
    gc.disable()
    with pause_collector():
        pass
    assert not gc.isenabled()


def test_a_program_that_started_collects_what_came_since() -> None:
    with pause_collector():
        before = gc.get_freeze_count()
        made: list[list[int]] = [[] for _ in range(1_000)]
        spare_collector()
        assert gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(made)
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
