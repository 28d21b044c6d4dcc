"""One test clock for a whole chain (B5): the sandbox provider's, and the file that sites and applications read."""

from pathlib import Path

from tenure.core.periods import parse_instant
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.timestamps import format_rfc3339
from tenure.sandbox.provider_client import ProviderClient


class TestClock:
    """The instant that server, sites and applications of one sandbox go by; moved forwards only."""

    __test__ = False  # its name says what it is for people; it is no test

    def __init__(self, client: ProviderClient, file: Path, start: str) -> None:
        self._client, self.file = client, file
        self.now: Instant = 0
        self.set(start)

    def set(self, moment: str | Instant) -> None:
        """Move everything to `moment`, RFC 3339 or Unix seconds."""
        instant = parse_instant(moment) if isinstance(moment, str) else moment
        if isinstance(instant, Refused):
            raise ValueError(instant.detail)
        self.now = instant
        self._client.set_clock(format_rfc3339(instant))
        self.write_clock_file()

    def write_clock_file(self) -> None:
        """Replace the clock file; never half."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(format_rfc3339(self.now) + "\n", encoding="ascii")
        fresh.replace(self.file)

    def only_file(self, moment: Instant) -> None:
        """Move sites and applications while the server cannot be reached."""
        self.now = moment
        self.write_clock_file()
