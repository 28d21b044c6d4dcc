"""What only PostgreSQL can show: several servers on one database at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.store import integrity, tenants
from tenure.store.batch import RACES
from tenure.store.engine import Connection, Database, DatabaseUnavailable, WriteConflict
from tenure.store.meta import claim_alone
from tenure.store.postgres import open_postgres
from tenure.store.schema import meta
from tests.contract import portable
from tests.contract.databases import PostgresSchema, fresh_schema, run_sql, target_of
from tests.contract.seed import NOW

pytestmark = pytest.mark.postgres


@pytest.fixture
async def schema(postgres_url: str) -> AsyncIterator[PostgresSchema]:
    async with fresh_schema(postgres_url) as fresh:
        yield fresh


@pytest.fixture
async def pair(schema: PostgresSchema) -> AsyncIterator[tuple[Database, Database]]:
    """Two servers that start on an empty database at the same moment."""
    one, other = await asyncio.gather(schema.open(), schema.open())
    yield one, other
    await one.close()
    await other.close()


def keys(conn: Connection) -> set[str]:
    return set(conn.scalars(sa.select(meta.c.key).where(meta.c.key != "application")))


def put(conn: Connection, key: str) -> None:
    conn.execute(meta.insert(), {"key": key, "value": ""})


async def test_a_reader_sees_one_moment(pair: tuple[Database, Database]) -> None:
    """What is committed between two queries of one read does not show in the second."""
    db, other = pair
    between, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def look_twice(conn: Connection) -> list[set[str]]:
        first = keys(conn)
        loop.call_soon(between.set)
        sa.util.await_only(go_on.wait())
        return [first, keys(conn)]

    reading = asyncio.create_task(db.read(look_twice))
    await between.wait()
    await other.write(put, "a")
    go_on.set()
    assert await reading == [set(), set()]
    assert await db.read(keys) == {"a"}


async def test_who_was_second_reads_again_and_decides_again(pair: tuple[Database, Database]) -> None:
    db, other = pair
    attempts: list[set[str]] = []
    met, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def put_unless_there(conn: Connection, key: str) -> str:
        attempts.append(keys(conn))
        if key in attempts[-1]:
            return "there already"
        if len(attempts) == 1:
            loop.call_soon(met.set)
            sa.util.await_only(go_on.wait())
        put(conn, key)
        return "put"

    slow = asyncio.create_task(db.write(put_unless_there, "a"))
    await met.wait()
    await other.write(put, "a")
    go_on.set()
    assert await slow == "there already"
    assert attempts[:2] == [set(), {"a"}]
    assert len(attempts) == 2 or portable.ON, "but where commits fail at random"


async def test_a_conflict_is_tried_three_times_and_then_told(pair: tuple[Database, Database]) -> None:
    tries: list[int] = []

    def always_late(conn: Connection) -> None:
        tries.append(1)
        raise WriteConflict("again")

    with pytest.raises(WriteConflict):
        await pair[0].write(always_late)
    assert len(tries) == 3


async def test_a_connection_that_breaks_is_replaced(schema: PostgresSchema) -> None:
    db = await schema.open()

    def suicide(conn: Connection) -> bool:
        return bool(conn.scalar(sa.text("select pg_terminate_backend(pg_backend_pid())")))

    for job in (db.write(suicide), db.read(suicide)):
        with pytest.raises(DatabaseUnavailable):
            await job
    with pytest.raises(DatabaseUnavailable):
        await db.submit_set(lambda conn, items: [suicide(conn) for _ in items], 1)
    await db.write(put, "a")
    assert await db.read(keys) == {"a"}
    assert await db.submit_set(lambda conn, items: [keys(conn) for _ in items], 1) == {"a"}
    await db.close()


async def test_a_connection_that_takes_no_writes_any_more_is_replaced(schema: PostgresSchema) -> None:
    """It leads to what has become a standby, say: single jobs and sets are told the same, and both come back."""
    db = await schema.open()
    seen: list[int] = []

    def refuse_once(conn: Connection, items: Sequence[str] = ()) -> Sequence[str]:
        here = conn.scalar(sa.text("select pg_backend_pid()"))
        if not seen or here == seen[-1]:
            seen.append(here)
            conn.exec_driver_sql("do $$ begin raise exception using errcode = '25006'; end $$")
        return items

    for ask in (lambda: db.write(refuse_once), lambda: db.submit_set(refuse_once, "a")):
        seen.clear()
        with pytest.raises(DatabaseUnavailable):
            await ask()
        await ask()
    await db.close()


@pytest.mark.parametrize("in_set", [False, True])
@pytest.mark.parametrize("state", ["53100", "57014", "08006"])
async def test_a_database_that_cannot_serve_is_told_as_that(schema: PostgresSchema, state: str, in_set: bool) -> None:
    db = await schema.open()

    def fails(conn: Connection, items: Sequence[str] = ()) -> Sequence[str]:
        conn.exec_driver_sql(f"do $$ begin raise exception using errcode = '{state}'; end $$")
        return items

    with pytest.raises(DatabaseUnavailable):
        await (db.submit_set(fails, "a") if in_set else db.write(fails))
    await db.close()


async def test_reads_that_are_given_up_leave_no_connection_behind(schema: PostgresSchema) -> None:
    db = await schema.open()
    sleep = sa.text("select pg_sleep(0.01)")
    asked = "select count(*) from pg_stat_activity where query like '%pg_sleep%' or state like 'idle in%'"
    count = sa.text(asked)

    def sleep_often(conn: Connection) -> None:
        for _ in range(20):
            conn.execute(sleep)

    for turn in range(60):
        reading = asyncio.create_task(db.read(sleep_often))
        await asyncio.sleep(turn / 3_000)
        reading.cancel()
        if turn % 2:
            await asyncio.sleep(0)
            reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    for _ in range(100):
        if (left := await db.read(lambda conn: conn.scalar(count))) <= 1:  # the one that asks
            break
        await asyncio.sleep(0.05)
    assert left <= 1
    await db.close()


@pytest.mark.parametrize("name", ["user", "select", "1abc", "_"])
async def test_a_schema_may_be_called_as_a_word_of_sql(postgres_url: str, name: str) -> None:
    try:
        db = await open_postgres(target_of(postgres_url, name))
        assert not isinstance(db, Refused), db
        assert await db.read(lambda conn: conn.scalar(sa.text("select current_schema()"))) == name
        await db.close()
    finally:
        await run_sql(postgres_url, f'drop schema if exists "{name}" cascade')


async def test_a_server_that_started_while_a_command_had_the_state_is_seen_by_the_next(
    pair: tuple[Database, Database],
) -> None:
    server, command = pair
    has_it, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def alone(conn: Connection) -> Refused | None:
        refused = claim_alone(conn)
        loop.call_soon(has_it.set)
        sa.util.await_only(go_on.wait())
        return refused

    first = asyncio.create_task(command.write(alone))
    await has_it.wait()
    await server.wait_for_news(0)
    go_on.set()
    assert await first is None
    await server.wait_for_news(0)
    second = await command.write(claim_alone)
    assert isinstance(second, Refused)


async def test_who_verifies_all_histories_may_take_long_between_two_statements(pair: tuple[Database, Database]) -> None:
    """Else the database would end the transaction in which a large state is verified, each time."""
    bound = sa.text("select current_setting('idle_in_transaction_session_timeout')")

    def verify(conn: Connection) -> tuple[object, object]:
        return next(integrity.verify_histories(conn), None), conn.scalar(bound)

    assert await pair[0].read(verify) == (None, "0")
    assert await pair[0].read(lambda conn: conn.scalar(bound)) == "1min"


async def test_a_read_that_others_disturb_each_time_is_told_to_come_again(schema: PostgresSchema) -> None:
    db = await schema.open()
    runs: list[int] = []

    def disturbed(conn: Connection) -> None:
        runs.append(1)
        conn.exec_driver_sql("do $$ begin raise exception using errcode = '40001'; end $$")

    with pytest.raises(DatabaseUnavailable):
        await db.read(disturbed)
    assert len(runs) == RACES
    await db.close()


async def test_a_clock_that_two_move_at_once_does_not_go_back(pair: tuple[Database, Database]) -> None:
    db, other = pair
    clock = tenants.ProviderClock(NOW, NOW, 1)
    toy = tenants.ProviderRow("prv_s", "Toy", True, "EUR", b"{}", 1, NOW, clock=clock)
    await db.write(tenants.add_provider, toy)
    seen, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def move_by_a_day(conn: Connection) -> object:
        known = tenants.get_provider(conn, "prv_s")
        if not seen.is_set():
            loop.call_soon(seen.set)
            sa.util.await_only(go_on.wait())
        assert known is not None
        return tenants.set_clock(conn, "prv_s", tenants.ProviderClock(NOW + DAY, NOW, 1))

    slow = asyncio.create_task(db.write(move_by_a_day))
    await seen.wait()
    await other.write(lambda conn: tenants.set_clock(conn, "prv_s", tenants.ProviderClock(NOW + 9 * DAY, NOW, 1)))
    go_on.set()
    refused = await slow
    assert isinstance(refused, Refused) and refused.code is RefusalCode.CLOCK_BACKWARDS
    shown = await db.read(tenants.clock_of, "prv_s")
    assert shown is not None and shown.at == NOW + 9 * DAY


async def test_a_server_that_is_not_there_is_refused(schema: PostgresSchema) -> None:
    refused = await open_postgres(target_of("postgresql://nobody@127.0.0.1:1/none"))
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.DATABASE_UNREACHABLE


async def test_a_schema_of_somebody_else_is_left_alone(schema: PostgresSchema) -> None:
    await run_sql(schema.url, f"create table {schema.schema}.theirs (x int)")
    refused = await open_postgres(target_of(schema.url, schema.schema))
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.DATABASE_UNUSABLE
    await run_sql(schema.url, f"drop table {schema.schema}.theirs")
    opened = await schema.open()
    await opened.close()


async def test_two_sets_that_wait_for_one_another_are_both_answered(pair: tuple[Database, Database]) -> None:
    """A deadlock: the database stops one of them, which is then done after the other, unseen by who asked."""
    await pair[0].write(put, "a")
    await pair[0].write(put, "b")
    locked = [asyncio.Event(), asyncio.Event()]
    stopped: list[str] = []

    def crosswise(first: int) -> Callable[[Connection, Sequence[str]], list[str]]:
        def handler(conn: Connection, items: Sequence[str]) -> list[str]:
            wanted = ("a", "b") if first == 0 else ("b", "a")
            try:
                conn.execute(sa.select(meta).where(meta.c.key == wanted[0]).with_for_update())
                locked[first].set()
                sa.util.await_only(locked[1 - first].wait())
                conn.execute(sa.select(meta).where(meta.c.key == wanted[1]).with_for_update())
            except sa.exc.DBAPIError as fault:
                stopped.append(str(fault.orig))
                raise
            return list(items)

        return handler

    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(pair[n].submit_set(crosswise(n), f"set {n}") for n in (0, 1)))
    assert answers == ["set 0", "set 1"]
    assert any("deadlock" in each for each in stopped)
