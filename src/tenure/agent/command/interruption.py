"""Ctrl-C while nothing has been done yet ends the process at once; what a command then does is its own to end.

An exception would not do: Python prints and drops one that is raised in a callback of the import system. Nothing but
the standard library is imported here.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
"""The exit code after SIGINT, as shells have it: 128 and the signal's number."""
WORDS: Final = "\nInterrupted.\n"


@contextmanager
def end_on_interrupt() -> Iterator[None]:
    """While the block lasts, Ctrl-C ends the process with `Interrupted.`; ignored where the caller ignores it."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    end_on_signals()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_on_signals(clean_up: Callable[[], object] = lambda: None, *others: int) -> None:
    """From now on Ctrl-C, and the `others`, end the process at once: it says so, cleans up, and waits for no thread.

    The exit code is 128 and the signal's number. It writes past the streams, which the signal may have caught at work.
    """

    def end_process(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        os.write(2, WORDS.encode())
        clean_up()
        os._exit(128 + number)

    for each in (signal.SIGINT, *others):
        signal.signal(each, end_process)
