"""Statements that run past SQLAlchemy's execution give the same rows, counts and faults as those that go through it."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from tenure.store.direct_connection import VARIANTS, DirectResult, DirectRow
from tenure.store.lite_connection import LiteConnection
from tenure.store.sqlite import connect_lite, driver

THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("flag", sa.Boolean, default=True),
)
ID, SIZE, BODY = THINGS.c.id, THINGS.c.size, THINGS.c.body
MANY = sa.bindparam("many", expanding=True)
LIKE, AMONG = sa.bindparam("like"), sa.bindparam("among", expanding=True)
ADD = insert(THINGS)
STATEMENTS: list[tuple[sa.Executable, dict[str, Any] | None]] = [
    (sa.select(ID, SIZE, BODY).order_by(ID), None),
    (sa.select(ID).where(sa.bindparam("of") == SIZE), {"of": 2}),
    (sa.select(ID, SIZE).where(SIZE > 1, ID != "z").order_by(ID).limit(2), {}),
    (sa.select(ID).where(ID.in_(MANY), sa.bindparam("below") > SIZE).order_by(ID), {"many": ["a", "b"], "below": 9}),
    (sa.select(ID).where(ID.in_(MANY)), {"many": []}),
    (sa.select(ID).where(ID.in_(["a", "c"]), ID.not_in(MANY)).order_by(ID), {"many": ["a"]}),
    (sa.select(sa.func.count(), sa.func.sum(SIZE).label("all_of_it")), None),
    (sa.select(ID).where(sa.bindparam("body") == BODY), {"body": b"\x00b"}),
    (sa.union_all(sa.select(ID), sa.select(ID)).order_by("id").limit(sa.bindparam("most")), {"most": 4}),
    (sa.select((SIZE > 1).label("large"), sa.cast(SIZE, sa.Text)).order_by(ID), None),
    (sa.update(THINGS).where(sa.bindparam("of") == ID).values(size=sa.bindparam("new")), {"of": "a", "new": 7}),
    (sa.update(THINGS).where(ID.in_(MANY)).values(size=THINGS.c.size + 1), {"many": ["a", "b", "none"]}),
    (sa.update(THINGS).where(ID == "a").values(size=5).returning(ID, SIZE), None),
    (sa.delete(THINGS).where(sa.bindparam("of") == ID), {"of": "c"}),
    (ADD.on_conflict_do_nothing(index_elements=["id"]), {"id": "a", "size": 1, "body": None, "flag": True}),
    (sa.text("select id, size from things order by id"), None),
]


@pytest.fixture
def conn() -> Iterator[LiteConnection]:
    made = connect_lite(lambda: driver.connect(":memory:", isolation_level=None), "begin")
    with made.begin():
        THINGS.metadata.create_all(made)
        rows = [{"id": name, "size": size, "body": b"\x00" + name.encode()} for size, name in enumerate("abc", 1)]
        made.execute(THINGS.insert(), rows)
    yield made
    made.close()


def told(result: Any) -> tuple[Any, ...]:
    """All that a result tells."""
    count = result.rowcount
    rows = [tuple(row) for row in result.all()] if getattr(result, "returns_rows", True) else []
    return count if not rows else len(rows), rows


@pytest.mark.parametrize(("statement", "given"), STATEMENTS)
def test_each_time_it_tells_the_same(conn: LiteConnection, statement: Any, given: dict[str, Any] | None) -> None:
    found, calls = [], []
    sa.event.listen(conn.engine, "before_cursor_execute", lambda *_: calls.append(1))
    for _ in range(3):
        with conn.begin() as transaction:
            found.append(told(conn.execute(statement, given)))
            found.append(told(conn.execute(sa.select(ID, SIZE).order_by(ID))))
            transaction.rollback()
    assert found[0:2] == found[2:4] == found[4:6]
    through = sum(1 for _ in calls) - 3 * 2  # each transaction: `begin`, and the look
    changed = "large" in str(statement) or "flag" in (given or {})  # truth is a number to SQLite
    plain = not isinstance(statement, sa.TextClause) and not changed
    assert through == (1 if plain else 3)


def test_lists_may_have_any_length(conn: LiteConnection) -> None:
    query = sa.select(ID).where(ID.in_(AMONG)).order_by(ID)
    for length in (1, 2, 3, 0, 2, *range(VARIANTS + 5)):
        wanted = ["a", "b", "c", *(str(number) for number in range(length))][:length]
        assert conn.execute(query, {"among": wanted}).scalars().all() == [each for each in "abc" if each in wanted]


def test_an_insert_takes_the_columns_that_it_is_given(conn: LiteConnection) -> None:
    add = THINGS.insert()
    for number in range(3):
        conn.execute(add, {"id": f"x{number}", "size": number})
        conn.execute(add, {"size": number, "id": f"y{number}", "body": b"y"})
    conn.execute(add, [{"id": "m1", "size": 1}, {"id": "m2", "size": 2}])
    assert conn.scalar(sa.select(sa.func.count()).select_from(THINGS)) == 11
    assert conn.execute(sa.select(THINGS.c.flag).where(ID == "x2")).scalar_one() is True, "defaults are SQLAlchemy's"


def test_many_at_once_count_together(conn: LiteConnection) -> None:
    change = sa.update(THINGS).where(sa.bindparam("of") == ID).values(size=sa.bindparam("new"))
    values = [{"of": "a", "new": 9}, {"of": "b", "new": 9}, {"of": "none", "new": 9}]
    assert [conn.execute(change, values).rowcount for _ in range(3)] == [2, 2, 2]
    assert conn.execute(change, []) is not None


def test_rows_have_names(conn: LiteConnection) -> None:
    query = sa.select(ID, SIZE.label("how_large")).order_by(ID)
    for _ in range(2):
        row = conn.execute(query).all()[0]
    assert isinstance(row, DirectRow)
    assert (row.id, row.how_large, dict(row._mapping)) == ("a", 1, {"id": "a", "how_large": 1})
    with pytest.raises(AttributeError):
        assert row.other


def test_one_is_one(conn: LiteConnection) -> None:
    query = sa.select(ID).where(ID.in_(AMONG)).order_by(ID)
    for _ in range(2):
        assert conn.execute(query, {"among": ["a"]}).one_or_none() == ("a",)
        assert conn.execute(query, {"among": ["-"]}).one_or_none() is None
        assert conn.execute(query, {"among": ["-"]}).first() is None
        assert conn.scalar(query, {"among": ["-"]}) is None
        assert conn.scalars(query, {"among": ["a", "b"]}).all() == ["a", "b"]
        with pytest.raises(sa.exc.MultipleResultsFound):
            conn.execute(query, {"among": ["a", "b"]}).one_or_none()
        with pytest.raises(sa.exc.NoResultFound):
            conn.execute(query, {"among": ["-"]}).one()


def test_faults_are_sqlalchemys(conn: LiteConnection) -> None:
    for _ in range(3):
        with pytest.raises(sa.exc.IntegrityError) as caught:
            conn.execute(ADD, {"id": "a", "size": 1, "body": b"secret", "flag": True})
        assert "secret" not in str(caught.value) or not isinstance(caught.value.params, tuple)
    change = sa.update(THINGS).where(sa.bindparam("of") == ID).values(size=sa.bindparam("new"))
    conn.execute(change, {"of": "a", "new": 1})
    with pytest.raises((KeyError, sa.exc.StatementError)):
        conn.execute(change, {"of": "a"})


def test_it_begins_by_itself(conn: LiteConnection) -> None:
    for _ in range(2):
        conn.execute(sa.delete(THINGS))
        assert conn.in_transaction()
        conn.rollback()
    query = sa.select(sa.func.count()).select_from(THINGS)
    for _ in range(3):
        assert conn.scalar(query) == 3
        assert conn.in_transaction()
        conn.rollback()


def test_what_was_built_for_one_call_is_not_remembered(conn: LiteConnection) -> None:
    before = len(conn._plans)
    for number in range(200):
        assert conn.execute(sa.select(ID).where(number == SIZE)) is not None
    assert len(conn._plans) < before + 20


def test_a_statement_is_compiled_once_for_all_connections() -> None:
    statement = sa.select(sa.literal(1).label("one"))
    first, second = (connect_lite(lambda: driver.connect(":memory:", isolation_level=None), "begin") for _ in range(2))
    for _ in range(2):
        assert first.execute(statement).scalar() == 1
    told = second.execute(statement)
    assert isinstance(told, DirectResult)
    assert told.all() == [(1,)] and told.all()[0].one == 1  # type: ignore[attr-defined]
    for each in (first, second):
        each.close()
