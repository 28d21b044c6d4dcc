"""Synchronization in the background, by a thread: it never raises into the application, never blocks it, and keeps it
from ending for three seconds at most.

Threads here are daemons: whatever they are in the middle of, a crash at that point is safe. A program that runs for a
second would lose the answer to its only question, though, so that leaving waits a little for one that is under way.
What is done at each turn is `license_keeper`'s; `task_runner` does the same for asyncio.
"""

import atexit
import contextlib
import logging
import threading
import time
import weakref
from collections.abc import Callable

log = logging.getLogger("tenure.license")

TURN = 30.0
"""Seconds between two looks at whether anything is due."""


LEAVING = 3.0
"""Seconds for which a program that ends waits for an exchange under way."""


class BackgroundTurns:
    """What is done at each turn: look whether the network has returned, then whatever is due; never raises."""

    def __init__(self, tick: Callable[[], object], online: Callable[[], bool], returned: Callable[[], None]) -> None:
        self._tick = tick
        self._online = online
        self._returned = returned
        self._was_online = True

    def take_turn(self) -> None:
        """One turn."""
        try:
            is_online = self._online()
            if is_online and not self._was_online:
                self._returned()
            self._was_online = is_online
            self._tick()
        except Exception:
            log.exception("a turn in the background failed; the next one comes all the same")


class ThreadRunner:
    """Turns taken by a daemon thread."""

    def __init__(self, turns: BackgroundTurns, every: float) -> None:
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
        _RUNNING.add(self)

    def after_fork(self) -> None:
        """This is a child process, into which no thread came along: what was started in the parent is started here."""
        ran, self._thread = self._thread is not None and not self._stop.is_set(), None
        if ran:
            self.start()

    def stop(self, longest_wait: float = LEAVING) -> None:
        """Asks it to end and waits `longest_wait` seconds at most for the turn under way; then it ends by itself.

        The first turn is taken whole, also where a program ends right after its start.
        """
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.0, longest_wait))

    def _run(self, stop: threading.Event) -> None:
        while True:
            self._turns.take_turn()
            if stop.wait(self._every):
                return


_RUNNING: "weakref.WeakSet[ThreadRunner]" = weakref.WeakSet()


def _stop_all() -> None:
    """Python ends: daemon threads stop in the midst of whatever they do, so the turns under way get their moment."""
    until = time.monotonic() + LEAVING
    for each in list(_RUNNING):
        each.stop(until - time.monotonic())


atexit.register(_stop_all)


class SideThread:
    """One piece of work at a time in a daemon thread, for a caller that must not wait for it."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], object]) -> None:
        """Begins `work`, unless there is some under way, or Python is ending."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = threading.Thread(target=work, name="tenure", daemon=True)
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def wait(self) -> None:
        """Until it is done."""
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()
