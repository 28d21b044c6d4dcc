"""Which way a change of a policy's figures goes for the customer: better, worse, or neither.

Whom it reaches and when is the server's to find; what a figure does is `policy`'s to say.
"""

from enum import StrEnum
from typing import Any

import msgspec

from tenure.core.policy.rules import LateRenewal, RefundRule, Rules


class ImpactDirection(StrEnum):
    """For the customer."""

    BETTER = "better"
    WORSE = "worse"
    MIXED = "mixed"
    """Several figures change, some one way, some the other."""
    NEUTRAL = "neutral"
    """Other, neither better nor worse: a rhythm, a reminder."""


class FigureDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One figure before and after."""

    field: str
    before: Any
    after: Any
    way: ImpactDirection


MORE_IS_BETTER = frozenset(
    {
        "grace_days",
        "cancel_grace_days",
        "trial_grace_days",
        "renew_window_days",
        "reinstate_days",
        "resume_days",
        "refund",
        "late_renewal",
        "stop_clock",
        "tolerance_percent",
        "seat_conflict_days",
        "block_grace_days",
        "lease_days",
        "air_gap_lease_days",
        "after_end_sync_days",
    }
)
LESS_IS_BETTER = frozenset({"idle_release_days"})
"""A silent device's seat is free again sooner."""
# What a customer pays for after the end: from today on only, the grace served too, the whole gap.
_RANK: dict[Any, int] = {
    LateRenewal.FROM_END: 0,
    LateRenewal.CHARGE_GRACE: 1,
    LateRenewal.FROM_NOW: 2,
    RefundRule.NONE: 0,
    RefundRule.UNUSED_DAYS: 1,
}
_OF_TRIALS = "trial_grace_days"
_OF_PERIODS = "grace_days"


def differences(before: Rules, after: Rules, *, trial: bool = False) -> tuple[FigureDifference, ...]:
    """Every figure that differs and says something about a subscription, on trial or not."""
    silent = _OF_PERIODS if trial else _OF_TRIALS
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return tuple(
        FigureDifference(field=name, before=old[name], after=new[name], way=direction_of(name, old[name], new[name]))
        for name in sorted(old)
        if name != silent and old[name] != new[name]
    )


def direction_of(field: str, before: Any, after: Any) -> ImpactDirection:
    """Which way a figure of that name goes when it changes."""
    if field not in MORE_IS_BETTER | LESS_IS_BETTER:
        return ImpactDirection.NEUTRAL
    more = _comparable(after) > _comparable(before)
    return ImpactDirection.BETTER if more == (field in MORE_IS_BETTER) else ImpactDirection.WORSE


def combine_directions(ways: frozenset[ImpactDirection]) -> ImpactDirection:
    """The way of several changes at once."""
    told = ways - {ImpactDirection.NEUTRAL}
    if not told:
        return ImpactDirection.NEUTRAL
    return next(iter(told)) if len(told) == 1 else ImpactDirection.MIXED


def _comparable(value: Any) -> int:
    return _RANK[value] if value in _RANK and not isinstance(value, int) else int(value)
