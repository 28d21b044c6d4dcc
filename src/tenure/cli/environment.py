"""What surrounds one run of the command: arguments' environment, streams, clock, zone, prompts; made in `main` alone.

Everything a command touches outside itself comes in through here, so that a test can hand in something else that works.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TextIO

from tenure.core.timeline import Instant


@dataclass(frozen=True, kw_only=True)
class CommandEnvironment:
    """The outside, as one value."""

    env: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    now: Callable[[], Instant]
    sleep: Callable[[float], None]
    new_key: Callable[[], str]
    """A fresh Idempotency-Key: random, never used before."""
    draw: Callable[[int], bytes]
    """So many random bytes from the system's source."""
    ask: Callable[[str], str]
    """A question on the terminal, answered by a line."""
    ask_secret: Callable[[str], str]
    """The same without showing what is typed."""
    zone: tzinfo | None = None
    """The reader's time zone; None: the system's."""

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked something."""
        return self.stdin.isatty() and self.stderr.isatty()

    @property
    def profiles_file(self) -> Path:
        """The file with the profiles."""
        return self._folder("XDG_CONFIG_HOME", ".config") / "config.toml"

    @property
    def trace_folder(self) -> Path:
        """The folder for traces of unforeseen errors."""
        return self._folder("XDG_STATE_HOME", ".local/state")

    def _folder(self, variable: str, beneath: str) -> Path:
        named = self.env.get(variable, "")
        parent = Path(named) if named.startswith("/") else Path(self.env.get("HOME") or "/") / beneath
        return parent / "tenure"
