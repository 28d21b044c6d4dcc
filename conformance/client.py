"""The client under test, as the kit sees it: a command line that prints one JSON object; whatever is behind it."""

import json
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, Protocol

LONGEST_WAIT = 120
"""Seconds after which a client that does not return has failed."""


class Client(Protocol):
    """Runs one command of a client to its end."""

    def run(self, arguments: Sequence[str]) -> dict[str, Any]:
        """What it printed. Raises ClientFailed when that is no JSON object, or nothing."""


class ClientFailed(Exception):
    """The client did not do what every client must: end in time, with JSON."""


class CommandLine:
    """A client started again for each command, as others write them."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def run(self, arguments: Sequence[str]) -> dict[str, Any]:
        """See `Client`."""
        try:
            done = subprocess.run(
                [*self._command, *arguments], capture_output=True, text=True, timeout=LONGEST_WAIT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ClientFailed(f"no end after {LONGEST_WAIT} s") from error
        return _object(done.stdout, done.stderr)


class InProcess:
    """A client that is a function: the same commands, without starting a program for each."""

    def __init__(self, run: Callable[[list[str]], dict[str, Any]]) -> None:
        self._run = run

    def run(self, arguments: Sequence[str]) -> dict[str, Any]:
        """See `Client`; what it says goes through JSON all the same."""
        return _object(json.dumps(self._run(list(arguments))), "")


def _object(printed: str, complaint: str) -> dict[str, Any]:
    try:
        told = json.loads(printed)
    except ValueError as error:
        raise ClientFailed(f"no JSON on stdout: {printed[:200]!r} {complaint[-2000:]}") from error
    if not isinstance(told, dict):
        raise ClientFailed(f"not an object: {printed[:200]!r}")
    return told
