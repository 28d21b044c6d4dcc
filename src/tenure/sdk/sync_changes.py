"""What a synchronization has changed, in sentences for people: from the standing before and the one after.

What counts as changed is `outcomes.shown_differences`'; here it is only said.
"""

from tenure.core.explain import RULES
from tenure.core.plurals import format_count
from tenure.core.renewal_outlook import format_moment
from tenure.core.timeline import Phase
from tenure.sdk.presentation import LicenseStanding

PHASES = {
    Phase.PENDING: "waits for its activation",
    Phase.ACTIVE: "is active",
    Phase.GRACE: "is in grace",
    Phase.PAUSED: "is on hold",
    Phase.ENDED: "has ended",
}
"""What holds of a license, as the end of a sentence."""


def changes_told(before: LicenseStanding, after: LicenseStanding) -> str:
    """One sentence for each thing that is otherwise, the weightiest first; empty where nothing is.

    Worked example: from ended for silence to active, with the limit raised from 10 to 12: `The license is active again:
    it is paid for. 12 devices are ordered now, 10 before.`
    """
    told = (
        _phase_change(before, after),
        _function_changes(before, after),
        _paid_change(before, after),
        "" if before.plan == after.plan else f"The plan is {after.plan_name or after.plan or 'not known'} now.",
        _count_change(before.limit, after.limit, "ordered"),
        _count_change(before.allotment, after.allotment, "given to this installation"),
        _version_change(before, after),
        _successor_change(before, after),
        "" if before.provider == after.provider else f"The provider is {after.provider or 'not known'} now.",
    )
    return " ".join(each for each in told if each)


def _phase_change(before: LicenseStanding, after: LicenseStanding) -> str:
    if (before.phase, before.cause) == (after.phase, after.cause):
        return ""
    reason = RULES[after.cause][0]
    said = (
        "is active again" if after.phase is Phase.ACTIVE and before.phase is not Phase.PENDING else PHASES[after.phase]
    )
    return f"The license {said}: {reason[0].lower()}{reason[1:]}"


def _function_changes(before: LicenseStanding, after: LicenseStanding) -> str:
    if before.features == after.features:
        return ""
    return f"Functions that are on now: {', '.join(after.features)}." if after.features else "No functions are on now."


def _paid_change(before: LicenseStanding, after: LicenseStanding) -> str:
    if before.paid_until == after.paid_until:
        return ""
    if after.paid_until is None:
        return "Nothing is paid ahead any more."
    until = "" if before.paid_until is None else f", until {format_moment(before.paid_until)} before"
    return f"It is paid until {format_moment(after.paid_until)} now{until}."


def _count_change(before: int, after: int, what: str) -> str:
    if before == after:
        return ""
    return f"{format_count(after, 'device is', 'devices are')} {what} now, {before:,} before."


def _version_change(before: LicenseStanding, after: LicenseStanding) -> str:
    if before.min_version == after.min_version:
        return ""
    return f"The lowest version is {after.min_version} now." if after.min_version else "Any version may be used now."


def _successor_change(before: LicenseStanding, after: LicenseStanding) -> str:
    if before.successor_from == after.successor_from:
        return ""
    if after.successor_from is None:
        return "No other subscription waits to follow any more."
    return f"Another subscription takes over on {format_moment(after.successor_from)}."
