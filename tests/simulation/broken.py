"""Worlds with one broken part each: what the judge must see, or it is no judge."""

import msgspec

from tenure.agent.device_state import DeviceStateFolder
from tenure.agent.requests import DeviceIdentity
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.core.lease.clock import TimeEstimate
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.disks import ServerDisk
from tenure.sandbox.simulation.sites import SimulatedSite
from tenure.sandbox.simulation.vendor import SimulatedVendor
from tenure.sandbox.simulation.world import SimulatedWorld
from tenure.sdk.clock import PresentMoment, Timekeeper
from tenure.sdk.engine.holder import ReadyFeatures
from tenure.server.site_record import SiteRecord
from tenure.wire.messages import SignedRefusal


class DeafHolder(SeatKeyHolder):
    """Takes a seat for good: it knows no end."""

    def refresh_features(self) -> ReadyFeatures:
        ready = super().refresh_features()
        seat = None if not hasattr(self, "_proven") else self.proven_seat.seat
        features = ready.features if seat is None else ready.features | {*seat.seat.features}
        self.ready = msgspec.structs.replace(ready, features=features)
        return self.ready


class NervousHolder(SeatKeyHolder):
    """Switches off when nobody answers."""

    def refresh_features(self) -> ReadyFeatures:
        ready = super().refresh_features()
        if self.kept.contacts.failures > 1:
            self.ready = ready = msgspec.structs.replace(ready, features=frozenset())
        return ready


class GullibleTime(Timekeeper):
    """Believes the wall clock."""

    def now(self, serial: int = 0, life: int = 0, *, sandbox: bool = False) -> PresentMoment:
        now = super().now(serial, life, sandbox=sandbox)
        return PresentMoment(now.reading, TimeEstimate(now=now.reading.wall))


class DeafDevice(SimulatedDevice):
    def holder_of(self, who: DeviceIdentity, memory: DeviceStateFolder, time: Timekeeper) -> SeatKeyHolder:
        return DeafHolder(who, self._root, memory, time, self._random.draw)


class NervousDevice(SimulatedDevice):
    def holder_of(self, who: DeviceIdentity, memory: DeviceStateFolder, time: Timekeeper) -> SeatKeyHolder:
        return NervousHolder(who, self._root, memory, time, self._random.draw)


class GullibleDevice(SimulatedDevice):
    def holder_of(self, who: DeviceIdentity, memory: DeviceStateFolder, time: Timekeeper) -> SeatKeyHolder:
        return super().holder_of(who, memory, GullibleTime(time.clocks))


class ForgetfulDevice(SimulatedDevice):
    """Throws its seat away when the site cannot be reached."""

    def tick(self) -> None:
        super().tick()
        holder = self.keeper.holder
        if holder.kept.contacts.failures > 2:
            holder.save_state(msgspec.structs.replace(holder.kept, seat=""))


class CarelessSite(SimulatedSite):
    """Loses count of its devices."""

    def turn(self) -> None:
        super().turn()
        self.disk.raw.execute("update pools set counted = 0")


class DefiantSite(SimulatedSite):
    """Goes on as before when it is refused for good."""

    def turn(self) -> None:
        super().turn()
        holder = self.license.keeper.holder
        holder.apply_state(msgspec.structs.replace(holder.kept, lost=None))


class TimidSite(SimulatedSite):
    """Takes it that it was refused for good, and nobody has said so."""

    def turn(self) -> None:
        super().turn()
        holder = self.license.keeper.holder
        holder.apply_state(msgspec.structs.replace(holder.kept, lost=SignedRefusal(code="site_lost", conclusive=True)))


class GenerousVendor(SimulatedVendor):
    """Grants from a pool in which it never sees what the others were granted."""

    def answer(self, path: str, body: bytes) -> bytes | Refused:
        for name, beside in self.read("select id, body from sites"):
            bare = msgspec.structs.replace(msgspec.json.decode(beside, type=SiteRecord), share=b"")
            self.disk.raw.execute(
                "update sites set body = ?, revision = 0 where id = ?", (msgspec.json.encode(bare), name)
            )
        return super().answer(path, body)


class ForgetsGrantsVendor(SimulatedVendor):
    """Takes it, after a restore, that nothing had been granted to anybody, and waits for nobody."""

    def restore(self, backup: ServerDisk) -> Instant:
        for name, body in backup.raw.execute("select id, body from sites").fetchall():
            bare = msgspec.structs.replace(msgspec.json.decode(body, type=SiteRecord), share=b"")
            backup.raw.execute("update sites set body = ? where id = ?", (msgspec.json.encode(bare), name))
        epoch = super().restore(backup)
        self.disk.raw.execute("update sites set epoch = ?", (epoch,))
        return epoch


class BlindVendor(SimulatedVendor):
    """Remembers no state token, so that a copy is as good as the original."""

    def answer(self, path: str, body: bytes) -> bytes | Refused:
        self.disk.raw.execute("update sites set token = x''")
        return super().answer(path, body)


class ForgetfulVendor(SimulatedVendor):
    """Does not remember which synchronization it answered last."""

    forgets = "/v1/sync"

    def answer(self, path: str, body: bytes) -> bytes | Refused:
        if path == self.forgets:
            self.disk.raw.execute("update sites set last_request = ''")
        return super().answer(path, body)


class ForgetsActivationsVendor(ForgetfulVendor):
    """Does not remember which activation it answered last: it takes the repetition for a copy's."""

    forgets = "/v1/activate"


class ThievingVendor(SimulatedVendor):
    """Money disappears from a balance."""

    def sweep_once(self) -> bool:
        self.disk.raw.execute("update accounts set balance = balance - 1")
        return super().sweep_once()


class LyingVendor(SimulatedVendor):
    """Somebody edits a history."""

    def sweep_once(self) -> bool:
        for (trigger,) in self.read("select name from sqlite_master where type = 'trigger'"):
            self.disk.raw.execute(f"drop trigger {trigger}")
        self.disk.raw.execute("update facts set by_actor = 'nobody' where seq = 2")
        return super().sweep_once()


def world_with(
    device: type[SimulatedDevice] = SimulatedDevice,
    site: type[SimulatedSite] = SimulatedSite,
    vendor: type[SimulatedVendor] = SimulatedVendor,
) -> type[SimulatedWorld]:
    """A world whose parts are these."""
    return type("BrokenWorld", (SimulatedWorld,), {"device": device, "site": site, "vendor_of": vendor})
