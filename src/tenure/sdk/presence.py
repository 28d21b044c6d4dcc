"""Whether other programs of this computer use a folder: each shares one lock while it runs, and the last one can tell.

A lock ends with its process, however that ends. What the last one does is `boots`'.
"""

import logging
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenure.sdk.locks import FileLock, acquire_lock
from tenure.sdk.owners import give_to_owner

log = logging.getLogger("tenure.license")

IN_USE = "in-use"
"""The file whose lock is shared; it stays empty."""
BRIEFLY = 0.5
"""Seconds for which another program that is just leaving is waited for."""


class FolderPresence:
    """One program's share of the lock. Where a file system has no locks, no program is ever seen to be the last."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / IN_USE
        self._lock: FileLock | None = None

    def begin(self) -> None:
        """This program uses the folder; does nothing when it is known to. A forked child has to say so itself."""
        if self._lock is not None and self._lock.is_held:
            return
        self._lock = None
        try:
            missing = not self._path.exists()
            self._lock = lock = acquire_lock(self._path, wait=True, longest_wait=BRIEFLY, shared=True)
            if lock is not None:
                weakref.finalize(self, lock.release)
            if missing:
                give_to_owner(self._path, self._path.parent)
        except OSError as fault:
            log.debug("%s cannot be locked, so that no program can be known to be the last: %s", self._path, fault)

    def end(self) -> bool:
        """This program does not use the folder any more; whether it had said that it does."""
        lock, self._lock = self._lock, None
        if lock is None:
            return False
        was_held = lock.is_held
        lock.release()
        return was_held

    @contextmanager
    def end_alone(self) -> Iterator[bool]:
        """As `end`; yields whether no other program uses the folder, and lets none begin meanwhile."""
        if not self.end():
            yield False
            return
        try:
            alone = acquire_lock(self._path, wait=False)
        except OSError:
            alone = None
        try:
            yield alone is not None
        finally:
            if alone is not None:
                alone.release()
