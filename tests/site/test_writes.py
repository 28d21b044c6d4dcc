"""Jobs handed to the site's writer together: each as if alone, all in one hand-over, answers in one call back."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.site.store.loop_writes import LoopWrites
from tenure.site.store.writer import CAPACITY, MOST, SiteWriter, StoreUnavailable, Told, Work, WriteOutcome

LONG = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.db"
    with sqlite3.connect(path) as made:
        made.execute("create table kept (name text unique)")
    return path


@pytest.fixture
def writer(file: Path) -> Iterator[SiteWriter]:
    opened = SiteWriter(sqlite3.connect(file, isolation_level=None, check_same_thread=False), sqlite3.Error)
    yield opened
    opened.close()


def adds(name: str) -> Work:
    def work(conn: sqlite3.Connection) -> str:
        conn.execute("insert into kept values (?)", (name,))
        return name

    return work


def refuses(conn: sqlite3.Connection) -> Refused:
    conn.execute("insert into kept values ('refused')")
    return Refused(RefusalCode.NOT_FOUND)


def raises(conn: sqlite3.Connection) -> None:
    conn.execute("insert into kept values ('raised')")
    raise KeyError("a bug")


def kept(file: Path) -> list[str]:
    with sqlite3.connect(file) as opened:
        return [name for (name,) in opened.execute("select name from kept order by rowid")]


def outcomes_of(writer: SiteWriter, works: Sequence[Work], **more: Any) -> Sequence[WriteOutcome]:
    told: list[Sequence[WriteOutcome]] = []
    done = threading.Event()

    def tell(outcomes: Sequence[WriteOutcome]) -> None:
        told.append(outcomes)
        done.set()

    assert writer.submit_set(works, tell, **more) is None
    assert done.wait(LONG)
    assert len(told) == 1
    return told[0]


def test_all_jobs_of_a_set_are_done_in_their_order(writer: SiteWriter, file: Path) -> None:
    names = [str(number) for number in range(3 * MOST)]
    assert [each.value for each in outcomes_of(writer, [adds(name) for name in names])] == names
    assert kept(file) == names


@pytest.mark.parametrize("bad", [refuses, raises, adds("first")], ids=["refused", "raised", "twice"])
def test_a_job_that_fails_leaves_nothing_behind_and_harms_no_other(writer: SiteWriter, file: Path, bad: Work) -> None:
    outcomes = outcomes_of(writer, [adds("first"), bad, adds("last")])
    assert [outcomes[0].value, outcomes[2].value] == ["first", "last"]
    assert outcomes[1].fault is not None or isinstance(outcomes[1].value, Refused)
    assert kept(file) == ["first", "last"]


def test_of_a_dry_run_nothing_stays(writer: SiteWriter, file: Path) -> None:
    assert outcomes_of(writer, [adds("one"), adds("two")], keep=False)[1].value == "two"
    assert kept(file) == []


def test_each_job_runs_behind_one_savepoint_of_its_set(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    writer = SiteWriter(connection, sqlite3.Error)
    outcomes_of(writer, [adds(str(number)) for number in range(20)])
    writer.close()
    assert sum(statement.startswith("savepoint") for statement in seen) == 1


def test_when_the_file_fails_nothing_is_done_and_every_caller_is_told(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("pragma query_only=on")
    writer = SiteWriter(connection, sqlite3.Error)
    outcomes = outcomes_of(writer, [adds("one"), adds("two")])
    future = writer.submit_job(adds("three"))
    assert [type(each.fault) for each in outcomes] == [StoreUnavailable, StoreUnavailable]
    assert isinstance(future.exception(LONG), StoreUnavailable)
    writer.close()
    assert kept(file) == []


def test_a_caller_that_cannot_be_told_does_not_end_the_writer(writer: SiteWriter, file: Path) -> None:
    def fails(_: Sequence[WriteOutcome]) -> None:
        raise ValueError("gone")

    assert writer.submit_set([adds("one")], fails) is None
    assert writer.submit_job(adds("two")).result(LONG) == "two"
    assert kept(file) == ["one", "two"]


def test_more_than_may_wait_is_refused_and_what_was_accepted_is_done_before_it_closes(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer = SiteWriter(connection, sqlite3.Error)
    begun, go = threading.Event(), threading.Event()

    def waits(_: sqlite3.Connection) -> None:
        begun.set()
        go.wait(LONG)

    first = writer.submit_job(waits)
    assert begun.wait(LONG)
    waiting = [writer.submit_job(adds(str(number))) for number in range(CAPACITY)]
    refused = writer.submit_job(adds("too many")).result(LONG)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.SERVER_BUSY
    go.set()
    writer.close()
    assert first.result(LONG) is None
    assert len([each.result(LONG) for each in waiting]) == CAPACITY
    assert len(kept(file)) == CAPACITY
    assert isinstance(writer.submit_job(adds("late")).result(LONG), Refused)


class CountingWriter:
    """A writer that does each set at once, in a thread of its own, and remembers how many jobs it had."""

    def __init__(self, refused: Refused | None = None) -> None:
        self.sets: list[int] = []
        self._refused = refused

    def submit_set(self, works: Sequence[Work], told: Told, *, keep: bool = True) -> Refused | None:
        self.sets.append(len(works))
        if self._refused is None:
            outcomes = [WriteOutcome(work(None)) for work in works]  # type: ignore[arg-type]
            threading.Thread(target=told, args=(outcomes,)).start()
        return self._refused


async def answers_of(writes: LoopWrites, number: int) -> list[tuple[WriteOutcome, str]]:
    """Outcomes with the thread in which each was delivered."""
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.Future[tuple[WriteOutcome, str]]] = [loop.create_future() for _ in range(number)]

    def delivered(future: "asyncio.Future[tuple[WriteOutcome, str]]") -> Callable[[WriteOutcome], None]:
        return lambda outcome: future.set_result((outcome, threading.current_thread().name))

    for count, future in enumerate(waiting):
        writes.post_job(lambda conn, count=count: count, delivered(future))
    return await asyncio.wait_for(asyncio.gather(*waiting), LONG)


def test_what_comes_in_one_turn_of_the_loop_is_handed_over_in_one() -> None:
    writer = CountingWriter()
    writes = LoopWrites(writer)

    async def two_turns() -> None:
        first = await answers_of(writes, 64)
        second = await answers_of(writes, 3)
        assert [outcome.value for outcome, _ in first] == list(range(64))
        assert {thread for _, thread in first + second} == {threading.current_thread().name}

    asyncio.run(two_turns())
    assert writer.sets == [64, 3]


def test_a_caller_who_cannot_be_answered_keeps_no_answer_from_the_others() -> None:
    async def posts() -> object:
        writes = LoopWrites(CountingWriter())
        last: asyncio.Future[WriteOutcome] = asyncio.get_running_loop().create_future()
        writes.post_job(lambda conn: 1, lambda outcome: {}[outcome])
        writes.post_job(lambda conn: 2, last.set_result)
        return (await asyncio.wait_for(last, LONG)).value

    assert asyncio.run(posts()) == 2


def test_what_the_writer_refuses_is_delivered_as_refused() -> None:
    refused = Refused(RefusalCode.SERVER_BUSY)
    answers = asyncio.run(answers_of(LoopWrites(CountingWriter(refused)), 2))
    assert [outcome.value for outcome, _ in answers] == [refused, refused]


def test_answers_that_come_after_the_loop_has_ended_end_nothing(writer: SiteWriter, file: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def waits(conn: sqlite3.Connection) -> Any:
        begun.set()
        go.wait(LONG)
        return adds("late")(conn)

    async def posts() -> None:
        LoopWrites(writer).post_job(waits, lambda outcome: None)
        await asyncio.to_thread(begun.wait, LONG)

    asyncio.run(posts())
    go.set()
    assert writer.submit_job(adds("after")).result(LONG) == "after"
    assert kept(file) == ["late", "after"]
