"""Who reads a refusal, and what that reader can do about it: the user of an application has no console and no server.

The table's own remedies (`core.refusals`) are for whoever runs the part that refused; here stands what others are told
instead. Pure.
"""

from enum import StrEnum

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Why


class Audience(StrEnum):
    """Readers, by what is at their hands."""

    APPLICATION = "application"
    """Whoever uses a licensed application: the application itself, and nobody's command line."""
    DEVICE = "device"
    """Whoever sits at a device whose seat comes from a site: the device's administrator, and the site's."""
    SITE = "site"
    """The administrator of a site: console and `tenure`."""
    PROVIDER = "provider"
    """A provider or customer in the portal."""


_NETWORK = (
    "Connect this computer to the internet and try again; if that fails, ask whoever looks after the network to let "
    "this application reach the licensing server."
)
_ANEW = "Begin anew here, then apply the activation code: this becomes an installation of its own."
_VENDOR = "Try again later; if it persists, tell the maker of this application what you see here."
_PROVIDER = "Tell your provider, who can set this right; then apply the activation code again."

APPLICATION: dict[Code, str] = {
    Code.UNREACHABLE: _NETWORK,
    Code.INTERNAL: _VENDOR,
    Code.LEASE_FORKED: "Say in the application which it is: restored, if this is the same installation put back, or a "
    "second one, which then takes a place of its own; or ask whoever manages the subscription.",
    Code.COPY_SEPARATED: _ANEW,
    Code.COPY_RETIRED: f"Use the other copy. To license this computer again: {_ANEW[0].lower()}{_ANEW[1:]}",
    Code.SITE_LOST: _ANEW,
    Code.RESTORED_TOO_OFTEN: "Ask your provider to say so, or make this copy a second installation.",
    Code.DEVICE_LIMIT_REACHED: "Give up the license of an application that is no longer needed, or ask whoever manages "
    "the subscription to release a place or to order more devices.",
    Code.SITE_LIMIT: "Ask your provider.",
    Code.NOT_AUTHENTICATED: _PROVIDER,
    Code.FIELD_INVALID: _VENDOR,
    Code.BODY_UNREADABLE: _VENDOR,
    Code.BODY_TOO_LARGE: _VENDOR,
    Code.MEDIA_TYPE_UNSUPPORTED: _VENDOR,
    Code.METHOD_NOT_ALLOWED: _VENDOR,
    Code.IDEMPOTENCY_KEY_MISSING: _VENDOR,
    Code.IDEMPOTENCY_KEY_REUSED: _VENDOR,
    Code.REQUEST_IN_FLIGHT: "Wait a minute and try again.",
    Code.VERSION_STALE: "Try again.",
    Code.LEDGER_DRIFT: _PROVIDER,
    Code.ACTION_NOT_PERMITTED: "Ask your provider.",
    Code.RENEWAL_AMBIGUOUS: _PROVIDER,
    Code.TERM_AMBIGUOUS: _PROVIDER,
    Code.VERSION_UNREADABLE: _VENDOR,
    Code.SEAT_CONFLICT_OPEN: _PROVIDER,
    Code.CODE_WITHDRAWN: "Use the newest code that your provider sent you.",
    Code.SITE_UNKNOWN: "Apply the activation code here again.",
    Code.LEASE_NOT_MINE: "Activate this computer with its own code; a license cannot be copied.",
    Code.OFFLINE_OLDER: "Make a new request in this application and take it to the provider.",
    Code.OFFLINE_UNKNOWN_SIGNER: "Check where it comes from, and that this application has been activated.",
    Code.NO_SIGNING_KEY: _VENDOR,
    Code.FOLDER_SERVED_ELSEWHERE: "Go on at the other computer, or close the application there; twelve minutes later "
    "it works here. To use both, ask whoever looks after this computer for a folder that the two do not share, and "
    "apply the activation code there: it takes a place of its own.",
}
DEVICE: dict[Code, str] = APPLICATION | {
    Code.UNREACHABLE: "Connect this device to the network of its administration server; if that fails, ask its "
    "administrator.",
    Code.NOT_AUTHENTICATED: "Ask the administrator of your administration server for a new enrolment token.",
    Code.ACTION_NOT_PERMITTED: "Ask the administrator of your administration server.",
    Code.SITE_LOST: "Ask the administrator of your administration server, who can begin anew there.",
    Code.LEASE_FORKED: "Ask the administrator of your administration server, who can say which copy stays.",
    Code.COPY_SEPARATED: "Ask the administrator of your administration server, which has to become one of its own.",
    Code.SITE_UNKNOWN: "Ask the administrator of your administration server.",
    Code.RESTORED_TOO_OFTEN: "Ask the administrator of your administration server.",
    Code.DEVICE_LIMIT_REACHED: "Ask the administrator of your administration server: a device that is no longer needed "
    "is to be released, or more devices ordered.",
    Code.COPY_RETIRED: "Ask the administrator of your administration server for the one that is in use.",
    Code.FOLDER_SERVED_ELSEWHERE: "Give each computer a folder of its own for the agent and enrol it there. Where the "
    "other computer was switched off, it works here twelve minutes later.",
}
INSTEAD: dict[Audience, dict[Code, str]] = {
    Audience.APPLICATION: APPLICATION,
    Audience.DEVICE: DEVICE,
    Audience.SITE: {},
    Audience.PROVIDER: {},
}

SILENCE: dict[Audience, str] = {
    Audience.APPLICATION: _NETWORK,
    Audience.DEVICE: "Connect this device to the network of its administration server, or ask its administrator.",
}
"""What to do where the service has ended for want of contact (`Why.SYNC_OVERDUE`)."""


def remedy(refused: Refused, audience: Audience) -> str:
    """What to do about `refused`, for `audience`."""
    return INSTEAD[audience].get(refused.code, refused.row.remedy)


def remedy_of_cause(why: Why, text: str, audience: Audience) -> str:
    """What to do about a standing whose cause is `why`; `text` is what `core.explain` says for a site."""
    return SILENCE.get(audience, text) if why is Why.SYNC_OVERDUE else text
