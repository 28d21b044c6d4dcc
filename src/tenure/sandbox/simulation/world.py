"""A world: vendor, provider, sites and devices on one virtual clock, woken in the order of their instants, with faults.

Time jumps from one instant at which something may happen to the next. The judge looks after every step.
"""

import heapq
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, HOUR, Instant
from tenure.sandbox.simulation import sites
from tenure.sandbox.simulation.clocks import START, SimulatedMachine, TrueTime
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.faults import FaultInjector
from tenure.sandbox.simulation.invariants import WorldJudge
from tenure.sandbox.simulation.network import NOT_FOUND, UNREACHED, as_exchange
from tenure.sandbox.simulation.provider import SimulatedProvider
from tenure.sandbox.simulation.scenarios import Anybody, WorldPlan
from tenure.sandbox.simulation.seeded_random import CALM, Died, SeededRandom
from tenure.sandbox.simulation.sites import SimulatedSite
from tenure.sandbox.simulation.vendor import SimulatedVendor
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import TransportRequest
from tenure.store import ids
from tenure.wire.root import pin_root

VISIT = 6 * HOUR
"""Seconds between two visits of the fault injector."""
REST = 10 * DAY
"""Seconds of calm at the end."""
CHECK = 30 * DAY
"""Seconds between two verifications of every history."""


class SimulatedWorld:
    """One seed's world."""

    device = SimulatedDevice
    site = SimulatedSite
    vendor_of = SimulatedVendor

    def __init__(self, seed: int, plan: WorldPlan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.random = SeededRandom(seed, CALM)
        self._noise = ids.noise.set(self.random.bits)
        self.trace = self.random.trace
        self.time = TrueTime()
        self.judge = WorldJudge(seed, self.time, self.trace)
        logging.getLogger("tenure").addHandler(self.judge.faults)
        self.vendor = self.vendor_of(self.random, self.time)
        self.provider = SimulatedProvider(self.random, self.time, self.vendor, self.judge)
        self.sites: list[SimulatedSite] = []
        self.devices: list[SimulatedDevice] = []
        self.resting = False
        self.fault_injector = FaultInjector(self)
        self._queue: list[tuple[Instant, int, Callable[[], object]]] = []
        self._turns = 0
        self._wakes: dict[str, Instant] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        logging.getLogger("tenure").removeHandler(self.judge.faults)
        self.vendor.close()
        ids.noise.reset(self._noise)

    @property
    def device_days(self) -> int:
        """Days lived so far, for all devices together."""
        return len(self.devices) * (self.time.now - START) // DAY

    # the scene

    def run(self) -> None:
        """Sets the scene, lives for the planned days, then lets everything come to rest and looks at it whole."""
        self.begin()
        self.live(START + self.plan.days * DAY)
        self.rest()

    def begin(self) -> None:
        """Set up everything that has to be there before the first fault."""
        self.provider.set_up({plan: limit for plan, limit, _ in self.plan.devices_per_site})
        root = pin_root(self.vendor.root)
        assert not isinstance(root, Refused)  # noqa: S101 - it was made a moment ago
        self._root = root
        for sold, (_, _, devices_per_site) in zip(self.provider.sold, self.plan.devices_per_site, strict=True):
            for number, devices in enumerate(devices_per_site, 1):
                site = self._new_site(f"{sold.plan}-{number}")
                site.code, site.subscription = sold.code, sold.id
                self.devices += [self.device_on(f"{site.name}-{each}", site) for each in range(1, devices + 1)]
        for site in self.sites:
            site.start()
            self._schedule(site.name, self.time.now + self.random.between(1, DAY), partial(self._visit_site, site))
        for device in self.devices:
            device.start()
            self._schedule(
                device.name, self.time.now + self.random.between(DAY, 5 * DAY), partial(self._visit_device, device)
            )
        self.at(VISIT, self._inject_faults)
        self.at(DAY, self._run_sweep)
        self.at(CHECK, self._run_checks)
        self.random.odds = self.plan.odds
        self.vendor.mortal = True
        for site in self.sites:
            site.mortal = True
        for device in self.devices:
            device.mortal = True

    def _new_site(self, name: str) -> SimulatedSite:
        machine = SimulatedMachine(name, self.time, self.random.draw)
        folder = self.folder / name
        sites.make_folder(folder, name, self.vendor.root)
        site = self.site(name, folder, self.random, machine)
        site.connect(self._reach_server)
        self.sites.append(site)
        return site

    def device_on(self, name: str, site: SimulatedSite, files: dict[str, bytes] | None = None) -> SimulatedDevice:
        """A device on a machine of its own, with what its disk holds."""
        return self.device(
            name, self.random, SimulatedMachine(name, self.time, self.random.draw), site, self._root, files
        )

    def adopt(self, site: SimulatedSite) -> None:
        """Another site lives here, and starts soon."""
        site.connect(self._reach_server)
        self.sites.append(site)
        self.at(self.random.one_of((60, HOUR, DAY)), lambda: self.again(site))

    def live(self, until: Instant) -> None:
        """Lets everything happen that is due before `until`."""
        while self._queue and self._queue[0][0] < until:
            moment, _, act = heapq.heappop(self._queue)
            self.time.now = max(self.time.now, moment)
            act()
            self.judge.faultless()
        self.time.now = max(self.time.now, until)

    def at(self, wait: int, act: Callable[[], object]) -> None:
        """Lets `act` happen after so many seconds."""
        self._turns += 1
        heapq.heappush(self._queue, (self.time.now + wait, self._turns, act))

    def _schedule(self, name: str, moment: Instant, act: Callable[[], None]) -> None:
        """`act` at `moment`, unless it is put off or forward before then."""
        self._wakes[name] = moment

        def awake() -> None:
            if self._wakes.get(name) == moment:
                act()

        self.at(max(1, moment - self.time.now), awake)

    # the server, as everybody reaches it

    def _reach_server(self, request: TransportRequest) -> HttpExchange | Refused:
        if not self.vendor.up:
            return UNREACHED
        if request.method != "POST":
            return NOT_FOUND
        try:
            reply = self.vendor.answer(request.path, request.body)
        except Died:
            self._after_death("server", self.vendor.restart)
            raise
        if request.path == "/v1/sync":
            self.judge.synchronized(request.body, reply)
        else:
            self.judge.activated(request.body, reply)
        return as_exchange(reply)

    def _after_death(self, who: str, again: Callable[[], object]) -> None:
        self.trace.note(self.time.now, who, "died")
        self.at(self.random.one_of((5, 60, 600, HOUR, 12 * HOUR)), again)

    # turns

    def _visit_site(self, site: SimulatedSite) -> None:
        """A site's turn."""
        if not site.up:
            return
        kept = site.license.keeper.holder.kept
        try:
            retired = "edit" not in site.features and self.random.happens(0.05)
            if retired or not (kept.present.token or kept.activation):
                site.activate(site.code)
            else:
                site.turn()
        except Died:
            site.stop()
            self.down(site)
            return
        self.judge.look(site)
        if site.license.keeper.holder.kept.present.token != kept.present.token:
            self._spread_news(site)
        self._schedule(site.name, self._next_wake(site), lambda: self._visit_site(site))

    def _spread_news(self, site: SimulatedSite) -> None:
        """The site goes by a new lease: its devices that wait for one ask within ten minutes."""
        for device in self.devices:
            if device.site is site and device.up and device.waits:
                moment = self.time.now + self.random.between(1, 660)
                self._schedule(device.name, moment, partial(self._visit_device, device))

    def _visit_device(self, device: SimulatedDevice) -> None:
        """A device's turn."""
        if not device.up:
            return
        held, before = device.keeper.holder.kept, device.holds
        try:
            homeless = not (held.seat or held.device or held.pending) and self.random.happens(0.3)
            if device.wanted and (held.ticket is None or homeless):
                self.enroll(device)
            else:
                device.tick()
        except Died:
            device.stop()
            self.down(device)
            return
        if not device.site.up:
            self.down(device.site)
        self.judged(device, before)
        self._schedule(device.name, self._next_wake(device), lambda: self._visit_device(device))

    def judged(self, device: SimulatedDevice, before: tuple[str, bytes]) -> None:
        """See `LivingWorld`: only a genuine answer may touch what it holds."""
        self.judge.look(device)
        if device.holds != before:
            if not device.heard:
                raise self.judge.broken("P1", device.name, "its seat was touched without a genuine answer")
            self.judge.seat(device)

    def enroll(self, device: SimulatedDevice) -> None:
        """See `LivingWorld`."""
        if not device.site.up:
            return
        try:
            ticket = device.site.ticket()
        except Died:
            device.site.stop()
            return
        device.enroll(ticket)
        self.call_soon(device.site, 90)

    def call_soon(self, site: SimulatedSite, wait: int) -> None:
        """See `LivingWorld`: it notices within two minutes that more devices want a seat."""
        if site.up:
            moment = min(self._wakes.get(site.name, self.time.now + DAY), self.time.now + wait)
            self._schedule(site.name, max(moment, self.time.now + 1), lambda: self._visit_site(site))

    def _next_wake(self, who: Anybody) -> Instant:
        """When it is woken next: its own turn, or the second before or at an edge of what it was promised."""
        now, turn = self.time.now, who.next_turn()
        promised = who.promised
        for edge in () if promised is None else promised.edges():
            if now < edge - 1 < turn:
                return edge - 1
            if now < edge < turn:
                return edge
        return turn

    def down(self, who: Anybody) -> None:
        """A process has died: it is started again, or the machine loses its power for a while."""
        self.trace.note(self.time.now, who.name, "died")
        if isinstance(who, SimulatedDevice):
            self.judge.unseen(who)
        if self.random.happens(0.3):
            who.machine.on = False
        self.at(self.random.one_of((5, 60, 600, HOUR, DAY)), lambda: self.again(who))

    def again(self, who: Anybody) -> None:
        """Started again; at once once more when it died over that."""
        if who.up or (isinstance(who, SimulatedSite) and who.gone):
            return
        started = who.start() if who.machine.on else who.switch_on()
        if not started:
            self.at(5, lambda: self.again(who))
            return
        self.judge.look(who)
        if isinstance(who, SimulatedDevice):
            self.judge.back(who)
        act = (lambda: self._visit_device(who)) if isinstance(who, SimulatedDevice) else (lambda: self._visit_site(who))
        self._schedule(who.name, self.time.now + 1, act)

    # faults and upkeep

    def _run_sweep(self) -> None:
        if self.vendor.up and not self.vendor.sweep_once():
            self._after_death("server", self.vendor.restart)
        self.judge.books(self.vendor)
        self.judge.allotments(self.sites)
        self.at(self.random.between(HOUR, 2 * DAY), self._run_sweep)

    def _run_checks(self) -> None:
        self.judge.histories(self.vendor)
        self.at(CHECK, self._run_checks)

    def _inject_faults(self) -> None:
        """Let the fault injector act, every few hours."""
        if not self.resting:
            self.at(self.random.between(VISIT // 2, VISIT), self._inject_faults)
            self.fault_injector.come()

    # the end

    def rest(self) -> None:
        """Nothing goes wrong any more, for ten days: then everybody must have come to the same truth."""
        self.random.odds, self.resting = CALM, True
        self.fault_injector.end()
        self.live(self.time.now + REST)
        self.vendor.sweep_once()  # what lists show of an instant since its last look is only late
        self.judge.books(self.vendor)
        self.judge.histories(self.vendor)
        self.judge.replayed(self.vendor)
        self.judge.agreed(self.vendor, self.sites)
