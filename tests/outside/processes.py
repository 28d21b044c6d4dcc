"""Other processes, real ones: one that holds a lock, one that is stopped, one that is another user."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HOLDS = """
import os, sys, time
from pathlib import Path
from tenure.sdk.locks import acquire_lock
lock = acquire_lock(Path(sys.argv[1]), wait=False)
assert lock is not None
if sys.argv[2] == "forks":
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
else:
    print(os.getpid(), flush=True)
time.sleep(60)
"""

NOBODY = 65_534


@contextmanager
def holder_of(lock: Path, how: str = "sleeps") -> Iterator[subprocess.Popen[str]]:
    """A process that holds `lock` while the context is open; its last line was the pid of whoever lives on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(lock), how],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        yield process
    finally:
        for pid in {child, process.pid}:
            try:
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait(10)
        process.stdout.close()


def in_child(work: Callable[[], object], user: int | None = None) -> str:
    """What `work` said in a forked child, run as another `user` where this is root: its text, or its exception's."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            if user is not None and os.geteuid() == 0:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            said = str(work())
        except BaseException as fault:
            said = f"{type(fault).__name__}: {fault}"
        os.write(writer, said.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read().decode()
    os.waitpid(child, 0)
    return said
