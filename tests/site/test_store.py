"""The site's own store: one writer, each job apart from the others, nobody else's file."""

import sqlite3
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY
from tenure.http.answers import made
from tenure.http.idempotency import Ticket
from tenure.sdk.kept import Kept
from tenure.site.store import enrolments, events, pools
from tenure.site.store.answers import Answers
from tenure.site.store.kept import StoredMemory
from tenure.site.store.lite import Store, driver, open_store
from tenure.site.store.writer import Connection, Writer


@pytest.fixture
def store(folder: Path) -> Store:
    opened = open_store(folder / "site.db")
    assert isinstance(opened, Store)
    opened.write(lambda conn: pools.ensure(conn, "editor")).result()
    return opened


class TestWriting:
    def test_a_job_that_fails_or_is_refused_leaves_nothing_and_harms_no_other(self, store: Store) -> None:
        def adds(conn: Connection) -> str:
            pools.adopt(conn, "editor")
            return "done"

        def raises(conn: Connection) -> None:
            pools.adopt(conn, "editor")
            raise RuntimeError("a fault of ours")

        def refuses(conn: Connection) -> Refused:
            pools.adopt(conn, "editor")
            return Refused(Code.NOT_FOUND)

        hold = threading.Event()
        first: Future[object] = store.write(lambda _: hold.wait(10))  # so that the others share one transaction
        futures = [store.write(work) for work in (adds, raises, refuses, adds)]  # type: ignore[list-item, var-annotated]
        hold.set()
        first.result()
        assert futures[0].result() == futures[3].result() == "done"
        with pytest.raises(RuntimeError, match="a fault of ours"):
            futures[1].result()
        assert isinstance(futures[2].result(), Refused)
        assert store.read(lambda conn: pools.pool(conn, "editor").counted) == 2

    def test_a_rehearsal_answers_and_leaves_nothing(self, store: Store) -> None:
        assert store.rehearse(lambda conn: pools.claim(conn, "editor", 5)).result() is True
        assert store.read(lambda conn: pools.pool(conn, "editor").counted) == 0

    def test_reading_cannot_write(self, store: Store) -> None:
        with pytest.raises(driver.OperationalError):
            store.read(lambda conn: pools.adopt(conn, "editor"))

    def test_a_broken_file_is_told_to_whoever_waits_and_the_next_one_is_served(self) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.execute("create table t (n integer) strict")
        writer = Writer(connection, sqlite3.Error)
        with pytest.raises(OSError, match="no such table"):
            writer.submit(lambda conn: conn.execute("insert into nowhere values (1)")).result()
        writer.submit(lambda conn: conn.execute("insert into t values (1)")).result()
        writer.close()
        late = writer.submit(lambda conn: conn.execute("insert into t values (2)")).result()
        assert isinstance(late, Refused)
        assert late.code is Code.SERVER_BUSY

    def test_what_was_answered_is_there_after_closing_at_once(self, folder: Path) -> None:
        opened = open_store(folder / "again.db")
        assert isinstance(opened, Store)
        opened.write(lambda conn: pools.ensure(conn, "editor"))
        opened.close()
        again = open_store(folder / "again.db")
        assert isinstance(again, Store)
        assert again.read(lambda conn: pools.pool(conn, "editor").counted) == 0
        again.close()


class TestOpening:
    def test_one_process_has_it(self, store: Store, folder: Path) -> None:
        refused = open_store(folder / "site.db")
        assert isinstance(refused, Refused)
        assert refused.code is Code.SERVER_BUSY

    @pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at", None])
    def test_a_foreign_file_is_refused_and_left_as_it_is(self, folder: Path, content: bytes | None) -> None:
        path = folder / "foreign.db"
        if content is None:
            with sqlite3.connect(path) as other:
                other.execute("create table mine (x)")
        else:
            path.write_bytes(content)
        before = path.read_bytes()
        refused = open_store(path)
        assert isinstance(refused, Refused)
        assert refused.code is Code.ALREADY_EXISTS
        assert path.read_bytes() == before

    def test_a_newer_file_is_refused(self, folder: Path) -> None:
        opened = open_store(folder / "newer.db")
        assert isinstance(opened, Store)
        opened.close()
        with sqlite3.connect(folder / "newer.db") as other:
            other.execute("pragma user_version = 99")
        refused = open_store(folder / "newer.db")
        assert isinstance(refused, Refused)
        assert "newer" in refused.detail

    def test_others_cannot_read_it(self, store: Store, folder: Path) -> None:
        assert (folder / "site.db").stat().st_mode & 0o077 == 0

    def test_commits_wait_for_the_disk(self, store: Store) -> None:
        def pragmas(conn: Connection) -> tuple[object, ...]:
            return tuple(conn.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))

        assert store.write(pragmas).result() == ("wal", 2)


class TestWhatIsKept:
    def test_a_keepers_memory_goes_and_comes_back_whole(self, store: Store) -> None:
        memory = StoredMemory(store, "editor")
        assert memory.load() == Kept()
        memory.save(Kept(token="5.x", contact=7))
        assert memory.load() == Kept(token="5.x", contact=7)
        assert StoredMemory(store, "other").load() == Kept()

    def test_what_cannot_be_read_any_more_is_nothing(self, store: Store) -> None:
        store.write(lambda conn: conn.execute("insert into kept values ('editor', ?)", (b"{",))).result()
        assert StoredMemory(store, "editor").load() == Kept()

    def test_a_token_is_used_no_more_often_than_it_is_good_for(self, store: Store) -> None:
        secret = "s" * 32
        kept = enrolments.Enrolment("enr_1", enrolments.digest_of(secret), "editor", "", 2, 0, None, 0, 0)
        store.write(lambda conn: enrolments.add(conn, kept)).result()
        used = [store.write(lambda conn: enrolments.use(conn, secret, "editor", 5)).result() for _ in range(3)]
        assert [each is not None for each in used] == [True, True, False]
        assert store.write(lambda conn: enrolments.use(conn, secret, "other", 5)).result() is None

    def test_events_are_kept_as_long_as_they_matter(self, store: Store) -> None:
        def work(conn: Connection) -> list[str]:
            for severity in ("info", "warning", "critical"):
                events.add(conn, 0, severity, severity, "")  # type: ignore[arg-type]
            kept = []
            for days in (29, 31, 91, 181):
                events.prune(conn, days * DAY)
                kept.append("".join(each.severity[0] for each in events.page(conn, "", None, 9)))
            return kept

        assert store.write(work).result() == ["cwi", "cw", "c", ""]

    def test_answers_are_kept_sealed_for_a_day(self, store: Store) -> None:
        ticket, secret = Ticket("t POST /x", "k", b"p"), "a-secret-token"
        answers = Answers(bytes(32), "run-1")
        assert store.write(lambda conn: answers.begin(conn, ticket, 0)).result() is None
        in_flight = store.write(lambda conn: answers.begin(conn, ticket, 0)).result()
        assert isinstance(in_flight, Refused)
        assert in_flight.code is Code.REQUEST_IN_FLIGHT
        after_a_crash = Answers(bytes(32), "run-2")
        assert store.write(lambda conn: after_a_crash.begin(conn, ticket, 0)).result() is None
        store.write(lambda conn: after_a_crash.finish(conn, ticket, made(secret), 0)).result()
        again = store.write(lambda conn: answers.begin(conn, ticket, 9)).result()
        assert again == made(secret)
        stored = store.read(lambda conn: conn.execute("select answer from answers").fetchone()[0])
        assert secret.encode() not in stored
        store.write(lambda conn: answers.prune(conn, DAY + 1)).result()
        assert store.write(lambda conn: answers.begin(conn, ticket, DAY + 1)).result() is None
