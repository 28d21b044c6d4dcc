"""The one writer of a site: jobs that wait are done in one transaction, committed once, and then answered.

Each job is fenced by a savepoint, so that one that fails or is refused leaves nothing behind and harms no other.
"""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tenure.core.refusals import RefusalCode, Refused

Connection = sqlite3.Connection
"""Of whichever library is used: the standard one and its newer builds are of one shape."""

CAPACITY = 1_024
"""Jobs that may wait; one more is refused, because who retries later costs less than a long queue."""
MOST = 128
"""Jobs of one transaction."""

log = logging.getLogger("tenure.site.store")


class StoreUnavailable(OSError):
    """The file failed under a job, such as a full disk: nothing of it was done."""


class _WriteJob:
    __slots__ = ("fault", "future", "keep", "outcome", "work")

    def __init__(self, work: Callable[[Connection], Any], *, keep: bool) -> None:
        self.work, self.keep = work, keep
        self.future: Future[Any] = Future()
        self.outcome: Any = None
        self.fault: BaseException | None = None

    def deliver_result(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        if self.fault is not None:
            self.future.set_exception(self.fault)
        else:
            self.future.set_result(self.outcome)


class SiteWriter:
    """The thread that alone uses the writing connection."""

    def __init__(self, connection: Connection, error: type[Exception]) -> None:
        """`error`: what the connection's library raises."""
        self._connection = connection
        self._error = error
        self._jobs: queue.Queue[_WriteJob | None] = queue.Queue()
        self._closed = False
        self._thread = threading.Thread(target=self._run_loop, name="tenure-site-writer", daemon=True)
        self._thread.start()

    def submit_job(self, work: Callable[[Connection], Any], *, keep: bool = True) -> "Future[Any]":
        """The outcome of `work`, to come once it is durable; raises `StoreUnavailable` where the file failed.

        With `keep` false nothing of it stays.
        """
        job = _WriteJob(work, keep=keep)
        if self._closed or self._jobs.qsize() >= CAPACITY:
            job.outcome = Refused(RefusalCode.SERVER_BUSY, "The site's store takes no more work at the moment.")
            job.deliver_result()
        else:
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what was accepted."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()
            self._connection.close()

    def _run_loop(self) -> None:
        ended = False
        while not ended:
            first = self._jobs.get()
            batch = [] if first is None else [first]
            ended = first is None or self._collect_waiting(batch)
            if batch:
                self._run_batch(batch)
                for job in batch:
                    job.deliver_result()

    def _collect_waiting(self, batch: list[_WriteJob]) -> bool:
        """Adds what waits already; whether that was the end."""
        while len(batch) < MOST:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            batch.append(job)
        return False

    def _run_batch(self, batch: list[_WriteJob]) -> None:
        try:
            self._connection.execute("begin immediate")
            for job in batch:
                self._run_fenced(job)
            self._connection.execute("commit")
        except self._error as fault:
            # The transaction itself failed: the work of no caller is done.
            log.exception("a batch of %d jobs failed", len(batch))
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            for job in batch:
                job.fault = StoreUnavailable(str(fault))

    def _run_fenced(self, job: _WriteJob) -> None:
        self._connection.execute("savepoint job")
        try:
            job.outcome = job.work(self._connection)
        except Exception as fault:  # handed to the one caller whose job it is
            job.fault = StoreUnavailable(str(fault)) if isinstance(fault, self._error) else fault
        if job.fault is not None or not job.keep or isinstance(job.outcome, Refused):
            if not self._connection.in_transaction:
                raise self._error("the transaction was lost")
            self._connection.execute("rollback to job")
        self._connection.execute("release job")
