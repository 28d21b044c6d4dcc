"""Lists in pages: an opaque cursor that says where the next page begins; counting is asked for where it is offered."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from tenure.core.refusals import RefusalCode, Refused

T = TypeVar("T")
K = TypeVar("K")

LIMIT_DEFAULT, LIMIT_MOST = 50, 200
CURSOR_LONGEST = 512
COUNTED = 2**63
"""Databases count in 64 bits with a sign."""


class PageRequest(msgspec.Struct, frozen=True):
    """Which page is asked for: at most `limit` items (1 to 200), after the place `cursor` names."""

    limit: int = LIMIT_DEFAULT
    cursor: str = ""

    def after_key(self, key: type[K]) -> K | Refused | None:
        """The place after which the page begins, as `next_cursor` was given it; None for the first page."""
        return read_cursor(self.cursor, key) if self.cursor else None


class ResultPage(msgspec.Struct, Generic[T], frozen=True):
    """One page; `next` is the cursor of the following one, None on the last."""

    items: tuple[T, ...]
    next: str | None = None
    total: int | msgspec.UnsetType = msgspec.UNSET
    """How many items the whole list has; only where a list counts them and was asked to."""


def next_cursor(key: object) -> str:
    """The cursor that begins after `key`, a JSON value that orders the list, such as the last item's id."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def read_cursor(cursor: str, key: type[K]) -> K | Refused:
    """The key inside `cursor`; a cursor of another list, or one made up, is refused as `field_invalid`."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(raw, type=key)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return _not_a_cursor()
    # One spelling only, so that nothing else can hide in the unused bits or in the JSON's blanks.
    return found if _numbers_fit(found) and next_cursor(found) == cursor else _not_a_cursor()


def _numbers_fit(key: object) -> bool:
    """Whether every number in a key is one that the stores can compare with; no list ever gives out another."""
    if isinstance(key, int):
        return -COUNTED <= key < COUNTED
    return not isinstance(key, tuple | list) or all(map(_numbers_fit, key))


def cut_page(
    items: Iterable[T], limit: int, key_of: Callable[[T], object], total: int | msgspec.UnsetType = msgspec.UNSET
) -> ResultPage[T]:
    """A page from up to `limit` + 1 `items`: the one too many only proves that a next page exists."""
    rows = tuple(items)
    if len(rows) <= limit:
        return ResultPage(rows, None, total)
    kept = rows[:limit]
    return ResultPage(kept, next_cursor(key_of(kept[-1])), total)


def next_link(path: str, query: bytes, cursor: str) -> str:
    """The value of the `Link` header for the page that begins at `cursor`, other parameters kept."""
    kept = [(name, value) for name, value in parse_qsl(query.decode("latin-1")) if name != "cursor"]
    return f'<{path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'


def _not_a_cursor() -> Refused:
    return Refused(RefusalCode.FIELD_INVALID, "This cursor was not given out by this list.", field="cursor")
