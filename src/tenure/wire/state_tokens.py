"""State tokens: numbers with a mark that only their maker can make, by which a copy is found
[spec: fork-rule, enrollment].

They are authentic, not secret. What a number says of the one that shows it is `core.answering.callers`'.
"""

import hashlib
import hmac
from functools import lru_cache

from tenure.wire.b64 import encode_text

BLOCK = 64
"""Bytes that SHA-256 takes in at a time."""
LONGEST = 80
"""Characters: no token that was made here is longer."""


def make_token(key: bytes, holder: str, *numbers: int) -> str:
    """The token of `holder` with these numbers; `key`: 32 bytes that only the maker knows."""
    body = ".".join(map(str, numbers))
    inner, outer = _keyed(key)
    begun, mark = inner.copy(), outer.copy()
    begun.update(f"{holder}.{body}".encode())
    mark.update(begun.digest())
    return f"{body}.{encode_text(mark.digest()[:16])}"


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """The two hashes of HMAC-SHA256 (RFC 2104) with the key taken in, to be copied: the standard library starts over
    each time, which takes twice as long."""
    padded = key.ljust(BLOCK, b"\0")
    if len(padded) > BLOCK:
        raise ValueError(f"a key of state tokens has at most {BLOCK} bytes")
    return tuple(hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))  # type: ignore[return-value]


def read_token(key: bytes, holder: str, token: str, count: int) -> tuple[int, ...] | None:
    """The `count` numbers of an authentic token of `holder`; None for anything else."""
    *parts, _ = token.split(".") if len(token) < LONGEST else [""]
    if len(parts) != count or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    numbers = tuple(map(int, parts))
    return numbers if hmac.compare_digest(make_token(key, holder, *numbers), token) else None
