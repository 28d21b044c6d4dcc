"""The operating system's resolver, with a time limit. Which others are asked, and when: `connect`."""

import os
import socket
import threading
import weakref
from collections.abc import Callable, Sequence

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.lookup_result import LookupResult, alternate_families
from tenure.sdk.network.path import StepOutcome

GetAddrInfo = Callable[[str], Sequence[str]]
"""Blocking lookup: addresses in the order of preference; raises OSError."""


class SystemDns:
    """The operating system's resolver, bounded: `getaddrinfo` cannot be canceled, so it waits in threads of its own.

    At most `threads` of them; they end with the program. When all are stuck, the answer is a time-out at once, not a
    longer queue. One object serves the whole process.
    """

    def __init__(self, ask: GetAddrInfo | None = None, threads: int = 4) -> None:
        self._ask = ask or _getaddrinfo
        self._threads = threads
        self._free = threading.Semaphore(threads)
        _MADE.add(self)

    def after_fork(self) -> None:
        """In a child process no thread of the parent's is waiting for anything."""
        self._free = threading.Semaphore(self._threads)

    def look_up(self, host: str, deadline: Deadline) -> LookupResult:
        """The addresses of `host`, within the deadline; never raises."""
        free = self._free
        if not free.acquire(blocking=False):
            return LookupResult(StepOutcome.TIMEOUT, detail="earlier lookups have not come back")
        results: list[LookupResult] = []
        done = threading.Event()

        def work() -> None:
            try:
                results.append(self._look_up(host))
            finally:
                free.release()
                done.set()

        try:
            threading.Thread(target=work, name="tenure-getaddrinfo", daemon=True).start()
        except RuntimeError as error:
            free.release()
            return LookupResult(StepOutcome.SERVER_FAILURE, detail=str(error))
        if not done.wait(deadline.seconds_left):
            return LookupResult(StepOutcome.TIMEOUT)
        return results[0] if results else LookupResult(StepOutcome.SERVER_FAILURE)

    def _look_up(self, host: str) -> LookupResult:
        try:
            addresses = alternate_families(self._ask(host))
        except socket.gaierror as error:
            meant = {socket.EAI_NONAME: StepOutcome.NO_SUCH_NAME, _NODATA: StepOutcome.NO_ADDRESS}
            return LookupResult(meant.get(error.errno or 0, StepOutcome.SERVER_FAILURE), detail=error.strerror or "")
        except (OSError, ValueError) as error:
            return LookupResult(StepOutcome.SERVER_FAILURE, detail=str(error))
        return LookupResult(StepOutcome.FOUND if addresses else StepOutcome.NO_ADDRESS, addresses)


_MADE: "weakref.WeakSet[SystemDns]" = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_MADE):
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)

_NODATA: int = getattr(socket, "EAI_NODATA", -5)


def _getaddrinfo(host: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
