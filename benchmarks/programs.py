"""The programs that are measured, each a process of its own pinned to one core, and what the kernel says of them."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Self

SERVER_CORE = 0
LOAD_CORE = 1 if (os.cpu_count() or 1) > 1 else 0

_CPUCLOCK_SCHED = 2
"""Of the clocks that Linux keeps of each process (clock_getcpuclockid): running time of all its threads, exact."""
ROOT = Path(__file__).resolve().parent.parent


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process has used, by the kernel's own clock of it; OSError once it is gone."""
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


class Program:
    """A server under measurement: a module of this folder that says where it listens, and its arguments."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        log: IO[str] | None = None,
        tree: Path = ROOT,
        python: str = sys.executable,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`tree`: the checkout whose code is measured; `python`: the interpreter, whose packages it finds."""
        begun = time.perf_counter()
        path = os.pathsep.join((str(tree / "src"), str(ROOT)))
        self._process = subprocess.Popen(
            [python, "-m", f"benchmarks.{module}", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        os.sched_setaffinity(self._process.pid, {SERVER_CORE})
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        line = self._process.stdout.readline()
        if " on http" not in line:
            raise RuntimeError(f"{module} did not start")
        url = line.split()[-1]
        self.port = int(url.rsplit(":", 1)[1])
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{url}/livez") as answer:  # noqa: S310 - our own
            answer.read()
        self.cold_start = time.perf_counter() - begun
        """Seconds from starting the interpreter to the first answer."""
        self.start_cpu = self.cpu()
        """Seconds of processor time until then."""

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def cpu(self) -> float:
        """Seconds of processor time that it has used so far, with all threads, those included that have ended."""
        return cpu_of(self._process.pid)

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:  # one of a peer's that does not end by itself
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
