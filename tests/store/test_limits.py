"""Limits of queries: SQLite plans none of them anew because of the number of rows asked for."""

import re
from pathlib import Path

import sqlalchemy as sa

from tenure.store import sites
from tenure.store.dialects import sqlite_dialect

SRC = Path(__file__).parents[2] / "src" / "tenure"
TABLE = sa.table("t", sa.column("a"))
MOST, PAST = sa.bindparam("most"), sa.bindparam("past")


def spelled(statement: sa.Select[tuple[int]]) -> str:
    return " ".join(str(statement.compile(dialect=sqlite_dialect())).split())


def test_a_limit_is_an_expression_that_no_plan_depends_on() -> None:
    assert spelled(sa.select(TABLE.c.a).limit(MOST)).endswith("FROM t LIMIT ?+0")
    assert spelled(sa.select(TABLE.c.a).limit(7)).endswith("FROM t LIMIT ?+0")


def test_an_offset_is_one_as_well() -> None:
    assert spelled(sa.select(TABLE.c.a).limit(MOST).offset(PAST)).endswith("LIMIT ?+0 OFFSET ?+0")
    assert spelled(sa.select(TABLE.c.a).offset(PAST)).endswith("FROM t LIMIT -1 OFFSET ?+0")


def test_statements_of_the_site_say_it_themselves() -> None:
    bare = re.compile(r"(?i)\blimit (\?|:)(?!\d*\+0)")
    found = [
        str(path)
        for room in ("site", "store")
        for path in (SRC / room).rglob("*.py")
        if bare.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_those_rows_come_that_were_asked_for() -> None:
    engine = sa.create_engine("sqlite://")
    engine.dialect.statement_compiler = sqlite_dialect().statement_compiler
    numbers = sa.table("n", sa.column("a"))
    with engine.connect() as conn:
        conn.exec_driver_sql("create table n (a integer)")
        conn.exec_driver_sql("insert into n values (1), (2), (3)")
        query = sa.select(numbers.c.a).order_by(numbers.c.a)
        assert conn.execute(query.limit(MOST), {"most": 2}).scalars().all() == [1, 2]
        assert conn.execute(query.limit(1).offset(1)).scalars().all() == [2]
        assert conn.execute(query.offset(1)).scalars().all() == [2, 3]


def test_no_row_is_asked_for_where_no_id_is_named() -> None:
    class Untouched:
        """A connection that may not be used."""

    assert sites.lock_many(Untouched(), []) == {}  # type: ignore[arg-type]  # it must not be touched
