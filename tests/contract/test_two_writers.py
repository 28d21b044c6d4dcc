"""The two writers keep one promise (ADR 38): jobs share a commit, each behind a fence of its own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.site.store import writer as site_writer
from tenure.site.store.sqlite import SiteStore, open_store
from tenure.store import batch
from tenure.store.engine import Database
from tests.contract.lite import open_fresh

NO = Refused(RefusalCode.INSUFFICIENT_BALANCE)


class WriterUnderTest(Protocol):
    """What both can do, over a table of names in which `hold` lets the writer wait."""

    def write(self, name: str, answer: Any, *, keep: bool = True) -> "asyncio.Future[Any]":
        """Puts `name` down, then answers or raises `answer`."""

    async def names(self) -> set[str]:
        """What is there."""

    async def close(self) -> None:
        """Ends it."""


def end_with(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


class ServersWriter:
    """`tenure.store.batch` in SQLite."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(self, name: str, answer: Any, *, keep: bool = True) -> "asyncio.Future[Any]":
        def work(conn: sa.Connection) -> Any:
            conn.exec_driver_sql("insert into meta (key, value) values (?, '')", (name,))
            return end_with(answer)

        return asyncio.ensure_future(self._db.write(work) if keep else self._db.dry_run(work))

    async def names(self) -> set[str]:
        return set(await self._db.read(lambda conn: list(conn.scalars(sa.text("select key from meta")))))

    async def close(self) -> None:
        await self._db.close()


class SitesWriter:
    """`tenure.site.store.writer`."""

    def __init__(self, store: SiteStore) -> None:
        self._store = store

    def write(self, name: str, answer: Any, *, keep: bool = True) -> "asyncio.Future[Any]":
        def work(conn: site_writer.Connection) -> Any:
            conn.execute("insert into settings (name, body) values (?, x'')", (name,))
            return end_with(answer)

        return asyncio.wrap_future(self._store.write(work) if keep else self._store.dry_run(work))

    async def names(self) -> set[str]:
        return self._store.read(lambda conn: {name for (name,) in conn.execute("select name from settings")})

    async def close(self) -> None:
        self._store.close()


def open_servers(folder: Path) -> WriterUnderTest:
    opened = open_fresh(folder / "server.db")
    assert not isinstance(opened, Refused)
    return ServersWriter(opened)


def open_sites(folder: Path) -> WriterUnderTest:
    opened = open_store(folder / "site.db")
    assert not isinstance(opened, Refused)
    return SitesWriter(opened)


@pytest.fixture(params=[open_servers, open_sites])
def open_writer(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], WriterUnderTest]:
    return lambda: request.param(tmp_path)  # type: ignore[no-any-return]


async def test_each_job_is_kept_or_undone_alone(open_writer: Callable[[], WriterUnderTest]) -> None:
    writer = open_writer()
    jobs = [
        writer.write("kept-1", "yes"),
        writer.write("refused", NO),
        writer.write("raised", ValueError("no")),
        writer.write("tried", "it would be", keep=False),
        writer.write("kept-1", "twice"),
        writer.write("kept-2", "yes"),
    ]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    assert [found[0], found[1], found[3], found[5]] == ["yes", NO, "it would be", "yes"]
    assert isinstance(found[2], ValueError)
    assert isinstance(found[4], Exception), "a name stands once"
    assert {"kept-1", "kept-2"} <= await writer.names()
    assert not {"refused", "raised", "tried"} & await writer.names()
    await writer.close()


async def test_what_was_answered_is_there_after_opening_again(open_writer: Callable[[], WriterUnderTest]) -> None:
    writer = open_writer()
    await asyncio.gather(*[writer.write(f"kept-{number}", number) for number in range(200)])
    await writer.close()
    again = open_writer()
    assert {f"kept-{number}" for number in range(200)} <= await again.names()
    await again.close()


async def test_a_closed_writer_is_busy(open_writer: Callable[[], WriterUnderTest]) -> None:
    writer = open_writer()
    await writer.close()
    late = await writer.write("late", "yes")
    assert isinstance(late, Refused)
    assert late.code is RefusalCode.SERVER_BUSY


def test_both_hold_as_many_jobs() -> None:
    assert (site_writer.CAPACITY, site_writer.MOST) == (batch.CAPACITY, batch.MOST)
