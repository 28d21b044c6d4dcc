"""What a transaction has read already of what hardly ever changes: plans, policies, documents and providers.

Kept for one transaction and no longer, so that it is never older than what the transaction itself may see, whichever
process writes. Who writes such a row forgets what was read, and so does a rollback to a savepoint.
A connection whose transactions are not announced remembers nothing.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")

_KEY = "tenure.memo"


def begin_memo(conn: sa.Connection) -> None:
    """A transaction begins."""
    conn.info[_KEY] = {}


def forget_reads(conn: sa.Connection) -> None:
    """What was read may be otherwise from now on."""
    memo: dict[Hashable, Any] = conn.info.get(_KEY, {})
    memo.clear()


def read_once(conn: sa.Connection, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` finds, asked once in a transaction; what it gives is never changed in place."""
    memo: dict[Hashable, Any] | None = conn.info.get(_KEY)
    if memo is None:
        return read()
    if key not in memo:
        memo[key] = read()
    found: T = memo[key]
    return found
