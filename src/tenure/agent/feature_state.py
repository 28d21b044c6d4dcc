"""Which function ought to be switched how, and when it is tried again: pure, so that it works on any clock.

Doing it is `actions`'s. The agent switches at the instant of change and once after every start, because it does not
know what happened to the software while it did not run.
"""

import msgspec

RETRY_BASE, RETRY_CAP = 2, 300
"""Seconds between attempts at what failed: doubled each time up to the cap."""


class FeatureState(msgspec.Struct, frozen=True, kw_only=True):
    """One function's switch, as far as this run of the agent knows."""

    applied: bool | None = None
    """How it was thrown last with success; None: not yet in this run."""
    told: bytes = b""
    """What the status file said last."""
    failures: int = 0
    retry_at: float = 0.0
    """Ticks from which the next attempt may be made."""
    wanted: bool | None = None
    """What the last attempt was for."""


def is_due(switch: FeatureState, wanted: bool, ticks: float) -> bool:
    """Whether to throw the switch now; a change of mind waits for nothing."""
    if switch.applied is wanted:
        return False
    return switch.wanted is not wanted or ticks >= switch.retry_at


def after_success(switch: FeatureState, wanted: bool) -> FeatureState:
    """After it was thrown with success."""
    return msgspec.structs.replace(switch, applied=wanted, wanted=wanted, failures=0, retry_at=0.0)


def after_failure(switch: FeatureState, wanted: bool, ticks: float) -> FeatureState:
    """After an attempt that failed or was broken off; how things stand is then unknown."""
    failures = switch.failures + 1 if switch.wanted is wanted else 1
    wait = min(RETRY_CAP, RETRY_BASE * 2 ** min(failures - 1, 10))
    return msgspec.structs.replace(switch, applied=None, wanted=wanted, failures=failures, retry_at=ticks + wait)
