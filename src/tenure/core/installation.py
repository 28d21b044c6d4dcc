"""The two kinds of installation: an administration server with devices behind it, or an application on its own.

Which one a key is was said at its first activation and stands in every lease [spec: installations]. How both share
one device limit is `allotment`'s and `decide`'s.
"""

from enum import StrEnum

import msgspec

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


class InstallationKind(msgspec.Struct, frozen=True):
    """What an installation is said to be."""

    installation: str
    ephemeral: bool = False
    """An application that lives for hours and is no lasting place [spec: ephemeral]."""


def refuse_other_kind(said: InstallationKind, known: InstallationKind | None, *, successor: bool) -> Refused | None:
    """None when the key may activate as the kind it says; `known`: what it said at its first activation, if it did.

    Else `field_invalid`, `installation_mismatch`, or `no_successor`: an ephemeral application is over long before a
    successor begins, so that it keeps none ready ([spec: installations], [spec: ephemeral]).
    """
    if said.ephemeral and said.installation != Installation.STANDALONE:
        return Refused(RefusalCode.FIELD_INVALID, "Only an application on its own can be ephemeral.", "ephemeral")
    if known is None:
        return None
    other = installation_mismatch(known.installation, said.installation)
    if other is None and known.ephemeral != said.ephemeral:
        was = "ephemeral" if known.ephemeral else "lasting"
        other = Refused(RefusalCode.INSTALLATION_MISMATCH, f"It was activated as a {was} application.", "ephemeral")
    if other is None and known.ephemeral and successor:
        return Refused(RefusalCode.NO_SUCCESSOR, "An ephemeral application keeps no successor ready.", "role")
    return other


def describe_installation(kind: str) -> str:
    """The kind as a sentence names it."""
    return _CALLED.get(Installation(kind), kind) if kind in set(Installation) else "a kind not known here"
