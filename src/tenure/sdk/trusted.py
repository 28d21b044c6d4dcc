"""The root of trust as a client holds it: the document that came with the product and those that followed, walked anew
at each start, so that no edited file can bring in a root of its own.

Fetching is `keeper`'s; what a document may say is `wire.root`'s.
"""

import msgspec

from tenure.core.refusals import Refused
from tenure.wire.root import Root, step


class Trusted(msgspec.Struct, frozen=True):
    """The newest root document proven, and the documents that lead to it from the one pinned."""

    root: Root
    followed: tuple[bytes, ...] = ()

    def then(self, data: bytes) -> "Trusted | Refused":
        """With the next version; refuses like `wire.root.step`."""
        following = step(self.root, data)
        if isinstance(following, Refused):
            return following
        return Trusted(following, (*self.followed, data))


def walk(pinned: Root, followed: tuple[bytes, ...]) -> Trusted:
    """`pinned` and as far as the documents kept lead on from it; what does not is forgotten.

    A product may bring a newer root than some that were kept: those are passed over.
    """
    trusted = Trusted(pinned)
    for data in followed:
        further = trusted.then(data)
        if isinstance(further, Trusted):
            trusted = further
    return trusted
