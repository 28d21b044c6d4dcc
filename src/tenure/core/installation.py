"""The two kinds of installation: an administration server with devices behind it, or an application on its own.

Which one a key is was said at its first activation and stands in every lease [spec: installations]. How both share
one device limit is `allotment`'s and `decide`'s.
"""

from enum import StrEnum

from tenure.core.refusals import RefusalCode, Refused

MATCHING_PARTS = 2
"""So many equal hardware digests make two installations, or two boots, one computer's (2 of 3,
[spec: hardware-match])."""


class Installation(StrEnum):
    """What a site is. A lease of the one kind is worth nothing to the other."""

    SERVER = "server"
    """An administration server: it gives seats to devices and counts against the plan's number of sites."""
    STANDALONE = "standalone"
    """An application without one: it is one device, and no site where sites are counted or share a pool."""


_CALLED = {
    Installation.SERVER: "an administration server",
    Installation.STANDALONE: "an application on its own",
}


def installation_mismatch(said: str, expected: str, field: str = "installation") -> Refused | None:
    """None when the kind `said` is the one `expected`, else `installation_mismatch`, which names both.

    A kind that this version does not know is never the one expected.
    """
    if said == expected:
        return None
    return Refused(
        RefusalCode.INSTALLATION_MISMATCH,
        f"It is for {describe_installation(said)}, and this is {describe_installation(expected)}.",
        field,
    )


def describe_installation(kind: str) -> str:
    """The kind as a sentence names it."""
    return _CALLED.get(Installation(kind), kind) if kind in set(Installation) else "a kind not known here"
