"""From a folder to a site: settings, key, certificate, store and one keeper for each product, put together once.

Serving is `app`'s, the background `background`'s; what cannot work is refused here, before anything listens.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from tenure.core.installation import Installation
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk import assembly as sdk
from tenure.sdk.clock import Timekeeper, clock_file_reader
from tenure.sdk.computer import Computer
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.faults import refuse_unwritable
from tenure.sdk.folder_owner import world_of
from tenure.sdk.holdings import LeaseReader
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.license_keeper import KeeperPorts, LicenseKeeper
from tenure.sdk.network.last_good import LastGood, LastGoodFile
from tenure.sdk.network.server import read_host
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.requests import ClientIdentity
from tenure.sdk.transport import Transport
from tenure.site import certificate, folder
from tenure.site.device_port import DevicePort
from tenure.site.folder import SiteSecrets
from tenure.site.license import ProductLicense
from tenure.site.server_connection import ServerConnections
from tenure.site.settings import ProductSettings, SiteSettings, read_settings
from tenure.site.state_tokens import StateTokens
from tenure.site.store import pools
from tenure.site.store.answers import StoredAnswers
from tenure.site.store.client_state import StoredMemory
from tenure.site.store.sqlite import SiteStore, open_store
from tenure.site.store.writer import Connection
from tenure.site.use_report import make_report
from tenure.wire.keys import to_jwk
from tenure.wire.root import TrustedRoot

MakeTransport = Callable[[str, ProgressWatch, Callable[[], str]], Transport | Refused]
"""Product, progress and the lease's DNS policy to the way to the server."""
OpenStore = Callable[[Path], SiteStore | Refused]
"""The file of the site's state to the store that keeps it."""


class OpenedSite(msgspec.Struct, frozen=True, kw_only=True):
    """An opened site."""

    folder: Path
    settings: SiteSettings
    computer: Computer
    root: TrustedRoot
    """As it came with the product; newer ones are the keepers'."""
    secrets: SiteSecrets
    token: str
    """Of the local API."""
    pin: str
    """Hash of the device port's key."""
    device_host: str
    """The name that devices use, in the spelling that DNS and certificates take."""
    store: SiteStore
    licenses: dict[str, ProductLicense]
    port: DevicePort
    answers: StoredAnswers
    addresses: LastGood
    ways: ServerConnections

    @property
    def name(self) -> str:
        """Of this site, for people."""
        return self.settings.name or self.computer.host

    def now(self) -> Instant:
        """The present, as far as the site's own administration is concerned."""
        first = next(iter(self.licenses.values()))
        return first.keeper.holder.now().instant


def open_site(
    path: Path,
    computer: Computer,
    *,
    clock: Path | None = None,
    transports: MakeTransport | None = None,
    stores: OpenStore = open_store,
) -> OpenedSite | Refused:
    """The site in the folder `path`. `clock`: a file that tells a sandbox's time [spec: sandbox-clock]; refused outside
    a sandbox.

    `transports` replaces the way to the server, for a demo in one process and for tests; `stores` where the state is
    kept, for the simulator, whose disks die. Refuses like `read_settings` and `open_store`; `folder_unwritable`, naming
    the file; `field_invalid` for a root document that does not fit, `sandbox_only` for a clock file outside a sandbox.
    """
    settings = read_settings(path / folder.SETTINGS)
    if isinstance(settings, Refused):
        return settings
    try:
        return _open_site(path, settings, computer, clock, transports, stores)
    except OSError as fault:
        return refuse_unwritable(fault, str(path))


def _open_site(
    path: Path,
    settings: SiteSettings,
    computer: Computer,
    clock: Path | None,
    transports: MakeTransport | None,
    stores: OpenStore,
) -> OpenedSite | Refused:
    disk = FolderOnDisk(path)
    root = read_root(path / settings.root, sandbox=settings.sandbox, clock=clock)
    secrets = root if isinstance(root, Refused) else folder.secrets_of(disk, computer.draw, sandbox=settings.sandbox)
    token = secrets if isinstance(secrets, Refused) else folder.token_of(disk, computer.draw)
    if isinstance(root, Refused) or isinstance(secrets, Refused) or isinstance(token, Refused):
        return next(each for each in (root, secrets, token) if isinstance(each, Refused))
    names = names_of(settings, computer)
    if isinstance(names, Refused):
        return names
    pin_ = certificate.ensure_certificate(disk, names)
    store = stores(path / folder.STATE)
    if isinstance(store, Refused):
        return store
    parts = _SiteParts(path, settings, computer, root, secrets, pin_, store, clock, transports)
    licenses = parts.make_licenses()
    if isinstance(licenses, Refused):
        store.close()
        return licenses
    port = DevicePort(
        licenses, store, secrets.site_signer, StateTokens(secrets.derive_key("device tokens")), computer.draw
    )
    return OpenedSite(
        folder=path,
        settings=settings,
        computer=computer,
        root=root,
        secrets=secrets,
        token=token,
        pin=pin_,
        device_host=names[0],
        store=store,
        licenses=licenses,
        port=port,
        answers=StoredAnswers(secrets.derive_key("answers"), computer.draw(8).hex()),
        addresses=parts.addresses,
        ways=parts.ways,
    )


def names_of(settings: SiteSettings, computer: Computer) -> tuple[str, ...] | Refused:
    """The names that the device port's certificate is for, the one devices use first, as A-labels (`xn--bro-hoa`).

    Refuses `field_invalid` where none is given and this computer's own is none that a device could look up.
    """
    own = read_host(settings.devices.name or computer.host)
    if own is None:
        detail = (
            f"Devices find this site by name, and {computer.host!r}, as this computer is called, is no name in DNS. "
            "Give the name or the address that they are to use: --device-name, or devices.name in site.toml."
        )
        return Refused(RefusalCode.FIELD_INVALID, detail, "devices.name")
    further = (read_host(each) for each in settings.devices.names)  # checked with the settings
    return tuple(dict.fromkeys((own, *(each for each in further if each is not None))))


def read_root(path: Path, *, sandbox: bool, clock: Path | None) -> TrustedRoot | Refused:
    """The vendor's root document; refuses one that does not fit the settings, and a clock file in production."""
    try:
        root = sdk.read_root(path, sandbox=sandbox)
    except sdk.ConfigurationError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path}: {fault}.", "root")
    if clock is not None and not sandbox:
        return Refused(RefusalCode.SANDBOX_ONLY, "A clock file is honored only with a sandbox root and lease.", "clock")
    return root


class _SiteParts:
    """What the keepers are made from."""

    def __init__(
        self,
        path: Path,
        settings: SiteSettings,
        computer: Computer,
        root: TrustedRoot,
        secrets: SiteSecrets,
        pin_: str,
        store: SiteStore,
        clock: Path | None,
        transports: MakeTransport | None,
    ) -> None:
        self._settings, self._computer, self._root, self._secrets = settings, computer, root, secrets
        self._pin, self._store, self._clock = pin_, store, clock
        self._transports = transports or self._over_the_network
        self.addresses = LastGoodFile(path / "addresses")
        self.ways = ServerConnections(settings, computer, self.addresses, store)

    def make_licenses(self) -> dict[str, ProductLicense] | Refused:
        made: dict[str, ProductLicense] = {}
        for product, settings in self._settings.products.items():
            license_ = self._make_license(product, settings)
            if isinstance(license_, Refused):
                return license_
            made[product] = license_
        return made

    def _make_license(self, product: str, settings: ProductSettings) -> ProductLicense | Refused:
        self._store.write(lambda conn: _ensure_product(conn, product)).result()
        sandbox, key = self._settings.sandbox, self._secrets.site_signer
        reader = LeaseReader(product=product, version=settings.version, jwk=to_jwk(key.public), sandbox=sandbox)
        clocks = self._computer.clocks
        told = None if self._clock is None else clock_file_reader(self._clock, clocks.wall)
        world = world_of(self._root.document.id, product, sandbox=sandbox)
        memory = StoredMemory(self._store, product, world)
        holder = LeaseHolder(reader, self._root, memory, Timekeeper(clocks, told), told=told is not None)
        progress = ProgressWatch()
        way = self._transports(product, progress, lambda: _dns_of_lease(holder))
        if isinstance(way, Refused):
            return way
        ports = KeeperPorts(
            transport=way,
            draw=self._computer.draw,
            progress=progress,
            report=lambda: make_report(self._store, product),
            after_end_days=self._settings.after_end_days,
        )
        return ProductLicense(
            product, LicenseKeeper(self._make_reader(product, settings), key, holder, ports), self._store
        )

    def _make_reader(self, product: str, settings: ProductSettings) -> ClientIdentity:
        name, sandbox = self._settings.name, self._settings.sandbox
        who = sdk.make_identity(product, settings.version, name, self._root, self._computer, sandbox=sandbox)
        return msgspec.structs.replace(who, device_port=self._pin, installation=Installation.SERVER)

    def _over_the_network(
        self, _product: str, progress: ProgressWatch, dns_of_lease: Callable[[], str]
    ) -> Transport | Refused:
        return self.ways.make_transport(progress, dns_of_lease)


def _ensure_product(conn: Connection, product: str) -> None:
    pools.ensure_pool(conn, product)


def _dns_of_lease(holder: LeaseHolder) -> str:
    lease = holder.lease()
    return "" if lease is None else lease.figures.dns
