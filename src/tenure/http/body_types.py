"""Types for the fields of requests: text that every store, screen and log can hold, within documented limits.

Patterns must mean the same to this decoder and to readers of the documentation (ECMA 262): hence `$` with a look-ahead,
since `$` alone lets a last newline through here.
"""

from typing import Annotated, Any

import msgspec


class RequestBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request body derives from: unknown fields are refused, so that a misspelled one is never ignored.

    A body repeats `frozen=True, kw_only=True` for the type checker: `class Rename(RequestBody, frozen=True,
    kw_only=True)`.
    """


# Control characters and line separators would let a name forge a log line or a page.
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)"
_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]*$"

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_LINE)]
"""A name or title: one line, 1 to 200 characters, without control characters."""

OptionalLine = Annotated[str, msgspec.Meta(max_length=200, pattern=_LINE)]
"""As `Line`, may be empty."""

Lines = Annotated[str, msgspec.Meta(max_length=4_000, pattern=_LINES)]
"""A note: up to 4,000 characters, line breaks and tabs allowed, no other control characters."""


def line_of(most: int) -> Any:
    """As `Line`, with up to `most` characters."""
    return Annotated[str, msgspec.Meta(min_length=1, max_length=most, pattern=_LINE)]
