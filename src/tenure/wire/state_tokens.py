"""State tokens: numbers with a mark that only their maker can make, by which a copy is found
[spec: fork-rule, enrollment].

They are authentic, not secret. What a number says of the one that shows it is `core.answering.callers`'.
"""

import hmac

from tenure.wire.b64 import encode_text

LONGEST = 80
"""Characters: no token that was made here is longer."""


def make_token(key: bytes, holder: str, *numbers: int) -> str:
    """The token of `holder` with these numbers; `key`: 32 bytes that only the maker knows."""
    body = ".".join(map(str, numbers))
    mark = hmac.digest(key, f"{holder}.{body}".encode(), "sha256")[:16]
    return f"{body}.{encode_text(mark)}"


def read_token(key: bytes, holder: str, token: str, count: int) -> tuple[int, ...] | None:
    """The `count` numbers of an authentic token of `holder`; None for anything else."""
    *parts, _ = token.split(".") if len(token) < LONGEST else [""]
    if len(parts) != count or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    numbers = tuple(map(int, parts))
    return numbers if hmac.compare_digest(make_token(key, holder, *numbers), token) else None
