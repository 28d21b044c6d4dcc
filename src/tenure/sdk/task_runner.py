"""Synchronization in the background of a program that runs on asyncio; see `background`, which does it by a thread.

Apart from it, because a program without asyncio need not load it.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from types import TracebackType

from tenure.sdk.background import LEAVING, BackgroundTurns


class TaskRunner:
    """Turns taken on behalf of an asyncio task: `async with`. The waiting is the loop's, the work a daemon thread's."""

    def __init__(self, turns: BackgroundTurns, every: float, ended: Callable[[], None] = lambda: None) -> None:
        """`ended`: called after the last turn, in a thread that may block."""
        self._turns = turns
        self._every = every
        self._ended = ended
        self._task: asyncio.Task[None] | None = None
        self._turn: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._run(), name="tenure")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        # The first turn is taken whole, also where the program ends right after its start.
        turn = self._turn or self._take_turns()
        await asyncio.wait((turn,), timeout=LEAVING)
        turn.cancel()
        await _run_aside(self._ended)

    async def _run(self) -> None:
        while True:
            self._turn = self._take_turns()
            await asyncio.shield(self._turn)
            await asyncio.sleep(self._every)

    def _take_turns(self) -> "asyncio.Task[None]":
        return asyncio.create_task(_run_aside(self._turns.take_turn), name="tenure turn")


async def _run_aside(work: Callable[[], None]) -> None:
    """Awaits `work` in a daemon thread. The loop's own pool would be waited for when the loop, or Python, ends."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        work()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="tenure", daemon=True).start()
    await done.wait()
