"""The SQLite file: whose it is, who may write it, and the settings that durability rests on."""

import asyncio
import errno
import fcntl
import logging
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.cli import backups
from tenure.core.refusals import RefusalCode, Refused
from tenure.store import schema, sqlite
from tenure.store.engine import Connection, DatabaseUnavailable
from tenure.store.schema import meta
from tenure.store.sqlite import SqliteDatabase, lock_writer, open_lite, open_read_only


def opened(path: Path) -> SqliteDatabase:
    db = open_lite(path)
    assert isinstance(db, SqliteDatabase), db
    return db


def put(conn: Connection, key: str, value: str = "") -> None:
    conn.execute(meta.insert(), {"key": key, "value": value})


def value(conn: Connection, pragma: str) -> object:
    return conn.exec_driver_sql(f"pragma {pragma}").scalar()


async def test_what_durability_rests_on(tmp_path: Path) -> None:
    db = opened(tmp_path / "t.db")
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout", "application_id")
    set_to = await db.write(lambda conn: [value(conn, pragma) for pragma in pragmas])
    assert set_to == ["wal", 2, 1, 1, 5000, schema.APPLICATION_ID]
    strict = await db.read(lambda conn: conn.exec_driver_sql("pragma table_list").all())
    loose = {row.name for row in strict if not row.strict and not row.name.startswith("sqlite_")}
    assert loose == {"alembic_version"}, "every table of ours is strict"
    assert await db.read(lambda conn: value(conn, "query_only")) == 1
    await db.close()
    assert (tmp_path / "t.db").stat().st_mode & 0o777 == 0o600


async def test_a_read_is_one_transaction(tmp_path: Path) -> None:
    """A commit that ends in its thread between two queries of a read cannot show in the second."""
    db = opened(tmp_path / "t.db")

    def look_twice(conn: Connection) -> tuple[object, object, bool]:
        count = sa.select(sa.func.count()).select_from(meta)
        before = conn.scalar(count)
        db._writer.raw.execute("begin immediate")
        put(db._writer, "between")
        db._writer.raw.commit()
        raw = conn.connection.dbapi_connection
        return before, conn.scalar(count), bool(getattr(raw, "in_transaction", False))

    assert await db.read(look_twice) == (1, 1, True)
    assert await db.read(lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(meta))) == 2
    await db.close()


async def test_one_process_writes(tmp_path: Path) -> None:
    db = opened(tmp_path / "t.db")
    refused = open_lite(tmp_path / "t.db")
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.FOLDER_IN_USE
    script = (
        "import sys; from pathlib import Path; from tenure.store.sqlite import open_lite;"
        "print(open_lite(Path(sys.argv[1])).code)"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path / "t.db"), stdout=subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(other.communicate(), 60)
    assert said.decode().strip() == RefusalCode.FOLDER_IN_USE, "another process is refused too"
    await db.write(put, "a")
    with open_read_only(tmp_path / "t.db") as beside:
        assert beside.scalar(sa.select(meta.c.key).where(meta.c.key == "a")) == "a", "looking is allowed"
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            put(beside, "b")
    await db.close()
    await opened(tmp_path / "t.db").close()


@pytest.mark.parametrize("kind", ["a database of somebody else", "one that calls itself ours", "no database at all"])
def test_a_foreign_file_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "theirs.db"
    if kind == "no database at all":
        path.write_bytes(b"Dear diary, today I " * 200)
    else:
        theirs = sqlite3.connect(path)
        theirs.execute("create table meta (key text, value text)")
        theirs.execute("insert into meta values ('application', 'tenure')")
        if kind == "one that calls itself ours":
            theirs.execute("pragma user_version = 7")
        theirs.commit()
        theirs.close()
    before = path.read_bytes()
    refused = open_lite(path)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.ALREADY_EXISTS
    assert path.read_bytes() == before
    assert isinstance(open_lite(path), Refused), "the lock was let go"


async def test_a_file_of_a_newer_tenure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    db = opened(path)
    await db.write(lambda conn: conn.exec_driver_sql("update alembic_version set version_num = '9999'").rowcount)
    await db.close()
    refused = open_lite(path)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.ALREADY_EXISTS
    assert "newer" in refused.detail


def test_an_old_library_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert "3.40.1 can lose a commit" in sqlite.flaw_of((3, 40, 1))
    assert sqlite.flaw_of((3, 51, 2))
    assert sqlite.flaw_of((3, 51, 3)) == sqlite.flaw_of((3, 53, 4)) == ""
    with caplog.at_level(logging.WARNING, "tenure.store"):
        db = open_lite(tmp_path / "t.db")
    assert isinstance(db, SqliteDatabase)
    asyncio.run(db.close())
    assert bool(caplog.text) == bool(sqlite.flaw_of(sqlite.LIBRARY)), "said exactly where it holds"


async def test_a_disk_that_is_full_fails_that_batch_alone(tmp_path: Path) -> None:
    """SQLite rolls the whole transaction back: everybody in it is told, and the next one works."""
    db = opened(tmp_path / "t.db")
    await db.write(put, "before")
    pages = await db.write(lambda conn: value(conn, "page_count"))
    await db.write(lambda conn: value(conn, f"max_page_count = {pages}"))
    jobs = [db.write(put, "small"), db.write(put, "large", "x" * 100_000), db.write(put, "late")]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes][1] in {DatabaseUnavailable, sa.exc.OperationalError}
    found = await db.read(lambda conn: set(conn.scalars(sa.select(meta.c.key))))
    done = {key for key, outcome in zip(("small", "large", "late"), outcomes, strict=True) if outcome is None}
    assert found == {"application", "before"} | done, "exactly what was acknowledged is there"
    await db.write(lambda conn: value(conn, "max_page_count = 1000000"))
    await db.write(put, "after")
    assert await db.read(lambda conn: conn.scalar(sa.select(meta.c.key).where(meta.c.key == "after"))) == "after"
    await db.close()


async def test_a_commit_that_the_database_refuses_is_told_to_all_and_the_next_one_works(tmp_path: Path) -> None:
    db = opened(tmp_path / "t.db")

    def dangling(conn: Connection) -> None:
        conn.exec_driver_sql("pragma defer_foreign_keys=on")
        conn.exec_driver_sql("insert into outbox_heads values ('nobody', 1)")

    outcomes = await asyncio.gather(db.write(put, "a"), db.write(dangling), db.write(put, "b"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 3
    await db.write(put, "after")
    found = await db.read(lambda conn: set(conn.scalars(sa.select(meta.c.key))))
    assert found == {"application", "after"}
    await db.close()


def test_a_lock_that_another_process_has_is_told_apart_from_one_that_cannot_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.db"
    held = lock_writer(path)
    assert isinstance(held, int)
    busy = open_lite(path)
    assert isinstance(busy, Refused)
    assert busy.code is RefusalCode.FOLDER_IN_USE
    os.close(held)

    def no_locks(number: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    refused = open_lite(path)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.detail) == (RefusalCode.FOLDER_UNLOCKABLE, f"{path}.lock: No locks available.")
    with backups._refuse_in_use(path) as prevented:
        assert prevented == refused


def test_a_lock_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.db.lock").mkdir()
    refused = open_lite(tmp_path / "t.db")
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.FIELD_INVALID, "folder")
    assert "t.db.lock cannot be opened: Is a directory" in refused.detail
