"""Synchronisation in the background, as a thread or as an asyncio task: it never raises into the application, never
blocks it, and never keeps it from ending.

Threads here are daemons and nobody waits for them: whatever they are in the middle of, a crash at that point is safe.
What is done at each turn is `keeper`'s.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from types import TracebackType

log = logging.getLogger("tenure.license")

TURN = 30.0
"""Seconds between two looks at whether anything is due."""


class Turns:
    """What is done at each turn: look whether the network has returned, then whatever is due; never raises."""

    def __init__(self, tick: Callable[[], object], online: Callable[[], bool], returned: Callable[[], None]) -> None:
        self._tick = tick
        self._online = online
        self._returned = returned
        self._was_online = True

    def take(self) -> None:
        """One turn."""
        try:
            is_online = self._online()
            if is_online and not self._was_online:
                self._returned()
            self._was_online = is_online
            self._tick()
        except Exception:
            log.exception("a turn in the background failed; the next one comes all the same")


class InThread:
    """Turns taken by a daemon thread."""

    def __init__(self, turns: Turns, every: float) -> None:
        self._turns = turns
        self._every = every
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; a second start, while it runs, changes nothing. A forked child has its own by itself."""
        if self._thread is not None and self._thread.is_alive() and not self._stop.is_set():
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name="tenure", daemon=True)
        self._thread.start()

    def forked(self) -> None:
        """This is a child process, into which no thread came along: what was started in the parent is started here."""
        ran, self._thread = self._thread is not None and not self._stop.is_set(), None
        if ran:
            self.start()

    def stop(self) -> None:
        """Asks it to end, and does not wait: an exchange that is under way ends by itself."""
        self._stop.set()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._turns.take()
            stop.wait(self._every)


class InTask:
    """Turns taken on behalf of an asyncio task: `async with`. The waiting is the loop's, the work a daemon thread's."""

    def __init__(self, turns: Turns, every: float) -> None:
        self._turns = turns
        self._every = every
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._run(), name="tenure")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while True:
            await _aside(self._turns.take)
            await asyncio.sleep(self._every)


async def _aside(work: Callable[[], None]) -> None:
    """Awaits `work` in a daemon thread. The loop's own pool would be waited for when the loop, or Python, ends."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        work()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="tenure", daemon=True).start()
    await done.wait()
