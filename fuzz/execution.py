"""One series of executions in a process of its own, because libFuzzer ends the process that it runs in.

The parent has imported the parsers with instrumentation once; each series is a fork of it.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import atheris

LONGEST = 8_192
"""Bytes of an input; parsers have their own caps, which their tests look at."""
SLOWEST = 20
"""Seconds after which one execution counts as hung."""
MEMORY = 2_048
"""Megabytes."""
_FORKING = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class FuzzSeries:
    """`runs` executions of `check` from `seeds`; a failing input and what was printed are left in `folder`."""

    check: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    runs: int
    seed: int
    folder: Path

    def start(self) -> multiprocessing.process.BaseProcess:
        """The process at work; its exit code is 0 when no execution failed."""
        process = _FORKING.Process(target=self._fuzz)
        process.start()
        return process

    def describe_fault(self) -> str:
        """The failing input's file and the error's last line, after the process ended with another code than 0."""
        kept = [path for kind in ("crash", "timeout", "oom") for path in sorted(self.folder.glob(f"{kind}-*"))]
        said = (self.folder / "said.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line.strip() for line in said if "Error" in line or "Exception" in line or "ALARM" in line]
        return f"{kept[-1] if kept else self.folder}: {(errors or ['it ended without a word'])[-1][:200]}"

    def _fuzz(self) -> None:
        corpus = self.folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*-*"):
            old.unlink()
        for number, data in enumerate(self.seeds):
            (corpus / f"seed-{number}").write_bytes(data)
        said = os.open(self.folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(said, stream.fileno())
        bounds = [f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}"]
        series = [f"-runs={self.runs}", f"-seed={self.seed}", f"-artifact_prefix={self.folder}/", str(corpus)]
        atheris.Setup(["fuzz", *bounds, *series], self.check)
        atheris.Fuzz()
