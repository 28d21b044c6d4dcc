"""A program that ends gives its folder up, in the time that it has: applications and agents alike.

What is left there is `boots`'; a process that is killed leaves nothing, and the next computer waits.
"""

import logging
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tenure.core.refusals import Refused
from tenure.sdk.presence import BRIEFLY

log = logging.getLogger("tenure.license")

_PAUSE = 0.02


class FolderUser(Protocol):
    """Who holds what lies in the folder."""

    @property
    def place(self) -> str:
        """The folder's path."""

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """The lock of the folder; yields whether it is held."""

    def reload_state(self) -> Refused | None:
        """Takes over what lies there now, or says why nothing may be saved."""

    def leave_folder(self) -> None:
        """Notes that it is given up."""


def leave_folder(turn: threading.Lock, holder: FolderUser) -> None:
    """Gives the folder up within `BRIEFLY`, or not at all: then the next computer waits. Never raises.

    Other programs of the same computer may be leaving in the same moment, so that their saving is waited for.
    """
    until = time.monotonic() + BRIEFLY
    if not Path(holder.place).is_dir():
        return  # it was removed; a lock would make it again
    if not turn.acquire(timeout=BRIEFLY):
        return
    try:
        while not _leave_one(holder) and time.monotonic() < until:
            time.sleep(_PAUSE)
    except OSError as fault:
        log.debug("the folder could not be given up: %s", fault)
    finally:
        turn.release()


def _leave_one(holder: FolderUser) -> bool:
    with holder.hold_lock(wait=False) as held:
        if held and holder.reload_state() is None:
            holder.leave_folder()
        return held
