"""Where an effective policy figure comes from, and the bounds it keeps: the vendor's, and those that hold everywhere.

The fields themselves and their defaults are `policy.Rules`; who publishes a layer and when is the server's
[spec: policy-bounds].
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from tenure.core.field_errors import field_refusal
from tenure.core.periods import Duration, period_boundary
from tenure.core.plurals import format_count
from tenure.core.policy.rules import Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR

Layer = Mapping[str, Any]
"""Values for some fields of `Rules`, as they come from JSON or as they are in the struct."""


class ValueSource(StrEnum):
    """Where an effective value comes from; a later one overrides an earlier one."""

    VENDOR_DEFAULT = "vendor_default"
    PLAN = "plan"
    PROVIDER = "provider"
    SUBSCRIPTION = "subscription"
    VENDOR_BOUND = "vendor_bound"
    """What the layers say lies outside the bounds, as when they were narrowed afterwards, and was cut to them."""


VENDORS = frozenset({ValueSource.VENDOR_DEFAULT, ValueSource.PLAN})
"""Sources in the vendor's own hands, which a lock leaves free."""


class PolicyBound(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor allows for a field; figures between `minimum` and `maximum`, of a list each entry."""

    minimum: int | None = None
    maximum: int | None = None
    locked: bool = False
    """Only the vendor's default and the plan say what holds."""


Bounds = Mapping[str, PolicyBound]

# No vendor can widen these. Fields that are not figures can only be locked.
ABSOLUTE: dict[str, PolicyBound] = {
    # [spec: policy]; extensions count too, and grace is always shorter than the period (`_allowed_range`).
    "grace_days": PolicyBound(minimum=0, maximum=90),
    "cancel_grace_days": PolicyBound(minimum=0, maximum=90),
    "trial_grace_days": PolicyBound(minimum=0, maximum=90),
    "renew_window_days": PolicyBound(minimum=0, maximum=365),
    # Ten years: the longest period there is.
    "reinstate_days": PolicyBound(minimum=0, maximum=3_650),
    "resume_days": PolicyBound(minimum=0, maximum=365),
    # 100 % means that twice the limit may be protected; beyond that the limit says nothing any more.
    "tolerance_percent": PolicyBound(minimum=0, maximum=100),
    "seat_conflict_days": PolicyBound(minimum=0, maximum=365),
    # Not below one seat's life of 14 days, within which a silent device is still promised its seat.
    "idle_release_days": PolicyBound(minimum=14, maximum=730),
    "block_grace_days": PolicyBound(minimum=0, maximum=90),
    "reminders": PolicyBound(minimum=0, maximum=365),
    # A quarter of an hour spares the server, three days keep the site well inside the 7 days to its warning.
    "sync_interval": PolicyBound(minimum=HOUR // 4, maximum=3 * DAY),
    # A lease is renewed when a quarter of its life has passed: from 14 days on an outage of 7 days harms no site; 90
    # days is what an air-gapped site gets.
    "lease_days": PolicyBound(minimum=14, maximum=90),
    "air_gap_lease_days": PolicyBound(minimum=14, maximum=90),
    "after_end_sync_days": PolicyBound(minimum=0, maximum=3_650),
    # An hour is what a job of a build server takes; from a week on it is no short lease any more.
    "ephemeral_hours": PolicyBound(minimum=1, maximum=168),
}
MOST_REMINDERS = 20
GRACES = frozenset({"grace_days", "cancel_grace_days", "trial_grace_days"})
LEAST_SYNCS = 20
"""Times a site synchronizes at least within the shortest life that a lease has left [spec: lease-figures]."""

_TYPES = {field.name: field.type for field in msgspec.structs.fields(Rules)}
FIELDS = frozenset(_TYPES)
# 1 February 2017: of periods of any number of months, none is shorter than one that begins here.
_FEBRUARY = 17_198 * DAY


class EffectiveValue(NamedTuple):
    """A value that holds and where it comes from."""

    value: Any
    source: ValueSource


def validate_rules(
    partial: Layer, bounds: Bounds, period: Duration | None = None, field: str = "rules"
) -> Refused | None:
    """None if a provider (or a subscription) may publish `partial`, for plans of `period` if that is known.

    Refuses `field_invalid` for an unknown field or a value of the wrong type, `policy_out_of_bounds` for one that is
    locked or beyond the bounds, which the detail names. `field` is the path of the layer.
    """
    for name, value in partial.items():
        path = f"{field}.{name}"
        typed = _check_type(name, value, path)
        if isinstance(typed, Refused):
            return typed
        if bounds.get(name, PolicyBound()).locked:
            return Refused(RefusalCode.POLICY_OUT_OF_BOUNDS, "The vendor has locked this field.", path)
        low, high = _allowed_range(name, bounds, period)
        if not all(low <= figure <= high for figure in _as_figures(typed)):
            return Refused(RefusalCode.POLICY_OUT_OF_BOUNDS, f"It must lie between {low} and {high}.", path)
    return None


def validate_bounds(bounds: Bounds, field: str = "bounds") -> Refused | None:
    """None if the vendor may publish `bounds`: known fields, inside the absolute bounds; else `field_invalid`."""
    for name, bound in bounds.items():
        path = f"{field}.{name}"
        if name not in FIELDS:
            return Refused(RefusalCode.FIELD_INVALID, "There is no such policy field.", path)
        widest = ABSOLUTE.get(name)
        given = [figure for figure in (bound.minimum, bound.maximum) if figure is not None]
        if widest is None and given:
            return Refused(RefusalCode.FIELD_INVALID, "This field is no figure; it can only be locked.", path)
        low, high = _allowed_range(name, {}, None)
        if given != sorted(given) or not all(low <= figure <= high for figure in given):
            return Refused(RefusalCode.FIELD_INVALID, f"Bounds lie in order between {low} and {high}.", path)
    return None


def check_rules(rules: Rules, field: str = "rules") -> Refused | None:
    """None if the figures fit together, else `policy_out_of_bounds`.

    The shortest life that a lease has left, three quarters of it, takes in at least 20 synchronizations
    [spec: lease-figures], so that some failures do no harm.
    """
    most = rules.lease_days * DAY * 3 // 4 // LEAST_SYNCS
    if rules.sync_interval <= most:
        return None
    detail = f"With leases of {format_count(rules.lease_days, 'day')}, sites synchronize at least every {most} seconds."
    return Refused(RefusalCode.POLICY_OUT_OF_BOUNDS, detail, f"{field}.sync_interval")


def effective_rules(
    layers: Iterable[tuple[ValueSource, Layer]], bounds: Bounds, period: Duration | None = None
) -> dict[str, EffectiveValue]:
    """For each field of `Rules` the value that holds and where it comes from; of `layers`, the last that speaks.

    Layers were validated when they were published; bounds narrowed since cut them (`vendor_bound`), a field locked
    since is taken from the vendor's layers alone, and with `period` grace stays shorter than it. Raises
    msgspec.ValidationError for a layer that never was valid.
    """
    held = {
        name: EffectiveValue(value, ValueSource.VENDOR_DEFAULT)
        for name, value in msgspec.structs.asdict(Rules()).items()
    }
    for source, layer in layers:
        for name, value in layer.items():
            if source in VENDORS or not bounds.get(name, PolicyBound()).locked:
                held[name] = EffectiveValue(msgspec.convert(value, _TYPES[name]), source)
    return {name: _cut_to_bounds(name, one, bounds, period) for name, one in held.items()}


def widest_bound(name: str) -> tuple[int, int]:
    """(least, greatest) figure that any vendor may allow for a field; (0, 0) for one without figures."""
    return _allowed_range(name, {}, None)


def rules_of(values: Mapping[str, EffectiveValue]) -> Rules:
    """The rules that effective values amount to, to be pinned by a period."""
    return Rules(**{name: one.value for name, one in values.items()})


def shortest_days(period: Duration) -> int:
    """The fewest days a period of this length can have."""
    return (period_boundary(_FEBRUARY, period, 1) - _FEBRUARY) // DAY


def _check_type(name: str, value: Any, path: str) -> Any:
    if name not in FIELDS:
        return Refused(RefusalCode.FIELD_INVALID, "There is no such policy field.", path)
    try:
        typed = msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError as problem:
        told = field_refusal(str(problem), path, _TYPES[name])
        return Refused(told.code, told.detail, path)
    if isinstance(typed, tuple) and (len(typed) > MOST_REMINDERS or len(set(typed)) < len(typed)):
        return Refused(RefusalCode.FIELD_INVALID, f"At most {MOST_REMINDERS} different days.", path)
    return typed


def _allowed_range(name: str, bounds: Bounds, period: Duration | None) -> tuple[int, int]:
    """The least and the greatest figure allowed; (0, 0) for a field without figures."""
    widest, vendors = ABSOLUTE.get(name, PolicyBound()), bounds.get(name, PolicyBound())
    low = max(widest.minimum or 0, vendors.minimum or 0)
    high = widest.maximum or 0
    if vendors.maximum is not None:
        high = min(high, vendors.maximum)
    if period is not None and name in GRACES:
        high = min(high, shortest_days(period) - 1)
        low = min(low, high)  # a short period outweighs a vendor's least grace
    return low, high


def _as_figures(value: Any) -> tuple[int, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if type(value) is int else ()


def _cut_to_bounds(name: str, one: EffectiveValue, bounds: Bounds, period: Duration | None) -> EffectiveValue:
    low, high = _allowed_range(name, bounds, period)
    if isinstance(one.value, tuple):
        value: Any = tuple(figure for figure in one.value if low <= figure <= high)
    else:
        value = max(low, min(one.value, high)) if _as_figures(one.value) else one.value
    return one if value == one.value else EffectiveValue(value, ValueSource.VENDOR_BOUND)
