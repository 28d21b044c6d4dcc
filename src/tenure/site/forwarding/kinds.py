"""Kinds of events by family, with a few words on each: what a forwarding may be limited to."""

from typing import Final

FAMILIES: Final[dict[str, dict[str, str]]] = {
    "License": {
        "phase_changed": "the license begins, is in grace, ends",
        "synchronized": "a synchronization has changed something",
        "license_removed": "a license was removed",
        "fork_found": "a copy of this site uses the same identity",
        "fork_resolved": "it is settled which copy is which",
        "site_restored": "the site was restored from a backup",
        "files_missing": "files of this site were deleted while it ran",
    },
    "Limit": {
        "device_limit_reached": "no seat is left for another device",
        "use_info": "90 % of the device limit is in use",
        "use_warning": "the device limit is reached",
        "use_critical": "more than 110 % of the device limit is in use",
        "seat_conflict": "fewer devices will be allowed soon",
        "seat_conflict_closed": "a seat conflict is over",
        "devices_displaced": "another license allows fewer devices than are protected",
        "devices_released": "silent devices, or those of a conflict, were released",
    },
    "Devices": {
        "device_enrolled": "a device was enrolled",
        "device_adopted": "a device held a seat that this site had forgotten",
        "device_copied": "two copies of a device use one identity",
        "device_cloned": "two computers say to be the same device",
        "device_merged": "a device was merged with its old self",
        "device_idle": "a silent device has lost its seat",
        "device_released": "a device has given its seat up",
        "device_withdrawn": "a device's seat was withdrawn",
        "device_assigned": "a device may have a seat again",
        "device_removed": "a device was removed",
    },
    "Users": {
        "signed_in": "a user signed in",
        "sign_in_refused": "a sign-in failed",
        "user_added": "an account was added",
        "role_changed": "an account has another role",
        "password_reset": "an account was given a new password",
        "password_changed": "a password was changed",
        "second_factor_on": "a second factor was turned on",
        "second_factor_off": "a second factor was turned off",
        "sessions_ended": "a user ended their own sessions",
        "user_removed": "an account was removed",
    },
    "Forwarding": {
        "forwarding_added": "a forwarding was set up",
        "forwarding_changed": "a forwarding was changed",
        "forwarding_removed": "a forwarding was removed",
        "forwarding_partly": "a recipient does not get a forwarding's emails",
        "forwarding_failing": "a forwarding has not worked for half an hour",
        "forwarding_stopped": "a forwarding was given up",
        "forwarding_recovered": "a forwarding works again",
        "forwarding_resumed": "a forwarding was resumed",
    },
}
"""By family, kind and words; an event is of no other kind than these."""

KINDS: Final = frozenset(kind for family in FAMILIES.values() for kind in family)

SEVERITIES: Final = ("info", "warning", "critical")
"""From the lowest."""


def at_least(severity: str) -> tuple[str, ...]:
    """The severities that are not lower."""
    return SEVERITIES[SEVERITIES.index(severity) :]
