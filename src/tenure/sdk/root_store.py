"""The root of trust as a client holds it: the document that came with the product and those that followed, walked
again at each start, so that no edited file can bring in a root of its own.

Fetching is `license_keeper`'s; what a document may say is `wire.root`'s.
"""

import msgspec

from tenure.core.refusals import Refused
from tenure.wire.root import TrustedRoot, step_root


class TrustedRoots(msgspec.Struct, frozen=True):
    """The newest root document proven, and the documents that lead to it from the one pinned."""

    root: TrustedRoot
    followed: tuple[bytes, ...] = ()

    def with_next(self, data: bytes) -> "TrustedRoots | Refused":
        """With the next version; refuses like `wire.root.step_root`."""
        following = step_root(self.root, data)
        if isinstance(following, Refused):
            return following
        return TrustedRoots(following, (*self.followed, data))


def walk_roots(pinned: TrustedRoot, followed: tuple[bytes, ...]) -> TrustedRoots:
    """`pinned` and as far as the documents kept lead on from it; what does not is forgotten.

    A product may bring a newer root than some that were kept: those are passed over.
    """
    trusted = TrustedRoots(pinned)
    for data in followed:
        further = trusted.with_next(data)
        if isinstance(further, TrustedRoots):
            trusted = further
    return trusted
