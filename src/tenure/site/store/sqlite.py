"""The site's state in one SQLite file: WAL, every commit on disk before it is answered, one process that writes.

Writes are collected by the thread that commits them (`writer`), reads borrow a connection of their own. What is
written and read is said by the functions handed in.
"""

import logging
import os
import queue
import sqlite3
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.faults import refuse_unlocked, refuse_unwritable
from tenure.sdk.locks import FileLock, acquire_lock
from tenure.sdk.owners import give_to_owner
from tenure.site.store.schema import APPLICATION_ID, STEPS
from tenure.site.store.writer import Connection, SiteWriter, StoreUnavailable, Told, Work

try:
    from pysqlite3 import dbapi2 as driver
except ImportError:  # wheels exist for x86_64 Linux only
    import sqlite3 as driver

READERS = 3

T = TypeVar("T")
log = logging.getLogger("tenure.site.store")

_PRAGMAS = ("foreign_keys=on", "busy_timeout=5000", "trusted_schema=off")
_WRITER = ("journal_mode=wal", "synchronous=full", "wal_autocheckpoint=4000", "cache_size=-64000", *_PRAGMAS)
"""At most 64 MB of pages: keys and hardware of new devices lie anywhere in their indexes, so that a claim among 100,000
seats would read pages that a smaller cache has given up. And 16 MB of log before it is copied, because the same pages
are written again and again."""
_READER = (*_PRAGMAS, "cache_size=-8000", "query_only=on")


class SiteStore:
    """One open file; made by `open_store`. Safe to use from any thread."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock
        self._closed = False
        self._identity = _file_identity(path)
        self._writer = SiteWriter(_connect_file(path, _WRITER, _WritingConnection), driver.Error)
        self._readers: queue.LifoQueue[Connection] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(_connect_file(path, _READER))

    def write(self, work: Callable[[Connection], T | Refused]) -> "Future[T | Refused]":
        """What `work` answers, once it is durable; a `Refused`, or an exception, leaves nothing behind."""
        return cast("Future[T | Refused]", self._writer.submit_job(work))

    def dry_run(self, work: Callable[[Connection], T | Refused]) -> "Future[T | Refused]":
        """What `work` would answer; nothing of its effect stays."""
        return cast("Future[T | Refused]", self._writer.submit_job(work, keep=False))

    def submit_set(self, works: Sequence[Work], told: Told, *, keep: bool = True) -> Refused | None:
        """See `SiteWriter.submit_set`."""
        return self._writer.submit_set(works, told, keep=keep)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` finds, all of it as of one moment."""
        connection = self._readers.get()
        try:
            connection.execute("begin")
            try:
                return work(connection)
            finally:
                connection.execute("rollback")
        finally:
            self._readers.put(connection)

    @property
    def file_displaced(self) -> bool:
        """Whether the file was deleted or replaced: what is written now goes to a file that has no name any more."""
        return _file_identity(self.path) != self._identity

    def rescue_file(self) -> None:
        """Puts a copy of everything back under the file's name, whole or not at all; raises OSError.

        To be done again and again while it is `file_displaced`: each copy stands still.
        """
        draft = self.path.with_name(f"{self.path.name}.rescue")
        draft.unlink(missing_ok=True)
        connection = self._readers.get()
        try:
            os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            copy = driver.connect(str(draft))
            try:
                connection.backup(copy)
            finally:
                copy.close()
        except driver.Error as fault:
            raise StoreUnavailable(str(fault)) from fault
        finally:
            self._readers.put(connection)
        give_to_owner(draft, self.path.parent)
        for name in ("-wal", "-shm"):
            self.path.with_name(self.path.name + name).unlink(missing_ok=True)
        draft.replace(self.path)

    def close(self) -> None:
        """Finish what was accepted, then let go of the file; a second time changes nothing."""
        if self._closed:
            return
        self._closed = True
        self._writer.submit_job(lambda conn: None).exception()
        if self.file_displaced:
            self.rescue_file()
        self._writer.close()
        for _ in range(READERS):
            self._readers.get().close()
        self._lock.release()


def open_store(path: Path) -> SiteStore | Refused:
    """The store in the file at `path`, made if need be and readable by its owner alone.

    Refuses `folder_in_use` when another process has it, `folder_unwritable` where it cannot be written,
    `already_exists` when the file is not of this kind of site, or of a newer one.
    """
    try:
        lock = acquire_lock(path.with_name(path.name + ".lock"), wait=False)
    except OSError as fault:
        return refuse_unlocked(fault, str(path))
    if lock is None:
        return Refused(RefusalCode.FOLDER_IN_USE, f"Another process has {path} open: this site runs already.", "site")
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner(number, path.parent)
        os.close(number)
        refused = _prepare_file(path)
    except OSError as fault:
        refused = refuse_unwritable(fault, str(path))
    if refused is not None:
        lock.release()
        return refused
    return SiteStore(path, lock)


def _file_identity(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _prepare_file(path: Path) -> Refused | None:
    """Makes the tables or brings them forward; looks before it changes anything."""
    try:
        connection = _connect_file(path, _PRAGMAS)
        try:
            return _brought_forward(connection, path)
        finally:
            connection.close()
    except driver.OperationalError as fault:
        return refuse_unwritable(OSError(0, str(fault), str(path)))
    except driver.DatabaseError as fault:
        return Refused(RefusalCode.ALREADY_EXISTS, f"{path} is not the state of a site: {fault}.")


def _brought_forward(connection: Connection, path: Path) -> Refused | None:
    (identity,) = connection.execute("pragma application_id").fetchone()
    (version,) = connection.execute("pragma user_version").fetchone()
    (tables,) = connection.execute("select count(*) from sqlite_schema").fetchone()
    if tables and identity != APPLICATION_ID:
        return Refused(RefusalCode.ALREADY_EXISTS, f"{path} holds something else than the state of a site.")
    if version > len(STEPS):
        return Refused(
            RefusalCode.ALREADY_EXISTS, f"{path} is of a newer Tenure (schema {version}, here {len(STEPS)})."
        )
    for number, step in enumerate(STEPS[version:], version + 1):
        connection.executescript(
            f"begin immediate; {step}; pragma application_id={APPLICATION_ID}; pragma user_version={number}; commit"
        )
    return None


class _WritingConnection(driver.Connection):  # type: ignore[misc]
    """A connection that remembers what a set of jobs has read (`set_memo`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reads: dict[Hashable, Any] = {}


def _connect_file(
    path: Path, pragmas: tuple[str, ...], factory: type[driver.Connection] = driver.Connection
) -> Connection:
    raw: Any = driver.connect(str(path), isolation_level=None, check_same_thread=False, factory=factory)
    for pragma in pragmas:
        raw.execute(f"pragma {pragma}").fetchall()
    return cast(sqlite3.Connection, raw)
