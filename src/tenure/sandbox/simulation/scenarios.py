"""What kind of world grows from a seed, and what those who shake it may ask of it."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from tenure.sandbox.simulation.clocks import TrueTime
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.invariants import WorldJudge
from tenure.sandbox.simulation.provider import SimulatedProvider
from tenure.sandbox.simulation.seeded_random import FaultOdds, SeededRandom, WorldTrace
from tenure.sandbox.simulation.sites import SimulatedSite
from tenure.sandbox.simulation.vendor import SimulatedVendor

Anybody = SimulatedDevice | SimulatedSite


class WorldPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of world this is."""

    days: int = 360
    """At most: the root document of a world lives for thirteen months."""
    devices_per_site: tuple[tuple[str, int, tuple[int, ...]], ...] = (
        ("yearly", 30, (14, 12, 8)),
        ("monthly", 12, (13,)),
        ("quarterly", 8, (8,)),
    )
    """Of each subscription its plan, its device limit, and how many devices want a seat at each of its sites."""
    odds: FaultOdds = FaultOdds()
    provider_acts: bool = True
    clocks: bool = False
    """Whether users set wall clocks at will."""
    copies: bool = False
    """Whether disks of sites and devices are copied and put back."""
    backups: bool = False
    """Whether the server's database is put back."""
    moves: bool = False
    """Whether administrators apply other codes, and keep successors ready."""

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return sum(sum(each) for _, _, each in self.devices_per_site)


class LivingWorld(Protocol):
    """A world as those see it who shake it."""

    plan: WorldPlan
    random: SeededRandom
    trace: WorldTrace
    time: TrueTime
    judge: WorldJudge
    vendor: SimulatedVendor
    provider: SimulatedProvider
    sites: list[SimulatedSite]
    devices: list[SimulatedDevice]

    def at(self, wait: int, act: Callable[[], object]) -> None:
        """Lets `act` happen after so many seconds."""

    def again(self, who: Anybody) -> None:
        """Starts a process, or the machine with it."""

    def call_soon(self, site: SimulatedSite, wait: int) -> None:
        """A site has its turn within so many seconds."""

    def down(self, who: Anybody) -> None:
        """A process has died."""

    def enroll(self, device: SimulatedDevice) -> None:
        """The device enrolls with a new token; raises `Died`."""

    def judged(self, device: SimulatedDevice, before: tuple[str, bytes]) -> None:
        """The device is looked at after something was done with it; `before`: its seat and lease then."""

    def adopt(self, site: SimulatedSite) -> None:
        """Another site lives here, and starts soon."""

    def device_on(self, name: str, site: SimulatedSite, files: dict[str, bytes] | None = None) -> SimulatedDevice:
        """A device on a machine of its own, with what its disk holds."""
