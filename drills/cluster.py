"""PostgreSQL on two machines under Patroni: primary, synchronous standby, etcd that elects, HAProxy that finds it.

One etcd member stands for the three of a real deployment: its own loss is not tried here.
"""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any, NamedTuple

from drills.packages import POSTGRES, program
from drills.processes import SYSTEM_USER, Failed, Process, free_ports, kill_tree, status_of, wait_until

SCOPE = "tenure"
DATABASE = "tenure"
TTL, LOOP, RETRY = 20, 5, 5
"""Seconds: how long the leader's lock stands without renewal, how often it is renewed, how long etcd is asked again.

Patroni wants LOOP + 2 * RETRY <= TTL. A machine that is gone is noticed after TTL at the latest, so 20 leaves half of
the 40 s that a recovery may take to promotion, HAProxy's check and the clients' next try.
"""

DCS: dict[str, Any] = {
    "ttl": TTL,
    "loop_wait": LOOP,
    "retry_timeout": RETRY,
    "maximum_lag_on_failover": 1_048_576,
    # A PostgreSQL that died is not awaited: the standby takes over at once.
    "master_start_timeout": 0,
    "synchronous_mode": True,
    "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 100, "wal_log_hints": "on"}},
}
"""What the members agree on in etcd; docs/availability.md quotes it."""


class Member(NamedTuple):
    """One of the two machines."""

    name: str
    port: int
    """PostgreSQL's."""
    rest: int
    """Patroni's, asked by HAProxy who is primary."""


class Cluster:
    """Everything between Tenure and the disk, in `folder`; started with `start`, ended with `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = free_ports(8)
        self.members = (Member("one", ports[0], ports[1]), Member("two", ports[2], ports[3]))
        self._etcd_port, self._peer_port, self.port, self.stats_port = ports[4:]
        self._processes: dict[str, Process] = {}
        self.password = folder / "password"

    @property
    def url(self) -> str:
        """The address of the primary, whichever it is, through HAProxy."""
        return f"postgresql://tenure@127.0.0.1:{self.port}/{DATABASE}?password_file={self.password}"

    def start(self) -> None:
        """Start all, wait for a primary with a synchronous standby, make role and database."""
        self._prepare_folder()
        self._start_etcd()
        for member in self.members:
            self._start_member(member)
        self._start_haproxy()
        wait_until(lambda: self.synchronous_standby() is not None, "a primary with a synchronous standby", 120)
        self._make_database()

    def stop(self) -> None:
        """End all of it."""
        for process in reversed(list(self._processes.values())):
            process.stop(5)

    def primary(self) -> Member | None:
        """The member that says it is primary, or None while there is none."""
        return next((each for each in self.members if self._answers(each, "/primary")), None)

    def synchronous_standby(self) -> Member | None:
        """The member without which the primary acknowledges nothing, or None."""
        return next((each for each in self.members if self._answers(each, "/synchronous")), None)

    def kill_postgres(self) -> Member:
        """Kill the primary's PostgreSQL with all its processes, leaving Patroni; return where it ran."""
        member = self._known_primary()
        pid = int((self._data(member) / "postmaster.pid").read_text().split()[0])
        kill_tree(pid)
        return member

    def kill_machine(self) -> Member:
        """Kill everything that runs on the primary's machine at once; return which it was."""
        member = self._known_primary()
        pid = int((self._data(member) / "postmaster.pid").read_text().split()[0])
        patroni = self._processes.pop(member.name)
        os.kill(patroni.pid, signal.SIGSTOP)
        kill_tree(pid)
        patroni.kill()
        return member

    def start_again(self, member: Member) -> None:
        """Have a killed machine back; it follows the new primary."""
        self._start_member(member)

    def _known_primary(self) -> Member:
        member = self.primary()
        if member is None:
            raise Failed("There is no primary to kill.")
        return member

    def _data(self, member: Member) -> Path:
        return self.folder / member.name / "data"

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("etcd", *(each.name for each in self.members)):
            (self.folder / name).mkdir()
        self.password.write_text("drill-" + os.urandom(12).hex())
        self.password.chmod(0o600)
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                if path != self.password:
                    shutil.chown(path, SYSTEM_USER, SYSTEM_USER)

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        command = [program("etcd"), "--name", "etcd", "--data-dir", str(self.folder / "etcd")]
        command += ["--listen-client-urls", client, "--advertise-client-urls", client]
        command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        command += ["--initial-cluster", f"etcd={peer}"]
        self._processes["etcd"] = Process("etcd", command, self.folder, as_system_user=True)
        wait_until(lambda: status_of(f"{client}/health") == 200, "etcd")

    def _start_member(self, member: Member) -> None:
        path = self.folder / f"{member.name}.json"
        path.write_text(json.dumps(self._patroni_settings(member), indent=1))
        path.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(path, SYSTEM_USER, SYSTEM_USER)
        # JSON is YAML, which is the format that Patroni reads.
        self._processes[member.name] = Process(
            member.name,
            [program("patroni"), str(path)],
            self.folder,
            environment={"LC_ALL": "C.UTF-8"},
            as_system_user=True,
        )

    def _patroni_settings(self, member: Member) -> dict[str, Any]:
        password = self.password.read_text()
        return {
            "scope": SCOPE,
            "name": member.name,
            "restapi": {"listen": f"127.0.0.1:{member.rest}", "connect_address": f"127.0.0.1:{member.rest}"},
            "etcd3": {"host": f"127.0.0.1:{self._etcd_port}"},
            "bootstrap": {
                "dcs": DCS,
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
                "pg_hba": [
                    "host all all 127.0.0.1/32 scram-sha-256",
                    "host replication all 127.0.0.1/32 scram-sha-256",
                ],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{member.port}",
                "connect_address": f"127.0.0.1:{member.port}",
                "data_dir": str(self._data(member)),
                "bin_dir": str(POSTGRES),
                "pgpass": str(self.folder / member.name / "pgpass"),
                "parameters": {"unix_socket_directories": str(self.folder / member.name)},
                "authentication": {
                    "superuser": {"username": "postgres", "password": password},
                    "replication": {"username": "replicator", "password": password},
                    "rewind": {"username": "rewinder", "password": password},
                },
            },
        }

    def _start_haproxy(self) -> None:
        path = self.folder / "haproxy.cfg"
        servers = "\n".join(
            f"  server {each.name} 127.0.0.1:{each.port} check port {each.rest}" for each in self.members
        )
        path.write_text(HAPROXY.format(port=self.port, servers=servers))
        self._processes["haproxy"] = Process("haproxy", [program("haproxy"), "-db", "-f", str(path)], self.folder)

    def _make_database(self) -> None:
        member = self._known_primary()
        sql = (
            f"create role tenure login password '{self.password.read_text()}'; create database {DATABASE} owner tenure;"
        )
        for statement in sql.split("; "):
            self._psql(member, statement)

    def _psql(self, member: Member, statement: str) -> None:
        environment = {"PGPASSWORD": self.password.read_text()}
        command = (
            f"{POSTGRES / 'psql'} -h 127.0.0.1 -p {member.port} -U postgres -v ON_ERROR_STOP=1 -d postgres".split()
        )
        script = self.folder / "statement.sql"
        script.write_text(statement)
        process = Process("psql", [*command, "-f", str(script)], self.folder, environment=environment)
        wait_until(lambda: not process.running(), "psql")
        process.stop()
        script.unlink()

    def _answers(self, member: Member, path: str) -> bool:
        return status_of(f"http://127.0.0.1:{member.rest}{path}") == 200


HAPROXY = """defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout check 2s
listen primary
  bind 127.0.0.1:{port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""
