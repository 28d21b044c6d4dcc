"""Transactions that fail for meeting others are done again, and nothing depends on LISTEN: what `PORTABLE=1` shows.

These tests hold in every mode; that one runs all others under the same conditions (`tests/contract/portable.py`).
"""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tenure.core.refusals import Refused
from tenure.store import meta as meta_rows
from tenure.store import postgres_connection
from tenure.store.engine import Connection
from tenure.store.postgres import PostgresDatabase, open_postgres
from tenure.store.schema import meta
from tests.contract import portable
from tests.contract.databases import PostgresSchema, fresh_schema, target_of

pytestmark = pytest.mark.postgres
TURNS = 60


@pytest.fixture
async def spread(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PostgresDatabase]:
    """A database in that mode, its dice thrown anew."""
    monkeypatch.setattr(postgres_connection, "create_engine", portable.make_shaken)
    monkeypatch.setattr(portable, "_dice", random.Random(5))  # noqa: S311 - of a test
    async with fresh_schema(postgres_url) as schema:
        db = await opened(schema)
        yield db
        await db.close()


async def opened(schema: PostgresSchema) -> PostgresDatabase:
    target = replace(target_of(schema.url, schema.schema), isolation="SERIALIZABLE", listens=False)
    db = await open_postgres(target)
    assert not isinstance(db, Refused), db
    return db


def level(conn: Connection) -> object:
    return conn.scalar(sa.text("show transaction_isolation"))


def add_one(conn: Connection) -> int:
    """Read, decide, write: two at once would lose one without isolation."""
    value = int(conn.scalar(sa.select(meta.c.value).where(meta.c.key == "count")) or 0)
    conn.execute(meta_rows._SET["postgresql"], {"key": "count", "value": str(value + 1)})
    return value + 1


async def test_every_transaction_is_serializable(spread: PostgresDatabase) -> None:
    assert await spread.read(level) == "serializable"
    assert await spread.write(level) == "serializable"
    assert await spread.submit_set(lambda conn, items: [level(conn) for _ in items], 1) == "serializable"


async def test_what_fails_is_done_again_and_once(spread: PostgresDatabase) -> None:
    """A fifth of commits fail, single jobs and sets alike; each counts once all the same."""
    before = portable.FAILED[0]
    for _ in range(TURNS):
        assert not isinstance(await spread.write(add_one), Refused)
        assert not isinstance(await spread.submit_set(lambda conn, items: [add_one(conn) for _ in items], 1), Refused)
    assert portable.FAILED[0] - before > TURNS // 6, "the control: commits did fail"
    assert await spread.write(add_one) == 2 * TURNS + 1


async def test_those_that_meet_are_all_done(spread: PostgresDatabase) -> None:
    done = await asyncio.gather(*(spread.write(add_one) for _ in range(3)))
    assert sorted(each for each in done if not isinstance(each, Refused)) == [1, 2, 3]


async def test_without_listen_the_wait_ends_by_itself(spread: PostgresDatabase) -> None:
    async with asyncio.timeout(5):
        await spread.wait_for_news(0.01)
