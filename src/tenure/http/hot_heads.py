"""Heads of hot requests, remembered by their bytes: what such a head announces, or that it is not one.

A head is hot only if every reader of HTTP takes it for the same: one line end, one space, no header twice, none that
is not named here, a length in plain digits. Every other head is for the server's parser to judge.
"""

import re
from collections.abc import Iterable

import msgspec

from tenure.http.hot_operations import RawOperation

REMEMBERED = 1_024
"""Heads: one client's differ in their lengths alone, which are few."""
LONGEST = 1_024
"""Bytes of a head that is looked at."""

_LINE = re.compile(rb"([A-Za-z-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")
_LENGTH = re.compile(rb"[1-9][0-9]{0,8}")
_IGNORED = frozenset((b"user-agent", b"accept", b"accept-encoding", b"accept-language"))
"""What clients send and no hot operation looks at."""
_ALLOWED = _IGNORED | {b"host", b"content-type", b"content-length", b"connection"}
_CLOSES = {b"": False, b"keep-alive": False, b"close": True}


class HotHead(msgspec.Struct, frozen=True, gc=False):
    """What a head announces."""

    operation: RawOperation
    length: int
    """Bytes of the body."""
    closes: bool
    """Whether the connection ends with the answer."""


class KnownHeads:
    """The heads seen lately."""

    def __init__(self, operations: Iterable[RawOperation]) -> None:
        self._operations = {b"POST %s HTTP/1.1" % one.path.encode("ascii"): one for one in operations}
        self._known: dict[bytes, HotHead | None] = {}

    def read(self, head: bytes) -> HotHead | None:
        """What `head` announces, from its first byte to the empty line; None for one that is not hot."""
        try:
            return self._known[head]
        except KeyError:
            pass
        if len(head) > LONGEST:
            return None
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        found = self._known[head] = self._parse(head)
        return found

    def _parse(self, head: bytes) -> HotHead | None:
        first, *lines = head[:-4].split(b"\r\n")
        operation = self._operations.get(first)
        fields = None if operation is None else _fields_of(lines)
        if operation is None or fields is None or b"host" not in fields:
            return None
        length, closes = fields.get(b"content-length", b""), _CLOSES.get(fields.get(b"connection", b"").lower())
        if fields.get(b"content-type") != operation.media_type.encode() or closes is None:
            return None
        if _LENGTH.fullmatch(length) is None or int(length) > operation.cap:
            return None
        return HotHead(operation, int(length), closes)


def _fields_of(lines: list[bytes]) -> dict[bytes, bytes] | None:
    """The headers by their names in lower case; None where one is twice, unknown, or spelled in another way."""
    fields: dict[bytes, bytes] = {}
    for line in lines:
        matched = _LINE.fullmatch(line)
        name = b"" if matched is None else matched[1].lower()
        if matched is None or name not in _ALLOWED or name in fields:
            return None
        fields[name] = matched[2]
    return fields
