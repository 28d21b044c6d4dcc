"""One statement for both databases where SQLAlchemy has two spellings, or costs more than the statement itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from tenure.store.direct_connection import DirectConnection

Both = dict[str, sa.Insert]


def per_dialect(table: sa.Table[Any], build: Callable[[Any], sa.Insert]) -> Both:
    """`build` applied to each dialect's insert into `table`; look the result up by `conn.dialect.name`."""
    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


def insert_or_ignore(table: sa.Table[Any], *keys: str) -> Both:
    """Insert, or do nothing when a row with these key columns is there already."""
    return per_dialect(table, lambda insert: insert.on_conflict_do_nothing(index_elements=list(keys)))


def upsert(table: sa.Table[Any], *keys: str) -> Both:
    """Insert, or take the place of the row with these key columns."""

    def build(insert: Any) -> sa.Insert:
        others = {name: insert.excluded[name] for name in table.c.keys() if name not in keys}  # noqa: SIM118
        built: sa.Insert = insert.on_conflict_do_update(index_elements=list(keys), set_=others)
        return built

    return per_dialect(table, build)


def whole_sum(amounts: sa.ColumnElement[Any], window: Mapping[str, Any] | None = None) -> sa.ColumnElement[int]:
    """The sum of whole numbers as a whole number: PostgreSQL's is a decimal, which an answer would hold as text.

    With `window` it is counted over other rows: `{}` for all, `order_by` for those so far. None where there is no row.
    """
    total = sa.func.sum(amounts)
    return sa.cast(total if window is None else total.over(**window), sa.BigInteger)


class SteadyLimitCompiler(SQLiteCompiler):
    """SQLite's spelling of statements, with limits that it does not plan by.

    A bare parameter as LIMIT is a value that the plan may depend on where the library keeps samples of its indexes
    (STAT4): each execution with another value, and each one on a fresh statement, is planned again, which costs more
    than most of the queries themselves.
    """

    def limit_clause(self, select: Any, **kw: Any) -> str:
        """`LIMIT ?+0`, and an offset only where there is one."""
        most, past = select._limit_clause, select._offset_clause
        text = "" if most is None else f"\n LIMIT {self.process(most, **kw)}+0"
        if past is None:
            return text
        return f"{text or chr(10) + ' LIMIT -1'} OFFSET {self.process(past, **kw)}+0"


def sqlite_dialect() -> sa.Dialect:
    """SQLite's dialect as the store compiles by it."""
    built: sa.Dialect = sqlite.dialect()
    built.statement_compiler = SteadyLimitCompiler
    return built


def _dialect_builders() -> tuple[sa.Dialect, ...]:
    return (
        sqlite_dialect(),
        postgresql.dialect(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
    )


class PreparedUpdate:
    """An UPDATE or INSERT over many values at once, compiled here instead of at each call: a third of the cost on the
    hot path.

    The names of its parameters are those of the values' fields.
    """

    def __init__(self, statement: sa.Update | sa.Insert) -> None:
        self._sql: dict[str, str] = {}
        self._values: dict[str, Callable[[object], tuple[object, ...]]] = {}
        for dialect in _dialect_builders():
            compiled = statement.compile(dialect=dialect)
            names = compiled.positiontup or ()
            self._sql[dialect.name] = str(compiled)
            self._values[dialect.name] = attrgetter(*names)

    def run(self, conn: sa.Connection, values: Sequence[object]) -> None:
        """Once for each of `values`, in order."""
        if values:
            parameters = [self._values[conn.dialect.name](value) for value in values]
            sql = self._sql[conn.dialect.name]
            if isinstance(conn, DirectConnection):
                conn.run_sql_many(sql, parameters)
            else:
                conn.exec_driver_sql(sql, parameters)


class PreparedSelect:
    """A SELECT of the rows whose column `among` is one of many values, compiled here instead of at each call."""

    def __init__(self, statement: sa.Select[Any], among: sa.ColumnElement[str]) -> None:
        values = sa.func.json_each(sa.bindparam("among")).table_valued("value")
        listed = {
            "sqlite": among.in_(sa.select(values.c.value)),
            "postgresql": among == sa.any_(sa.bindparam("among", type_=postgresql.ARRAY(sa.Text))),
        }
        self._sql = {
            dialect.name: str(statement.where(listed[dialect.name]).compile(dialect=dialect))
            for dialect in _dialect_builders()
        }

    def run(self, conn: sa.Connection, values: Iterable[str]) -> Sequence[Any]:
        """The rows, each a tuple of the columns selected, in the order that the statement says."""
        name, wanted = conn.dialect.name, list(values)
        among: Any = msgspec.json.encode(wanted).decode() if name == "sqlite" else wanted
        if isinstance(conn, DirectConnection):
            return conn.run_sql(self._sql[name], (among,), finds=True).rows
        return conn.exec_driver_sql(self._sql[name], (among,)).all()
