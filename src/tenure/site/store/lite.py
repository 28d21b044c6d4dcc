"""The site's state in one SQLite file: WAL, every commit on disk before it is answered, one process that writes.

Writes are collected by the thread that commits them (`writer`), reads borrow a connection of their own. What is
written and read is said by the functions handed in.
"""

import fcntl
import logging
import os
import queue
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

from tenure.core.refusals import Code, Refused
from tenure.site.store.schema import APPLICATION_ID, STEPS
from tenure.site.store.writer import Connection, Writer

try:
    from pysqlite3 import dbapi2 as driver
except ImportError:  # wheels exist for x86_64 Linux only
    import sqlite3 as driver

READERS = 3

T = TypeVar("T")
log = logging.getLogger("tenure.site.store")

_PRAGMAS = ("foreign_keys=on", "busy_timeout=5000", "trusted_schema=off", "cache_size=-8000")
_WRITER = ("journal_mode=wal", "synchronous=full", "wal_autocheckpoint=2000", *_PRAGMAS)
_READER = (*_PRAGMAS, "query_only=on")


class Store:
    """One open file; made by `open_store`. Safe to use from any thread."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        self._writer = Writer(_connect(path, _WRITER), driver.Error)
        self._readers: queue.LifoQueue[Connection] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(_connect(path, _READER))

    def write(self, work: Callable[[Connection], T | Refused]) -> "Future[T | Refused]":
        """What `work` answers, once it is durable; a `Refused`, or an exception, leaves nothing behind."""
        return cast("Future[T | Refused]", self._writer.submit(work))

    def rehearse(self, work: Callable[[Connection], T | Refused]) -> "Future[T | Refused]":
        """What `work` would answer; nothing of its effect stays."""
        return cast("Future[T | Refused]", self._writer.submit(work, keep=False))

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

    def close(self) -> None:
        """Finish what was accepted, then let go of the file."""
        self._writer.close()
        for _ in range(READERS):
            self._readers.get().close()
        os.close(self._lock)


def open_store(path: Path) -> Store | Refused:
    """The store in the file at `path`, made if need be and readable by its owner alone.

    Refuses `server_busy` when another process has it, `already_exists` when the file is not of this kind of site, or of
    a newer one.
    """
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return Refused(Code.SERVER_BUSY, f"Another process has {path} open: this site runs already.")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    refused = _prepared(path)
    if refused is not None:
        os.close(lock)
        return refused
    return Store(path, lock)


def _prepared(path: Path) -> Refused | None:
    """Makes the tables or brings them forward; looks before it changes anything."""
    try:
        connection = _connect(path, _PRAGMAS)
        try:
            return _brought_forward(connection, path)
        finally:
            connection.close()
    except driver.DatabaseError as fault:
        return Refused(Code.ALREADY_EXISTS, f"{path} is not the state of a site: {fault}.")


def _brought_forward(connection: Connection, path: Path) -> Refused | None:
    (identity,) = connection.execute("pragma application_id").fetchone()
    (version,) = connection.execute("pragma user_version").fetchone()
    (tables,) = connection.execute("select count(*) from sqlite_schema").fetchone()
    if tables and identity != APPLICATION_ID:
        return Refused(Code.ALREADY_EXISTS, f"{path} holds something else than the state of a site.")
    if version > len(STEPS):
        return Refused(Code.ALREADY_EXISTS, f"{path} is of a newer Tenure (schema {version}, here {len(STEPS)}).")
    for number, step in enumerate(STEPS[version:], version + 1):
        connection.executescript(
            f"begin immediate; {step}; pragma application_id={APPLICATION_ID}; pragma user_version={number}; commit"
        )
    return None


def _connect(path: Path, pragmas: tuple[str, ...]) -> Connection:
    raw: Any = driver.connect(str(path), isolation_level=None, check_same_thread=False)
    for pragma in pragmas:
        raw.execute(f"pragma {pragma}").fetchall()
    return cast(sqlite3.Connection, raw)
