"""What PostgreSQL's faults mean to those who wait: met by another, the database away, or a mistake of ours.

No fault keeps what a statement carried: they are logged.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import sqlalchemy as sa

from tenure.store.engine import DatabaseUnavailable

RACED = frozenset({"40001", "40P01", "55P03", "23505"})
"""SQLSTATEs of serialization failure, deadlock, lock timeout and unique violation: another process was first."""
READ_ONLY, SERVER_FAULTS = "25006", ("08", "53", "57")
"""SQLSTATE of a write to a standby; classes of a lost connection, of missing room, and of a server that stops."""


def driver_fault(fault: BaseException) -> BaseException:
    """The driver's own exception, behind those that SQLAlchemy wraps it in."""
    while isinstance(fault, sa.exc.DBAPIError) and fault.orig is not None:
        fault = fault.orig
    return fault.__cause__ if isinstance(fault.__cause__, asyncpg.PostgresError) else fault


def was_raced(fault: Exception) -> bool:
    """Whether the database says that another process was first."""
    return isinstance(fault, sa.exc.DBAPIError) and getattr(fault.orig, "sqlstate", "") in RACED


def is_of_server(fault: BaseException) -> bool:
    """Whether the server, not the statement, is at fault: it stops, say, has no room, or has become a standby."""
    state = _state_of(fault)
    return state == READ_ONLY or state[:2] in SERVER_FAULTS


def _state_of(fault: BaseException) -> str:
    return str(getattr(getattr(fault, "orig", None), "sqlstate", None) or "")


_NO_CONNECTION = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    sa.exc.InterfaceError,
    sa.exc.OperationalError,
)
"""What is raised where no connection could be made, or one was lost."""


def name_fault(fault: Exception, *, writes: bool = True) -> Exception:
    """`DatabaseUnavailable` for a database that cannot be reached or cannot serve; our mistakes stay as they are.

    That it takes no writes says that only of a transaction that `writes`.
    """
    if not writes and _state_of(fault) == READ_ONLY:
        return fault
    lost = isinstance(fault, sa.exc.DBAPIError) and (fault.connection_invalidated or is_of_server(fault))
    return DatabaseUnavailable(str(fault)) if lost or isinstance(fault, _NO_CONNECTION) else fault


@contextmanager
def named_faults(*, writes: bool = True) -> Iterator[None]:
    """See `name_fault`."""
    try:
        yield
    except Exception as fault:
        named = name_fault(fault, writes=writes)
        if named is fault:
            raise
        raise named from fault


def forget_row(context: sa.engine.ExceptionContext) -> None:
    """The server's detail may repeat a row, which is not to stand in a log; parameters are hidden for that, too."""
    cause = context.original_exception.__cause__
    if isinstance(cause, asyncpg.PostgresError):
        cause.detail = None
