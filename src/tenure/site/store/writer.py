"""The one writer of a site: jobs that wait are done in one transaction, committed once, and then answered.

A set of jobs is fenced by one savepoint; where one of them fails or is refused, each of the set is done again behind a
savepoint of its own, so that it leaves nothing behind and harms no other. Event loops are `loop_writes`'.
"""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from tenure.core.refusals import RefusalCode, Refused

Connection = sqlite3.Connection
"""Of whichever library is used: the standard one and its newer builds are of one shape."""

CAPACITY = 1_024
"""Jobs that may wait; one more is refused, because who retries later costs less than a long queue."""
MOST = 128
"""Jobs of one transaction."""

Work = Callable[[Connection], Any]


def reads_of(conn: Connection) -> dict[Hashable, Any] | None:
    """What the set of jobs under way has read (`set_memo`); None for a connection that remembers nothing."""
    reads: dict[Hashable, Any] | None = getattr(conn, "reads", None)
    return reads


def _forget_reads(conn: Connection) -> None:
    reads = reads_of(conn)
    if reads is not None:
        reads.clear()


log = logging.getLogger("tenure.site.store")


class StoreUnavailable(OSError):
    """The file failed under a job, such as a full disk: nothing of it was done."""


class WriteOutcome(NamedTuple):
    """What became of one job, once that is durable."""

    value: Any = None
    fault: Exception | None = None
    """What its work raised, or `StoreUnavailable`; then nothing of it was done."""


Told = Callable[[Sequence[WriteOutcome]], None]
"""Is told the outcomes of a set in their order, in the writer's thread; it raises nothing and does not wait."""

UNAVAILABLE = Refused(RefusalCode.SERVER_BUSY, "The site's store takes no more work at the moment.")


class _JobSet:
    """Jobs that were handed over together (`keep` false: nothing of them stays)."""

    __slots__ = ("keep", "outcomes", "told", "works")

    def __init__(self, works: Sequence[Work], told: Told, *, keep: bool) -> None:
        self.works, self.told, self.keep = works, told, keep
        self.outcomes: list[WriteOutcome] = []

    def fail_all(self, fault: Exception) -> None:
        self.outcomes = [WriteOutcome(fault=fault)] * len(self.works)

    def tell_outcomes(self) -> None:
        try:
            self.told(self.outcomes)
        except Exception:  # the others of the batch wait for theirs
            log.exception("the outcome of a job could not be told")


class SiteWriter:
    """The thread that alone uses the writing connection."""

    def __init__(self, connection: Connection, error: type[Exception]) -> None:
        """`error`: what the connection's library raises."""
        self._connection = connection
        self._error = error
        self._sets: deque[_JobSet] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run_loop, name="tenure-site-writer", daemon=True)
        self._thread.start()

    def submit_job(self, work: Work, *, keep: bool = True) -> "Future[Any]":
        """The outcome of `work`, to come once it is durable; raises `StoreUnavailable` where the file failed.

        With `keep` false nothing of it stays.
        """
        future: Future[Any] = Future()
        refused = self.submit_set((work,), lambda outcomes: _settle_future(future, outcomes[0]), keep=keep)
        if refused is not None:
            future.set_result(refused)
        return future

    def submit_set(self, works: Sequence[Work], told: Told, *, keep: bool = True) -> Refused | None:
        """Do all of `works`, each as if it were alone, and tell their outcomes in one call; none where it refuses."""
        with self._changed:
            if self._closed or self._waiting >= CAPACITY:
                return UNAVAILABLE
            self._waiting += len(works)
            self._sets.append(_JobSet(works, told, keep=keep))
            self._changed.notify()
        return None

    def close(self) -> None:
        """Finish what was accepted."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._connection.close()

    def _run_loop(self) -> None:
        while batch := self._await_batch():
            self._run_batch(batch)
            for each in batch:
                each.tell_outcomes()

    def _await_batch(self) -> list[_JobSet]:
        """The sets of the next transaction; empty once the writer is closed and everything is done."""
        batch: list[_JobSet] = []
        jobs = 0
        with self._changed:
            self._changed.wait_for(lambda: self._sets or self._closed)
            while self._sets and jobs < MOST:
                batch.append(self._sets.popleft())
                jobs += len(batch[-1].works)
            self._waiting -= jobs
        return batch

    def _run_batch(self, batch: list[_JobSet]) -> None:
        try:
            self._connection.execute("begin immediate")
            for each in batch:
                self._run_set(each)
            self._connection.execute("commit")
        except self._error as fault:
            # The transaction itself failed: the work of no caller is done.
            log.exception("a batch of %d sets failed", len(batch))
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            for each in batch:
                each.fail_all(StoreUnavailable(str(fault)))

    def _run_set(self, jobs: _JobSet) -> None:
        outcomes = self._run_fenced(jobs.works, keep=jobs.keep)
        if len(jobs.works) > 1 and any(map(_is_failed, outcomes)):
            outcomes = [self._run_fenced((work,), keep=jobs.keep)[0] for work in jobs.works]
        jobs.outcomes = outcomes

    def _run_fenced(self, works: Sequence[Work], *, keep: bool) -> list[WriteOutcome]:
        """The outcomes up to the first that failed or refused; then, or if it is not to stay, all are undone."""
        self._connection.execute("savepoint job")
        _forget_reads(self._connection)
        outcomes: list[WriteOutcome] = []
        for work in works:
            outcomes.append(self._run_one(work))
            if _is_failed(outcomes[-1]):
                break
        if not keep or _is_failed(outcomes[-1]):
            if not self._connection.in_transaction:
                raise self._error("the transaction was lost")
            self._connection.execute("rollback to job")
        self._connection.execute("release job")
        return outcomes

    def _run_one(self, work: Work) -> WriteOutcome:
        try:
            return WriteOutcome(work(self._connection))
        except Exception as fault:  # handed to the one caller whose job it is
            return WriteOutcome(fault=StoreUnavailable(str(fault)) if isinstance(fault, self._error) else fault)


def _is_failed(outcome: WriteOutcome) -> bool:
    return outcome.fault is not None or isinstance(outcome.value, Refused)


def _settle_future(future: "Future[Any]", outcome: WriteOutcome) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if outcome.fault is not None:
        future.set_exception(outcome.fault)
    else:
        future.set_result(outcome.value)
