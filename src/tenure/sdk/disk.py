"""The few file operations by which something is kept safely; a port, so that a crash at each of them can be shown.

Their order, and what is made of what is found, is `cache`'s.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

LARGEST = 16 * 1024 * 1024
"""No file of ours is larger; what is, was put there by somebody else and is not read."""


class Disk(Protocol):
    """One folder. Every method raises OSError when the system refuses it."""

    def read(self, name: str) -> bytes | None:
        """The file's bytes; None when there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Replaces the file's content in place, readable by its owner alone; not yet durable."""

    def sync(self, name: str) -> None:
        """Returns when the file's content is durable."""

    def rename(self, old: str, new: str) -> None:
        """Puts one file in another's place, all at once; not yet durable."""

    def sync_folder(self) -> None:
        """Returns when creations and renames are durable."""

    def lock(self, name: str, *, wait: bool = True) -> contextlib.AbstractContextManager[bool]:
        """Held by one process at a time. Yields whether it is held: without `wait`, not while another holds it."""


class FolderOnDisk:
    """A folder of the file system, made with mode 0700 when it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read(self, name: str) -> bytes | None:
        """See `Disk`."""
        try:
            with (self.folder / name).open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        return data if len(data) <= LARGEST else b""

    def write(self, name: str, data: bytes) -> None:
        """See `Disk`. A file made by somebody with a loose umask is closed to others before anything goes in."""
        number = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, 0o600)
            file.write(data)

    def sync(self, name: str) -> None:
        """See `Disk`."""
        self._fsync(self.folder / name, os.O_RDWR)

    def rename(self, old: str, new: str) -> None:
        """See `Disk`."""
        (self.folder / old).replace(self.folder / new)

    def sync_folder(self) -> None:
        """See `Disk`."""
        self._fsync(self.folder, os.O_RDONLY | os.O_DIRECTORY)

    @contextlib.contextmanager
    def lock(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """See `Disk`. Where there are no locks it always is held: one process alone does not need them."""
        try:
            number = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            # Nothing can be saved here either, and whoever tries to will hear of it.
            yield True
            return
        try:
            yield _locked(number, wait=wait)
        finally:
            # Said aloud, because closing alone would leave it to a child that was forked meanwhile.
            with contextlib.suppress(OSError):
                fcntl.flock(number, fcntl.LOCK_UN)
            os.close(number)

    def _fsync(self, path: Path, flags: int) -> None:
        number = os.open(path, flags | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _locked(number: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
