"""The one writer of a process [spec: one-writer]: jobs that wait are applied together, committed once, and then
answered.

Knows about concurrency and nothing else. Each job is fenced by a savepoint, so that one that fails or is refused
leaves nothing behind and harms no other; how a transaction begins and ends is the caller's.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence, Set
from typing import Any, Protocol

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.engine import LATER, Connection, DatabaseUnavailable, Told, WriteConflict

CAPACITY = 1024
"""Jobs that may wait; one more is refused, because a client that retries later costs less than a long queue."""
MOST = 128
"""Jobs of one transaction: applying them holds up the loop, and p99 is to stay far below 50 ms."""
SLICE = 0.02
"""Seconds that applying one transaction's jobs may take, or the loop answers no other request; the jobs that are left
come next."""
PUT_OFF_MOST = 64
"""Items that a set has put off and that come first in the next transaction: half of it is for those that are new."""
ATTEMPTS, RACES = 3, 10
"""How often a job is applied where another process was first each time: as the job finds, and as the database says.

Where the database lets one of two transactions fail for being concurrent, that is likely, and it did nothing wrong.
"""

_log = logging.getLogger("tenure.store")
Work = Callable[[Connection], Any]
Handler = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Answers items, each at its place; it may put items off (`LATER`), but never all of them."""


class TransactionRunner(Protocol):
    """One connection's transactions, used strictly in turn."""

    async def apply(self, work: Callable[[Connection], None]) -> None:
        """Begin, and run `work`."""

    async def commit(self) -> None:
        """Make it durable."""

    async def rollback(self) -> None:
        """As if it had not begun."""

    def savepoint(self, connection: Connection, statement: str) -> None:
        """Run `savepoint job`, `rollback to job` or `release job`."""

    def raced(self, fault: Exception) -> bool:
        """Whether another process was first: a deadlock, say; the same job may well be done a moment later."""

    def name_fault(self, fault: Exception) -> Exception:
        """As the caller of a job is told of it: `DatabaseUnavailable` where the database is at fault, not the job."""


class _WaitingCaller(ABC):
    """One caller who waits: his place, and what he is to be told."""

    __slots__ = ("attempts", "fault", "keep", "outcome", "told")

    def __init__(self, told: Told, *, keep: bool) -> None:
        self.keep = keep
        self.attempts = 1
        self.told = told
        self.outcome: Any = None
        self.fault: Exception | None = None

    @abstractmethod
    def run_work(self, connection: Connection) -> Any:
        """What is to be done for him alone."""

    def end_run(self, outcome: Any = None, fault: Exception | None = None) -> None:
        """How it went this time; nothing is left of an earlier run, which may have been put off or have failed."""
        self.outcome, self.fault = outcome, fault

    def answer_caller(self) -> None:
        """Answer the caller."""
        try:
            self.told(self.outcome, self.fault)
        except Exception:  # the others of the batch wait for theirs
            _log.exception("a caller could not be answered")


class _SingleJob(_WaitingCaller):
    """A job of his own (`keep` false: nothing of it stays)."""

    __slots__ = ("_work",)

    def __init__(self, work: Work, told: Told, *, keep: bool) -> None:
        super().__init__(told, keep=keep)
        self._work = work

    def run_work(self, connection: Connection) -> Any:
        return self._work(connection)


class _ItemJob(_WaitingCaller):
    """An item out of a set; items of one `owner` are answered in the order in which they came."""

    __slots__ = ("handler", "item", "owner")

    def __init__(self, handler: Handler, item: object, told: Told, owner: str) -> None:
        super().__init__(told, keep=True)
        self.handler, self.item, self.owner = handler, item, owner

    def run_work(self, connection: Connection) -> Any:
        return _run_handler(self.handler, connection, [self])[0]


class WriteBatcher:
    """Collects jobs while the batch before is being committed."""

    def __init__(self, transactions: TransactionRunner, capacity: int = CAPACITY, most: int = MOST) -> None:
        self._transactions = transactions
        self._capacity, self._most = capacity, most
        self._waiting: deque[_WaitingCaller] = deque()
        self._put_off: deque[_ItemJob] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, work: Work, *, keep: bool = True) -> Any:
        """What `work` answers, once it is durable; with `keep` false nothing of it stays."""
        refused = self._is_full()
        if refused is not None:
            return refused
        waiting = asyncio.get_running_loop().create_future()
        self._enter_queue(_SingleJob(work, _settle(waiting), keep=keep))
        return await waiting

    async def run_item(self, handler: Handler, item: object, owner: str = "") -> Any:
        """The answer to `item` out of one call of `handler` for all that wait, once it is durable."""
        waiting = asyncio.get_running_loop().create_future()
        refused = self.post_item(handler, item, _settle(waiting), owner)
        return await waiting if refused is None else refused

    def post_item(self, handler: Handler, item: object, told: Told, owner: str = "") -> Refused | None:
        """`run_item` for a caller who does not wait; a refusal, and `told` is not called, where there is no room."""
        refused = self._is_full()
        if refused is None:
            self._enter_queue(_ItemJob(handler, item, told, owner))
        return refused

    async def close(self) -> None:
        """Refuse what comes from now on, and wait for what was accepted."""
        self._closed = True
        if self._drain is not None:
            await self._drain

    def _is_full(self) -> Refused | None:
        if self._closed or len(self._waiting) + len(self._put_off) >= self._capacity:
            return Refused(RefusalCode.SERVER_BUSY, "The store takes no more work at the moment.")
        return None

    def _enter_queue(self, job: _WaitingCaller) -> None:
        self._waiting.append(job)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._run_all())

    async def _run_all(self) -> None:
        while self._waiting or self._put_off:
            known = [self._put_off.popleft() for _ in range(min(PUT_OFF_MOST, len(self._put_off)))]
            batch = [*known, *self._take_new(self._most - len(known))]
            later = set(await self._run_batch(batch))
            done = [job for job in batch if job not in later]
            again = {job for job in done if self._to_repeat(job)}
            for job in done:
                if job not in again and job.outcome is not LATER:
                    job.answer_caller()
            self._keep_left(batch, later | again, set(known))

    def _take_new(self, most: int) -> list[_WaitingCaller]:
        """At most so many new jobs; an item whose owner has one put off that does not come yet waits behind that."""
        behind = {job.owner for job in self._put_off if job.owner}
        found: list[_WaitingCaller] = []
        while self._waiting and len(found) < most:
            job = self._waiting.popleft()
            if isinstance(job, _ItemJob) and job.owner in behind:
                self._put_off.append(job)
            else:
                found.append(job)
        return found

    def _keep_left(
        self, batch: Sequence[_WaitingCaller], first: Set[_WaitingCaller], known: Set[_WaitingCaller]
    ) -> None:
        """What is left of a batch comes again: `first` what had no time or lost a race, and what had been put off
        before; what is put off for the first time comes behind all that was."""
        items = [job for job in batch if isinstance(job, _ItemJob)]
        put_off = {job for job in items if job.outcome is LATER and job not in first}
        self._put_off.extendleft(job for job in reversed(items) if job in first or (job in put_off and job in known))
        self._put_off.extend(job for job in items if job in put_off and job not in known)
        self._waiting.extendleft(job for job in reversed(batch) if job in first and not isinstance(job, _ItemJob))

    def _to_repeat(self, job: _WaitingCaller) -> bool:
        """Whether it lost a race: then it comes first in the next transaction, which sees what the winner did."""
        if job.fault is None or not self._is_race(job.fault):
            return False
        if job.attempts < (ATTEMPTS if isinstance(job.fault, WriteConflict) else RACES):
            job.attempts += 1
            job.end_run()
            return True
        if not isinstance(job.fault, WriteConflict):
            job.end_run(Refused(RefusalCode.SERVER_BUSY, "Others were first each time."))
        return False

    async def _run_batch(self, batch: list[_WaitingCaller]) -> list[_WaitingCaller]:
        """Applies and commits what there is time for; the jobs that are left, untouched."""
        if await self._run_set_alone(batch):
            return []
        later: list[_WaitingCaller] = []
        try:
            await self._transactions.apply(lambda connection: later.extend(self._apply_batch(connection, batch)))
            await self._transactions.commit()
        except Exception as fault:
            await self._fail_batch(batch, fault)
            return []
        return later

    async def _run_set_alone(self, batch: list[_WaitingCaller]) -> bool:
        """Whether the batch was one set alone, for which a fence would guard nothing, and its callers can be told.

        A set that fails is left, to be run again with fences: then the items at fault are found.
        """
        jobs = [job for job in batch if isinstance(job, _ItemJob)]
        if len(jobs) < len(batch) or len({job.handler for job in jobs}) != 1:
            return False
        answers: list[Any] = []
        try:
            await self._transactions.apply(lambda conn: answers.extend(_run_handler(jobs[0].handler, conn, jobs)))
        except Exception:
            await self._end_batch()
            return False
        try:
            await self._transactions.commit()
        except Exception as fault:
            await self._fail_batch(batch, fault)
            return True
        for job, answer in zip(jobs, answers, strict=True):
            job.end_run(answer)
        return True

    async def _fail_batch(self, batch: list[_WaitingCaller], fault: Exception) -> None:
        """The transaction itself broke (disk full, connection lost): no caller can be told that its work is done.

        One that met another is only repeated.
        """
        raced = self._transactions.raced(fault)
        if not raced:
            _log.error("a batch of %d jobs failed", len(batch), exc_info=fault)
        for job in batch:
            job.end_run(fault=fault if raced else DatabaseUnavailable(str(fault)))
        await self._end_batch()

    async def _end_batch(self) -> None:
        try:
            await self._transactions.rollback()
        except Exception:  # those who wait must be told all the same; the next batch finds out how things are
            _log.exception("a transaction could not be rolled back")

    def _apply_batch(self, connection: Connection, batch: list[_WaitingCaller]) -> list[_WaitingCaller]:
        """The jobs for which there was no time."""
        sets: dict[Handler, list[_ItemJob]] = {}
        later: list[_WaitingCaller] = []
        loop = asyncio.get_running_loop()
        until = loop.time() + SLICE
        for job in batch:
            if isinstance(job, _ItemJob):
                sets.setdefault(job.handler, []).append(job)
            elif loop.time() >= until:
                later.append(job)
            else:
                self._apply_one(connection, job)
        for handler, jobs in sets.items():
            self._apply_set(connection, handler, jobs)
        return later

    def _apply_set(self, connection: Connection, handler: Handler, jobs: list[_ItemJob]) -> None:
        answers = self._run_fenced(connection, lambda _: _run_handler(handler, connection, jobs), keep=True)
        if isinstance(answers, Exception):
            self._apply_apart(connection, jobs)
            return
        for job, answer in zip(jobs, answers, strict=True):
            job.end_run(answer)

    def _apply_apart(self, connection: Connection, jobs: Sequence[_ItemJob]) -> None:
        """One by one, so that a bad item does not harm the others; what follows one that lost a race waits for it."""
        lost: set[str] = set()
        for job in jobs:
            if job.owner in lost:
                job.outcome = LATER
                continue
            self._apply_one(connection, job)
            if job.owner and job.fault is not None and self._is_race(job.fault):
                lost.add(job.owner)

    def _is_race(self, fault: Exception) -> bool:
        return isinstance(fault, WriteConflict) or self._transactions.raced(fault)

    def _apply_one(self, connection: Connection, job: _WaitingCaller) -> None:
        outcome = self._run_fenced(connection, job.run_work, keep=job.keep)
        if isinstance(outcome, Exception):
            job.end_run(fault=self._transactions.name_fault(outcome))
        else:
            job.end_run(outcome)

    def _run_fenced(self, connection: Connection, work: Work, *, keep: bool) -> Any:
        """What `work` answers or the exception it raised; without effect if it refused, raised or is not to stay."""
        self._transactions.savepoint(connection, "savepoint job")
        try:
            outcome = work(connection)
        except Exception as fault:  # handed to the one caller whose job it is
            outcome = fault
        if not keep or isinstance(outcome, Refused | Exception):
            self._transactions.savepoint(connection, "rollback to job")
        self._transactions.savepoint(connection, "release job")
        return outcome


def _settle(waiting: asyncio.Future[Any]) -> Told:
    """Tells who waits for a future, unless he has gone away."""

    def tell(outcome: Any, fault: Exception | None) -> None:
        if waiting.done():
            return
        if fault is not None:
            waiting.set_exception(fault)
        else:
            waiting.set_result(outcome)

    return tell


def _run_handler(handler: Handler, connection: Connection, jobs: Sequence[_ItemJob]) -> Sequence[Any]:
    answers = handler(connection, [job.item for job in jobs])
    if len(answers) != len(jobs):
        raise ValueError(f"{len(jobs)} items got {len(answers)} answers")
    return answers
