"""A terminal to run the command in, in this process: its own home, clock, zone and streams, all real and empty."""

import io
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from tenure.cli.environment import CommandEnvironment
from tenure.cli.main import run_command
from tenure.core.refusals import ExitCode

CET = timezone(timedelta(hours=1), "CET")
NOW = 1_767_225_600  # 2026-01-01T00:00:00Z


class Stream(io.StringIO):
    """A stream that is, or is not, a terminal."""

    def __init__(self, text: str = "", *, terminal: bool = False) -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What a program reads from standard output; fails when it is not one document."""
        return json.loads(self.out)

    @property
    def problem(self) -> Any:
        """What a program reads from standard error."""
        return json.loads(self.err)


@dataclass
class Terminal:
    """Where somebody types."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)
    now: Callable[[], int] = lambda: NOW
    zone: tzinfo = CET
    slept: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keys: Any = field(default_factory=itertools.count)

    def run(self, *words: str, given: str = "", answers: tuple[str, ...] = (), terminal: bool = False) -> Ran:
        """Type `words`; `given` is standard input, `answers` what is said to questions (on a terminal)."""
        replies = iter(answers)
        out, err = Stream(terminal=terminal), Stream(terminal=terminal)

        def ask(question: str) -> str:
            self.asked.append(question)
            return next(replies)

        world = CommandEnvironment(
            env={"HOME": str(self.home), **self.env},
            stdin=Stream(given, terminal=terminal),
            stdout=out,
            stderr=err,
            now=self.now,
            sleep=self.slept.append,
            new_key=lambda: f"key-{next(self.keys)}-{secrets.token_hex(8)}",
            draw=secrets.token_bytes,
            ask=ask,
            ask_secret=ask,
            zone=self.zone,
        )
        code = run_command(words, world)
        return Ran(code, out.getvalue(), err.getvalue())

    def good(self, *words: str, given: str = "") -> Any:
        """The JSON of a command that must work."""
        ran = self.run(*words, "--json", given=given)
        assert ran.code == ExitCode.DONE, ran.err
        return ran.json

    def refused(self, *words: str, given: str = "") -> Any:
        """The problem of a command that must be refused, told to a program; nothing is on standard output."""
        ran = self.run(*words, "--json", given=given)
        assert ran.out == "", ran.out
        problem = ran.problem
        problem["exit"] = ran.code
        return problem
