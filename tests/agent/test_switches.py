from hypothesis import given
from hypothesis import strategies as st

from tenure.agent.feature_state import RETRY_CAP, FeatureState, after_failure, after_success, is_due

Wants = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 400)), max_size=40)


def test_a_switch_is_thrown_once_after_every_start() -> None:
    assert is_due(FeatureState(), True, 0.0)
    assert is_due(FeatureState(), False, 0.0)
    assert not is_due(after_success(FeatureState(), True), True, 1e9)


def test_what_failed_is_tried_again_later_and_later_and_never_given_up() -> None:
    switch, now, waits = FeatureState(), 0.0, []
    for _ in range(12):
        switch = after_failure(switch, True, now)
        assert not is_due(switch, True, switch.retry_at - 1)
        waits.append(switch.retry_at - now)
        now = switch.retry_at
        assert is_due(switch, True, now)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2, RETRY_CAP)


def test_a_change_of_mind_waits_for_nothing() -> None:
    switch = after_failure(after_failure(FeatureState(), True, 0.0), True, 2.0)
    assert is_due(switch, False, 2.0)


@given(Wants)
def test_it_always_ends_where_it_was_wanted_last(steps: list[tuple[bool, bool, int]]) -> None:
    switch, now = FeatureState(), 0.0
    for wanted, works, wait in steps:
        now += wait
        if is_due(switch, wanted, now):
            switch = after_success(switch, wanted) if works else after_failure(switch, wanted, now)
    wanted = steps[-1][0] if steps else True
    now += RETRY_CAP
    if is_due(switch, wanted, now):
        switch = after_success(switch, wanted)
    assert switch.applied is wanted
