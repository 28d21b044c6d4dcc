"""The computer's clocks as a port, and the one estimate of the present that everything in this process goes by.

Which clock is to be trusted is decided in `lease.clock`; reading the system's clocks is `main`'s.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from tenure.core.lease.clock import ClockReading, ClockState, SandboxClock, TimeEstimate, observe, sandbox_now
from tenure.core.periods import parse_instant
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.core.whole_numbers import read_whole_number

LARGEST_CLOCK_FILE = 256
"""Bytes that are read of a clock file."""


class ComputerClocks(msgspec.Struct, frozen=True):
    """What a computer has to tell the time by; `main` makes the real one, a test brings its own."""

    boot: str
    """Names the boot; made up for this run where the system has no name for it."""
    ticks: Callable[[], float]
    """Seconds since that boot, suspended time included; no user can set it."""
    wall: Callable[[], Instant]

    def read_clocks(self) -> ClockReading:
        """All of them at one moment, in whole seconds."""
        return ClockReading(self.boot, int(self.ticks()), self.wall())


class SandboxClockFile(msgspec.Struct, frozen=True):
    """The clock of a sandbox as JSON: it showed `at` when it was `set` in real time, and runs `rate` times as fast."""

    at: Instant
    set: Instant = 0
    rate: int = 0


def read_clock_file(text: bytes, wall: Instant) -> Instant | None:
    """The instant that a clock file tells at the real time `wall`; None when it cannot be read.

    It holds an integer (Unix seconds), an RFC 3339 instant, or `SandboxClockFile` as JSON; the first two stand still.
    """
    words = text.strip()
    try:
        if words.startswith(b"{"):
            told = msgspec.json.decode(words, type=SandboxClockFile)
            return told.at + max(0, wall - told.set) * told.rate
        if (moment := read_whole_number(words, 12)) is not None:
            return moment
        read = parse_instant(words.decode("ascii"))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None if isinstance(read, Refused) else read


def clock_file_reader(path: Path, wall: Callable[[], Instant]) -> Callable[[], Instant | None]:
    """Tells the time by the clock file at `path`, read at each call; None when it cannot be read now."""

    def read_now() -> Instant | None:
        try:
            with path.open("rb") as file:
                return read_clock_file(file.read(LARGEST_CLOCK_FILE), wall())
        except OSError:
            return None

    return read_now


class PresentMoment(msgspec.Struct, frozen=True):
    """The present as estimated, with the reading it was made from."""

    reading: ClockReading
    estimate: TimeEstimate

    @property
    def instant(self) -> Instant:
        """The estimate itself."""
        return self.estimate.now


class Timekeeper:
    """Keeps the clock state of one process. Safe to use from any thread; no wait in it is longer than a calculation."""

    def __init__(self, clocks: ComputerClocks, sandbox_time: Callable[[], Instant | None] | None = None) -> None:
        """`sandbox_time` tells a sandbox's clock (None: it cannot be read now) and is used with a sandbox alone."""
        self.clocks = clocks
        self._sandbox_time = sandbox_time
        self._lock = threading.Lock()
        self._state = ClockState()

    @property
    def state(self) -> ClockState:
        """What is to be saved."""
        return self._state

    def after_fork(self) -> None:
        """See `keeper.Keeper.after_fork`."""
        self._lock = threading.Lock()

    def adopt_state(self, state: ClockState) -> None:
        """Goes on from `state`: what was saved, or what an answer has made of it."""
        with self._lock:
            self._state = state

    def now(self, serial: int = 0, life: int = 0, *, sandbox: bool = False) -> PresentMoment:
        """Reads the clocks and moves on; `serial` and `life` are those of the lease held (see `core.clock.observe`).

        `sandbox`: root and lease are both a sandbox's, whose time is its own.
        """
        told = self._sandbox_time() if sandbox and self._sandbox_time is not None else None
        # The reading belongs inside: an older one that came in second would look like another boot.
        with self._lock:
            reading = self.clocks.read_clocks()
            self._state, estimate = estimate_time(self._state, reading, serial, told, sandbox=sandbox, life=life)
        return PresentMoment(reading, estimate)


def estimate_time(
    state: ClockState, reading: ClockReading, serial: int, told: Instant | None, *, sandbox: bool, life: int = 0
) -> tuple[ClockState, TimeEstimate]:
    """The estimate at `reading`; in a sandbox by the clock file `told`, or else by the server's last answer
    [spec: sandbox-clock]."""
    if sandbox and told is not None:
        read = sandbox_now(state, SandboxClock(told), root_is_sandbox=True, lease_is_sandbox=True)
        if not isinstance(read, Refused):
            after, estimate = read
            return msgspec.structs.replace(after, boot=reading.boot, uptime=reading.uptime), estimate
    after, estimate = observe(state, reading, serial, life)
    # A sandbox lives in a year of its own, so that the wall clock is neither right nor wrong.
    return after, TimeEstimate(now=estimate.now) if sandbox else estimate
