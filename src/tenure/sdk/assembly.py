"""From an application's arguments to a keeper: checks what a developer wrote, and puts the parts together.

What cannot ever work is raised here, once, as a mistake of the program; nothing later raises.
"""

import os
from pathlib import Path

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.versions import parse_version
from tenure.sdk.boots import BootWatch
from tenure.sdk.cache import KEY, FolderCache
from tenure.sdk.clock import Timekeeper, clock_file_reader
from tenure.sdk.computer import Computer
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.engine.generations import LOCK, generation_name
from tenure.sdk.faults import refuse_unlocked, refuse_unwritable
from tenure.sdk.folder_owner import enter_world, world_of
from tenure.sdk.hardware import hardware_digests
from tenure.sdk.holdings import LeaseReader
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.license_keeper import KeeperPorts, LicenseKeeper
from tenure.sdk.network.last_good import LastGoodFile
from tenure.sdk.presence import FolderPresence
from tenure.sdk.presentation import refusal_words
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.requests import ClientIdentity
from tenure.sdk.transport_factory import Network, make_transport
from tenure.wire import field_types
from tenure.wire.keys import to_jwk
from tenure.wire.root import CAP, TrustedRoot, pin_root

AnyPath = str | os.PathLike[str]


class ConfigurationError(ValueError):
    """The program that calls has a mistake in it: an argument that can never work. Raised by `License.open` alone."""


class FolderUnusable(OSError):
    """The folder for the license cannot be made, read or written to by this user. Raised by `License.open` alone.

    `refused` is the same as a value; its text is fit for the user of the application.
    """

    def __init__(self, refused: Refused, fault: OSError | None = None) -> None:
        self.refused = refused
        super().__init__(refusal_words(refused))
        if fault is not None:
            self.errno, self.filename = fault.errno, fault.filename


class KeeperParts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a keeper is made from."""

    who: ClientIdentity
    pinned: TrustedRoot
    disk: FolderOnDisk
    server: str
    network: Network
    computer: Computer
    clock: Path | None
    after_end_days: int | None

    def make_keeper(self) -> LicenseKeeper:
        """A keeper of what is on disk now.

        Raises `ConfigurationError` for settings of the network that cannot be read, `FolderUnusable` where no key can
        be had.
        """
        try:
            world = world_of(self.pinned.document.id, self.who.product, sandbox=self.who.sandbox)
            enter_world(self.disk, LOCK, (KEY, generation_name(0), generation_name(1)), world)
            cache = FolderCache(self.disk, self.computer.draw)
        except OSError as fault:
            raise FolderUnusable(refuse_unlocked(fault, self.disk.place), fault) from fault
        key = cache.load_signer
        who = self.who
        reader = LeaseReader(
            product=who.product,
            version=who.version,
            jwk=to_jwk(key.public),
            sandbox=who.sandbox,
            installation=who.installation,
        )
        clocks = self.computer.clocks
        time = Timekeeper(clocks, None if self.clock is None else clock_file_reader(self.clock, clocks.wall))
        boots = BootWatch(clocks, who.name, who.hardware.values(), FolderPresence(self.disk.folder))
        holder = LeaseHolder(reader, self.pinned, cache, time, told=self.clock is not None, boots=boots)
        progress = ProgressWatch()
        addresses = LastGoodFile(self.disk.folder / "addresses")
        way = make_transport(
            self.server, self.network, self.computer, addresses, progress.add_path_step, lambda: _dns_of_lease(holder)
        )
        if isinstance(way, Refused):
            raise ConfigurationError(f"{way.field}: {way.detail}")
        ports = KeeperPorts(
            transport=way,
            draw=self.computer.draw,
            progress=progress,
            after_end_days=self.after_end_days,
            longest_wait=self.network.bounds.total,
        )
        keeper = LicenseKeeper(who, key, holder, ports)
        keeper.remember_time()
        return keeper


def read_root(root: AnyPath | bytes, *, sandbox: bool) -> TrustedRoot:
    """The root document that comes with a product, from a file or its bytes; raises `ConfigurationError`."""
    try:
        data = root if isinstance(root, bytes) else _first_line(Path(root).expanduser(), CAP + 1)
    except OSError as error:
        raise ConfigurationError(f"the root document cannot be read: {error}") from error
    pinned = pin_root(data)
    if isinstance(pinned, Refused):
        raise ConfigurationError(f"the root document is no good: {refusal_words(pinned)}")
    if pinned.is_sandbox != sandbox:
        is_one = "that of a sandbox" if pinned.is_sandbox else "not that of a sandbox"
        raise ConfigurationError(f"the root document is {is_one}, but sandbox={sandbox} was passed")
    return pinned


def folder_at(folder: AnyPath, longest_wait: float) -> FolderOnDisk:
    """The application's folder, made if need be; raises `FolderUnusable`."""
    try:
        path = Path(folder).expanduser()
    except RuntimeError as fault:
        detail = f"{folder} lies in a home folder, and this process has none: HOME is not set. Pass a whole path."
        raise FolderUnusable(Refused(RefusalCode.FOLDER_UNWRITABLE, detail)) from fault
    try:
        return FolderOnDisk(path, longest_wait=longest_wait)
    except OSError as fault:
        raise FolderUnusable(refuse_unwritable(fault, str(path)), fault) from fault


def make_identity(
    product: str,
    version: str,
    name: str,
    pinned: TrustedRoot,
    computer: Computer,
    *,
    sandbox: bool,
    ephemeral: bool = False,
) -> ClientIdentity:
    """Who asks; raises `ConfigurationError` for a product or version that no server would read."""
    try:
        msgspec.convert(product, field_types.Id)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"product {product!r} is not an id of lower-case letters, digits and _.-") from error
    read = parse_version(version)
    if isinstance(read, Refused):
        raise ConfigurationError(f"{read.field}: {read.detail}")
    shown = "".join(char if char.isprintable() else " " for char in name or computer.host)[:128]
    hardware = hardware_digests(computer.hardware(), pinned.document.id, product)
    return ClientIdentity(
        product=product, version=version, name=shown, hardware=hardware, sandbox=sandbox, ephemeral=ephemeral
    )


def _dns_of_lease(holder: LeaseHolder) -> str:
    lease = holder.lease()
    return "" if lease is None else lease.figures.dns


def _first_line(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
