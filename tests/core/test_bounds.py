"""Policy bounds: what a provider may publish, what holds in the end, and where it comes from."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.periods import Duration, parse_instant, period_days
from tenure.core.policy.bounds import (
    ABSOLUTE,
    FIELDS,
    MOST_REMINDERS,
    EffectiveValue,
    PolicyBound,
    ValueSource,
    check_rules,
    effective_rules,
    rules_of,
    shortest_days,
    validate_bounds,
    validate_rules,
)
from tenure.core.policy.rules import LateRenewal, RefundRule, Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY

MONTH, YEAR, WEEK = Duration(months=1), Duration(months=12), Duration(days=7)


def refusal(answer: Refused | None) -> tuple[RefusalCode, str]:
    assert isinstance(answer, Refused)
    return answer.code, answer.field


def test_every_field_that_is_a_figure_is_bounded_everywhere() -> None:
    plain = {name for name, value in msgspec.structs.asdict(Rules()).items() if type(value) in (int, tuple)}
    assert plain == set(ABSOLUTE)
    assert all(bound.minimum is not None and bound.maximum is not None for bound in ABSOLUTE.values())


def test_the_defaults_keep_the_bounds() -> None:
    assert validate_rules(msgspec.to_builtins(Rules()), {}) is None
    assert check_rules(Rules()) is None


@pytest.mark.parametrize("name", sorted(ABSOLUTE))
def test_the_first_figure_beyond_a_bound_is_refused_and_the_bounds_named(name: str) -> None:
    low, high = ABSOLUTE[name].minimum, ABSOLUTE[name].maximum
    assert low is not None
    assert high is not None
    for good in (low, high):
        assert validate_rules({name: [good] if name == "reminders" else good}, {}) is None
    for bad in (low - 1, high + 1):
        answer = validate_rules({name: [bad] if name == "reminders" else bad}, {}, field="policy")
        assert refusal(answer) == (RefusalCode.POLICY_OUT_OF_BOUNDS, f"policy.{name}")
        assert isinstance(answer, Refused)
        assert f"{low} and {high}" in answer.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("graze_days", 1), ("grace_days", "14"), ("grace_days", 14.5), ("grace_days", True), ("grace_days", None)),
        *(("stop_clock", 1), ("late_renewal", "never"), ("refund", None), ("reminders", 7), ("reminders", ["7"])),
        *(("reminders", [7, 7]), ("reminders", list(range(MOST_REMINDERS + 1)))),
    ],
)
def test_a_field_that_does_not_exist_or_is_of_another_type_is_refused(name: str, value: Any) -> None:
    assert refusal(validate_rules({name: value}, {})) == (RefusalCode.FIELD_INVALID, f"rules.{name}")


def test_values_are_accepted_as_json_or_as_they_are_in_the_struct() -> None:
    assert (
        validate_rules({"refund": "unused_days", "late_renewal": LateRenewal.FROM_NOW, "stop_clock": True}, {}) is None
    )
    assert validate_rules({"reminders": (30, 0)}, {}) is None
    assert validate_rules({"reminders": []}, {}) is None
    assert validate_rules({"reminders": list(range(MOST_REMINDERS))}, {}) is None


def test_the_vendor_narrows_and_locks() -> None:
    bounds = {"grace_days": PolicyBound(minimum=7, maximum=30), "refund": PolicyBound(locked=True)}
    for good in (7, 30):
        assert validate_rules({"grace_days": good}, bounds) is None
    for bad in (6, 31):
        assert refusal(validate_rules({"grace_days": bad}, bounds)) == (
            RefusalCode.POLICY_OUT_OF_BOUNDS,
            "rules.grace_days",
        )
    assert refusal(validate_rules({"refund": "none"}, bounds)) == (RefusalCode.POLICY_OUT_OF_BOUNDS, "rules.refund")
    assert validate_rules({"lease_days": 90}, {"lease_days": PolicyBound(maximum=9_999)}) is None
    assert (
        refusal(validate_rules({"lease_days": 91}, {"lease_days": PolicyBound(maximum=9_999)}))[0]
        is RefusalCode.POLICY_OUT_OF_BOUNDS
    )


@pytest.mark.parametrize("name", ["grace_days", "cancel_grace_days", "trial_grace_days"])
def test_m08_grace_is_always_shorter_than_the_period(name: str) -> None:
    assert validate_rules({name: 27}, {}, MONTH) is None
    assert refusal(validate_rules({name: 28}, {}, MONTH)) == (RefusalCode.POLICY_OUT_OF_BOUNDS, f"rules.{name}")
    assert validate_rules({name: 90}, {}, YEAR) is None
    assert validate_rules({name: 6}, {}, WEEK) is None
    assert refusal(validate_rules({name: 7}, {}, WEEK)) == (RefusalCode.POLICY_OUT_OF_BOUNDS, f"rules.{name}")
    assert validate_rules({"resume_days": 28}, {}, WEEK) is None, "other figures do not look at the period"


def test_a_period_of_a_day_has_no_room_for_grace_whatever_the_vendor_wants_at_least() -> None:
    bounds = {"grace_days": PolicyBound(minimum=7)}
    assert effective_rules([], bounds, Duration(days=1))["grace_days"] == EffectiveValue(0, ValueSource.VENDOR_BOUND)
    assert validate_rules({"grace_days": 0}, bounds, Duration(days=1)) is None


def test_the_shortest_length_of_a_period_is_never_undercut() -> None:
    first = parse_instant("2024-01-01T00:00:00Z")
    assert isinstance(first, int)
    for months in (1, 2, 3, 12, 24, 36, 48):
        lengths = {period_days(first + day * DAY, Duration(months=months)) for day in range(1_461)}
        assert shortest_days(Duration(months=months)) == min(lengths)
    assert shortest_days(WEEK) == 7


@pytest.mark.parametrize(
    ("bounds", "field"),
    [
        ({"graze_days": PolicyBound()}, "bounds.graze_days"),
        ({"grace_days": PolicyBound(minimum=31, maximum=30)}, "bounds.grace_days"),
        ({"grace_days": PolicyBound(maximum=91)}, "bounds.grace_days"),
        ({"grace_days": PolicyBound(minimum=-1)}, "bounds.grace_days"),
        ({"refund": PolicyBound(maximum=1)}, "bounds.refund"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(bounds: dict[str, PolicyBound], field: str) -> None:
    assert refusal(validate_bounds(bounds)) == (RefusalCode.FIELD_INVALID, field)


def test_bounds_that_make_sense_are_accepted() -> None:
    assert validate_bounds({}) is None
    assert validate_bounds(ABSOLUTE) is None
    assert (
        validate_bounds({"grace_days": PolicyBound(minimum=30, maximum=30), "refund": PolicyBound(locked=True)}) is None
    )


def test_m08_the_last_layer_that_speaks_says_what_holds_and_is_named() -> None:
    layers: list[tuple[ValueSource, dict[str, Any]]] = [
        (ValueSource.PLAN, {"grace_days": 7, "lease_days": 60}),
        (ValueSource.PROVIDER, {"grace_days": 0, "refund": "unused_days"}),
        (ValueSource.SUBSCRIPTION, {"reminders": [14, 3]}),
    ]
    values = effective_rules(layers, {})
    assert values["grace_days"] == (0, ValueSource.PROVIDER)
    assert values["lease_days"] == (60, ValueSource.PLAN)
    assert values["refund"] == (RefundRule.UNUSED_DAYS, ValueSource.PROVIDER)
    assert values["reminders"] == ((14, 3), ValueSource.SUBSCRIPTION)
    assert values["resume_days"] == (30, ValueSource.VENDOR_DEFAULT)
    assert rules_of(values) == Rules(grace_days=0, lease_days=60, refund=RefundRule.UNUSED_DAYS, reminders=(14, 3))


def test_without_layers_the_defaults_hold() -> None:
    values = effective_rules([], {})
    assert set(values) == FIELDS
    assert rules_of(values) == Rules()
    assert {one.source for one in values.values()} == {ValueSource.VENDOR_DEFAULT}


def test_a_field_locked_since_leaves_the_vendors_own_layers_in_force() -> None:
    layers = [(ValueSource.VENDOR_DEFAULT, {"grace_days": 20}), (ValueSource.PLAN, {"grace_days": 7})]
    providers = [(ValueSource.PROVIDER, {"grace_days": 60}), (ValueSource.SUBSCRIPTION, {"grace_days": 80})]
    locked = {"grace_days": PolicyBound(locked=True)}
    assert effective_rules([*layers, *providers], locked)["grace_days"] == (7, ValueSource.PLAN)
    assert effective_rules([*layers[:1], *providers], locked)["grace_days"] == (20, ValueSource.VENDOR_DEFAULT)


def test_bounds_narrowed_since_cut_what_was_published_and_say_so() -> None:
    bounds = {
        "grace_days": PolicyBound(maximum=10),
        "lease_days": PolicyBound(minimum=60),
        "reminders": PolicyBound(maximum=30),
    }
    values = effective_rules([(ValueSource.PROVIDER, {"grace_days": 60, "reminders": [90, 30, 0]})], bounds)
    assert values["grace_days"] == (10, ValueSource.VENDOR_BOUND)
    assert values["lease_days"] == (60, ValueSource.VENDOR_BOUND)
    assert values["reminders"] == ((30, 0), ValueSource.VENDOR_BOUND)
    assert effective_rules([], {}, WEEK)["grace_days"] == (6, ValueSource.VENDOR_BOUND), (
        "always shorter than the period"
    )
    assert effective_rules([], {}, MONTH)["grace_days"] == (14, ValueSource.VENDOR_DEFAULT)


def test_a_layer_that_never_was_valid_is_not_passed_over() -> None:
    with pytest.raises(msgspec.ValidationError):
        effective_rules([(ValueSource.PROVIDER, {"grace_days": "many"})], {})


def test_a_lease_has_room_for_twenty_synchronizations() -> None:
    assert check_rules(Rules(lease_days=14, sync_interval=45_360)) is None
    assert refusal(check_rules(Rules(lease_days=14, sync_interval=45_361), "policy")) == (
        RefusalCode.POLICY_OUT_OF_BOUNDS,
        "policy.sync_interval",
    )


def figure(name: str) -> st.SearchStrategy[int]:
    return st.integers(ABSOLUTE[name].minimum, ABSOLUTE[name].maximum)


def narrowed(name: str) -> st.SearchStrategy[PolicyBound]:
    pairs = st.tuples(figure(name), figure(name))
    return pairs.map(lambda pair: PolicyBound(minimum=min(pair), maximum=max(pair)))


NAMES = sorted(ABSOLUTE.keys() - {"reminders"})
layers_of_figures = st.fixed_dictionaries({}, optional={name: figure(name) for name in NAMES})
vendors_bounds = st.fixed_dictionaries({}, optional={name: narrowed(name) for name in NAMES})


@given(layers_of_figures, vendors_bounds, st.sampled_from([None, WEEK, MONTH, YEAR]))
def test_what_holds_always_keeps_the_bounds_and_what_is_valid_is_not_cut(
    partial: dict[str, int], bounds: dict[str, PolicyBound], period: Duration | None
) -> None:
    assert validate_bounds(bounds) is None
    values = effective_rules([(ValueSource.PROVIDER, partial)], bounds, period)
    held = {name: one.value for name, one in values.items()}
    assert validate_rules(held, bounds, period) is None
    if validate_rules(partial, bounds, period) is None:
        assert all(values[name] == (value, ValueSource.PROVIDER) for name, value in partial.items())
