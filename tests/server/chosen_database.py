"""Which database the tests of the server run on: SQLite, or PostgreSQL where `TENURE_TEST_DATABASE=postgres`.

A folder names a database: who opens the same folder again finds what was there. On PostgreSQL each stands for a schema
of a few that are emptied and used again, for making one takes a second.
"""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tenure.core.refusals import Refused
from tenure.store.engine import Database
from tenure.store.postgres import open_postgres
from tenure.store.schema import METADATA, meta
from tests.contract import portable
from tests.contract.databases import run_sql, run_work, target_of
from tests.contract.lite import open_fresh

VARIABLE = "TENURE_TEST_DATABASE"
ON_POSTGRES = os.environ.get(VARIABLE, "sqlite") == "postgres"
FILE = "tenure.db"


@dataclass
class SchemaPool:
    """Schemas of one PostgreSQL server, each in use by one folder at most."""

    url: str = ""
    _free: list[str] = field(default_factory=list)
    _used: dict[Path, str] = field(default_factory=dict)
    _open: set[Path] = field(default_factory=set)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def opened(self, folder: Path, file: bytes) -> AsyncIterator[Database]:
        """The database of that folder; a new one holds what is in the SQLite `file`, or nothing."""
        if folder not in self._used:
            self._used[folder] = await self._take_schema()
            await self._fill(self._used[folder], file)
        self._open.add(folder)
        db = await open_postgres(portable.changed(target_of(self.url, self._used[folder])), None)
        assert not isinstance(db, Refused), db
        try:
            yield db
        finally:
            self._open.discard(folder)

    def release_closed(self) -> None:
        """The folders of the test that ends are not opened again."""
        for folder in [each for each in self._used if each not in self._open]:
            self._free.append(self._used.pop(folder))

    async def _take_schema(self) -> str:
        if self._free:
            return self._free.pop()
        schema = f"server_{os.getpid()}_{next(self._numbers)}"
        await run_sql(self.url, f"create schema {schema}")
        made = await open_postgres(target_of(self.url, schema), None)
        assert not isinstance(made, Refused), made
        await made.close()
        return schema

    async def _fill(self, schema: str, file: bytes) -> None:
        """Every row as in `file`; as a replica no trigger fires, neither append-only ones nor those of references."""
        rows = _rows_of(file) if file else {}

        def work(conn: sa.Connection) -> None:
            conn.exec_driver_sql(f"set local search_path = {schema}")
            conn.exec_driver_sql("set local session_replication_role = replica")
            for table in METADATA.sorted_tables:
                ours = table.c.key == "application" if table is meta else sa.false()
                conn.execute(sa.delete(table).where(sa.not_(ours)))
                fresh = [row for row in rows.get(table.name, []) if row.get("key") != "application"]
                if fresh:
                    conn.execute(table.insert(), fresh)

        await run_work(self.url, work)


def _rows_of(file: bytes) -> dict[str, list[dict[str, Any]]]:
    """Every row of a SQLite database, by table."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.deserialize(bytes(file[:18]) + b"\x01\x01" + bytes(file[20:]))  # read without a log beside it
    names = [table.name for table in METADATA.sorted_tables]
    found = {name: [dict(row) for row in connection.execute(f"select * from {name}")] for name in names}  # noqa: S608
    connection.close()
    return found


SCHEMAS = SchemaPool()


@asynccontextmanager
async def open_database(folder: Path, file: bytes = b"") -> AsyncIterator[Database]:
    """The database of that folder on the engine chosen; the caller closes it."""
    if ON_POSTGRES:
        async with SCHEMAS.opened(folder, file) as db:
            yield db
        return
    opened = open_fresh(folder / FILE, file)
    assert not isinstance(opened, Refused), opened
    yield opened
