"""Our SDK behind the kit's command line: `python -m conformance.sdk_client COMMAND …`, one JSON object on stdout.

Each command is a program of its own: everything that lasts is in the folder. See README.md for the commands.
"""

import argparse
import functools
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from tenure.core.refusals import Refused
from tenure.sdk.assembly import ConfigurationError, KeeperParts, make_identity, read_root
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.license_keeper import LicenseKeeper
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.outcomes import ActivationGranted, Rejected, Synchronized
from tenure.sdk.transport_factory import Network

SETTINGS = "conformance.json"


def run(arguments: list[str]) -> dict[str, Any]:
    """What the command prints."""
    asked = _parser().parse_args(arguments)
    folder = Path(asked.folder)
    if asked.command == "init":
        return _init(folder, asked)
    keeper = _keeper(json.loads((folder / SETTINGS).read_text(encoding="utf-8")), folder)
    if asked.command == "activate":
        return _told(keeper.activate(asked.code, "successor" if asked.successor else "active"))
    if asked.command == "sync":
        return _told(keeper.synchronize("manual" if asked.manual else "timer"))
    if asked.command == "notice":
        taken = keeper.take_notice(Path(asked.file).read_bytes())
        return {"result": "taken"} if not isinstance(taken, Refused) else _told(taken)
    return _status(keeper)


@functools.cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="conformance.sdk_client")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init")
    for name in ("product", "version", "server", "root", "readings"):
        init.add_argument(f"--{name}", required=True)
    init.add_argument("--ca", default="")
    init.add_argument("--sandbox", action="store_true")
    init.add_argument("--timeout", type=float, default=30.0)
    activate = commands.add_parser("activate")
    activate.add_argument("--code", required=True)
    activate.add_argument("--successor", action="store_true")
    commands.add_parser("sync").add_argument("--manual", action="store_true")
    commands.add_parser("status")
    commands.add_parser("notice").add_argument("--file", required=True)
    for command in commands.choices.values():
        command.add_argument("--folder", required=True)
    return parser


def _init(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {name: value for name, value in vars(asked).items() if name not in ("command", "folder")}
    (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    try:
        keeper = _keeper(settings, folder)
    except ConfigurationError as mistake:
        return {"result": "refused", "message": str(mistake)}
    return {"result": "ready", "root": keeper.holder.root.version}


def _keeper(settings: dict[str, Any], folder: Path) -> LicenseKeeper:
    computer = _computer(Path(settings["readings"]))
    pinned = read_root(settings["root"], sandbox=settings["sandbox"])
    who = make_identity(settings["product"], settings["version"], "", pinned, computer, sandbox=settings["sandbox"])
    timeout = settings["timeout"]
    network = Network(
        dns="off",
        proxy="",
        ca_file=settings["ca"],
        loopback_http=True,
        bounds=ExchangeBounds(2.0, min(3.0, timeout), timeout),
    )
    parts = KeeperParts(
        who=who,
        pinned=pinned,
        disk=FolderOnDisk(folder / "state"),
        server=settings["server"],
        network=network,
        computer=computer,
        clock=None,
        after_end_days=None,
    )
    return parts.make_keeper()


def _computer(readings: Path) -> Computer:
    def read() -> dict[str, Any]:
        told: dict[str, Any] = json.loads(readings.read_text(encoding="utf-8"))
        return told

    return Computer(
        clocks=ComputerClocks(
            boot=read()["boot"], ticks=lambda: float(read()["uptime"]), wall=lambda: int(read()["wall"])
        ),
        monotonic=time.monotonic,
        draw=secrets.token_bytes,
        environment={},
        hardware=lambda: {"machine": "kit"},
        online=lambda: True,
        host="kit",
    )


def _told(outcome: ActivationGranted | Synchronized | Rejected) -> dict[str, Any]:
    if isinstance(outcome, Rejected):
        result = "refused" if outcome.conclusive else "inconclusive"
        return {"result": result, "code": outcome.code.value, "message": outcome.message}
    result = "granted" if isinstance(outcome, ActivationGranted) else outcome.result
    return {"result": result, "code": "", "message": outcome.message}


def _status(keeper: LicenseKeeper) -> dict[str, Any]:
    holder = keeper.holder
    standing, kept, lease = holder.standing(), holder.kept, holder.lease()
    return {
        "now": standing.at,
        "phase": standing.phase.value,
        "cause": standing.cause.value,
        "features": sorted(holder.refresh_features().features),
        "until": standing.until,
        "contact_until": standing.contact_until,
        "refusal": "" if standing.refusal is None else standing.refusal.code.value,
        "warnings": [each.code.value for each in standing.warnings],
        "subscription": "" if lease is None else lease.subscription,
        "serial": kept.present.serial,
        "epoch": kept.present.epoch,
        "root": holder.root.version,
        "pending": kept.sync is not None or kept.activation is not None,
        "successor_from": standing.successor_from,
        "next_contact": keeper.next_contact_at(),
        "message": standing.message,
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:])))
