"""Policy bounds: what a provider may publish, what holds in the end, and where it comes from."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.bounds import (
    ABSOLUTE,
    FIELDS,
    MOST_REMINDERS,
    Bound,
    Effective,
    Source,
    check_rules,
    effective,
    rules_of,
    shortest_days,
    validate,
    validate_bounds,
)
from tenure.core.periods import Duration, parse_instant, period_days
from tenure.core.policy import LateRenewal, Refund, Rules
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY

MONTH, YEAR, WEEK = Duration(months=1), Duration(months=12), Duration(days=7)


def refusal(answer: Refused | None) -> tuple[Code, str]:
    assert isinstance(answer, Refused)
    return answer.code, answer.field


def test_every_field_that_is_a_figure_is_bounded_everywhere() -> None:
    plain = {name for name, value in msgspec.structs.asdict(Rules()).items() if type(value) in (int, tuple)}
    assert plain == set(ABSOLUTE)
    assert all(bound.minimum is not None and bound.maximum is not None for bound in ABSOLUTE.values())


def test_the_defaults_keep_the_bounds() -> None:
    assert validate(msgspec.to_builtins(Rules()), {}) is None
    assert check_rules(Rules()) is None


@pytest.mark.parametrize("name", sorted(ABSOLUTE))
def test_the_first_figure_beyond_a_bound_is_refused_and_the_bounds_named(name: str) -> None:
    low, high = ABSOLUTE[name].minimum, ABSOLUTE[name].maximum
    assert low is not None
    assert high is not None
    for good in (low, high):
        assert validate({name: [good] if name == "reminders" else good}, {}) is None
    for bad in (low - 1, high + 1):
        answer = validate({name: [bad] if name == "reminders" else bad}, {}, field="policy")
        assert refusal(answer) == (Code.POLICY_OUT_OF_BOUNDS, f"policy.{name}")
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
    assert refusal(validate({name: value}, {})) == (Code.FIELD_INVALID, f"rules.{name}")


def test_values_are_accepted_as_json_or_as_they_are_in_the_struct() -> None:
    assert validate({"refund": "unused_days", "late_renewal": LateRenewal.FROM_NOW, "stop_clock": True}, {}) is None
    assert validate({"reminders": (30, 0)}, {}) is None
    assert validate({"reminders": []}, {}) is None
    assert validate({"reminders": list(range(MOST_REMINDERS))}, {}) is None


def test_the_vendor_narrows_and_locks() -> None:
    bounds = {"grace_days": Bound(minimum=7, maximum=30), "refund": Bound(locked=True)}
    for good in (7, 30):
        assert validate({"grace_days": good}, bounds) is None
    for bad in (6, 31):
        assert refusal(validate({"grace_days": bad}, bounds)) == (Code.POLICY_OUT_OF_BOUNDS, "rules.grace_days")
    assert refusal(validate({"refund": "none"}, bounds)) == (Code.POLICY_OUT_OF_BOUNDS, "rules.refund")
    assert validate({"lease_days": 90}, {"lease_days": Bound(maximum=9_999)}) is None
    assert refusal(validate({"lease_days": 91}, {"lease_days": Bound(maximum=9_999)}))[0] is Code.POLICY_OUT_OF_BOUNDS


@pytest.mark.parametrize("name", ["grace_days", "cancel_grace_days", "trial_grace_days"])
def test_m08_grace_is_always_shorter_than_the_period(name: str) -> None:
    assert validate({name: 27}, {}, MONTH) is None
    assert refusal(validate({name: 28}, {}, MONTH)) == (Code.POLICY_OUT_OF_BOUNDS, f"rules.{name}")
    assert validate({name: 90}, {}, YEAR) is None
    assert validate({name: 6}, {}, WEEK) is None
    assert refusal(validate({name: 7}, {}, WEEK)) == (Code.POLICY_OUT_OF_BOUNDS, f"rules.{name}")
    assert validate({"resume_days": 28}, {}, WEEK) is None, "other figures do not look at the period"


def test_a_period_of_a_day_has_no_room_for_grace_whatever_the_vendor_wants_at_least() -> None:
    bounds = {"grace_days": Bound(minimum=7)}
    assert effective([], bounds, Duration(days=1))["grace_days"] == Effective(0, Source.VENDOR_BOUND)
    assert validate({"grace_days": 0}, bounds, Duration(days=1)) is None


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
        ({"graze_days": Bound()}, "bounds.graze_days"),
        ({"grace_days": Bound(minimum=31, maximum=30)}, "bounds.grace_days"),
        ({"grace_days": Bound(maximum=91)}, "bounds.grace_days"),
        ({"grace_days": Bound(minimum=-1)}, "bounds.grace_days"),
        ({"refund": Bound(maximum=1)}, "bounds.refund"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(bounds: dict[str, Bound], field: str) -> None:
    assert refusal(validate_bounds(bounds)) == (Code.FIELD_INVALID, field)


def test_bounds_that_make_sense_are_accepted() -> None:
    assert validate_bounds({}) is None
    assert validate_bounds(ABSOLUTE) is None
    assert validate_bounds({"grace_days": Bound(minimum=30, maximum=30), "refund": Bound(locked=True)}) is None


def test_m08_the_last_layer_that_speaks_says_what_holds_and_is_named() -> None:
    layers: list[tuple[Source, dict[str, Any]]] = [
        (Source.PLAN, {"grace_days": 7, "lease_days": 60}),
        (Source.PROVIDER, {"grace_days": 0, "refund": "unused_days"}),
        (Source.SUBSCRIPTION, {"reminders": [14, 3]}),
    ]
    values = effective(layers, {})
    assert values["grace_days"] == (0, Source.PROVIDER)
    assert values["lease_days"] == (60, Source.PLAN)
    assert values["refund"] == (Refund.UNUSED_DAYS, Source.PROVIDER)
    assert values["reminders"] == ((14, 3), Source.SUBSCRIPTION)
    assert values["resume_days"] == (30, Source.VENDOR_DEFAULT)
    assert rules_of(values) == Rules(grace_days=0, lease_days=60, refund=Refund.UNUSED_DAYS, reminders=(14, 3))


def test_without_layers_the_defaults_hold() -> None:
    values = effective([], {})
    assert set(values) == FIELDS
    assert rules_of(values) == Rules()
    assert {one.source for one in values.values()} == {Source.VENDOR_DEFAULT}


def test_a_field_locked_since_leaves_the_vendors_own_layers_in_force() -> None:
    layers = [(Source.VENDOR_DEFAULT, {"grace_days": 20}), (Source.PLAN, {"grace_days": 7})]
    providers = [(Source.PROVIDER, {"grace_days": 60}), (Source.SUBSCRIPTION, {"grace_days": 80})]
    locked = {"grace_days": Bound(locked=True)}
    assert effective([*layers, *providers], locked)["grace_days"] == (7, Source.PLAN)
    assert effective([*layers[:1], *providers], locked)["grace_days"] == (20, Source.VENDOR_DEFAULT)


def test_bounds_narrowed_since_cut_what_was_published_and_say_so() -> None:
    bounds = {"grace_days": Bound(maximum=10), "lease_days": Bound(minimum=60), "reminders": Bound(maximum=30)}
    values = effective([(Source.PROVIDER, {"grace_days": 60, "reminders": [90, 30, 0]})], bounds)
    assert values["grace_days"] == (10, Source.VENDOR_BOUND)
    assert values["lease_days"] == (60, Source.VENDOR_BOUND)
    assert values["reminders"] == ((30, 0), Source.VENDOR_BOUND)
    assert effective([], {}, WEEK)["grace_days"] == (6, Source.VENDOR_BOUND), "always shorter than the period"
    assert effective([], {}, MONTH)["grace_days"] == (14, Source.VENDOR_DEFAULT)


def test_a_layer_that_never_was_valid_is_not_passed_over() -> None:
    with pytest.raises(msgspec.ValidationError):
        effective([(Source.PROVIDER, {"grace_days": "many"})], {})


def test_a_lease_has_room_for_twenty_synchronisations() -> None:
    assert check_rules(Rules(lease_days=14, sync_interval=45_360)) is None
    assert refusal(check_rules(Rules(lease_days=14, sync_interval=45_361), "policy")) == (
        Code.POLICY_OUT_OF_BOUNDS,
        "policy.sync_interval",
    )


def figure(name: str) -> st.SearchStrategy[int]:
    return st.integers(ABSOLUTE[name].minimum, ABSOLUTE[name].maximum)


def narrowed(name: str) -> st.SearchStrategy[Bound]:
    pairs = st.tuples(figure(name), figure(name))
    return pairs.map(lambda pair: Bound(minimum=min(pair), maximum=max(pair)))


NAMES = sorted(ABSOLUTE.keys() - {"reminders"})
layers_of_figures = st.fixed_dictionaries({}, optional={name: figure(name) for name in NAMES})
vendors_bounds = st.fixed_dictionaries({}, optional={name: narrowed(name) for name in NAMES})


@given(layers_of_figures, vendors_bounds, st.sampled_from([None, WEEK, MONTH, YEAR]))
def test_what_holds_always_keeps_the_bounds_and_what_is_valid_is_not_cut(
    partial: dict[str, int], bounds: dict[str, Bound], period: Duration | None
) -> None:
    assert validate_bounds(bounds) is None
    values = effective([(Source.PROVIDER, partial)], bounds, period)
    held = {name: one.value for name, one in values.items()}
    assert validate(held, bounds, period) is None
    if validate(partial, bounds, period) is None:
        assert all(values[name] == (value, Source.PROVIDER) for name, value in partial.items())
