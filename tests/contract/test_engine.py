"""One writer: every job alone with its success or failure, answered after it is durable, none harmed by another."""

import asyncio
import traceback
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.engine import Connection, Database, WriteConflict
from tenure.store.schema import meta
from tests.contract.databases import Opener


def put(conn: Connection, key: str, value: str = "") -> str:
    conn.execute(meta.insert(), {"key": key, "value": value})
    return key


def put_and_raise(conn: Connection, key: str) -> str:
    put(conn, key)
    raise WriteConflict(key)


def put_and_refuse(conn: Connection, key: str) -> Refused:
    put(conn, key)
    return Refused(RefusalCode.INSUFFICIENT_BALANCE)


def put_all(conn: Connection, keys: Sequence[str]) -> list[str]:
    """A set that dies at a bad item, after having written others."""
    for key in keys:
        put(conn, key, f"one of {len(keys)}")
        if key.startswith("bad"):
            raise ValueError(key)
    return [key.upper() for key in keys]


def keys(conn: Connection) -> set[str]:
    return set(conn.scalars(sa.select(meta.c.key).where(meta.c.key != "application")))


async def test_what_was_answered_is_there_after_opening_again(opener: Opener) -> None:
    db = await opener.open()
    assert await db.write(put, "a") == "a"
    await db.close()
    again = await opener.open()
    assert await again.read(keys) == {"a"}
    await again.close()


async def test_a_job_that_fails_or_refuses_leaves_nothing_and_harms_nobody(db: Database) -> None:
    jobs = [db.write(put, f"good{n}") for n in range(20)]
    jobs += [db.write(put_and_raise, f"raised{n}") for n in range(5)]
    jobs += [db.write(put_and_refuse, f"refused{n}") for n in range(5)]
    jobs += [db.write(put, f"late{n}") for n in range(5)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert outcomes[:20] == [f"good{n}" for n in range(20)]
    assert all(isinstance(outcome, WriteConflict) for outcome in outcomes[20:25])
    assert outcomes[25:30] == [Refused(RefusalCode.INSUFFICIENT_BALANCE)] * 5
    assert await db.read(keys) == {f"good{n}" for n in range(20)} | {f"late{n}" for n in range(5)}


async def test_a_statement_that_the_database_refuses_harms_only_its_own_job(db: Database) -> None:
    await db.write(put, "taken")

    def put_two(conn: Connection, first: str) -> None:
        put(conn, first)
        put(conn, "taken")

    outcomes = await asyncio.gather(
        db.write(put, "a"), db.write(put_two, "b"), db.write(put, "c"), return_exceptions=True
    )
    assert outcomes[0] == "a"
    assert outcomes[2] == "c"
    failed = outcomes[1]  # PostgreSQL takes it for a race, tries again, and then says that others were first
    assert isinstance(failed, sa.exc.IntegrityError) or failed == Refused(
        RefusalCode.SERVER_BUSY, "Others were first each time."
    )
    assert await db.read(keys) == {"taken", "a", "c"}


async def test_a_set_is_answered_item_by_item(db: Database) -> None:
    answers = await asyncio.gather(*[db.submit_set(put_all, f"k{n}") for n in range(10)])
    assert answers == [f"K{n}" for n in range(10)]
    assert await db.read(keys) == {f"k{n}" for n in range(10)}
    sizes = await db.read(lambda conn: set(conn.scalars(sa.select(meta.c.value).where(meta.c.key != "application"))))
    assert sizes == {"one of 10"}, "what waits together is done together"


async def test_a_bad_item_harms_only_itself(db: Database) -> None:
    items = ["k0", "bad1", "k2", "k3", "bad4"]
    answers = await asyncio.gather(*[db.submit_set(put_all, item) for item in items], return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, str)] == ["K0", "K2", "K3"]
    assert [str(answer) for answer in answers if isinstance(answer, ValueError)] == ["bad1", "bad4"]
    assert await db.read(keys) == {"k0", "k2", "k3"}


async def test_a_handler_that_forgets_an_item_is_found_out(db: Database) -> None:
    def forgetful(conn: Connection, items: Sequence[str]) -> list[str]:
        put_all(conn, items)
        return list(items)[1:]

    with pytest.raises(ValueError, match="1 items got 0 answers"):
        await db.submit_set(forgetful, "a")
    assert await db.read(keys) == set()


async def test_a_rehearsal_shows_the_outcome_and_changes_nothing(db: Database) -> None:
    answered = await asyncio.gather(db.dry_run(put, "a"), db.write(put, "b"), db.dry_run(put, "b2"))
    assert list(answered) == ["a", "b", "b2"]
    assert await db.read(keys) == {"b"}


async def test_reading_cannot_write(db: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        await db.read(put, "a")
    assert await db.read(keys) == set()


async def test_too_much_work_is_refused_at_once(opener: Opener) -> None:
    db = await opener.open(capacity=5)
    outcomes = await asyncio.gather(*[db.write(put, f"k{n}") for n in range(20)])
    done = {outcome for outcome in outcomes if isinstance(outcome, str)}
    busy = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(done) == 5
    assert {refusal.code for refusal in busy} == {RefusalCode.SERVER_BUSY}
    assert await db.read(keys) == done, "who was refused left nothing"
    await db.close()


async def test_closing_finishes_what_was_accepted(opener: Opener) -> None:
    db = await opener.open()
    jobs = [asyncio.create_task(db.write(put, f"k{n}")) for n in range(30)]
    await asyncio.sleep(0)
    await db.close()
    assert await asyncio.gather(*jobs) == [f"k{n}" for n in range(30)]
    late = await db.write(put, "late")
    assert isinstance(late, Refused)
    assert late.code is RefusalCode.SERVER_BUSY
    again = await opener.open()
    assert await again.read(keys) == {f"k{n}" for n in range(30)}
    await again.close()


async def test_a_caller_who_goes_away_does_not_stop_his_job(db: Database) -> None:
    job = asyncio.create_task(db.write(put, "a"))
    await asyncio.sleep(0)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    await db.write(put, "b")
    assert "b" in await db.read(keys)
    for _ in range(1_000):  # where jobs run side by side, in its own time
        if "a" in await db.read(keys):
            return
        await asyncio.sleep(0.01)
    pytest.fail("accepted work is not done")


async def test_what_a_statement_carried_is_not_in_its_fault(db: Database) -> None:
    """Faults are logged, and a row may hold what no log may."""
    secret = "hush" * 5

    def break_row(conn: Connection) -> None:
        conn.execute(sa.text("insert into meta values (:key, null)"), {"key": secret})

    with pytest.raises(sa.exc.DBAPIError) as caught:
        await db.write(break_row)
    told = "".join(traceback.format_exception(caught.value))
    assert "meta" in told
    assert secret not in told
