"""The real programs as processes of their own on loopback: started, waited for, killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

COMMAND = (sys.executable, "-m", "tenure.cli.main")
LONGEST_WAIT = 20.0
"""Seconds that a program may take until it listens."""


class RunningProgram:
    """One running `tenure` program that says `listening on <url>`, or `says` and an address, once it serves.

    One that says nothing of the kind (`says` empty) is started and not waited for.
    """

    def __init__(self, *words: str, folder: Path, says: str = "listening on ") -> None:
        self._words, self._folder, self._says = words, folder, says
        self._process: subprocess.Popen[str] | None = None
        self.url = self._port = ""
        self.said: list[str] = []

    @property
    def port(self) -> str:
        """The port it listens on."""
        return self.url.rsplit(":", 1)[1] if self.url else self._port

    def start(self) -> Self:
        """Start it and wait until it listens; RuntimeError with its last words when it does not."""
        self._process = subprocess.Popen(
            [*COMMAND, *self._words],
            stdout=subprocess.PIPE,
            stderr=(self._folder / "programs.log").open("a"),
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        threading.Thread(target=self._wait_until_listening, daemon=True).start()
        deadline = time.monotonic() + LONGEST_WAIT
        while self._says and not self.url:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"`tenure {' '.join(self._words)}` did not start: {self.said[-3:]}")
            time.sleep(0.01)
        return self

    def restart(self, port: str = "") -> None:
        """Start it again, on the port it had if that was any free one, so that its address stays the same."""
        words = list(self._words)
        if port:
            words[words.index("--listen") + 1] = f"127.0.0.1:{port}"
        self._words = tuple(words)
        self.start()

    def kill(self) -> None:
        """End it the hard way (`kill -9`), as a power cut would."""
        if self._process is not None:
            workers = self._workers()
            self._process.kill()
            self._process.wait()
            for each in workers:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._port, self.url = self.port, ""

    def kill_worker(self) -> None:
        """End one of several processes that serve the same port (`kill -9`); nothing where there is one alone."""
        for each in self._workers()[:1]:
            os.kill(each, signal.SIGKILL)

    def _workers(self) -> list[int]:
        """The processes that this one has started."""
        if self._process is None:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(each) for each in children.read_text().split()] if children.exists() else []

    def stop(self) -> None:
        """End it as an operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(LONGEST_WAIT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_listening(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            self.said.append(line.rstrip())
            if self._says and line.startswith(self._says):
                self.url = line.split()[-1]


def run_tenure(words: Sequence[str], *, given: str = "", **env: str) -> tuple[int, str]:
    """Run a `tenure` command to its end: its exit code and what it printed; `env` goes on top of ours."""
    done = subprocess.run(
        [*COMMAND, *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )
    return done.returncode, done.stdout + done.stderr
