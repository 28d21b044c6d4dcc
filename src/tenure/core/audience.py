"""Who reads a refusal, and what that reader can do: the user of an application has no console and no server.

The remedies of the table (`core.refusals`) are for the operator of the part that refused. This module has the remedies
for all other readers. Pure.
"""

from enum import StrEnum

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import PhaseCause


class Audience(StrEnum):
    """Readers, by the tools that they have."""

    APPLICATION = "application"
    """The user of a licensed application, who has the application and no command line."""
    DEVICE = "device"
    """The user of a device whose seat comes from a site, and the administrators of device and site."""
    SITE = "site"
    """The administrator of a site: console and `tenure`."""
    PROVIDER = "provider"
    """A provider or customer in the portal."""


_NETWORK = (
    "Connect this computer to the internet and try again; if that fails, ask your network administrator to let "
    "this application reach the activation server."
)
_AGAIN = "Reset this installation, then apply the activation code: it becomes a separate installation."
_ENROLLMENT = "Give the whole enrollment token, as `tenure devices token` printed it on the administration server."
_VENDOR = "Try again later; if it persists, send this message to the maker of this application."
_PROVIDER = "Ask your provider to correct this, then apply the activation code again."

APPLICATION: dict[RefusalCode, str] = {
    RefusalCode.UNREACHABLE: _NETWORK,
    RefusalCode.SITE_UNREACHABLE: "Ask the administrator of this computer.",
    RefusalCode.INTERNAL: _VENDOR,
    RefusalCode.LEASE_FORKED: "Choose in the application: restored, if this is the same "
    "installation from a backup, or a "
    "second installation, which then takes its own place. Or ask the manager of the subscription.",
    RefusalCode.COPY_SEPARATED: _AGAIN,
    RefusalCode.COPY_RETIRED: f"Use the other copy. To license this computer again: {_AGAIN[0].lower()}{_AGAIN[1:]}",
    RefusalCode.SITE_LOST: _AGAIN,
    RefusalCode.RESTORED_TOO_OFTEN: "Ask your provider to say so, or make this copy a second installation.",
    RefusalCode.DEVICE_LIMIT_REACHED: "Give up the license of an application that is no longer needed, "
    "or ask the manager of the subscription to release a place "
    "or to order more devices.",
    RefusalCode.SITE_LIMIT: "Ask your provider.",
    RefusalCode.NOT_AUTHENTICATED: _PROVIDER,
    RefusalCode.FIELD_INVALID: _VENDOR,
    RefusalCode.BODY_UNREADABLE: _VENDOR,
    RefusalCode.BODY_TOO_LARGE: _VENDOR,
    RefusalCode.MEDIA_TYPE_UNSUPPORTED: _VENDOR,
    RefusalCode.METHOD_NOT_ALLOWED: _VENDOR,
    RefusalCode.IDEMPOTENCY_KEY_MISSING: _VENDOR,
    RefusalCode.IDEMPOTENCY_KEY_REUSED: _VENDOR,
    RefusalCode.REQUEST_IN_FLIGHT: "Wait a minute and try again.",
    RefusalCode.VERSION_STALE: "Try again.",
    RefusalCode.LEDGER_DRIFT: _PROVIDER,
    RefusalCode.ACTION_NOT_PERMITTED: "Ask your provider.",
    RefusalCode.RENEWAL_AMBIGUOUS: _PROVIDER,
    RefusalCode.TERM_AMBIGUOUS: _PROVIDER,
    RefusalCode.VERSION_UNREADABLE: _VENDOR,
    RefusalCode.SEAT_CONFLICT_OPEN: _PROVIDER,
    RefusalCode.CODE_WITHDRAWN: "Use the newest code that your provider sent you.",
    RefusalCode.SITE_UNKNOWN: "Apply the activation code here again.",
    RefusalCode.LEASE_NOT_MINE: "Activate this computer with its own code; a license cannot be copied.",
    RefusalCode.OFFLINE_OLDER: "Make a new request in this application and take it to the provider.",
    RefusalCode.OFFLINE_UNKNOWN_SIGNER: "Check where it comes from, and that this application has been activated.",
    RefusalCode.NO_SIGNING_KEY: _VENDOR,
    RefusalCode.FOLDER_SERVED_ELSEWHERE: "Go on at the other computer, or close the application there; "
    "twelve minutes later "
    "it works here. To use both, ask the administrator of this computer for a folder that the two do not share, and "
    "apply the activation code there: it takes its own place.",
}
DEVICE: dict[RefusalCode, str] = APPLICATION | {
    RefusalCode.SITE_UNREACHABLE: "Connect this device to the network of its administration server; if that fails, ask "
    "its administrator.",
    # Said by the administration server, which was reached: it is the one that waits for the activation server.
    RefusalCode.UNREACHABLE: "Wait, or ask the administrator of your administration server to test its connection.",
    RefusalCode.SITE_RESTORED_WAITING: "Wait: this device is served by itself, within about a day.",
    RefusalCode.NOT_AUTHENTICATED: "Ask the administrator of your administration server for a new enrollment token.",
    RefusalCode.ACTION_NOT_PERMITTED: "Ask the administrator of your administration server.",
    RefusalCode.SITE_LOST: "Ask the administrator of your administration server to reset it and to activate it again.",
    RefusalCode.LEASE_FORKED: "Ask the administrator of your administration server, who can say which copy stays.",
    RefusalCode.COPY_SEPARATED: "Ask the administrator of your administration server to make it a separate site.",
    RefusalCode.SITE_UNKNOWN: "Ask the administrator of your administration server.",
    RefusalCode.RESTORED_TOO_OFTEN: "Ask the administrator of your administration server.",
    RefusalCode.DEVICE_LIMIT_REACHED: "Ask the administrator of your administration server: a device "
    "that is no longer needed "
    "is to be released, or more devices ordered.",
    RefusalCode.COPY_RETIRED: "Ask the administrator of your administration server for the one that is in use.",
    RefusalCode.FOLDER_SERVED_ELSEWHERE: "Give each computer a folder of its own for the agent and enroll "
    "it there. Where the "
    "other computer was switched off, it works here twelve minutes later.",
}
INSTEAD: dict[Audience, dict[RefusalCode, str]] = {
    Audience.APPLICATION: APPLICATION,
    Audience.DEVICE: DEVICE,
    Audience.SITE: {},
    Audience.PROVIDER: {},
}

SILENCE: dict[Audience, str] = {
    Audience.APPLICATION: _NETWORK,
    Audience.DEVICE: "Connect this device to the network of its administration server, or ask its administrator.",
}
"""What to do where the service has ended for want of contact (`PhaseCause.SYNC_OVERDUE`)."""


FIELDS: dict[Audience, dict[str, str]] = {
    Audience.DEVICE: {
        "token": _ENROLLMENT,
        "enrollment": _ENROLLMENT,
    },
}
"""What to do about a field that the reader has filled in; every other field was filled in by a program."""


def remedy_for(refused: Refused, audience: Audience) -> str:
    """What to do about `refused`, for `audience`."""
    own = FIELDS.get(audience, {}).get(refused.field) if refused.code is RefusalCode.FIELD_INVALID else None
    return own or INSTEAD[audience].get(refused.code, refused.row.remedy)


def remedy_of_cause(why: PhaseCause, text: str, audience: Audience) -> str:
    """What to do about a standing whose cause is `why`; `text` is what `core.explain` says for a site."""
    return SILENCE.get(audience, text) if why is PhaseCause.SYNC_OVERDUE else text
