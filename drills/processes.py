"""Programs of a drill: started as a group of their own, logged to a file, killed as by the loss of a machine."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SYSTEM_USER = "postgres"
"""Debian's account for PostgreSQL, which refuses to run as root."""


class Failed(Exception):
    """A step of the drill did not come to its end; the message says what was waited for."""


def free_ports(count: int) -> list[int]:
    """Ports on the loopback address that nothing listens on."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()


def status_of(url: str) -> int:
    """The status with which reading `url` is answered; 0 where nothing answers within 2 s."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own child
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_until(done: Callable[[], bool], what: str, seconds: float = 60.0, pause: float = 0.05) -> float:
    """Seconds until `done` is true; raises Failed with `what` after `seconds`."""
    begun = time.monotonic()
    while not done():
        if time.monotonic() - begun > seconds:
            raise Failed(f"Waited {seconds:.0f} s for {what}.")
        time.sleep(pause)
    return time.monotonic() - begun


class Process:
    """A program with everything that it starts: one process group, killed as a whole."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        as_system_user: bool = False,
    ) -> None:
        """Start `command`; its output goes to `folder/NAME.log`."""
        self.name = name
        self.log = folder / f"{name}.log"
        user = SYSTEM_USER if as_system_user and os.geteuid() == 0 else None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )

    @property
    def pid(self) -> int:
        """The first process of the group."""
        return self._process.pid

    def running(self) -> bool:
        """Whether the first process has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it and all that it started at once, as if its machine were gone."""
        kill_tree(self.pid)
        self._process.wait(20)

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end; kill it where it does not within `seconds`."""
        if self.running():
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        kill_tree(self.pid)
        self._process.wait(20)


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants; they are stopped first, so that none starts another meanwhile."""
    doomed = _descendants(pid)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for each in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        each = todo.pop()
        found.append(each)
        todo.extend(children.get(each, []))
    return found
