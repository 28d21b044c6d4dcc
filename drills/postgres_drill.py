"""PostgreSQL's primary is lost under load, first the program and then its machine; two servers go on with the standby.

Nothing that was acknowledged may be lost, nothing done twice, and no application may be told no.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drills.cluster import Cluster
from drills.front import start_front
from drills.inventory import Inventory, take_inventory
from drills.load import Load, Refusal, Vendor
from drills.processes import Process, free_ports, status_of, wait_until
from drills.sqlite_drill import make_server
from tenure.sandbox.programs import RunningProgram, run_tenure

Tell = Callable[[str], None]


class PostgresResult(NamedTuple):
    """What the losses cost."""

    postgres_seconds: float
    """From the death of PostgreSQL until every worker was acknowledged something again."""
    machine_seconds: float
    """The same where its whole machine died."""
    server_seconds: float
    """The same where one of the two activation servers was killed."""
    inventory: Inventory
    refusals: list[Refusal]
    checks: int
    """How often applications asked their licenses meanwhile."""
    history: str
    """The first line of `tenure verify-history`."""
    sound: bool


def run_postgres_drill(folder: Path, seconds: float, tell: Tell) -> PostgresResult:
    """Run it in `folder`, with `seconds` of work around each loss; raises Failed where it cannot be run to its end."""
    cluster = Cluster(folder / "cluster")
    running: list[RunningProgram] = []
    front: Process | None = None
    load: Load | None = None
    try:
        tell("etcd, two PostgreSQL under Patroni, HAProxy")
        cluster.start()
        server_folder = folder / "server"
        token = make_server(server_folder, "https://license.example.com", "--database", cluster.url)
        running = [_run_server(server_folder, folder) for _ in range(2)]
        port = free_ports(1)[0]
        front = start_front(port, [f"127.0.0.1:{each.port}" for each in running], folder)
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: status_of(f"{url}/readyz") == 200, "the servers behind HAProxy")
        load = Load(Vendor(url, token, server_folder / "sandbox-root.jws"), folder)
        load.start()
        time.sleep(seconds)
        tell("kill -9 of the primary's PostgreSQL")
        postgres = _measure(load, cluster.kill_postgres)
        tell(f"all acknowledged again after {postgres:.1f} s; waiting for the standby")
        wait_until(lambda: cluster.synchronous_standby() is not None, "a synchronous standby", 120)
        time.sleep(seconds)
        tell("the primary's machine is lost: PostgreSQL and Patroni at once")
        machine = _measure(load, cluster.kill_machine)
        tell(f"all acknowledged again after {machine:.1f} s")
        time.sleep(seconds)
        tell("kill -9 of one activation server")
        server = _measure(load, running[0].kill)
        tell(f"all acknowledged again after {server:.1f} s")
        time.sleep(seconds)
        load.stop()
        inventory = take_inventory(load, ended=True)
        code, said = run_tenure(("verify-history", "--folder", str(server_folder)))
        return PostgresResult(
            postgres, machine, server, inventory, load.refusals, load.checks, said.strip().splitlines()[0], code == 0
        )
    finally:
        if load:
            load.end()
        if front:
            front.stop()
        for each in running:
            each.stop()
        cluster.stop()


def _run_server(server_folder: Path, logs: Path) -> RunningProgram:
    return RunningProgram(
        "server", "run", "--folder", str(server_folder), "--listen", "127.0.0.1:0", folder=logs
    ).start()


def _measure(load: Load, kill: Callable[[], object]) -> float:
    kill()
    return load.recovery_after(time.monotonic())
