"""Several processes that serve one listening socket, and the parent that keeps their number: nothing of HTTP or state.

A process that dies is replaced. A signal to the parent ends all of them, each after its requests; a parent that is
killed takes them along, since each holds the end of a pipe that closes with it.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

MOST: Final = 64
SHORT_LIFE: Final = 5.0
"""Seconds; who dies sooner is replaced with a pause, or a fault at each start would keep a core busy."""
PAUSE: Final = 1.0
ENDING: Final = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger("tenure.server.workers")


class WorkerGroup:
    """The parent's list of its processes; `serve` runs in each of them and returns when it has been stopped."""

    def __init__(self, count: int, serve: Callable[[], None], tidy: Callable[[], None] = lambda: None) -> None:
        """`tidy`: called once when all have ended."""
        self._count, self._serve, self._tidy = count, serve, tidy
        self._begun: dict[int, float] = {}
        self._stopped_by: signal.Signals | None = None
        self._lifeline, self._held = os.pipe()

    def run(self) -> None:
        """Keep so many processes until a signal ends them all; the signal is raised again then, as programs expect."""
        before = {each: signal.signal(each, self._stop_all) for each in ENDING}
        try:
            while self._stopped_by is None or self._begun:
                while self._stopped_by is None and len(self._begun) < self._count:
                    self._start_worker()
                if self._begun:
                    self._await_one()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            self._tidy()
        if self._stopped_by is not None:
            signal.raise_signal(self._stopped_by)

    def _start_worker(self) -> None:
        """One more process, or a pause where the system has no room for one at the moment."""
        sys.stdout.flush()
        # A signal waits until the process is on the list, and in the process until it means the end of that one alone.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            child = os.fork()
            if child == 0:
                self._run_worker()
            self._begun[child] = time.monotonic()
        except OSError as fault:
            log.error("no worker can be made (%s); it is tried again", fault.strerror)
            time.sleep(PAUSE)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def _run_worker(self) -> None:
        """In the new process: serve, and never come back."""
        code = 1
        try:
            for each in ENDING:
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            os.close(self._held)
            threading.Thread(target=self._end_with_parent, name="lifeline", daemon=True).start()
            self._serve()
            code = 0
        except KeyboardInterrupt:
            code = 0
        except SystemExit as ended:  # it has said why
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:  # the process ends here, and the parent must learn of it by its code
            log.exception("a worker ended by a fault")
        finally:
            logging.shutdown()
            os._exit(code)

    def _end_with_parent(self) -> None:
        os.read(self._lifeline, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _await_one(self) -> None:
        child, status = os.wait()
        begun = self._begun.pop(child, time.monotonic())
        if self._stopped_by is not None:
            return
        log.error("worker %d ended (%s) and is replaced", child, os.waitstatus_to_exitcode(status))
        if time.monotonic() - begun < SHORT_LIFE:
            time.sleep(PAUSE)

    def _stop_all(self, number: int, _frame: object) -> None:
        self._stopped_by = signal.Signals(number)
        for child in list(self._begun):
            with suppress(ProcessLookupError):  # it has ended, and this signal came before that was noted
                os.kill(child, signal.SIGTERM)
