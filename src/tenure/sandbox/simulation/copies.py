"""Copied disks in a simulated world: images of sites and devices that are put back, or started a second time (B9).

The honest and the dishonest look alike here: a restored backup, a cloned machine, a golden image.
"""

import msgspec

from tenure.core.timeline import DAY, HOUR
from tenure.sandbox.simulation.bounds import TimeBounds
from tenure.sandbox.simulation.clocks import SimulatedMachine
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.disks import MemoryDisk, SiteDisk
from tenure.sandbox.simulation.invariants import AFTER_A_COPY
from tenure.sandbox.simulation.scenarios import LivingWorld
from tenure.sandbox.simulation.sites import SimulatedSite

OPEN = 400 * DAY
"""While a fork is open, or not even known, the device limit of its subscription is not judged."""
_FORKED = "select id, subscription from sites where forked_at is not null"


class SiteImage(msgspec.Struct, frozen=True):
    """A site's disk as it was, and what it knew of the time."""

    disk: SiteDisk
    bounds: TimeBounds
    withdrawn: bool | None


class DeviceImage(msgspec.Struct, frozen=True):
    """A device's disk as it was, and what it knew of the time."""

    files: dict[str, bytes]
    bounds: TimeBounds


class DiskCopier:
    """Copies disks of sites and devices, and puts the copies back."""

    def __init__(self, world: LivingWorld) -> None:
        self._world = world
        self._sites: dict[str, SiteImage] = {}
        self._devices: dict[str, DeviceImage] = {}
        self._twins: list[tuple[SimulatedSite, SimulatedSite]] = []
        self._number = 0

    def come(self) -> None:
        """What happens to disks, every few hours."""
        world, dice = self._world, self._world.random
        if dice.happens(0.05):
            self.image_site(dice.one_of(world.sites))
        if dice.happens(0.2):
            self._image_device(dice.one_of(world.devices))
        if dice.happens(0.008):
            self.put_site_back(dice.one_of(world.sites))
        if dice.happens(0.04):
            self._put_device_back(dice.one_of(world.devices))
        if dice.happens(0.004):
            self._clone_site(dice.one_of(world.sites))
        if dice.happens(0.02) and len(world.devices) < 2 * world.plan.devices:
            self._clone_device(dice.one_of(world.devices))
        if dice.happens(0.1):
            self.resolve()

    def settle(self) -> None:
        """Every fork is resolved, and of two copies of a site one goes."""
        for pair in tuple(self._twins):
            self._separate_pair(pair)
        self.resolve()

    def resolve(self, resolution: str = "") -> None:
        """Resolve every open fork as the provider (`resolution`, or a random one), after one of the two copies was
        switched off for good."""
        world = self._world
        for name, subscription in world.vendor.read(_FORKED):
            for pair in [each for each in self._twins if each[0].subscription == subscription]:
                self._separate_pair(pair)
            said = resolution or ("retired" if world.random.happens(0.2) else "restored")
            if world.provider.resolve_fork(subscription, name, said):
                world.judge.excused[subscription] = world.time.now + AFTER_A_COPY
                if said == "restored":
                    world.judge.resolved(name)

    def _separate_pair(self, pair: tuple[SimulatedSite, SimulatedSite]) -> None:
        self._twins.remove(pair)
        world = self._world
        loser, winner = pair if world.random.happens(0.5) else (pair[1], pair[0])
        if loser.up:
            loser.stop()
        loser.gone = True
        world.sites.remove(loser)
        world.trace.note(world.time.now, loser.name, "switched off for good")
        for device in world.devices:
            if device.site is loser:
                device.site = winner

    def image_site(self, site: SimulatedSite) -> None:
        """An image of its disk is made."""
        if site.up:
            site.remember()
            bounds = site.bounds.image(self._world.time.now)
            self._sites[site.name] = SiteImage(site.disk.snapshot(), bounds, site.withdrawn)

    def _image_device(self, device: SimulatedDevice) -> None:
        if device.up:
            device.remember()
            image = DeviceImage(device.disk.snapshot(), device.bounds.image(self._world.time.now))
            self._devices[device.name] = image

    def put_site_back(self, site: SimulatedSite) -> None:
        """Its disk is put back from the image, and the machine starts again some time later."""
        image, world = self._sites.get(site.name), self._world
        if image is None or not site.up or not _lease_in(image.disk):
            return
        site.stop()
        site.machine.on = False
        site.disk, site.bounds = image.disk.snapshot(site.step), image.bounds.image(image.bounds.at)
        site.withdrawn = image.withdrawn
        world.judge.excused[site.subscription] = world.time.now + OPEN
        world.trace.note(world.time.now, site.name, "put back")
        world.at(world.random.one_of((60, HOUR, DAY)), lambda: world.again(site))

    def _put_device_back(self, device: SimulatedDevice) -> None:
        image, world = self._devices.get(device.name), self._world
        if image is None or not device.up:
            return
        device.stop()
        device.machine.on = False
        device.disk, device.bounds = MemoryDisk(device.step, image.files), image.bounds.image(image.bounds.at)
        world.trace.note(world.time.now, device.name, "put back")
        world.at(world.random.one_of((60, HOUR, DAY)), lambda: world.again(device))

    def _clone_site(self, site: SimulatedSite) -> None:
        """The same folder and state start on a second machine; some devices go to that one from now on."""
        world = self._world
        if not site.up or any(site in pair for pair in self._twins) or not site.lease_on_disk():
            return
        site.remember()
        self._number += 1
        machine = SimulatedMachine(f"{site.name}~{self._number}", world.time, world.random.draw)
        copy = type(site)(machine.name, site.folder, world.random, machine, site.disk.snapshot())
        copy.code, copy.subscription, copy.mortal = site.code, site.subscription, True
        copy.bounds, copy.withdrawn = site.bounds.image(world.time.now), site.withdrawn
        copy.machine.on = False
        world.adopt(copy)
        self._twins.append((site, copy))
        for device in world.devices:
            if device.site is site and world.random.happens(0.4):
                device.site = copy
        world.judge.excused[site.subscription] = world.time.now + OPEN
        world.trace.note(world.time.now, site.name, "copied", f"as {copy.name}")

    def _clone_device(self, device: SimulatedDevice) -> None:
        """A second machine starts from an image of the first one's disk."""
        world = self._world
        if not device.up:
            return
        device.remember()
        self._number += 1
        copy = world.device_on(f"{device.name}~{self._number}", device.site, device.disk.snapshot())
        copy.bounds = device.bounds.image(world.time.now)
        copy.machine.on, copy.mortal = False, True
        world.devices.append(copy)
        world.trace.note(world.time.now, device.name, "copied", f"as {copy.name}")
        world.at(world.random.one_of((60, HOUR, DAY)), lambda: world.again(copy))


def _lease_in(disk: SiteDisk) -> bool:
    return bool(disk.raw.execute("select count(*) from kept").fetchone()[0])
