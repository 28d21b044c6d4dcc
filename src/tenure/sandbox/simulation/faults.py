"""Faults of a simulated world: cables, power, clocks, administrators, the provider, and the server's disk."""

from tenure.core.timeline import DAY, HOUR
from tenure.sandbox.simulation.code_changes import CodeChanger
from tenure.sandbox.simulation.copies import DiskCopier
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.disks import ServerDisk
from tenure.sandbox.simulation.scenarios import Anybody, LivingWorld
from tenure.sandbox.simulation.seeded_random import Died
from tenure.sandbox.simulation.sites import SimulatedSite

OUTAGES = (60, 600, 600, HOUR, HOUR, 6 * HOUR, 6 * HOUR, DAY, 3 * DAY, 8 * DAY, 33 * DAY)
"""Seconds for which the server is gone."""
WRONG = (0, 0, -600, -DAY, -400 * DAY, 3 * HOUR, 20 * HOUR, 3 * DAY, 400 * DAY, 30 * 365 * DAY)
"""Seconds by which a user sets a wall clock ahead (negative: behind)."""


class FaultInjector:
    """Injects faults at random, and lets administrators and the provider act between them."""

    def __init__(self, world: LivingWorld) -> None:
        self._world = world
        self._copier, self._mover = DiskCopier(world), CodeChanger(world)
        self._backup: ServerDisk | None = None

    def come(self) -> None:
        """What happens at one visit."""
        dice = self._world.random
        if dice.happens(0.25):
            self._cut_cable(self._any_machine())
        if dice.happens(0.015):
            self._server_outage()
        if dice.happens(0.3):
            self._power_off(self._any_machine())
        if dice.happens(0.02):
            self._release_device(dice.one_of(self._world.devices))
        if dice.happens(0.01):
            self._withdraw_seat(dice.one_of(self._world.sites))
        if self._world.plan.provider_acts and dice.happens(0.06):
            self._world.provider.do_something()
        if self._world.plan.provider_acts and dice.happens(0.006):
            for sold in self._world.provider.sold:
                self._world.provider.keep_paid(sold)
        if self._world.plan.clocks and dice.happens(0.15):
            far = dice.one_of(WRONG)
            self.set_clock(self._any_machine(), far)
        if self._world.plan.backups:
            self._take_backup()
        if self._world.plan.copies:
            self._copier.come()
        if self._world.plan.moves:
            self._mover.come()

    def _long_duration(self) -> int:
        return self._world.random.one_of((600, HOUR, 6 * HOUR, DAY, DAY, 3 * DAY, 8 * DAY, 16 * DAY, 40 * DAY))

    def _cut_cable(self, who: Anybody) -> None:
        """Its cable is out for a while."""
        if who.wire.up:
            who.wire.up, wait = False, self._long_duration()
            self._world.trace.note(self._world.time.now, who.name, "cut off", f"for {wait} s")
            self._world.at(wait, lambda: setattr(who.wire, "up", True))

    def _server_outage(self) -> None:
        """The server is gone for everybody; for a long outage the vendor publishes an amnesty."""
        if not self._world.vendor.up:
            return
        self._world.vendor.up, wait = False, self._world.random.one_of(OUTAGES)
        self._world.trace.note(self._world.time.now, "server", "outage", f"for {wait} s")

        def over() -> None:
            self._world.vendor.restart()
            if wait >= 3 * DAY and self._world.random.happens(0.7):
                self._world.provider.publish_amnesty(min(wait, 30 * DAY))

        self._world.at(wait, over)

    def _power_off(self, who: Anybody) -> None:
        """Switched off, for the night or for the holidays."""
        if not who.up:
            return
        try:
            who.switch_off()
        except Died:
            who.stop()
        wait = self._world.random.one_of((300, 10 * HOUR, 10 * HOUR, 2 * DAY, 10 * DAY, 20 * DAY))
        self._world.trace.note(self._world.time.now, who.name, "switched off", f"for {wait} s")
        self._world.at(wait, lambda: self._world.again(who))

    def _release_device(self, device: SimulatedDevice) -> None:
        """The device gives its seat up, and is wanted again some days later."""
        if not device.up or not device.keeper.holder.kept.seat:
            return
        try:
            device.release()
        except Died:
            device.stop()
            self._world.down(device)
            return
        self._world.trace.note(self._world.time.now, device.name, "released")
        self._world.judge.seat(device)
        self._world.at(self._world.random.between(1, 10) * DAY, lambda: self._wanted_again(device))

    def _wanted_again(self, device: SimulatedDevice) -> None:
        if device.up and device.site.up:
            before = device.holds
            try:
                self._world.enroll(device)
            except Died:
                device.stop()
                self._world.down(device)
                return
            self._world.judged(device, before)

    def _withdraw_seat(self, site: SimulatedSite) -> None:
        """The administrator takes a device's seat away; it learns of it at its next contact."""
        known = [each for each in (site.devices() if site.up else []) if each.counted]
        if known:
            try:
                site.withdraw(self._world.random.one_of(known))
            except Died:
                site.stop()
                self._world.down(site)

    def set_clock(self, who: Anybody, far: int) -> None:
        """Set a wall clock `far` seconds ahead of the true time; 0 makes it right again."""
        if who.machine.off == far:
            return
        who.machine.off = far
        self._world.trace.note(self._world.time.now, who.name, "clock set", f"{far} s")
        if who.machine.on:
            who.bounds.tampered(far, self._world.time.now)

    def _take_backup(self) -> None:
        if self._world.random.happens(0.1):
            self.back_up()
        elif self._backup is not None and self._world.random.happens(0.004):
            self.restore(self._backup)

    def back_up(self) -> ServerDisk:
        """The server's database is copied."""
        self._backup = self._world.vendor.disk.snapshot()
        self._world.trace.note(self._world.time.now, "server", "backed up")
        return self._backup

    def restore(self, backup: ServerDisk) -> None:
        """The server's database is put back."""
        rows = backup.raw.execute("select id, token from sites").fetchall()
        epoch = self._world.vendor.restore(backup)
        self._world.trace.note(self._world.time.now, "server", "restored", f"in epoch {epoch}")
        self._world.judge.restored(rows, self._world.sites)

    def end(self) -> None:
        """Everything is put right: the server is up, forks are resolved, cables whole, clocks right, machines on."""
        if not self._world.vendor.up:
            self._world.vendor.restart()
        self._settle_forks()
        for who in self._all_machines():
            who.wire.up = True
            self.set_clock(who, 0)
            if not who.up:
                self._world.again(who)

    def _settle_forks(self) -> None:
        """Now and every day of the calm: a disk put back at the very end is found to be a copy only when it comes, and
        a second time within 90 days it gets no lease until the provider has said what it is [spec: fork-rule]."""
        self._copier.settle()
        self._world.at(DAY, self._settle_forks)

    def _all_machines(self) -> list[Anybody]:
        return [*self._world.devices, *self._world.sites]

    def _any_machine(self) -> Anybody:
        return self._world.random.one_of(self._all_machines())
