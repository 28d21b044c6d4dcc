"""A customer's administration server in a simulated world: the real one, opened on a disk in memory.

The world wakes it when its own schedule, or an edge of what it was promised, says so; nothing in it becomes true by
being woken, so that what lies between may be skipped.
"""

from pathlib import Path

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.sandbox.simulation.clocks import SimulatedMachine
from tenure.sandbox.simulation.disks import SimulatedSiteStore, SiteDisk
from tenure.sandbox.simulation.network import NOT_FOUND, UNREACHED, Answering, SimulatedWire, as_exchange
from tenure.sandbox.simulation.processes import SimulatedProcess
from tenure.sandbox.simulation.promises import HeldPromise, lease_claims, read_promise, takes_over
from tenure.sandbox.simulation.seeded_random import Died, SeededRandom
from tenure.sdk.client_state import ClientState
from tenure.sdk.license_keeper import LicenseKeeper
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.outcomes import ActivationGranted
from tenure.sdk.requests import NO_WISH, SyncWish
from tenure.sdk.transport import TransportRequest
from tenure.site import duplicates, enrollment
from tenure.site.assembly import open_site
from tenure.site.background import SiteWatch
from tenure.site.folder import SETTINGS
from tenure.site.license import ProductLicense
from tenure.site.settings import ApiSettings, DeviceSettings, ProductSettings, SiteSettings, write_settings
from tenure.site.store import devices
from tenure.site.store.devices import DeviceDecision, DeviceRow

PRODUCT = "editor"
VERSION = "12.0"
SELDOM = 12 * 3_600
"""Seconds after which a site that has nothing to do is looked at all the same."""


class SimulatedSite(SimulatedProcess):
    """One administration server: folder, disk, machine, and the process while there is one."""

    keeper: LicenseKeeper

    def __init__(
        self, name: str, folder: Path, random: SeededRandom, machine: SimulatedMachine, disk: SiteDisk | None = None
    ) -> None:
        super().__init__(name, random, machine)
        self.folder = folder
        self.disk = disk or SiteDisk(self.step)
        self.disk.step = self.step
        self.code = ""
        self.gone = False
        """Switched off for good."""
        self.subscription = ""
        self.withdrawn: bool | None = False
        """Whether the server has refused it for good, as its wire has shown; None: it may have taken that in or not."""

    def connect(self, server: Answering) -> None:
        """Lays the cable to the activation server."""
        self.wire = SimulatedWire(self._random, self.machine, server, lambda: None)

    # the process

    def start(self) -> bool:
        """Starts the process; False when it died at once."""
        try:
            opened = open_site(
                self.folder,
                self.machine.computer(),
                transports=lambda *_: self.wire,
                stores=lambda _: SimulatedSiteStore(self.disk),
            )
        except Died:
            return False
        if isinstance(opened, Refused):
            raise RuntimeError(f"{self.name} does not start: {opened.detail}")
        self.site, self.watch, self.up = opened, SiteWatch(opened), True
        self.license: ProductLicense = opened.licenses[PRODUCT]
        self.keeper = self.license.keeper
        return True

    def stop(self) -> None:
        """The process is gone."""
        if any(answer.withdraws is not False for answer in self.wire.arrived):
            self.withdrawn = None
        super().stop()

    def turn(self) -> None:
        """One of its turns; raises `Died`."""
        with self.exchange():
            self.watch.tick()

    def activate(self, code: str, role: str = "active") -> bool:
        """Applies a code, or keeps it ready as `successor`; raises `Died`."""
        with self.exchange():
            outcome = self.license.activate(code, role)
        self.watch.note_change(self.license)
        return isinstance(outcome, ActivationGranted)

    def synchronize(self, wish: SyncWish = NO_WISH) -> None:
        """Asks the server at once; raises `Died`."""
        with self.exchange():
            self.license.synchronize("manual", wish=wish)
        self.watch.note_change(self.license)

    def staged(self) -> str:
        """The subscription of the successor that is kept ready; empty when none is."""
        return self.license.staged_subscription()

    def drop_successor(self) -> None:
        """The successor is wanted no more; raises `Died`."""
        self.synchronize(SyncWish(drop_successor=self.staged()))

    def learn(self) -> None:
        """The judge's bounds after what came in, and whether the server has refused it for good."""
        for answer in self.wire.arrived:
            if answer.withdraws is not False:
                self.withdrawn = answer.withdraws
        super().learn()

    # what devices see

    def answer(self, request: TransportRequest) -> HttpExchange | Refused:
        """The device port; raises `Died` when the process dies over it."""
        if not self.up:
            return UNREACHED
        if request.method != "POST":
            return NOT_FOUND
        self.remember()
        try:
            return as_exchange(self.site.port.answer_blocking(request.body).result())
        except Died:
            self.stop()
            raise

    def ticket(self) -> str:
        """An enrollment token, for one device or several; raises `Died`."""
        self.remember()
        made = enrollment.new_ticket(self.site, PRODUCT, uses=self._random.one_of((1, 1, 5)))
        if isinstance(made, Refused):
            raise RuntimeError(made.detail)
        self.site.store.write(lambda conn: enrollment.store_enrollment(conn, made)).result()
        return made.token

    def devices(self) -> list[DeviceRow]:
        """Every device that it knows."""
        return self.site.store.read(lambda conn: devices.device_page(conn, devices.DeviceFilter(), 0, 1_000))

    def withdraw(self, device: DeviceRow) -> None:
        """The administrator takes a device's seat away; raises `Died`."""
        self.remember()
        figures = (duplicates.amnesty_of(device, self.license.take_snapshot()), 60)
        until = duplicates.counting_until(device, DeviceDecision.WITHDRAWN, figures)
        changed = msgspec.structs.replace(device, state=DeviceDecision.WITHDRAWN, counts_until=until)
        self.site.store.write(lambda conn: devices.save_device(conn, changed)).result()

    # what it holds

    @property
    def promised(self) -> HeldPromise | None:
        """What the lease it goes by promises: base features alone to a site that was refused for good."""
        kept = self.keeper.holder.kept
        if self.withdrawn is None:
            self.withdrawn = kept.lost is not None
        return read_promise(
            kept.present.token, "", kept.notices, withdrawn=self.withdrawn, successor=kept.successor.token
        )

    def lease_on_disk(self) -> bytes:
        """The lease that it goes by at this moment as it lies on the disk, whether the process runs or not."""
        row = self.disk.raw.execute("select body from kept where product = ?", (PRODUCT,)).fetchone()
        if row is None:
            return b""
        kept = msgspec.json.decode(row[0], type=ClientState)
        present, ready = kept.present.token, kept.successor.token
        begun = bool(present and ready) and takes_over(lease_claims(present), lease_claims(ready))
        return ready if begun and self.machine.time.now >= lease_claims(ready).nbf else present

    def next_turn(self) -> Instant:
        """When it has to be woken at the latest."""
        now, keeper = self.machine.time.now, self.keeper
        due = keeper.next_contact_at()
        wait = SELDOM if due is None else max(1, due - keeper.holder.now().instant)
        if not self.wire.up and keeper.holder.kept.contacts.failures > 2:
            wait += self._random.between(0, DAY // 2)  # nothing but one more failure lies between
        return now + min(wait, SELDOM)


def make_folder(folder: Path, name: str, root: bytes) -> None:
    """Makes the folder of a new site."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = SiteSettings(
        server="https://license.test",
        products={PRODUCT: ProductSettings(version=VERSION)},
        name=name,
        api=ApiSettings(listen="127.0.0.1:0"),
        devices=DeviceSettings(listen="127.0.0.1:0", name="127.0.0.1"),
    )
    (folder / SETTINGS).write_text(write_settings(settings))
    (folder / "root.jws").write_bytes(root)
