"""The batcher alone, over a small in-memory database whose COMMIT can be held back or made to fail."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.batch import ATTEMPTS, PUT_OFF_MOST, RACES, WriteBatcher
from tenure.store.engine import LATER, Connection, DatabaseUnavailable, Later, WriteConflict

NOTES = sa.Table("notes", sa.MetaData(), sa.Column("word", sa.Text, primary_key=True))


class Held:
    """Real transactions; a COMMIT waits for `gate`, and fails while `broken`."""

    def __init__(self) -> None:
        engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
        self.connection = engine.connect()
        NOTES.metadata.create_all(self.connection)
        self.connection.commit()
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = self.stuck = False
        self.batches: list[int] = []

    async def apply(self, work: Callable[[Connection], None]) -> None:
        self.connection.begin()
        self.connection.exec_driver_sql("begin")
        work(self.connection)

    async def commit(self) -> None:
        await self.gate.wait()
        if self.broken:
            raise OSError("no space left on device")
        self.connection.commit()
        self.batches.append(len(self.words()))

    async def rollback(self) -> None:
        self.connection.rollback()
        if self.stuck:
            raise OSError("and the disk is gone")

    def savepoint(self, connection: Connection, statement: str) -> None:
        connection.exec_driver_sql(statement)

    def raced(self, fault: Exception) -> bool:
        return isinstance(fault, TimeoutError)

    def name_fault(self, fault: Exception) -> Exception:
        return DatabaseUnavailable(str(fault)) if isinstance(fault, ConnectionError) else fault

    def words(self) -> set[str]:
        found = set(self.connection.scalars(sa.select(NOTES.c.word)))
        self.connection.rollback()
        return found


def note(word: str) -> Callable[[Connection], str]:
    def work(conn: Connection) -> str:
        conn.execute(NOTES.insert(), {"word": word})
        return word

    return work


def note_all(conn: Connection, words: Sequence[str]) -> list[int]:
    for word in words:
        note(word)(conn)
    return [len(words)] * len(words)


async def rest() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nobody_is_answered_before_the_commit() -> None:
    held = Held()
    batcher = WriteBatcher(held)
    held.gate.clear()
    first = asyncio.create_task(batcher.run(note("a")))
    await rest()
    assert not first.done()
    held.gate.set()
    assert await first == "a"


async def test_what_comes_during_a_commit_is_collected_for_the_next() -> None:
    held = Held()
    batcher = WriteBatcher(held)
    held.gate.clear()
    first = asyncio.create_task(batcher.run_item(note_all, "a"))
    await rest()
    later = [asyncio.create_task(batcher.run_item(note_all, word)) for word in "bcd"]
    await rest()
    held.gate.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [3, 3, 3]
    assert held.batches == [1, 4]


async def test_a_batch_is_no_larger_than_it_may_be() -> None:
    held = Held()
    batcher = WriteBatcher(held, most=4)
    assert await asyncio.gather(*[batcher.run_item(note_all, f"w{n}") for n in range(10)]) == [4] * 8 + [2] * 2
    assert held.batches == [4, 8, 10]


@pytest.mark.parametrize("stuck", [False, True])
async def test_a_commit_that_fails_is_told_to_all_and_the_next_one_works(stuck: bool) -> None:
    held = Held()
    batcher = WriteBatcher(held)
    held.broken, held.stuck = True, stuck
    told = await asyncio.gather(batcher.run(note("a")), batcher.run_item(note_all, "b"), return_exceptions=True)
    assert [type(each) for each in told] == [DatabaseUnavailable, DatabaseUnavailable]
    assert held.words() == set()
    held.broken = False
    assert await batcher.run(note("a")) == "a"
    assert held.words() == {"a"}


async def test_who_is_refused_for_want_of_room_leaves_the_queue_as_it_was() -> None:
    held = Held()
    batcher = WriteBatcher(held, capacity=2)
    held.gate.clear()
    running = asyncio.create_task(batcher.run(note("running")))
    await rest()
    waiting = [asyncio.create_task(batcher.run(note(f"w{n}"))) for n in range(2)]
    await rest()
    refused = await batcher.run(note("too much"))
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.SERVER_BUSY
    held.gate.set()
    assert await asyncio.gather(running, *waiting) == ["running", "w0", "w1"]
    assert await batcher.run(note("again")) == "again"


@pytest.mark.parametrize("when", ["before", "during"])
async def test_a_caller_who_leaves_does_not_disturb_the_others(when: str) -> None:
    held = Held()
    batcher = WriteBatcher(held)
    held.gate.clear()
    leaving = asyncio.create_task(batcher.run(note("leaving")))
    staying = asyncio.create_task(batcher.run(note("staying")))
    await (asyncio.sleep(0) if when == "before" else rest())
    leaving.cancel()
    await rest()
    held.gate.set()
    assert await staying == "staying"
    assert held.words() == {"leaving", "staying"}, "accepted work is done"
    await batcher.close()


async def test_who_lost_a_race_is_done_in_the_next_transaction_and_the_others_are_not_held_up() -> None:
    held = Held()
    batcher = WriteBatcher(held)
    tries: list[int] = []

    def races(conn: Connection, words: Sequence[str]) -> list[str]:
        tries.append(len(words))
        if "late" in words and len(tries) < 4:  # with the other, then alone; the other has its turn in between
            raise TimeoutError("deadlock detected")
        return [note(word)(conn) for word in words]

    told = await asyncio.gather(batcher.run_item(races, "late"), batcher.run_item(races, "other"))
    assert told == ["late", "other"]
    assert held.batches == [1, 2], "the other was committed while the first had to wait for the next transaction"


async def test_who_lost_every_race_is_told_to_come_again_and_leaves_nothing() -> None:
    held = Held()
    batcher = WriteBatcher(held)
    tries: list[str] = []

    def always(conn: Connection, fault: Exception) -> None:
        tries.append(note("half")(conn))
        raise fault

    told = await batcher.run(lambda conn: always(conn, TimeoutError("deadlock detected")))
    assert isinstance(told, Refused)
    assert told.code is RefusalCode.SERVER_BUSY
    with pytest.raises(WriteConflict):
        await batcher.run(lambda conn: always(conn, WriteConflict("somebody else wrote first")))
    assert len(tries) == RACES + ATTEMPTS
    assert held.words() == set()


async def test_what_a_set_puts_off_comes_again_in_order_and_holds_up_no_other() -> None:
    """Dear items, two of which fit into a transaction, before cheap ones: the cheap ones are answered in the first."""
    held = Held()
    batcher = WriteBatcher(held, capacity=200)
    sets: list[list[str]] = []

    def answer(conn: Connection, items: Sequence[str]) -> list[str | Later]:
        sets.append(list(items))
        dear = [item for item in items if item.startswith("dear")]
        for item in items:
            if item not in dear[2:]:
                note(item)(conn)
        return [LATER if item in dear[2:] else item for item in items]

    told: list[str] = []
    held.gate.clear()
    names = [*(f"dear {number:03}" for number in range(PUT_OFF_MOST + 20)), "cheap 1", "cheap 2"]
    for name in names:
        assert batcher.post_item(answer, name, lambda outcome, fault: told.append(outcome)) is None
    await rest()
    batcher.post_item(answer, "cheap 3", lambda outcome, fault: told.append(outcome))
    names.append("cheap 3")
    held.gate.set()
    await batcher.close()
    assert told.index("cheap 3") < 8, "a new one waits for one transaction, not for all that were put off"
    assert told[:4] == ["dear 000", "dear 001", "cheap 1", "cheap 2"]
    assert sorted(told) == sorted(names)
    assert [each for each in told if each.startswith("dear")] == names[:-3]
    assert max(len(each) for each in sets[1:]) <= PUT_OFF_MOST + 1
    assert held.words() >= set(names)


async def test_what_was_put_off_is_told_when_the_transaction_breaks() -> None:
    held = Held()
    batcher = WriteBatcher(held)
    faults: list[Exception | None] = []
    held.broken = True
    for item in ("a", "b"):
        handler = lambda conn, items: [items[0], *[LATER] * (len(items) - 1)]  # noqa: E731
        batcher.post_item(handler, item, lambda outcome, fault: faults.append(fault))
    await batcher.close()
    assert [type(each) for each in faults] == [DatabaseUnavailable] * 2


async def test_what_was_put_off_and_fails_then_is_told_so_and_no_more_tried() -> None:
    """Nor does a fault of one run stay beside the answer of the next."""
    held = Held()
    batcher = WriteBatcher(held)
    runs: list[list[str]] = []

    def answer(conn: Connection, items: Sequence[str]) -> list[str | Later]:
        runs.append(list(items))
        if len(runs) == 1:
            return [items[0], *[LATER] * (len(items) - 1)]
        if len(runs) < 50 and "bad" in items:
            raise LookupError("bad")
        return list(items)

    told = await asyncio.gather(*(batcher.run_item(answer, item) for item in ("a", "bad", "c")), return_exceptions=True)
    assert [told[0], repr(told[1]), told[2]] == ["a", "LookupError('bad')", "c"]
    assert len(runs) < 10


async def test_a_job_that_met_a_broken_database_is_told_that_and_not_that_it_was_wrong() -> None:
    held = Held()
    batcher = WriteBatcher(held)

    def read_only(conn: Connection, items: Sequence[str]) -> list[str]:
        raise ConnectionError("cannot write here")

    with pytest.raises(DatabaseUnavailable):
        await batcher.run_item(read_only, "a")
    with pytest.raises(DatabaseUnavailable):
        await batcher.run(lambda conn: read_only(conn, ["a"]))


async def test_a_caller_who_cannot_be_answered_harms_no_other() -> None:
    held = Held()
    batcher = WriteBatcher(held)

    def breaks(outcome: object, fault: Exception | None) -> None:
        raise OSError("gone")

    batcher.post_item(note_all, "a", breaks)
    assert await batcher.run_item(note_all, "b") == 2
    assert held.words() == {"a", "b"}


async def test_a_set_alone_needs_no_fence_and_a_bad_item_in_it_is_found_all_the_same() -> None:
    class Counted(Held):
        fences = 0

        def savepoint(self, connection: Connection, statement: str) -> None:
            self.fences += 1
            super().savepoint(connection, statement)

    held = Counted()
    batcher = WriteBatcher(held)
    assert await asyncio.gather(*(batcher.run_item(note_all, word) for word in "ab")) == [2, 2]
    assert held.fences == 0
    told = await asyncio.gather(*(batcher.run_item(note_all, word) for word in "cad"), return_exceptions=True)
    assert [isinstance(each, Exception) for each in told] == [False, True, False], "a stands there already"
    assert held.words() == set("abcd")
    assert held.fences > 0


async def test_items_of_one_owner_are_answered_in_their_order_behind_more_that_were_put_off_than_come_at_once() -> None:
    held = Held()
    batcher = WriteBatcher(held, capacity=400)

    def answer(conn: Connection, items: Sequence[str]) -> list[str | Later]:
        later = set([each for each in items if each.startswith("dear")][2:])
        return [LATER if item in later or (item == "cheap" and "dear 999" in later) else item for item in items]

    told: list[str] = []
    all_told = asyncio.Event()

    def post(name: str, owner: str) -> None:
        assert batcher.post_item(answer, name, tell, owner) is None

    def tell(outcome: str, fault: Exception | None) -> None:
        told.append(outcome)
        if len(told) == 4:  # most are still put off
            post("cheap", "late")  # changes nothing, so that it would be answered at once
            post("other", "another")
        if len(told) == PUT_OFF_MOST + 43:
            all_told.set()

    held.gate.clear()
    for number in range(PUT_OFF_MOST + 40):
        post(f"dear {number:03}", f"site {number}")
    await rest()
    post("dear 999", "late")
    held.gate.set()
    await all_told.wait()
    assert told.index("dear 999") < told.index("cheap")
    assert told.index("other") < 12, "those of others do not wait"


async def test_an_item_does_not_overtake_one_of_its_owner_that_lost_a_race() -> None:
    held = Held()
    batcher = WriteBatcher(held)
    tries: list[list[str]] = []

    def races(conn: Connection, words: Sequence[str]) -> list[str]:
        tries.append(list(words))
        if "first" in words and len(tries) < 5:  # in the set, in it with fences, and alone
            raise TimeoutError("deadlock detected")
        return [note(word)(conn) for word in words]

    told: list[str] = []
    for name, owner in (("first", "site"), ("second", "site"), ("other", "another")):
        batcher.post_item(races, name, lambda outcome, fault: told.append(outcome), owner)
    await batcher.close()
    assert ["first"] in tries and ["other"] in tries
    assert told == ["other", "first", "second"]
