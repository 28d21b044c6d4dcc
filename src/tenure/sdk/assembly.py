"""From an application's arguments to a keeper: checks what a developer wrote, and puts the parts together.

What cannot ever work is raised here, once, as a mistake of the program; nothing later raises.
"""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.core.versions import parse_version
from tenure.sdk.boots import BootWatch
from tenure.sdk.cache import KEY, LOCK, Cache, name
from tenure.sdk.clock import Timekeeper, read_clock_file
from tenure.sdk.computer import Computer
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.exchange import Identity
from tenure.sdk.faults import unlocked, unwritable
from tenure.sdk.hardware import digests
from tenure.sdk.holder import Holder
from tenure.sdk.holdings import Reader
from tenure.sdk.keeper import Keeper, Ports
from tenure.sdk.names.last_good import LastGoodFile
from tenure.sdk.presence import Presence
from tenure.sdk.reach import Network, reach
from tenure.sdk.shown import words
from tenure.sdk.steps import Progress
from tenure.sdk.worlds import enter, world_of
from tenure.wire import fields
from tenure.wire.keys import to_jwk
from tenure.wire.root import CAP, Root, pin

AnyPath = str | os.PathLike[str]


class Misuse(ValueError):
    """The program that calls has a mistake in it: an argument that can never work. Raised by `License.open` alone."""


class FolderUnusable(OSError):
    """The folder for the license cannot be made, read or written to by this user. Raised by `License.open` alone.

    `refused` is the same as a value; its text is fit for the user of the application.
    """

    def __init__(self, refused: Refused, fault: OSError | None = None) -> None:
        self.refused = refused
        super().__init__(words(refused))
        if fault is not None:
            self.errno, self.filename = fault.errno, fault.filename


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a keeper is made from."""

    who: Identity
    pinned: Root
    disk: FolderOnDisk
    server: str
    network: Network
    computer: Computer
    clock: Path | None
    after_end_days: int | None

    def keeper(self) -> Keeper:
        """A keeper of what is on disk now.

        Raises `Misuse` for settings of the network that cannot be read, `FolderUnusable` where no key can be had.
        """
        try:
            world = world_of(self.pinned.document.id, self.who.product, sandbox=self.who.sandbox)
            enter(self.disk, LOCK, (KEY, name(0), name(1)), world)
            cache = Cache(self.disk, self.computer.draw)
        except OSError as fault:
            raise FolderUnusable(unlocked(fault, self.disk.place), fault) from fault
        key = cache.signer
        who = self.who
        reader = Reader(
            product=who.product,
            version=who.version,
            jwk=to_jwk(key.public),
            sandbox=who.sandbox,
            installation=who.installation,
        )
        clocks = self.computer.clocks
        time = Timekeeper(clocks, None if self.clock is None else _teller(self.clock, clocks.wall))
        boots = BootWatch(clocks, who.name, who.hardware.values(), Presence(self.disk.folder))
        holder = Holder(reader, self.pinned, cache, time, told=self.clock is not None, boots=boots)
        progress = Progress()
        addresses = LastGoodFile(self.disk.folder / "addresses")
        way = reach(self.server, self.network, self.computer, addresses, progress.path, lambda: _dns(holder))
        if isinstance(way, Refused):
            raise Misuse(f"{way.field}: {way.detail}")
        ports = Ports(
            transport=way,
            draw=self.computer.draw,
            progress=progress,
            after_end_days=self.after_end_days,
            patience=self.network.bounds.total,
        )
        keeper = Keeper(who, key, holder, ports)
        keeper.remember_time()
        return keeper


def read_root(root: AnyPath | bytes, *, sandbox: bool) -> Root:
    """The root document that comes with a product, from a file or its bytes; raises `Misuse`."""
    try:
        data = root if isinstance(root, bytes) else _head(Path(root).expanduser(), CAP + 1)
    except OSError as error:
        raise Misuse(f"the root document cannot be read: {error}") from error
    pinned = pin(data)
    if isinstance(pinned, Refused):
        raise Misuse(f"the root document is no good: {words(pinned)}")
    if pinned.sandbox != sandbox:
        is_one = "that of a sandbox" if pinned.sandbox else "not that of a sandbox"
        raise Misuse(f"the root document is {is_one}, but sandbox={sandbox} was passed")
    return pinned


def folder_at(folder: AnyPath, patience: float) -> FolderOnDisk:
    """The application's folder, made if need be; raises `FolderUnusable`."""
    try:
        path = Path(folder).expanduser()
    except RuntimeError as fault:
        detail = f"{folder} lies in a home folder, and this process has none: HOME is not set. Pass a whole path."
        raise FolderUnusable(Refused(Code.FOLDER_UNWRITABLE, detail)) from fault
    try:
        return FolderOnDisk(path, patience=patience)
    except OSError as fault:
        raise FolderUnusable(unwritable(fault, str(path)), fault) from fault


def identity(
    product: str, version: str, name: str, pinned: Root, computer: Computer, *, sandbox: bool, ephemeral: bool = False
) -> Identity:
    """Who asks; raises `Misuse` for a product or version that no server would read."""
    try:
        msgspec.convert(product, fields.Id)
    except msgspec.ValidationError as error:
        raise Misuse(f"product {product!r} is not an id of lower-case letters, digits and _.-") from error
    read = parse_version(version)
    if isinstance(read, Refused):
        raise Misuse(f"{read.field}: {read.detail}")
    shown = "".join(char if char.isprintable() else " " for char in name or computer.host)[:128]
    hardware = digests(computer.hardware(), pinned.document.id, product)
    return Identity(
        product=product, version=version, name=shown, hardware=hardware, sandbox=sandbox, ephemeral=ephemeral
    )


def _dns(holder: Holder) -> str:
    lease = holder.lease()
    return "" if lease is None else lease.figures.dns


def _teller(path: Path, wall: Callable[[], Instant]) -> Callable[[], Instant | None]:
    def told() -> Instant | None:
        try:
            return read_clock_file(_head(path, 256), wall())
        except OSError:
            return None

    return told


def _head(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
