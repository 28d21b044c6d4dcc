"""The engine of every outgoing delivery: looks for receivers that are due, serves each in order, records each attempt.

Where messages come from, how they are kept and sent, and what an attempt means is left to a `DeliverySource`: webhooks
and emails of the activation server, forwardings of the administration server.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from tenure.core.refusals import Refused
from tenure.http.outgoing.resting import FAULT_PAUSE, RestingReceivers
from tenure.http.outgoing.retry_schedule import Jitter
from tenure.http.outgoing.send_outcome import SendOutcome

PAUSE = 1.0
"""Seconds between looks; each is a few indexed queries when nothing waits."""
DRAIN_SECONDS = 5.0
"""Seconds that what is under way has to come to an end when the program stops."""
RECORD_PAUSES = (0.1, 0.5, 2.0, 8.0)
"""Seconds between attempts to put on record what was sent, while the store is busy; claims last longer than all."""

E = TypeVar("E", bound=Hashable)
M = TypeVar("M")
T = TypeVar("T")


class DeliverySource(Protocol[E, M]):
    """What is to be told to whom; `E` is a receiver, `M` a message."""

    async def collect_events(self) -> int:
        """Put what happened since the last look into messages; how much was put. One receiver's fault is logged."""

    async def find_due(self, more: int) -> Sequence[E]:
        """Receivers for whom something is due, longest due first: as many as a look takes, and `more`, for so many of
        them may be served already or left alone."""

    async def claim_messages(self, receiver: E) -> Sequence[M]:
        """What is to be sent next, in order; no other worker sends it meanwhile."""

    async def send_message(self, message: M) -> SendOutcome:
        """Send it once, within bounded time; never raises for what the other side does."""

    async def record_attempt(self, message: M, outcome: SendOutcome, draw: float) -> Refused | None:
        """Put on record what came of it, and when it is tried again (`draw` spreads that); refuses while busy."""

    async def release_messages(self, messages: Sequence[M]) -> None:
        """What was claimed and is not tried now is due again."""

    def log_fault(self, receiver: E, fault: Exception) -> None:
        """A fault of our own kept a receiver from being served; it is tried again."""


class WorkerPace(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of delivery goes about it."""

    at_once: int
    """Receivers served at the same time."""
    rounds: int = 1
    """How often a receiver's next messages are claimed before others have a turn."""
    is_eager: bool = True
    """Whether a look that found something is followed by the next at once: what is served is no longer due."""
    awaits_all: bool = False
    """Whether a look ends only when what it began has ended, so that no more is claimed than can be sent."""


class DeliveryWorker:
    """The background work of one source. A slow receiver does not delay the others."""

    def __init__(self, source: DeliverySource[Any, Any], pace: WorkerPace, jitter: Jitter, log: str) -> None:
        self._source, self._pace, self._jitter = source, pace, jitter
        self._log = logging.getLogger(log)
        self._turns = asyncio.Semaphore(pace.at_once)
        self._busy: dict[Hashable, asyncio.Task[None]] = {}
        self._resting = RestingReceivers()
        self._is_closing = False

    async def run(self) -> None:
        """Until canceled; a failing look is logged and repeated."""
        try:
            while True:
                try:
                    while await self.once() and self._pace.is_eager:
                        pass
                except Exception:  # the store may be back in a second; messages must not need a restart
                    self._log.exception("a look for what is to be sent failed; it is repeated")
                await asyncio.sleep(PAUSE)
        finally:
            await self.close()

    async def once(self) -> int:
        """One look: what is due is being sent when this returns; how much was found."""
        found = await self._source.collect_events()
        due = await self._source.find_due(len(self._busy) + len(self._resting))
        free = [each for each in self._resting.skip_resting(due) if each not in self._busy]
        for receiver in free:
            self._busy[receiver] = asyncio.create_task(self._serve_receiver(receiver))
        if self._pace.awaits_all:
            await self.settle()
        return found + len(free)

    async def settle(self) -> None:
        """Until everything that is being sent has come to an end."""
        if self._busy:
            await asyncio.wait(self._busy.values())

    async def close(self) -> None:
        """Let what is under way come to an end, so that it is put on record, and begin nothing new."""
        self._is_closing = True
        if tasks := list(self._busy.values()):
            _, left = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in left:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve_receiver(self, receiver: Hashable) -> None:
        try:
            async with self._turns:
                for _ in range(self._pace.rounds):
                    if self._is_closing or not await self._send_claimed(receiver):
                        return
        except Exception as fault:  # one receiver's mishap must not end the worker of all the others
            self._source.log_fault(receiver, fault)
            self._resting.leave_alone(receiver, FAULT_PAUSE)
        finally:
            del self._busy[receiver]

    async def _send_claimed(self, receiver: Hashable) -> bool:
        """Whether there were messages and all were taken."""
        messages = await self._source.claim_messages(receiver)
        if not messages and self._pace.is_eager:
            # Due, and not to be had, as while the store is busy: looks that follow at once would keep it busy.
            self._resting.leave_alone(receiver, PAUSE)
        for place, message in enumerate(messages, start=1):
            if not await self._try_message(receiver, message) or self._is_closing:
                # The receiver may be down: the rest is not thrown after it, but tried one by one.
                await self._source.release_messages(messages[place:])
                return False
        return bool(messages)

    async def _try_message(self, receiver: Hashable, message: Any) -> bool:
        """Whether it was taken; what came of it is on record when this returns, though the store be busy."""
        outcome = await self._source.send_message(message)
        draw = self._jitter()
        refused = await write_persistently(lambda: self._source.record_attempt(message, outcome, draw))
        if isinstance(refused, Refused):
            self._log.error("a sent message could not be recorded (%s); it may be sent again", refused.code)
            self._resting.leave_alone(receiver, FAULT_PAUSE)
        return outcome.was_accepted and refused is None


async def write_persistently(write: Callable[[], Awaitable[T]]) -> T:
    """What `write` comes to; while the store refuses it as busy it is offered again, for some seconds."""
    done = await write()
    for pause in RECORD_PAUSES:
        if not isinstance(done, Refused):
            break
        await asyncio.sleep(pause)
        done = await write()
    return done
