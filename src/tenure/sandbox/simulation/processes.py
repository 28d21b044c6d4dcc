"""A program of ours in a simulated world: started and stopped with its machine, woken, and judged by what came in.

What it is, and what its turns are, stands in `sites` and `devices`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from tenure.agent.seat_keeper import SeatKeeper
from tenure.sandbox.simulation.bounds import TimeBounds
from tenure.sandbox.simulation.clocks import SimulatedMachine
from tenure.sandbox.simulation.network import SimulatedWire
from tenure.sandbox.simulation.seeded_random import SeededRandom
from tenure.sdk.license_keeper import LicenseKeeper


class SimulatedProcess(ABC):
    """A machine with one program on it, and the process while there is one."""

    wire: SimulatedWire
    keeper: LicenseKeeper | SeatKeeper
    """What holds its license or seat, from its start on."""

    def __init__(self, name: str, random: SeededRandom, machine: SimulatedMachine) -> None:
        self.name, self.machine, self._random = name, machine, random
        self.bounds = TimeBounds(machine.time.now)
        self.up = self.heard = False
        """Whether it runs, and whether its last turn brought a genuine answer."""
        self._on: frozenset[str] = frozenset()
        """The functions that were on after its last turn."""
        self.mortal = False

    def step(self) -> None:
        """A step of the disk at which the process may die."""
        if self.mortal:
            self._random.step()

    @abstractmethod
    def start(self) -> bool:
        """Starts the process; False when it died at once."""

    def stop(self) -> None:
        """The process is gone."""
        self.up = False
        self.bounds.perhaps(self.wire.arrived, self.machine.off)
        self.wire.arrived.clear()
        self.bounds.stopped(self.machine.time.now)

    def switch_off(self) -> None:
        """The machine is off; running programs saved the time within the last minutes, as they always do."""
        if self.up:
            self.remember()
            self.stop()
        self.machine.on = False

    def switch_on(self) -> bool:
        """The machine is on again, and the process with it; False when that died at once."""
        self.machine.reboot()
        self.bounds.rebooted(self.machine.time.now, self.machine.off)
        return self.start()

    def remember(self) -> None:
        """What it did every ten minutes, and more often after its start, since it was last looked at."""
        mortal, self.mortal = self.mortal, False
        self.keeper.remember_time()
        self.mortal = mortal

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """One of its turns: what comes in within the block is learnt from, unless the process dies over it."""
        self.wire.arrived.clear()
        self.remember()
        yield
        self.learn()

    def learn(self) -> None:
        """The judge's bounds after what came in: only now is it certain that it was taken."""
        self.bounds.learn(self.wire.arrived, self.machine.off)
        self.heard = bool(self.wire.arrived)
        self.wire.arrived.clear()
        on, self._on = self._on, self.features
        if on != self._on:
            self.bounds.saved(self.machine.time.now)

    @property
    def features(self) -> frozenset[str]:
        """The functions that are on, as a program that asks at this moment finds them."""
        holder = self.keeper.holder
        ready = holder.ready
        return (ready if self.machine.uptime < ready.until else holder.refresh_features()).features
