"""Statements that run past SQLAlchemy on PostgreSQL give the same rows, counts and faults as those that go by it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tenure.store.direct_connection import DirectResult, DirectRow
from tenure.store.postgres_connection import create_engine
from tenure.store.postgres_execution import PostgresConnection, open_connection
from tests.contract.databases import fresh_schema, target_of

pytestmark = pytest.mark.postgres
THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary),
)
ID, SIZE, BODY = THINGS.c.id, THINGS.c.size, THINGS.c.body
MANY, OF = sa.bindparam("many", expanding=True), sa.bindparam("of")
ADD = insert(THINGS)
LOOK = sa.select(ID, SIZE).order_by(ID)
STATEMENTS: list[tuple[sa.Executable, dict[str, Any] | None]] = [
    (sa.select(ID, SIZE, BODY).order_by(ID), None),
    (sa.select(ID).where(OF == SIZE, OF > 0), {"of": 2}),
    (sa.select(ID, SIZE).where(SIZE > 1, ID != "z").order_by(ID).limit(2), {}),
    (sa.select(ID).where(ID.in_(MANY), sa.bindparam("below") > SIZE).order_by(ID), {"many": ["a", "b"], "below": 9}),
    (
        sa.select(ID).where(sa.bindparam("below") > SIZE, ID.in_(MANY), OF != ID),
        {"many": [*"abc"], "below": 3, "of": "a"},
    ),
    (sa.select(ID).where(ID.in_(MANY)), {"many": []}),
    (sa.select(ID).where(ID.in_(["a", "c"]), ID.not_in(MANY)).order_by(ID), {"many": ["a"]}),
    (sa.select(sa.func.count(), sa.func.sum(SIZE).label("all_of_it")), None),
    (sa.select(ID).where(sa.bindparam("body") == BODY), {"body": b"\x00b"}),
    (sa.union_all(sa.select(ID), sa.select(ID)).order_by("id").limit(sa.bindparam("most")), {"most": 4}),
    (sa.select((SIZE > 1).label("large"), sa.cast(SIZE, sa.Text)).order_by(ID), None),
    (sa.select(ID).where(ID == "a").with_for_update(skip_locked=True), None),
    (sa.update(THINGS).where(OF == ID).values(size=sa.bindparam("new")), {"of": "a", "new": 7}),
    (sa.update(THINGS).where(ID.in_(MANY)).values(size=THINGS.c.size + 1), {"many": ["a", "b", "none"]}),
    (sa.update(THINGS).where(ID == "a").values(size=5).returning(ID, SIZE), None),
    (sa.delete(THINGS).where(OF == ID), {"of": "c"}),
    (sa.delete(THINGS).where(OF == ID), {"of": "none"}),
    (ADD.on_conflict_do_nothing(index_elements=["id"]), {"id": "a", "size": 1, "body": None}),
    (ADD, {"id": "new", "size": 1, "body": b""}),
]


@pytest.fixture
async def opened(postgres_url: str) -> AsyncIterator[AsyncConnection]:
    async with fresh_schema(postgres_url) as schema:
        engine = create_engine(target_of(postgres_url, schema.schema))
        connection = await open_connection(engine)
        await connection.run_sync(THINGS.metadata.create_all)
        rows = [{"id": name, "size": size, "body": b"\x00" + name.encode()} for size, name in enumerate("abc", 1)]
        await connection.execute(THINGS.insert(), rows)
        await connection.run_sync(sa.Connection.commit)
        yield connection
        await connection.rollback()
        await connection.close()
        await engine.dispose()


async def within(connection: AsyncConnection, work: Callable[[PostgresConnection], Any]) -> Any:
    """What `work` finds on the connection that the store uses; nothing of it stays."""

    def run(conn: sa.Connection) -> Any:
        assert isinstance(conn, PostgresConnection)
        return work(conn)

    try:
        return await connection.run_sync(run)
    finally:
        await connection.rollback()


def told(result: Any) -> tuple[Any, ...]:
    """All that a result tells."""
    count = result.rowcount
    rows = [tuple(row) for row in result.all()] if getattr(result, "returns_rows", True) else []
    return count if not rows else len(rows), rows


@pytest.mark.parametrize("first", [True, False], ids=["begins", "goes-on"])
@pytest.mark.parametrize(("statement", "given"), STATEMENTS)
async def test_each_time_it_tells_the_same(
    opened: AsyncConnection, statement: Any, given: dict[str, Any] | None, first: bool
) -> None:
    def run(conn: PostgresConnection) -> tuple[Any, Any]:
        if not first:
            conn.exec_driver_sql("select 1")
        found = told(conn.execute(statement, given))
        return found, told(conn.execute(LOOK))

    plain = await within(opened, lambda conn: told(sa.Connection.execute(conn, statement, given)))
    found = [await within(opened, run) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    assert found[0][0] == plain


async def test_it_runs_past_sqlalchemy_and_within_its_transaction(opened: AsyncConnection) -> None:
    def run(conn: PostgresConnection) -> list[int]:
        calls: list[int] = []
        sa.event.listen(conn, "before_cursor_execute", lambda *_: calls.append(1))
        for _ in range(5):
            assert len(conn.execute(LOOK).all()) == 3
        conn.execute(sa.delete(THINGS).where(OF == ID), {"of": "a"})
        conn.rollback()
        assert len(conn.execute(LOOK).all()) == 3, "it was taken back with the others"
        return calls

    assert len(await within(opened, run)) <= 3, "the first ones, and those that begin"


async def test_rows_have_names(opened: AsyncConnection) -> None:
    query = sa.select(ID, SIZE.label("how_large")).order_by(ID)

    def run(conn: PostgresConnection) -> Any:
        for _ in range(3):
            result = conn.execute(query)
        assert isinstance(result, DirectResult)
        return result.first()

    row = await within(opened, run)
    assert isinstance(row, DirectRow)
    assert (row.id, row.how_large, dict(row._mapping)) == ("a", 1, {"id": "a", "how_large": 1})


async def test_many_at_once_are_all_changed(opened: AsyncConnection) -> None:
    change = sa.update(THINGS).where(OF == ID).values(size=sa.bindparam("new"))

    def run(conn: PostgresConnection) -> Any:
        for new in (7, 8, 9):
            conn.execute(change, [{"of": "a", "new": new}, {"of": "b", "new": new}])
        return conn.execute(LOOK).all()

    assert await within(opened, run) == [("a", 9), ("b", 9), ("c", 3)]


async def test_faults_are_sqlalchemys_and_keep_their_code(opened: AsyncConnection) -> None:
    def twice(conn: PostgresConnection) -> None:
        conn.execute(LOOK)
        conn.execute(ADD, {"id": "a", "size": 1, "body": b"secret"})

    for _ in range(3):
        with pytest.raises(sa.exc.IntegrityError) as caught:
            await within(opened, twice)
        assert getattr(caught.value.orig, "sqlstate", "") == "23505"
        assert "secret" not in str(caught.value)
        assert "(a)" not in repr(caught.value.orig), "the server's detail repeats the key"


async def test_a_connection_that_ended_says_so(opened: AsyncConnection, postgres_url: str) -> None:
    def run(conn: PostgresConnection) -> None:
        for _ in range(3):
            conn.execute(LOOK)
        ends = sa.select(sa.func.pg_terminate_backend(sa.func.pg_backend_pid()))
        for _ in range(3):
            conn.execute(ends)

    with pytest.raises(sa.exc.DBAPIError) as caught:
        await opened.run_sync(run)
    assert getattr(caught.value.orig, "sqlstate", "") == "57P01" or caught.value.connection_invalidated
    await opened.invalidate()
