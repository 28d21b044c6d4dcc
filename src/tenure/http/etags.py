"""ETag and If-Match: a caller overwrites only the version they have seen. The tag is its revision, not a digest."""

import re

import msgspec

from tenure.core.refusals import RefusalCode, Refused

IF_MATCH_PATTERN = r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$(?!\n)'
"""What is accepted, as the documentation says it."""
_TAG = r'(?:W/)?"[!#-~]*"'
_TAGS = re.compile(rf"\s*{_TAG}(?:\s*,\s*{_TAG})*\s*")


def entity_tag(revision: int) -> str:
    """The strong entity tag of a resource at `revision`."""
    return f'"{revision}"'


class IfMatch(msgspec.Struct, frozen=True):
    """What a caller says it has seen; nothing said (no tags, not `anything`) allows every state."""

    tags: tuple[str, ...] = ()
    anything: bool = False
    """`If-Match: *`: any state, so long as the resource exists."""

    def refuse_mismatch(self, current: str) -> Refused | None:
        """Compare with the `current` tag inside the transaction that writes: `version_stale` when it is another."""
        if self.anything or current in self.tags or not self.tags:
            return None
        return Refused(RefusalCode.VERSION_STALE, f"The present one is {current}.", field="If-Match")


def read_if_match(values: list[str], *, demanded: bool) -> IfMatch | Refused:
    """Parse the If-Match headers; weak tags never match (RFC 9110, 13.1.1) but count as said.

    None sent: refused with `version_stale` where one is `demanded`.
    """
    if not values:
        unseen = Refused(RefusalCode.VERSION_STALE, "Send the ETag you last read as If-Match.", field="If-Match")
        return unseen if demanded else IfMatch()
    joined = ",".join(values)
    if joined.strip() == "*":
        return IfMatch(anything=True)
    if not _TAGS.fullmatch(joined):
        return Refused(
            RefusalCode.FIELD_INVALID,
            'It is written as `*` or as entity tags in quotes, such as "7".',
            field="If-Match",
        )
    # A weak tag stays in the list in its weak spelling: it was said, and equals no strong tag.
    return IfMatch(tags=tuple(re.findall(_TAG, joined)))
