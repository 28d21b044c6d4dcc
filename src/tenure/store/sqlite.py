"""The state in one SQLite file: applied in the loop, committed off the loop, one process that writes.

Reading inline costs less than any hop to a thread; only COMMIT, which waits for the disk, leaves the loop. The sole
module that knows which SQLite library is used.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate

import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.batch import CAPACITY, MOST, WriteBatcher
from tenure.store.dialects import SteadyLimitCompiler
from tenure.store.engine import Answer, Connection, Item, Later, P, T, Told
from tenure.store.lite_connection import LiteConnection
from tenure.store.prepare import Upgrade, prepare_database
from tenure.store.transaction_memo import begin_memo, forget_reads

try:
    from pysqlite3 import dbapi2 as driver
except ImportError:  # wheels exist for x86_64 Linux only
    import sqlite3 as driver

LIBRARY: tuple[int, int, int] = driver.sqlite_version_info
SOUND_SINCE = (3, 51, 3)
"""Earlier libraries can lose a commit when two connections write or checkpoint at the same instant."""

STATEMENTS_CACHED = 512
"""Statements that the driver keeps ready for a connection; the store has some three hundred."""

_log = logging.getLogger("tenure.store")
_ALWAYS = ("foreign_keys=on", "busy_timeout=5000", "trusted_schema=off", "recursive_triggers=on", "cache_size=-16000")
# Checkpoints are kept off most commits; recursive triggers make REPLACE obey the append-only triggers.
_WRITER = ("journal_mode=wal", "synchronous=full", "wal_autocheckpoint=4000", *_ALWAYS)
_READER = (*_ALWAYS, "query_only=on")


class SqliteDatabase:
    """`engine.Database` on one file; made by `open_lite`."""

    def __init__(self, writer: LiteConnection, reader: LiteConnection, lock: int, capacity: int, most: int) -> None:
        self._writer, self._reader, self._lock = writer, reader, lock
        self._commits = ThreadPoolExecutor(1, "commit")
        self._raw: Any = writer.raw
        for each in (writer, reader):
            # One without end to SQLAlchemy, which writes nothing for it: those that count begin and end below.
            each.begin()
        self._batcher = WriteBatcher(self, capacity, most)

    is_shared = False
    """See `engine.Database`: one process writes."""

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `engine.Database.read`."""
        raw = self._reader.raw
        raw.execute("begin")
        begin_memo(self._reader)
        try:
            return fn(self._reader, *args, **kwargs)
        finally:
            raw.rollback()

    async def write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """See `engine.Database.write`."""
        answer: T | Refused = await self._batcher.run(lambda connection: fn(connection, *args, **kwargs))
        return answer

    async def dry_run(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """See `engine.Database.dry_run`."""
        answer: T | Refused = await self._batcher.run(lambda connection: fn(connection, *args, **kwargs), keep=False)
        return answer

    async def submit_set(
        self, handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]], item: Item, owner: str = ""
    ) -> Answer | Refused:
        """See `engine.Database.submit_set`."""
        answer: Answer | Refused = await self._batcher.run_item(handler, item, owner)
        return answer

    def post_to_set(
        self,
        handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]],
        item: Item,
        told: Told,
        owner: str = "",
    ) -> Refused | None:
        """See `engine.Database.post_to_set`."""
        return self._batcher.post_item(handler, item, told, owner)

    async def wait_for_news(self, seconds: float) -> None:
        """See `engine.Database.wait_for_news`: there is no other process."""
        await asyncio.sleep(seconds)

    async def release_idle(self) -> None:
        """See `engine.Database.release_idle`: a file belongs to no loop."""

    async def close(self) -> None:
        """See `engine.Database.close`."""
        await self._batcher.close()
        self._commits.shutdown()
        for connection in (self._reader, self._writer):
            connection.close()
            connection.engine.dispose()
        os.close(self._lock)

    async def apply(self, work: Callable[[Connection], None]) -> None:
        """For the batcher: BEGIN IMMEDIATE and `work`, inline."""
        self._raw.execute("begin immediate")
        begin_memo(self._writer)
        work(self._writer)

    async def commit(self) -> None:
        """For the batcher: the one wait for the disk, off the loop."""
        await asyncio.get_running_loop().run_in_executor(self._commits, self._raw.commit)

    async def rollback(self) -> None:
        """For the batcher: as far as SQLite has not done so itself."""
        self._raw.rollback()

    def savepoint(self, connection: Connection, statement: str) -> None:
        """For the batcher: past SQLAlchemy, because a fence must cost less than what it guards."""
        self._raw.execute(statement)
        if statement.startswith("rollback"):
            forget_reads(connection)

    def raced(self, fault: Exception) -> bool:
        """For the batcher: never, because no other process may write."""
        return False

    def name_fault(self, fault: Exception) -> Exception:
        """For the batcher: a disk that fails ends the whole transaction, so what one job raises is its own."""
        return fault


def open_lite(
    path: Path,
    upgrade: Upgrade | None = None,
    *,
    capacity: int = CAPACITY,
    most: int = MOST,
    lock: int | None = None,
) -> SqliteDatabase | Refused:
    """The database in the file at `path`, made if need be and readable by its owner alone; see `prepare_database`.

    Refuses `already_exists` when the file is not Tenure's or is of another Tenure, and as `lock_writer`. A running
    event loop is needed only to use it. `lock`: the file's, where the caller has it and keeps it longer.
    """
    flaw = flaw_of(LIBRARY)
    if flaw:
        _log.warning(flaw)
    taken = lock_writer(path) if lock is None else os.dup(lock)
    if isinstance(taken, Refused):
        return taken
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        refused = _prepare_file(path, upgrade)
    except BaseException:  # a migration that fails, say: the next one to open it must not find it in use
        os.close(taken)
        raise
    if refused is not None:
        os.close(taken)
        return refused
    return SqliteDatabase(
        connect_lite(_opener(path, _WRITER)), connect_lite(_opener(path, _READER)), taken, capacity, most
    )


def flaw_of(library: tuple[int, int, int]) -> str:
    """What is wrong with that version of SQLite, for the log; empty when nothing is known."""
    if library >= SOUND_SINCE:
        return ""
    version, sound = (".".join(map(str, numbers)) for numbers in (library, SOUND_SINCE))
    return f"SQLite {version} can lose a commit where two connections write at once; {sound} or later is advised"


@contextmanager
def open_read_only(path: Path) -> Iterator[Connection]:
    """A connection that can only read, for commands beside a running server (`tenure verify-history`)."""
    connection = connect_lite(_opener(path, _READER), "begin")
    try:
        yield connection
    finally:
        connection.close()
        connection.engine.dispose()


def _prepare_file(path: Path, upgrade: Upgrade | None) -> Refused | None:
    """Look before anything is changed: even the journal mode of a foreign file stays as it is."""
    try:
        connection = connect_lite(_opener(path, _ALWAYS), "begin immediate")
        try:
            with connection.begin() as transaction:
                refused = prepare_database(connection, upgrade)
                if refused is not None:
                    transaction.rollback()
            return refused
        finally:
            connection.close()
            connection.engine.dispose()
    except sa.exc.DatabaseError as fault:
        return Refused(RefusalCode.ALREADY_EXISTS, f"{path} is not a database of Tenure: {fault.orig}.")


def lock_writer(path: Path) -> int | Refused:
    """The lock of the database at `path`, held until the handle is closed: the library's flaw cannot strike where only
    one process writes.

    Refuses `folder_in_use` when another process has it, and, with the system's own reason, `folder_unlockable` where
    the file system has no working locks, `field_invalid` where the lock file cannot be opened.
    """
    place = path.with_name(path.name + ".lock")
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{place} cannot be opened: {fault.strerror}.", "folder")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return Refused(RefusalCode.FOLDER_IN_USE, f"Another process has {path} open for writing.", "folder")
    except OSError as fault:
        os.close(handle)
        return Refused(RefusalCode.FOLDER_UNLOCKABLE, f"{place}: {fault.strerror}.")
    return handle


def _opener(path: Path, pragmas: Sequence[str]) -> Callable[[], Any]:
    def connect() -> Any:
        # The loop and the commit thread take strict turns, which the driver cannot know.
        raw = driver.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS_CACHED
        )
        for pragma in pragmas:
            raw.execute(f"pragma {pragma}").fetchall()
        return raw

    return connect


def connect_lite(connect: Callable[[], Any], begin: str = "") -> LiteConnection:
    """A connection to what `connect` opens; `begin`: the statement with which SQLAlchemy begins a transaction, empty
    where the caller begins and ends them on the driver's connection."""
    engine = sa.create_engine(
        "sqlite://", module=driver, creator=connect, poolclass=sa.pool.StaticPool, hide_parameters=True
    )
    engine.dialect.statement_compiler = SteadyLimitCompiler
    if begin:
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return LiteConnection(engine)
