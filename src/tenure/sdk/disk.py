"""The few file operations by which something is kept safely; a port, so that a crash at each of them can be shown.

Their order, and what is made of what is found, is `engine.generations`'.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tenure.sdk.locks import LONGEST_WAIT, acquire_lock
from tenure.sdk.owners import give_to_owner, make_folder

LARGEST = 16 * 1024 * 1024
"""No file that Tenure writes is larger; a larger one comes from another program and is not read."""


class Disk(Protocol):
    """One folder. Every method raises OSError when the system refuses it."""

    @property
    def place(self) -> str:
        """The folder's path, for people."""

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
        """Held by one process at a time. Yields whether it is held: without `wait`, not while another holds it.

        Raises `FolderInUse` when another has held it for longer than one exchange takes.
        """


class FolderOnDisk:
    """A folder of the file system, made with mode 0700 when it is missing, and again when it goes missing.

    Files that root makes in another user's folder are given to that user: one `sudo` must not lock the owner out.
    """

    def __init__(self, folder: Path, longest_wait: float = LONGEST_WAIT) -> None:
        """`longest_wait`: seconds for which another process's lock is waited for."""
        self.folder = folder
        self._longest_wait = longest_wait
        make_folder(folder)

    @property
    def place(self) -> str:
        """See `Disk`."""
        return str(self.folder)

    def read(self, name: str) -> bytes | None:
        """See `Disk`."""
        try:
            with (self.folder / name).open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        return data if len(data) <= LARGEST else b""

    def write(self, name: str, data: bytes) -> None:
        """See `Disk`. A file that another program made with a loose umask is closed to others before data goes in."""
        make_folder(self.folder)
        number = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, 0o600)
            give_to_owner(number, self.folder)
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
        """See `Disk`."""
        make_folder(self.folder)
        path = self.folder / name
        missing = not path.exists()
        held = acquire_lock(path, wait=wait, longest_wait=self._longest_wait)
        try:
            if missing:
                give_to_owner(path, self.folder)
            yield held is not None
        finally:
            if held is not None:
                held.release()

    def _fsync(self, path: Path, flags: int) -> None:
        number = os.open(path, flags | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def write_whole(disk: Disk, file: str, data: bytes) -> None:
    """A whole file, durable when this returns, by way of a name that no other process uses."""
    draft = f"{file}.{_RUN}-{os.getpid()}.new"
    disk.write(draft, data)
    disk.sync(draft)
    disk.rename(draft, file)
    disk.sync_folder()


_RUN = os.urandom(4).hex()
"""Tells this program from one with the same process id in another container."""
