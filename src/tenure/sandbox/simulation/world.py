"""A world: vendor, desk, sites and devices on one virtual clock, woken in the order of their instants, shaken by fate.

Time jumps from one instant at which something may happen to the next. The judge looks after every step.
"""

import heapq
import logging
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, HOUR, Instant
from tenure.sandbox.simulation import sites
from tenure.sandbox.simulation.copies import Copier
from tenure.sandbox.simulation.desk import Desk
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.disks import ServerDisk
from tenure.sandbox.simulation.fate import CALM, Died, Fate, Odds
from tenure.sandbox.simulation.judge import AFTER_A_RESTORE, Judge
from tenure.sandbox.simulation.machines import START, Machine, Time
from tenure.sandbox.simulation.network import NOT_FOUND, UNREACHED, exchange
from tenure.sandbox.simulation.sites import SimulatedSite
from tenure.sandbox.simulation.vendor import Vendor
from tenure.sdk.names.path import Exchange
from tenure.sdk.transport import Request
from tenure.store import ids
from tenure.wire.root import pin

VISIT = 6 * HOUR
"""Seconds between two visits of fate."""
OUTAGES = (60, 600, 600, HOUR, HOUR, 6 * HOUR, 6 * HOUR, DAY, 3 * DAY, 8 * DAY, 33 * DAY)
"""Seconds for which the server is gone."""
WRONG = (0, 0, -600, -DAY, -400 * DAY, 3 * HOUR, 20 * HOUR, 3 * DAY, 400 * DAY, 30 * 365 * DAY)
"""Seconds by which somebody sets a wall clock ahead (negative: behind)."""
REST = 10 * DAY
"""Seconds of calm at the end."""
CHECK = 30 * DAY
"""Seconds between two verifications of every history."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of world this is."""

    days: int = 360
    """At most: the root document of a world lives for thirteen months."""
    crowd: tuple[tuple[str, int, tuple[int, ...]], ...] = (
        ("yearly", 30, (14, 12, 8)),
        ("monthly", 12, (13,)),
        ("quarterly", 8, (8,)),
    )
    """Of each subscription its plan, its device limit, and how many devices want a seat at each of its sites."""
    odds: Odds = Odds()
    desk: bool = True
    clocks: bool = False
    """Whether somebody plays with wall clocks."""
    copies: bool = False
    """Whether disks of sites and devices are copied and put back."""
    backups: bool = False
    """Whether the server's database is put back."""

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return sum(sum(each) for _, _, each in self.crowd)


class World:
    """One seed's world."""

    device = SimulatedDevice
    site = SimulatedSite
    vendor_of = Vendor

    def __init__(self, seed: int, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self._noise = ids.noise.set(lambda count: self.fate.bits(count))
        self.fate = Fate(seed, CALM)
        self.trace = self.fate.trace
        self.time = Time()
        self.judge = Judge(seed, self.time, self.trace)
        logging.getLogger("tenure").addHandler(self.judge.faults)
        self.vendor = self.vendor_of(self.fate, self.time)
        self.desk = Desk(self.fate, self.time, self.vendor, self.judge)
        self.sites: list[SimulatedSite] = []
        self.devices: list[SimulatedDevice] = []
        self.backup: ServerDisk | None = None
        self.resting = False
        self.copier = Copier(self)
        self._queue: list[tuple[Instant, int, Callable[[], None]]] = []
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
        """Everything that has to be there before fate may shake it."""
        self.desk.open({plan: limit for plan, limit, _ in self.plan.crowd})
        root = pin(self.vendor.root)
        assert not isinstance(root, Refused)  # noqa: S101 - it was made a moment ago
        self._root = root
        for sold, (_, _, crowd) in zip(self.desk.sold, self.plan.crowd, strict=True):
            for number, devices in enumerate(crowd, 1):
                site = self._new_site(f"{sold.plan}-{number}")
                site.code, site.subscription = sold.code, sold.id
                self.devices += [self.device_on(f"{site.name}-{each}", site) for each in range(1, devices + 1)]
        for site in self.sites:
            site.start()
            self._wake(site.name, self.time.now + self.fate.between(1, DAY), lambda site=site: self._visit(site))
        for device in self.devices:
            device.start()
            self._wake(device.name, self.time.now + self.fate.between(DAY, 5 * DAY), lambda one=device: self._see(one))
        self.at(VISIT, self._fate_comes)
        self.at(DAY, self._sweep)
        self.at(CHECK, self._check)
        self.fate.odds = self.plan.odds
        for each in (self.vendor, *self.sites, *self.devices):
            each.mortal = True

    def _new_site(self, name: str) -> SimulatedSite:
        machine = Machine(name, self.time, self.fate.draw)
        folder = self.folder / name
        sites.found(folder, name, self.vendor.root)
        site = self.site(name, folder, self.fate, machine)
        site.connect(self._server)
        self.sites.append(site)
        return site

    def device_on(self, name: str, site: SimulatedSite, files: dict[str, bytes] | None = None) -> SimulatedDevice:
        """A device on a machine of its own, with what its disk holds."""
        return self.device(name, self.fate, Machine(name, self.time, self.fate.draw), site, self._root, files)

    def adopt(self, site: SimulatedSite) -> None:
        """Another site lives here, and starts soon."""
        site.connect(self._server)
        self.sites.append(site)
        self.at(self.fate.one_of((60, HOUR, DAY)), lambda: self.again(site))

    def live(self, until: Instant) -> None:
        """Lets everything happen that is due before `until`."""
        while self._queue and self._queue[0][0] < until:
            moment, _, act = heapq.heappop(self._queue)
            self.time.now = max(self.time.now, moment)
            act()
            self.judge.faultless()
        self.time.now = max(self.time.now, until)

    def at(self, wait: int, act: Callable[[], None]) -> None:
        self._turns += 1
        heapq.heappush(self._queue, (self.time.now + wait, self._turns, act))

    def _wake(self, name: str, moment: Instant, act: Callable[[], None]) -> None:
        """`act` at `moment`, unless it is put off or forward before then."""
        self._wakes[name] = moment

        def awake() -> None:
            if self._wakes.get(name) == moment:
                act()

        self.at(max(1, moment - self.time.now), awake)

    # the server, as everybody reaches it

    def _server(self, request: Request) -> Exchange | Refused:
        if not self.vendor.up:
            return UNREACHED
        if request.method != "POST":
            return NOT_FOUND
        try:
            reply = self.vendor.answer(request.path, request.body)
        except Died:
            self._died("server", self.vendor.restart)
            raise
        if request.path == "/v1/sync":
            self.judge.synchronised(request.body, reply)
        else:
            self.judge.activated(reply)
        return exchange(reply)

    def _died(self, who: str, again: Callable[[], object]) -> None:
        self.trace.note(self.time.now, who, "died")
        self.at(self.fate.one_of((5, 60, 600, HOUR, 12 * HOUR)), again)

    # turns

    def _visit(self, site: SimulatedSite) -> None:
        """A site's turn."""
        if not site.up:
            return
        try:
            kept = site.license.keeper.holder.kept
            retired = "edit" not in site.features and self.fate.happens(0.05)
            if retired or not (kept.present.token or kept.activation):
                site.activate(site.code)
            else:
                site.turn()
        except Died:
            site.stop()
            self._down(site)
            return
        self.judge.look(site)
        self._wake(site.name, self._next(site), lambda: self._visit(site))

    def _see(self, device: SimulatedDevice) -> None:
        """A device's turn."""
        if not device.up:
            return
        held = device.keeper.holder.kept
        before = (held.seat, held.held.token)
        try:
            homeless = not (held.seat or held.device or held.pending) and self.fate.happens(0.3)
            if device.wanted and (held.ticket is None or homeless):
                self._enrol(device)
            else:
                device.tick()
        except Died:
            device.stop()
            self._down(device)
            return
        if not device.site.up:
            self._down(device.site)
        self._judged(device, before)
        self._wake(device.name, self._next(device), lambda: self._see(device))

    def _judged(self, device: SimulatedDevice, before: tuple[str, bytes]) -> None:
        self.judge.look(device)
        after = device.keeper.holder.kept
        if (after.seat, after.held.token) != before:
            if not device.heard:
                raise self.judge.broken("P1", device.name, "its seat was touched without a genuine answer")
            if before[0] and not after.seat:
                self.judge.erased(*before)
            self.judge.seat(device)

    def _enrol(self, device: SimulatedDevice) -> None:
        if not device.site.up:
            return
        try:
            ticket = device.site.ticket()
        except Died:
            device.site.stop()
            return
        device.enrol(ticket)
        self._hurry(device.site, 90)

    def _hurry(self, site: SimulatedSite, wait: int) -> None:
        """A site notices within two minutes that more devices want a seat."""
        if site.up:
            moment = min(self._wakes.get(site.name, self.time.now + DAY), self.time.now + wait)
            self._wake(site.name, max(moment, self.time.now + 1), lambda: self._visit(site))

    def _next(self, who: SimulatedDevice | SimulatedSite) -> Instant:
        """When it is woken next: its own turn, or the second before or at an edge of what it was promised."""
        now, turn = self.time.now, who.next_turn()
        promised = who.promised
        for edge in () if promised is None else promised.edges():
            if now < edge - 1 < turn:
                return edge - 1
            if now < edge < turn:
                return edge
        return turn

    def _down(self, who: SimulatedDevice | SimulatedSite) -> None:
        """A process has died: it is started again, or the machine loses its power for a while."""
        self.trace.note(self.time.now, who.name, "died")
        if self.fate.happens(0.3):
            who.machine.on = False
        self.at(self.fate.one_of((5, 60, 600, HOUR, DAY)), lambda: self.again(who))

    def again(self, who: SimulatedDevice | SimulatedSite) -> None:
        """Started again; at once once more when it died over that."""
        if who.up or (isinstance(who, SimulatedSite) and who.gone):
            return
        started = who.start() if who.machine.on else who.switch_on()
        if not started:
            self.at(5, lambda: self.again(who))
            return
        self.judge.look(who)
        act = (lambda: self._see(who)) if isinstance(who, SimulatedDevice) else (lambda: self._visit(who))
        self._wake(who.name, self.time.now + 1, act)

    # fate and upkeep

    def _sweep(self) -> None:
        if self.vendor.up and not self.vendor.sweep_once():
            self._died("server", self.vendor.restart)
        self.judge.books(self.vendor)
        self.judge.allotments(self.sites)
        self.at(self.fate.between(HOUR, 2 * DAY), self._sweep)

    def _check(self) -> None:
        self.judge.histories(self.vendor)
        self.at(CHECK, self._check)

    def _fate_comes(self) -> None:
        """What happens to somebody, every few hours."""
        if self.resting:
            return
        self.at(self.fate.between(VISIT // 2, VISIT), self._fate_comes)
        dice = self.fate
        if dice.happens(0.25):
            self._cut(dice.one_of((*self.devices, *self.sites)))
        if dice.happens(0.015):
            self._outage()
        if dice.happens(0.3):
            self._power(dice.one_of((*self.devices, *self.devices, *self.sites)))
        if dice.happens(0.02):
            self._release(dice.one_of(self.devices))
        if dice.happens(0.01):
            self._withdraw(dice.one_of(self.sites))
        if self.plan.desk and dice.happens(0.06):
            self.desk.do_something()
        if self.plan.desk and dice.happens(0.006):
            for sold in self.desk.sold:
                self.desk.keep_paid(sold)
        if self.plan.clocks and dice.happens(0.15):
            far = dice.one_of(WRONG)
            self._set_clock(dice.one_of((*self.devices, *self.devices, *self.sites)), far)
        if self.plan.backups:
            self._backups()
        if self.plan.copies:
            self.copier.come()

    def _long(self) -> int:
        return self.fate.one_of((600, HOUR, 6 * HOUR, DAY, DAY, 3 * DAY, 8 * DAY, 16 * DAY, 40 * DAY))

    def _cut(self, who: SimulatedDevice | SimulatedSite) -> None:
        """Its cable is out for a while."""
        if who.wire.up:
            who.wire.up, wait = False, self._long()
            self.trace.note(self.time.now, who.name, "cut off", f"for {wait} s")
            self.at(wait, lambda: setattr(who.wire, "up", True))

    def _outage(self) -> None:
        """The server is gone for everybody; for a long outage the vendor publishes an amnesty."""
        if not self.vendor.up:
            return
        self.vendor.up, wait = False, self.fate.one_of(OUTAGES)
        self.trace.note(self.time.now, "server", "outage", f"for {wait} s")

        def over() -> None:
            self.vendor.restart()
            if wait >= 3 * DAY and self.fate.happens(0.7):
                self.desk.amnesty(min(wait, 30 * DAY))

        self.at(wait, over)

    def _power(self, who: SimulatedDevice | SimulatedSite) -> None:
        """Switched off, for the night or for the holidays."""
        if not who.up:
            return
        try:
            who.switch_off()
        except Died:
            who.stop()
        wait = self.fate.one_of((300, 10 * HOUR, 10 * HOUR, 2 * DAY, 10 * DAY, 20 * DAY))
        self.trace.note(self.time.now, who.name, "switched off", f"for {wait} s")
        self.at(wait, lambda: self.again(who))

    def _release(self, device: SimulatedDevice) -> None:
        """The device gives its seat up, and is wanted again some days later."""
        if not device.up or not device.keeper.holder.kept.seat:
            return
        kept = device.keeper.holder.kept
        try:
            device.release()
        except Died:
            device.stop()
            self._down(device)
            return
        self.trace.note(self.time.now, device.name, "released")
        if not device.keeper.holder.kept.seat:
            self.judge.erased(kept.seat, kept.held.token)
        self.at(self.fate.between(1, 10) * DAY, lambda: self._wanted_again(device))

    def _wanted_again(self, device: SimulatedDevice) -> None:
        if device.up and device.site.up:
            held = device.keeper.holder.kept
            before = (held.seat, held.held.token)
            try:
                self._enrol(device)
            except Died:
                device.stop()
                self._down(device)
                return
            self._judged(device, before)

    def _withdraw(self, site: SimulatedSite) -> None:
        """The administrator takes a device's seat away; it learns of it at its next contact."""
        known = [each for each in (site.devices() if site.up else []) if each.counted]
        if known:
            try:
                site.withdraw(self.fate.one_of(known))
            except Died:
                site.stop()
                self._down(site)

    def _set_clock(self, who: SimulatedDevice | SimulatedSite, far: int) -> None:
        """Somebody sets a wall clock `far` seconds ahead of the truth; 0 is right again."""
        if who.machine.off == far:
            return
        who.machine.off = far
        self.trace.note(self.time.now, who.name, "clock set", f"{far} s")
        if who.machine.on:
            who.bounds.tampered(far, self.time.now)

    def _backups(self) -> None:
        if self.fate.happens(0.1):
            self.backup = self.vendor.disk.snapshot()
            self.trace.note(self.time.now, "server", "backed up")
        elif self.backup is not None and self.fate.happens(0.004):
            known = dict(self.backup.raw.execute("select id, token from sites").fetchall())
            epoch = self.vendor.restore(self.backup)
            self.trace.note(self.time.now, "server", "restored", f"in epoch {epoch}")
            self.judge.restored({name: token.decode() for name, token in known.items()})
            for sold in self.desk.sold:
                self.judge.excused[sold.id] = self.time.now + AFTER_A_RESTORE

    # the end

    def rest(self) -> None:
        """Nothing goes wrong any more, for ten days: then everybody must have come to the same truth."""
        self.fate.odds, self.resting = CALM, True
        if not self.vendor.up:
            self.vendor.restart()
        self.copier.settle()
        for who in (*self.sites, *self.devices):
            who.wire.up = True
            self._set_clock(who, 0)
            if not who.up:
                self.again(who)
        self.live(self.time.now + REST)
        self.judge.books(self.vendor)
        self.judge.histories(self.vendor)
