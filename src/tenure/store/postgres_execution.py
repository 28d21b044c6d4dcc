"""PostgreSQL's connection, whose statements run past SQLAlchemy once they are compiled (`direct_connection`).

Transactions are begun and ended by SQLAlchemy, which sets their isolation.
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from tenure.store.direct_connection import DirectConnection, Found


class PostgresConnection(DirectConnection):
    """`sa.Connection` to PostgreSQL, on the driver's connection that it had when it was made."""

    _plans: ClassVar[WeakKeyDictionary[Any, Any]] = WeakKeyDictionary()

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._adapted: Any = self.connection.dbapi_connection
        self._driver: Any = self.connection.driver_connection

    def run_sql(self, sql: str, values: Sequence[Any], *, finds: bool) -> Found:
        """See `DirectConnection.run_sql`."""
        if not self._is_begun():
            return self._run_first(sql, values, finds=finds)
        try:
            if not finds:
                status: str = self._adapted.run_async(lambda driver: driver.execute(sql, *values))
                return Found((), None, _count_of(status))
            rows = self._adapted.run_async(lambda driver: driver.fetch(sql, *values))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
            raise self._explained(sql, fault) from fault
        return Found(rows, rows[0].keys() if rows else None, len(rows))

    def run_sql_many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> int:
        """See `DirectConnection.run_sql_many`: all of it is one round trip."""
        if self._is_begun():
            try:
                self._adapted.run_async(lambda driver: driver.executemany(sql, values))
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                raise self._explained(sql, fault) from fault
        else:
            self.exec_driver_sql(sql, list(values))
        return -1

    def column_names(self, described: Any) -> Sequence[str]:
        """See `DirectConnection.column_names`."""
        return list(described)

    def _is_begun(self) -> bool:
        """Whether a transaction is open in the database; only its first statement goes by SQLAlchemy, which begins."""
        return self.in_transaction() and bool(self._driver.is_in_transaction())

    def _run_first(self, sql: str, values: Sequence[Any], *, finds: bool) -> Found:
        result = self.exec_driver_sql(sql, tuple(values))
        if not finds:
            return Found((), None, result.rowcount)
        rows = result.all()
        return Found(rows, result.keys(), len(rows))

    def _explained(self, sql: str, fault: Exception) -> Exception:
        """The driver's exception as SQLAlchemy would raise it, without the row that the server's detail may repeat."""
        if isinstance(fault, asyncpg.PostgresError):
            fault.detail = None
        kinds: Any = self.dialect.loaded_dbapi
        named = "InterfaceError" if isinstance(fault, asyncpg.InterfaceError) else "Error"
        if isinstance(fault, asyncpg.IntegrityConstraintViolationError):
            named = "IntegrityError"
        told = getattr(kinds, named)(fault.args[0], fault)
        told.__cause__ = fault
        explained: Exception = sa.exc.DBAPIError.instance(
            sql,
            None,
            told,
            kinds.Error,
            hide_parameters=True,
            connection_invalidated=self._driver.is_closed(),
            dialect=self.dialect,
        )
        return explained


async def open_connection(engine: AsyncEngine) -> AsyncConnection:
    """A new `PostgresConnection`, to be used by `run_sync`."""
    made = await greenlet_spawn(PostgresConnection, engine.sync_engine)
    return AsyncConnection(engine, made)


def _count_of(status: str) -> int:
    """The rows that a statement changed, out of PostgreSQL's word on it (`UPDATE 3`, `INSERT 0 1`); -1 without one."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else -1
