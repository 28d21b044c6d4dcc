"""What to do about a refusal, in words for whoever uses an application: it has no console and no command line.

The refusals themselves, and the words for everybody else, are `core.refusals`'.
"""

from tenure.core.refusals import Code, Refused

_ANEW = "Begin anew here, then apply the activation code: this becomes an installation of its own."
REMEDIES: dict[Code, str] = {
    Code.LEASE_FORKED: (
        "Say in the application which it is: restored, if this is the same installation put back, or a second one,"
        " which then takes a place of its own; or ask whoever manages the subscription."
    ),
    Code.COPY_SEPARATED: _ANEW,
    Code.COPY_RETIRED: f"Use the other copy. To license this computer again: {_ANEW[0].lower()}{_ANEW[1:]}",
    Code.SITE_LOST: _ANEW,
    Code.SITE_UNKNOWN: "Apply the activation code here again.",
    Code.RESTORED_TOO_OFTEN: "Ask your provider to say so, or make this copy a second installation.",
    Code.DEVICE_LIMIT_REACHED: (
        "Give up the license of an application that is no longer needed, or ask whoever manages the subscription to"
        " release a place or to order more devices."
    ),
    Code.SITE_LIMIT: "Ask your provider.",
}


def remedy(refused: Refused) -> str:
    """The remedy in words for an application's user."""
    return REMEDIES.get(refused.code, refused.row.remedy)
