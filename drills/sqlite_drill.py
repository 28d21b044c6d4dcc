"""The machine of a server on SQLite is lost, and another one takes over from what Litestream had copied elsewhere.

What was acknowledged within the last moments before the loss is gone: the drill measures how much, in seconds and in
things, and that nothing else is; a killed process alone loses nothing.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drills.inventory import Inventory, take_inventory
from drills.load import Load, Refusal, Vendor
from drills.processes import Failed, Process, wait_until
from tenure.sandbox.programs import RunningProgram, run_tenure

Tell = Callable[[str], None]
LITESTREAM_SYNC = 1.0
"""Seconds between two copies of what was written, Litestream's own default."""


class SqliteResult(NamedTuple):
    """What the two losses cost."""

    restart_seconds: float
    """From `kill -9` of the process until every worker was acknowledged something again."""
    restarted: Inventory
    moved_seconds: float
    """From the loss of the machine until every worker was acknowledged something by another one."""
    moved: Inventory
    lost_seconds: float
    """The age, at the loss, of the oldest acknowledged work that is not there any more; 0 where nothing is missing."""
    refusals: list[Refusal]
    """But those of codes whose orders were lost with the machine: they are counted there."""
    checks: int
    """How often applications asked their licenses meanwhile."""


def run_sqlite_drill(folder: Path, litestream: str, seconds: float, tell: Tell) -> SqliteResult:
    """Run it in `folder`, with `seconds` of work before each loss; raises Failed where it cannot be run to its end."""
    first, second, copies = folder / "first", folder / "second", folder / "copies"
    token = make_server(first, "https://license.example.com")
    server = _run(first, folder, "127.0.0.1:0")
    port = server.port
    replica = _replicate(litestream, first, copies, folder)
    load = Load(Vendor(server.url, token, first / "sandbox-root.jws"), folder)
    try:
        load.start()
        tell(f"orders, payments and activations for {seconds:.0f} s, then kill -9 of the server")
        time.sleep(seconds)
        server.kill()
        killed = time.monotonic()
        server = _run(first, folder, f"127.0.0.1:{port}")
        restart_seconds = load.recovery_after(killed)
        tell(f"acknowledging again after {restart_seconds:.2f} s")
        time.sleep(seconds)
        restarted = take_inventory(load)
        tell("the machine is lost: server, Litestream and disk at once")
        replica.kill()
        server.kill()
        killed = time.monotonic()
        _restore(litestream, first, second, copies)
        server = _run(second, folder, f"127.0.0.1:{port}")
        moved_seconds = load.recovery_after(killed)
        tell(f"another machine acknowledges after {moved_seconds:.2f} s")
        time.sleep(seconds)
        load.stop()
        moved = take_inventory(load, ended=True)
        gone = {each.id for each in moved.lost}
        refusals = [each for each in load.refusals if each.order not in gone]
        lost = max((killed - each.at for each in moved.lost), default=0.0)
    finally:
        load.end()
        replica.stop()
        server.stop()
    return SqliteResult(restart_seconds, restarted, moved_seconds, moved, lost, refusals, load.checks)


def make_server(folder: Path, name: str, *more: str) -> str:
    """A new server's folder; the vendor's token."""
    code, said = run_tenure(("server", "init", "--folder", str(folder), "--name", name, "--json", *more))
    if code:
        raise Failed(f"`tenure server init` failed: {said}")
    return str(json.loads(said)["vendor_token"])


def _run(folder: Path, logs: Path, listen: str) -> RunningProgram:
    return RunningProgram("server", "run", "--folder", str(folder), "--listen", listen, folder=logs).start()


def _replicate(litestream: str, source: Path, copies: Path, logs: Path) -> Process:
    target = f"file://{copies}"
    replica = Process("litestream", [litestream, "replicate", str(source / "tenure.db"), target], logs)
    wait_until(lambda: copies.is_dir() and any(copies.rglob("*.ltx")), "Litestream's first copy")
    return replica


def _restore(litestream: str, lost: Path, fresh: Path, copies: Path) -> None:
    """A folder on another machine: keys and settings from their own backup, the database from the copies."""
    fresh.mkdir(mode=0o700)
    for name in ("secrets.json", "server.json", "portal.key"):
        (fresh / name).write_bytes((lost / name).read_bytes())
        (fresh / name).chmod(0o600)
    copied = fresh / "copied.db"
    restoring = Process("restore", [litestream, "restore", "-o", str(copied), f"file://{copies}"], fresh)
    wait_until(lambda: not restoring.running(), "Litestream's restore")
    code, said = run_tenure(("restore", str(copied), "--folder", str(fresh)))
    if code:
        raise Failed(f"`tenure restore` failed: {said}{(fresh / 'restore.log').read_text()}")
