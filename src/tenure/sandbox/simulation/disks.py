"""Disks of simulated machines: a folder, a site's store and the server's database, each in memory and each mortal.

What is cut short is the waiting for a real disk, never an order of steps: at each write, sync, rename and commit the
process may die, and what it finds afterwards is what was durable then. Everything happens in the caller's thread.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, TypeVar, cast

from tenure.core.refusals import Refused
from tenure.site.store.schema import STEPS
from tenure.site.store.sqlite import SiteStore
from tenure.site.store.writer import Connection as SiteConnection
from tenure.store.engine import Answer, Connection, Item, Later, P, Told
from tenure.store.prepare import prepare_database
from tenure.store.sqlite import connect_lite

try:
    from pysqlite3 import dbapi2 as driver
except ImportError:  # as in `store.sqlite`
    driver = sqlite3

T = TypeVar("T")
Step = Callable[[], None]
"""A step at which the process may die; it raises when it does."""

_FAST = ("foreign_keys=on", "trusted_schema=off", "recursive_triggers=on", "journal_mode=memory", "synchronous=off")


def never() -> None:
    """A process that does not die."""


class MemoryDisk:
    """`sdk.disk.Disk` in memory: content is durable once synced, names are once the folder is."""

    place = "memory"
    """See `Disk`."""

    def __init__(self, step: Step, files: dict[str, bytes] | None = None) -> None:
        self._step = step
        self._durable = dict(files or {})
        self._files = dict(self._durable)
        self._synced = dict(self._durable)

    def read(self, name: str) -> bytes | None:
        """See `Disk`."""
        return self._files.get(name)

    def write(self, name: str, data: bytes) -> None:
        """See `Disk`."""
        self._files[name] = data[: len(data) // 2]
        self._step()
        self._files[name] = data

    def sync(self, name: str) -> None:
        """See `Disk`."""
        self._step()
        self._synced[name] = self._files[name]

    def rename(self, old: str, new: str) -> None:
        """See `Disk`."""
        self._step()
        self._files[new] = self._files.pop(old)
        self._synced[new] = self._synced.pop(old, b"")

    def sync_folder(self) -> None:
        """See `Disk`."""
        self._step()
        self._durable = {name: self._synced.get(name, b"") for name in self._files}
        self._step()

    @contextmanager
    def lock(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """See `Disk`: no other process uses it."""
        yield True

    def cut(self) -> None:
        """The power is gone: what was not durable is not there."""
        self._files = dict(self._durable)
        self._synced = dict(self._durable)

    def snapshot(self) -> dict[str, bytes]:
        """What an image of the disk taken now holds."""
        return dict(self._durable)


class SiteDisk:
    """The one file of a site's state."""

    def __init__(self, step: Step, image: "SiteDisk | None" = None) -> None:
        self.step = step
        self.raw = _opened()
        if image is None:
            for script in STEPS:
                self.raw.executescript(script)
        else:
            image.raw.backup(self.raw)

    def snapshot(self, step: Step = never) -> "SiteDisk":
        """An image of the file as it is now."""
        return SiteDisk(step, self)


class SimulatedSiteStore(SiteStore):
    """`site.store.lite.SiteStore` on a simulated disk: the same fences and transactions, without threads."""

    def __init__(self, disk: SiteDisk) -> None:
        self._connection: SiteConnection = cast(sqlite3.Connection, disk.raw)
        self._step = disk.step
        self.path = Path("memory")

    @property
    def file_displaced(self) -> bool:
        """No other process deletes anything here."""
        return False

    def write(self, work: Callable[[SiteConnection], T | Refused]) -> "Future[T | Refused]":
        """See `SiteStore`; a death before the commit leaves nothing, one after it leaves everything."""
        return self._done(work, keep=True)

    def dry_run(self, work: Callable[[SiteConnection], T | Refused]) -> "Future[T | Refused]":
        """See `SiteStore`."""
        return self._done(work, keep=False)

    def read(self, work: Callable[[SiteConnection], T]) -> T:
        """See `SiteStore`."""
        return work(self._connection)

    def close(self) -> None:
        """The file stays where it is."""

    def _done(self, work: Callable[[SiteConnection], T | Refused], *, keep: bool) -> "Future[T | Refused]":
        future: Future[T | Refused] = Future()
        self._connection.execute("begin immediate")
        try:
            outcome = work(self._connection)
            if keep and not isinstance(outcome, Refused):
                self._step()
                self._connection.execute("commit")
            future.set_result(outcome)
        except Exception as fault:  # handed to the one caller whose job it is
            future.set_exception(fault)
        finally:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        self._step()
        return future


class ServerDisk:
    """The one file of the server's state."""

    def __init__(self, image: "ServerDisk | None" = None) -> None:
        self.raw = _opened()
        if image is not None:
            image.raw.backup(self.raw)
        self.connection = connect_lite(lambda: self.raw, "begin immediate")
        if image is None:
            with self.connection.begin():
                prepare_database(self.connection)

    def snapshot(self) -> "ServerDisk":
        """A backup of the file as it is now."""
        return ServerDisk(self)


class ServerDatabase:
    """`store.engine.Database` on a simulated disk: one job, one transaction, nothing to wait for."""

    def __init__(self, disk: ServerDisk, step: Step) -> None:
        self.disk, self._step = disk, step

    is_shared = False
    """See `engine.Database`: one process writes."""

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `engine.Database`."""
        with self.disk.connection.begin():
            return fn(self.disk.connection, *args, **kwargs)

    async def write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """See `engine.Database`; a death before the commit leaves nothing, one after it leaves everything."""
        answer: T | Refused = self._done(lambda: fn(self.disk.connection, *args, **kwargs), keep=True)
        return answer

    async def dry_run(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """See `engine.Database`."""
        answer: T | Refused = self._done(lambda: fn(self.disk.connection, *args, **kwargs), keep=False)
        return answer

    async def submit_set(
        self, handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]], item: Item, owner: str = ""
    ) -> Answer | Refused:
        """See `engine.Database`."""
        answer: Answer | Refused = self._done(lambda: handler(self.disk.connection, [item])[0], keep=True)
        return answer

    def post_to_set(
        self,
        handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]],
        item: Item,
        told: Told,
        owner: str = "",
    ) -> Refused | None:
        """See `engine.Database`."""
        try:
            answer: Answer | Refused = self._done(lambda: handler(self.disk.connection, [item])[0], keep=True)
        except Exception as fault:
            told(None, fault)
        else:
            told(answer, None)
        return None

    async def wait_for_news(self, seconds: float) -> None:
        """See `engine.Database.wait_for_news`: there is no other process."""
        await asyncio.sleep(seconds)

    async def release_idle(self) -> None:
        """See `engine.Database`; nothing belongs to a loop."""

    async def close(self) -> None:
        """The file stays where it is."""

    def _done(self, work: Callable[[], Any], *, keep: bool) -> Any:
        transaction = self.disk.connection.begin()
        try:
            outcome = work()
            if keep and not isinstance(outcome, Refused):
                self._step()
                transaction.commit()
        finally:
            if transaction.is_active:
                transaction.rollback()
        self._step()
        return outcome


def _opened() -> Any:
    raw = driver.connect(":memory:", isolation_level=None, check_same_thread=False)
    for pragma in _FAST:
        raw.execute(f"pragma {pragma}").fetchall()
    return raw
