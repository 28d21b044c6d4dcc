"""One run of the benchmarks: what all parts share, such as the limits of the same core and the state that is served."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from benchmarks import in_process, limits, slices
from benchmarks.clients import ClientGroup, http_request
from benchmarks.in_process import InProcessServer
from benchmarks.programs import Program

CONNECTIONS = 64
FORM = 700
"""Bytes of a request at the bare server: about as long as a synchronization's."""


FLEET = 480
"""Sites, each on a connection of its own: more than requests are worked on at once."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    short: bool
    sites: int
    rounds: int
    seconds: float
    """Of one slice, about."""


SHORT = Size(short=True, sites=64, rounds=3, seconds=0.4)
USUAL = Size(short=False, sites=256, rounds=7, seconds=2.0)


@dataclass
class Run:
    """What parts are given, and what they leave for those behind them."""

    folder: Path
    size: Size
    log: IO[str]
    stack: ExitStack
    sites_most: int = 0
    """Sites of the larger store that growth is measured with; 0: as many as the size of the run says."""
    verify_and_sign: list[float] = field(default_factory=list)
    """Microseconds, one for each look; the least of them is the limit."""
    nothing_us: list[float] = field(default_factory=list)
    nothing_rate: list[float] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)
    """Answers a second of one core, for the picture."""
    _served: InProcessServer | None = None
    _fleet: InProcessServer | None = None

    @property
    def limit(self) -> float:
        """Microseconds of one verification and one signature."""
        if not self.verify_and_sign:
            self.look_at_limit()
        return min(self.verify_and_sign)

    def look_at_limit(self) -> None:
        """Measure the limit once more: the parts do so between their rounds."""
        self.verify_and_sign.append(limits.verify_and_sign())

    def measure_yardstick(self) -> None:
        """The bare server of this run, where no part before needed it."""
        request = http_request(b"q" * FORM)
        with Program("bare_server", log=self.log) as nothing:
            for _ in range(self.size.rounds + 1):
                group = ClientGroup(nothing.port, [[request] * 100] * CONNECTIONS)
                slices.settle()
                before = nothing.cpu()
                taken = group.flood()
                self.nothing_us.append((nothing.cpu() - before) / taken.answered * 1e6)
                self.nothing_rate.append(taken.rate)
                group.close()

    def served(self) -> InProcessServer:
        """A server's folder with sites that have settled down; made once."""
        if self._served is None:
            self._served = in_process.found(self.folder / "server", self.size.sites)
            slices.known_bad_are_caught(self._served)
        return self._served

    def fleet(self) -> InProcessServer:
        """A server's folder with as many sites as it takes to be more than it works on at once; made once."""
        if self._fleet is None:
            self._fleet = in_process.found(self.folder / "fleet", FLEET)
        return self._fleet
