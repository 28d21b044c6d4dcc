"""Time in a simulated world: one true clock that only the world moves, and what each machine's clocks show of it."""

from collections.abc import Callable

from tenure.core.timeline import Instant
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer

START: Instant = 1_767_225_600
"""2026-01-01, when every world begins."""


class TrueTime:
    """The true instant, whole Unix seconds."""

    def __init__(self, now: Instant = START) -> None:
        self.now = now

    def __call__(self) -> Instant:
        """Reads it."""
        return self.now


class SimulatedMachine:
    """One computer: it is on or off, its boot-time clock is sound, its wall clock may be anything."""

    def __init__(self, name: str, time: TrueTime, draw: Callable[[int], bytes]) -> None:
        self.name, self.time, self._draw = name, time, draw
        self.boots = 0
        self.started = time.now
        self.on = True
        self.off = 0
        """How far its wall clock is ahead of the truth, in seconds."""
        self.hardware: dict[str, str] = {}
        self.reboot()

    def reboot(self) -> None:
        """Switches it on (again): another boot, another uptime."""
        self.boots += 1
        self.started = self.time.now - 20
        self.on = True

    @property
    def uptime(self) -> int:
        """Seconds since this boot."""
        return self.time.now - self.started

    def computer(self) -> Computer:
        """What programs on it see, as of this boot."""
        boot, started = f"{self.name}-{self.boots}", self.started
        return Computer(
            clocks=ComputerClocks(boot, lambda: float(self.time.now - started), lambda: self.time.now + self.off),
            monotonic=lambda: float(self.time.now - started),
            draw=self._draw,
            environment={},
            hardware=lambda: self.hardware,
            online=lambda: True,
            host=self.name,
        )
