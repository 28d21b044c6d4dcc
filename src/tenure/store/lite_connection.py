"""SQLite's connection, whose statements run past SQLAlchemy once they are compiled (`direct_connection`)."""

from collections.abc import Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from tenure.store.direct_connection import DirectConnection, Found


class LiteConnection(DirectConnection):
    """`sa.Connection` to SQLite."""

    _plans: ClassVar[WeakKeyDictionary[Any, Any]] = WeakKeyDictionary()

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.raw: Any = self.connection.dbapi_connection
        """The driver's own connection."""
        self._fault: type[Exception] = self.dialect.loaded_dbapi.Error

    def run_sql(self, sql: str, values: Sequence[Any], *, finds: bool) -> Found:
        """See `DirectConnection.run_sql`."""
        if not self.in_transaction():
            self.begin()
        try:
            cursor = self.raw.execute(sql, values)
            return Found(cursor.fetchall() if finds else (), cursor.description, cursor.rowcount)
        except self._fault as fault:
            raise self._explained(sql, fault) from fault

    def run_sql_many(self, sql: str, values: Sequence[tuple[Any, ...]]) -> int:
        """See `DirectConnection.run_sql_many`."""
        if not self.in_transaction():
            self.begin()
        try:
            changed: int = self.raw.executemany(sql, values).rowcount
        except self._fault as fault:
            raise self._explained(sql, fault) from fault
        return changed

    def column_names(self, described: Any) -> Sequence[str]:
        """See `DirectConnection.column_names`."""
        return [column[0] for column in described]

    def _explained(self, sql: str, fault: Exception) -> Exception:
        return sa.exc.DBAPIError.instance(sql, None, fault, self._fault, hide_parameters=True, dialect=self.dialect)
