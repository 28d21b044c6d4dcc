"""The agent as a parts list: settings, memory, clocks, the way to the site, switches, the daemon.

Reads the system only through `sdk.main`.
"""

import contextlib
import logging
import signal
import sys
from pathlib import Path

import msgspec

from tenure.agent.daemon import AgentDaemon
from tenure.agent.device_state import SEAL, DeviceStateFolder
from tenure.agent.feature_runner import FeatureRunner
from tenure.agent.port import PinnedTransport
from tenure.agent.requests import DeviceIdentity
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.agent.seat_keeper import SeatKeeper
from tenure.agent.settings import AgentSettings, read_settings
from tenure.agent.site_way import Connect
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.assembly import ConfigurationError, read_root
from tenure.sdk.boots import BootWatch
from tenure.sdk.clock import Timekeeper, clock_file_reader
from tenure.sdk.computer import Computer
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.engine.generations import LOCK, generation_name
from tenure.sdk.engine.holder import LOOK_AGAIN_IN_SANDBOX
from tenure.sdk.faults import refuse_unlocked, refuse_unwritable
from tenure.sdk.folder_owner import enter_world, world_of
from tenure.sdk.hardware import hardware_digests, made_up
from tenure.sdk.main import this_computer
from tenure.sdk.presence import FolderPresence
from tenure.sdk.transport import Transport
from tenure.wire.devices import EnrollmentToken
from tenure.wire.root import TrustedRoot

SETTINGS = "agent.toml"

EXAMPLE = b"""
# What is done for software that does not carry the SDK, at the instant of grant and withdrawal and after a restart:
#
# [features.export]
# unit = "exporter.service"
# grant = ["/usr/local/bin/exporter", "--enable"]
# withdraw = ["/usr/local/bin/exporter", "--disable"]
# status_file = "/run/exporter/license.json"
"""


class OpenedAgent(msgspec.Struct, frozen=True):
    """An opened agent: what every command works with."""

    folder: Path
    settings: AgentSettings
    computer: Computer
    keeper: SeatKeeper
    clock: Path | None


def open_agent(
    folder: Path, computer: Computer | None = None, *, clock: Path | None = None, connect: Connect | None = None
) -> OpenedAgent | Refused:
    """The agent in `folder`. `clock`: a file that tells a sandbox's time, refused outside a sandbox
    [spec: sandbox-clock].

    Refuses like `read_settings`; `field_invalid` for a root that does not fit, `sandbox_only` for a clock file.
    """
    computer = computer or this_computer()
    settings = read_settings(folder / SETTINGS)
    if isinstance(settings, Refused):
        return settings
    root = _pinned_root(folder / settings.root, settings, clock)
    if isinstance(root, Refused):
        return root
    shown = settings.name or computer.host
    parts = made_up(settings.hardware) if settings.hardware else computer.hardware()
    who = DeviceIdentity(
        product=settings.product,
        version=settings.version,
        name="".join(char if char.isprintable() else " " for char in shown)[:128],
        hardware=hardware_digests(parts, root.document.id, settings.product),
        sandbox=settings.sandbox,
    )
    try:
        disk = FolderOnDisk(folder)
        world = world_of(root.document.id, settings.product, sandbox=settings.sandbox)
        enter_world(disk, LOCK, (SEAL, generation_name(0), generation_name(1)), world)
        memory = DeviceStateFolder(disk, computer.draw)
    except OSError as fault:
        return refuse_unlocked(fault, str(folder))
    told = None if clock is None else clock_file_reader(clock, computer.clocks.wall)
    boots = BootWatch(computer.clocks, who.name, who.hardware.values(), FolderPresence(folder))
    holder = SeatKeyHolder(who, root, memory, Timekeeper(computer.clocks, told), computer.draw, boots)
    keeper = SeatKeeper(who, holder, connect or _make_connector(computer), computer.draw)
    keeper.remember_time()
    return OpenedAgent(folder, settings, computer, keeper, clock)


def create_agent(
    folder: Path, root: bytes, *, product: str, version: str, name: str = "", sandbox: bool = False, hardware: str = ""
) -> str | Refused:
    """Makes the settings in an empty or missing folder; the path of the file that is to be completed by hand.

    `hardware`: a made-up computer's, in a sandbox.
    Refuses `already_exists`, and what of the settings or the root document cannot work.
    """
    path = folder / SETTINGS
    if path.exists():
        return Refused(RefusalCode.ALREADY_EXISTS, f"There is an agent in {folder} already.", "agent")
    settings: dict[str, str | bool] = {"product": product, "version": version, "name": name, "sandbox": sandbox}
    if hardware:
        settings["hardware"] = hardware
    try:
        disk = FolderOnDisk(folder)
        disk.write("root.jws", root)
        disk.write(
            SETTINGS, "".join(f"{key} = {_toml_value(value)}\n" for key, value in settings.items()).encode() + EXAMPLE
        )
        disk.sync_folder()
    except OSError as fault:
        # What was begun would stand in the way of the next try.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return refuse_unwritable(fault, str(folder))
    read = read_settings(path)
    refused = read if isinstance(read, Refused) else _pinned_root(folder / read.root, read, None)
    if isinstance(refused, Refused):
        path.unlink()
        (folder / "root.jws").unlink(missing_ok=True)
        return refused
    return str(path)


def serve_agent(folder: Path, computer: Computer | None = None, *, clock: Path | None = None) -> Refused | None:
    """Runs the agent until it is told to stop (SIGINT, SIGTERM); a refusal instead when it cannot start."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    agent = open_agent(folder, computer, clock=clock)
    if isinstance(agent, Refused):
        return agent
    daemon = daemon_of(agent)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: daemon.stop())
    daemon.run()
    return None


def daemon_of(agent: OpenedAgent) -> AgentDaemon:
    """The daemon of an opened agent."""
    ticks = agent.computer.clocks.ticks
    board = FeatureRunner(agent.settings, ticks)
    return AgentDaemon(agent.keeper, board, ticks, None if agent.clock is None else LOOK_AGAIN_IN_SANDBOX)


def _toml_value(value: str | bool) -> str:
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _make_connector(computer: Computer) -> Connect:
    def connect(ticket: EnrollmentToken, certificate: str) -> Transport:
        return PinnedTransport(ticket, certificate, computer.monotonic, computer.clocks.wall)

    return connect


def _pinned_root(path: Path, settings: AgentSettings, clock: Path | None) -> TrustedRoot | Refused:
    try:
        root = read_root(path, sandbox=settings.sandbox)
    except ConfigurationError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path}: {fault}.", "root")
    if clock is not None and not settings.sandbox:
        return Refused(RefusalCode.SANDBOX_ONLY, "A clock file is honored only with a sandbox root and lease.", "clock")
    return root
