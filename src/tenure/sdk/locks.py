"""One file's lock, held by one process at a time: a process that waits gives up after one exchange, and a forked child
lets go of what it inherited.

What is done while it is held is its holder's; which file it is, `disk`'s.
"""

import errno
import fcntl
import os
import time
from pathlib import Path

from tenure.sdk.network.bounds import ExchangeBounds

LONGEST_WAIT = ExchangeBounds().total
"""Seconds for which another holder is waited for: as long as one exchange takes at most [spec: name-resolution]."""
_FIRST_PAUSE, _LAST_PAUSE = 0.01, 0.25


class FolderInUse(OSError):
    """Another process has held the lock for longer than one exchange takes: it hangs, or was stopped."""


class LockingUnsupported(OSError):
    """The file is there and open, but the system cannot lock it: no other process holds it."""


class FileLock:
    """One lock that is held, until `release` or the end of the process.

    `flock` belongs to the open file, which a forked child shares: there it would outlive the process that took it.
    Therefore a child closes its copy at once (`_let_go`), which leaves the parent's lock as it is.
    """

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self._number: int | None = number
        _HELD.add(self)

    def release(self) -> None:
        """Lets the next one in. In a child that was forked meanwhile it does nothing: the lock is the parent's."""
        number, self._number = self._number, None
        _HELD.discard(self)
        if number is not None:
            os.close(number)

    @property
    def is_held(self) -> bool:
        """Whether it is this process's still: not in a child that was forked since."""
        return self._number is not None

    def try_acquire(self, *, wait: bool, longest_wait: float, shared: bool) -> bool:
        """Whether it is this process's now; see `acquire_lock`."""
        began, pause = time.monotonic(), _FIRST_PAUSE
        while not self._try_once(fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            left = longest_wait - (time.monotonic() - began)
            if not wait:
                return False
            if left <= 0:
                raise FolderInUse(f"{self.path} has been locked by another process for {longest_wait:.0f} seconds")
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LAST_PAUSE)
        return True

    def _try_once(self, how: int) -> bool:
        number = self._number
        if number is None:
            raise FolderInUse(f"{self.path} was locked by the process that this one was forked from")
        try:
            fcntl.flock(number, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as fault:
            raise LockingUnsupported(fault.errno, fault.strerror, str(self.path)) from fault
        return True


def acquire_lock(
    path: Path, *, wait: bool, longest_wait: float = LONGEST_WAIT, shared: bool = False
) -> FileLock | None:
    """The lock of the file at `path`, made if need be; None while another holds it, unless it is waited for.

    `shared`: with all other processes that share it; none can hold it alone meanwhile.

    Raises `FolderInUse` after `longest_wait` seconds, `LockingUnsupported` on a file system without locks, and OSError,
    with the path, for a file that cannot be opened: without a lock nothing may be sent, or one site looks like two.

    Waiting is done by looking again and again: a blocking `flock` has no end, and stops every greenlet of a process.
    """
    lock = _open_known(path)
    try:
        taken = lock.try_acquire(wait=wait, longest_wait=longest_wait, shared=shared)
    except BaseException:
        lock.release()
        raise
    if not taken:
        lock.release()
        return None
    return lock


def _open_known(path: Path) -> FileLock:
    """The file opened and known to `_let_go`: opened again where the process was forked in between."""
    while True:
        before = _FORKS[0]
        lock = FileLock(path, _open_file(path))
        if _FORKS[0] == before:
            return lock
        lock.release()


def _open_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        # A folder that is read-only now had its lock file made before: that is enough to exclude one another.
        if fault.errno not in (errno.EROFS, errno.EACCES) or not path.is_file():
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


_HELD: set[FileLock] = set()
"""Every lock that this process holds."""


_FORKS = [0]
"""How often this process was forked."""


def _after_fork() -> None:
    _FORKS[0] += 1


def _let_go() -> None:
    for held in list(_HELD):
        held.release()


os.register_at_fork(after_in_parent=_after_fork, after_in_child=_let_go)
