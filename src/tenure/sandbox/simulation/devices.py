"""A protected computer in a simulated world: the real agent on a disk in memory, looked at as its daemon looks."""

from tenure.agent.device_state import DeviceStateFolder
from tenure.agent.requests import DeviceIdentity
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.agent.seat_keeper import SeatKeeper
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, SERVING, Instant
from tenure.sandbox.simulation.clocks import SimulatedMachine
from tenure.sandbox.simulation.disks import MemoryDisk
from tenure.sandbox.simulation.network import SimulatedWire
from tenure.sandbox.simulation.processes import SimulatedProcess
from tenure.sandbox.simulation.promises import HeldPromise, read_promise
from tenure.sandbox.simulation.seeded_random import Died, SeededRandom
from tenure.sandbox.simulation.sites import PRODUCT, VERSION, SimulatedSite
from tenure.sdk.boots import BootWatch
from tenure.sdk.clock import Timekeeper
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import TransportRequest
from tenure.wire.root import TrustedRoot

SELDOM = DAY
"""Seconds after which a device that has nothing to do is looked at all the same."""


class SimulatedDevice(SimulatedProcess):
    """One device: disk, machine, and the agent's process while there is one."""

    keeper: SeatKeeper

    def __init__(
        self,
        name: str,
        random: SeededRandom,
        machine: SimulatedMachine,
        site: SimulatedSite,
        root: TrustedRoot,
        files: dict[str, bytes] | None = None,
    ) -> None:
        super().__init__(name, random, machine)
        self.site, self._root = site, root
        self.disk = MemoryDisk(self.step, files)
        self.rhythm = random.one_of((0, 0, 0, 2, 5, 10))
        """Days for which it sleeps at most between two uses; 0: it is always awake."""
        self.wanted = True
        """Whether a user works with it: then it enrolls as soon as it can."""
        self.wire = SimulatedWire(random, machine, self._ask, lambda: self.site.bounds)

    def _ask(self, request: TransportRequest) -> HttpExchange | Refused:
        return self.site.answer(request)  # of whichever site it belongs to by then

    def start(self) -> bool:
        """Starts the agent; False when it died at once."""
        who = DeviceIdentity(product=PRODUCT, version=VERSION, name=self.name, hardware={})
        computer = self.machine.computer()
        self.disk.cut()
        try:
            memory = DeviceStateFolder(self.disk, self._random.draw)
            holder = self.holder_of(who, memory, Timekeeper(computer.clocks))
            self.keeper = SeatKeeper(who, holder, lambda *_: self.wire, self._random.draw)
        except Died:
            return False
        self.up = True
        return True

    def holder_of(self, who: DeviceIdentity, memory: DeviceStateFolder, time: Timekeeper) -> SeatKeyHolder:
        """What holds its seat."""
        parts = (f"machine {self.machine.name}", f"board {self.machine.name}")
        boots = BootWatch(time.clocks, self.name, parts)
        return SeatKeyHolder(who, self._root, memory, time, self._random.draw, boots)

    def tick(self) -> None:
        """A look at whether the site is to be asked; raises `Died`."""
        with self.exchange():
            self.keeper.tick()

    def enroll(self, ticket: str) -> None:
        """Enrolls with a token; raises `Died`."""
        with self.exchange():
            self.keeper.enroll(ticket)

    def release(self) -> None:
        """Gives its seat up; raises `Died`."""
        with self.exchange():
            self.keeper.release()

    @property
    def promised(self) -> HeldPromise | None:
        """What the seat it holds promises; None without one."""
        kept = self.keeper.holder.kept
        return read_promise(kept.held.token, kept.seat, kept.notices) if kept.seat else None

    @property
    def holds(self) -> tuple[str, bytes]:
        """Seat and lease."""
        kept = self.keeper.holder.kept
        return kept.seat, kept.held.token

    @property
    def waits(self) -> bool:
        """Whether it asks every ten minutes, and is told the same until its site has heard something new."""
        holder = self.keeper.holder
        idle = not holder.kept.seat or holder.kept.refusal is not None
        return idle or holder.ready.standing.phase not in SERVING

    def next_turn(self) -> Instant:
        """When it has to be woken at the latest."""
        now, holder = self.machine.time.now, self.keeper.holder
        due = self.keeper.next_contact_at()
        wait = SELDOM if due is None else max(1, due - holder.now().instant)
        cut_off = not (self.wire.up and self.site.up) and holder.kept.contacts.failures > 2
        if cut_off or self.waits:
            wait += self._random.between(0, DAY)  # nothing but one more failure, or the same answer, lies between
        asleep = self._random.between(0, self.rhythm * DAY) if self.rhythm else 0
        return now + max(min(wait, SELDOM), asleep)
