"""The site's own store: one writer, each job apart from the others, nobody else's file."""

import sqlite3
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.http.idempotency import IdempotentRequest
from tenure.http.responses import json_response
from tenure.sdk.client_state import ClientState
from tenure.site.store import enrollments, events, pools
from tenure.site.store.answers import StoredAnswers
from tenure.site.store.client_state import StoredMemory
from tenure.site.store.sqlite import SiteStore, driver, open_store
from tenure.site.store.writer import Connection, SiteWriter


@pytest.fixture
def store(folder: Path) -> SiteStore:
    opened = open_store(folder / "site.db")
    assert isinstance(opened, SiteStore)
    opened.write(lambda conn: pools.ensure_pool(conn, "editor")).result()
    return opened


class TestWriting:
    def test_a_job_that_fails_or_is_refused_leaves_nothing_and_harms_no_other(self, store: SiteStore) -> None:
        def adds(conn: Connection) -> str:
            pools.adopt_place(conn, "editor")
            return "done"

        def raises(conn: Connection) -> None:
            pools.adopt_place(conn, "editor")
            raise RuntimeError("a fault of ours")

        def refuses(conn: Connection) -> Refused:
            pools.adopt_place(conn, "editor")
            return Refused(RefusalCode.NOT_FOUND)

        hold = threading.Event()
        first: Future[object] = store.write(lambda _: hold.wait(10))  # so that the others share one transaction
        futures = [store.write(work) for work in (adds, raises, refuses, adds)]  # type: ignore[list-item, var-annotated]
        hold.set()
        first.result()
        assert futures[0].result() == futures[3].result() == "done"
        with pytest.raises(RuntimeError, match="a fault of ours"):
            futures[1].result()
        assert isinstance(futures[2].result(), Refused)
        assert store.read(lambda conn: pools.get_pool(conn, "editor").counted) == 2

    def test_a_rehearsal_answers_and_leaves_nothing(self, store: SiteStore) -> None:
        assert store.dry_run(lambda conn: pools.claim_place(conn, "editor", 5)).result() is True
        assert store.read(lambda conn: pools.get_pool(conn, "editor").counted) == 0

    def test_reading_cannot_write(self, store: SiteStore) -> None:
        with pytest.raises(driver.OperationalError):
            store.read(lambda conn: pools.adopt_place(conn, "editor"))

    def test_a_broken_file_is_told_to_whoever_waits_and_the_next_one_is_served(self) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.execute("create table t (n integer) strict")
        writer = SiteWriter(connection, sqlite3.Error)
        with pytest.raises(OSError, match="no such table"):
            writer.submit_job(lambda conn: conn.execute("insert into nowhere values (1)")).result()
        writer.submit_job(lambda conn: conn.execute("insert into t values (1)")).result()
        writer.close()
        late = writer.submit_job(lambda conn: conn.execute("insert into t values (2)")).result()
        assert isinstance(late, Refused)
        assert late.code is RefusalCode.SERVER_BUSY

    def test_what_was_answered_is_there_after_closing_at_once(self, folder: Path) -> None:
        opened = open_store(folder / "again.db")
        assert isinstance(opened, SiteStore)
        opened.write(lambda conn: pools.ensure_pool(conn, "editor"))
        opened.close()
        again = open_store(folder / "again.db")
        assert isinstance(again, SiteStore)
        assert again.read(lambda conn: pools.get_pool(conn, "editor").counted) == 0
        again.close()


class TestOpening:
    def test_one_process_has_it(self, store: SiteStore, folder: Path) -> None:
        refused = open_store(folder / "site.db")
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.FOLDER_IN_USE

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
        assert refused.code is RefusalCode.ALREADY_EXISTS
        assert path.read_bytes() == before

    def test_a_newer_file_is_refused(self, folder: Path) -> None:
        opened = open_store(folder / "newer.db")
        assert isinstance(opened, SiteStore)
        opened.close()
        with sqlite3.connect(folder / "newer.db") as other:
            other.execute("pragma user_version = 99")
        refused = open_store(folder / "newer.db")
        assert isinstance(refused, Refused)
        assert "newer" in refused.detail

    def test_others_cannot_read_it(self, store: SiteStore, folder: Path) -> None:
        assert (folder / "site.db").stat().st_mode & 0o077 == 0

    def test_commits_wait_for_the_disk(self, store: SiteStore) -> None:
        def pragmas(conn: Connection) -> tuple[object, ...]:
            return tuple(conn.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))

        assert store.write(pragmas).result() == ("wal", 2)


class TestWhatIsKept:
    def test_a_keepers_memory_goes_and_comes_back_whole(self, store: SiteStore) -> None:
        memory = StoredMemory(store, "editor")
        assert memory.load_state() == ClientState()
        memory.save_state(ClientState(token="5.x", contact=7))
        assert memory.load_state() == ClientState(token="5.x", contact=7)
        assert StoredMemory(store, "other").load_state() == ClientState()

    def test_what_cannot_be_read_any_more_is_nothing(self, store: SiteStore) -> None:
        store.write(lambda conn: conn.execute("insert into kept values ('editor', ?)", (b"{",))).result()
        assert StoredMemory(store, "editor").load_state() == ClientState()

    def test_a_token_is_used_no_more_often_than_it_is_good_for(self, store: SiteStore) -> None:
        secret = "s" * 32
        kept = enrollments.EnrollmentRow("enr_1", enrollments.digest_of(secret), "editor", "", 2, 0, None, 0, 0)
        store.write(lambda conn: enrollments.add(conn, kept)).result()
        used = [store.write(lambda conn: enrollments.use_token(conn, secret, "editor", 5)).result() for _ in range(3)]
        assert [each is not None for each in used] == [True, True, False]
        assert store.write(lambda conn: enrollments.use_token(conn, secret, "other", 5)).result() is None

    def test_events_are_kept_as_long_as_they_matter(self, store: SiteStore) -> None:
        def work(conn: Connection) -> list[str]:
            for severity in ("info", "warning", "critical"):
                events.add(conn, 0, severity, severity, "")  # type: ignore[arg-type]
            kept = []
            for days in (29, 31, 91, 181):
                events.prune(conn, days * DAY)
                kept.append("".join(each.severity[0] for each in events.page(conn, "", None, 9)))
            return kept

        assert store.write(work).result() == ["cwi", "cw", "c", ""]

    def test_answers_are_kept_sealed_for_a_day(self, store: SiteStore) -> None:
        ticket, secret = IdempotentRequest("t POST /x", "k", b"p"), "a-secret-token"
        answers = StoredAnswers(bytes(32), "run-1")
        assert store.write(lambda conn: answers.begin_request(conn, ticket, 0)).result() is None
        in_flight = store.write(lambda conn: answers.begin_request(conn, ticket, 0)).result()
        assert isinstance(in_flight, Refused)
        assert in_flight.code is RefusalCode.REQUEST_IN_FLIGHT
        after_a_crash = StoredAnswers(bytes(32), "run-2")
        assert store.write(lambda conn: after_a_crash.begin_request(conn, ticket, 0)).result() is None
        store.write(lambda conn: after_a_crash.finish_request(conn, ticket, json_response(secret), 0)).result()
        again = store.write(lambda conn: answers.begin_request(conn, ticket, 9)).result()
        assert again == json_response(secret)
        stored = store.read(lambda conn: conn.execute("select answer from answers").fetchone()[0])
        assert secret.encode() not in stored
        store.write(lambda conn: answers.prune_old(conn, DAY + 1)).result()
        assert store.write(lambda conn: answers.begin_request(conn, ticket, DAY + 1)).result() is None
