"""What a set of jobs has read already of rows that each of them asks for: pools, enrollment tokens, groups.

Kept from one savepoint of the writer to its end or its undoing, and by the writing connection alone, so that no other
writer can make it stale. Functions that change such a row put the row as it then is here, or forget it.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

from tenure.site.store.writer import Connection, reads_of

T = TypeVar("T")


def read_once(conn: Connection, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` finds, asked once in a set; what it gives is never changed in place."""
    reads = reads_of(conn)
    if reads is None:
        return read()
    if key not in reads:
        reads[key] = read()
    found: T = reads[key]
    return found


def change_row(conn: Connection, key: Hashable, change: Callable[[T], T]) -> None:
    """The row has been written, and is now as `change` makes it of the one that was read, if it was."""
    reads = reads_of(conn)
    if reads is not None and reads.get(key) is not None:
        reads[key] = change(reads[key])


def forget_row(conn: Connection, key: Hashable) -> None:
    """The row has been written, and is to be read again."""
    reads = reads_of(conn)
    if reads is not None:
        reads.pop(key, None)


def forget_all(conn: Connection) -> None:
    """Rows have been written that are not told apart here."""
    reads = reads_of(conn)
    if reads is not None:
        reads.clear()
