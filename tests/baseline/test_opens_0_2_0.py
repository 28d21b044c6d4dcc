"""What 0.2.0 left behind is opened by today's programs, stays as it was byte for byte, and its clients are answered."""

import json
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
import sqlalchemy as sa

from conformance import keys as conformance_keys
from tenure.agent.main import OpenedAgent, open_agent
from tenure.agent.seat_question import SeatQuestion
from tenure.core.policy.rules import Role
from tenure.core.refusals import Refused
from tenure.http.accounts.passwords import PasswordHashes
from tenure.sdk import License, Network
from tenure.sdk.engine.answers import AnswerArrival
from tenure.sdk.network.path import HttpExchange
from tenure.server import keyring
from tenure.server.app import build_app
from tenure.server.context import SANDBOX_ROOT, ServerContext
from tenure.server.keyring import KeyRing
from tenure.server.roles import SCOPES
from tenure.site.assembly import OpenedSite, open_site
from tenure.store import integrity, migrate, tokens
from tenure.store.catalog import DOCUMENTS
from tenure.store.engine import Connection, Database
from tenure.store.postgres import open_postgres
from tenure.store.schema import providers
from tenure.store.sealed import AnswerCipher
from tenure.store.sqlite import open_lite
from tenure.wire import exchanges
from tenure.wire import root as roots
from tenure.wire.armor import read_armor
from tests.baseline.make import SCHEMA, WAITED
from tests.contract.databases import target_of
from tests.sdk.world import Hands
from tests.server.server_env import CHEAP, START
from tests.site.site_env import BY_SYSTEM, FakeComputer, Time

KEPT = Path(__file__).parent / "0.2.0"
WIRE: dict[str, dict[str, Any]] = json.loads((KEPT / "wire.json").read_text(encoding="utf-8"))
NOW = START + WAITED


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A copy of everything, as private as programs want it."""
    copy = tmp_path / "kept"
    shutil.copytree(KEPT, copy)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return copy


def rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a file."""
    with closing(sqlite3.connect(database)) as opened:
        tables = [name for (name,) in opened.execute("select name from sqlite_schema where type = 'table'")]
        return {name: sorted(opened.execute(f'select * from "{name}"'), key=repr) for name in tables}  # noqa: S608


def changed(before: dict[str, list[tuple[Any, ...]]], after: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """Tables of which a row is gone or another one now."""
    return [name for name, held in before.items() if not set(map(repr, held)) <= set(map(repr, after[name]))]


@asynccontextmanager
async def served(database: Database, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Today's server on that database, at the recorded instant."""
    secret = keyring.read_secrets(folder / "secrets.json")
    root = roots.pin_root((folder / "root.jws").read_bytes())
    sandbox_root = await database.read(sandbox_root_of)
    assert not isinstance(secret, Refused)
    assert not isinstance(root, Refused)
    ring = KeyRing(secret, root, sandbox_root)
    context = ServerContext(
        db=database,
        clock=lambda: NOW,
        keys=ring,
        draw=bytes,
        safe=AnswerCipher(ring.box),
        issuer="https://license.test",
        passwords=PasswordHashes(CHEAP),
    )
    api = build_app(context, lambda: float(NOW), sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.test") as http:
        yield http


def sandbox_root_of(conn: Any) -> roots.TrustedRoot:
    """The sandbox's root document, out of the database."""
    edition = DOCUMENTS.last(conn, SANDBOX_ROOT)
    assert edition is not None
    pinned = roots.pin_root(edition.body)
    assert not isinstance(pinned, Refused)
    return pinned


async def sound(database: Database) -> None:
    """Nothing is wrong in any history, register, or account."""
    assert await database.read(lambda conn: list(integrity.verify_histories(conn))) == []
    assert await database.read(integrity.drifted_accounts) == []


async def test_the_servers_database_is_opened_and_every_chain_verifies(kept: Path) -> None:
    before = rows(kept / "server/tenure.db")
    database = open_lite(kept / "server/tenure.db", migrate.upgrade_schema)
    assert not isinstance(database, Refused), database
    await sound(database)
    await database.close()
    assert changed(before, rows(kept / "server/tenure.db")) in ([], ["alembic_version"])
    assert len(before["facts"]) > 2


@pytest.mark.postgres
async def test_the_dump_of_postgresql_is_opened_and_every_chain_verifies(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"drop schema if exists {SCHEMA} cascade")
    await connection.execute((KEPT / "server/postgres.sql").read_text(encoding="utf-8"))
    await connection.close()
    database = await open_postgres(target_of(postgres_url, SCHEMA), migrate.upgrade_schema)
    assert not isinstance(database, Refused), database
    await sound(database)
    await database.close()
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"drop schema {SCHEMA} cascade")
    await connection.close()


def test_a_sites_folder_is_opened_with_its_license_and_its_device(kept: Path) -> None:
    before = rows(kept / "site/site.db")
    opened = open_site(kept / "site", FakeComputer(Time(NOW)).computer("site.test"))
    assert isinstance(opened, OpenedSite), opened
    assert opened.licenses["editor"].take_snapshot().standing.features == ("edit", "export", "read")
    opened.store.close()
    after = rows(kept / "site/site.db")
    assert changed(before, after) in ([], ["kept"]), "the clock alone goes on"
    assert len(after["devices"]) == 1


def test_a_devices_folder_is_opened_with_its_seat(kept: Path) -> None:
    opened = open_agent(kept / "agent", FakeComputer(Time(NOW)).computer("site-desk"))
    assert isinstance(opened, OpenedAgent), opened
    assert opened.keeper.holder.refresh_features().features == frozenset({"edit", "export", "read"})


def test_an_applications_folder_is_licensed_offline(kept: Path) -> None:
    """The lease verifies with what is in the folder, at the instant at which it was made; no server is asked."""
    hands = Hands(wall=conformance_keys.START)
    license_ = License.open(
        product="editor",
        version="12.0",
        server="http://127.0.0.1:9",
        root=kept / "sdk/root.jws",
        folder=kept / "sdk",
        network=Network(dns="off", proxy="", loopback_http=True),
        computer=hands.computer(),
    )
    assert license_.standing.licensed
    assert license_.allows("edit")
    license_.stop()


def test_a_recorded_device_is_answered_by_its_site(kept: Path) -> None:
    opened = open_site(kept / "site", FakeComputer(Time(NOW)).computer("site.test"))
    assert isinstance(opened, OpenedSite), opened
    exchange = WIRE["device POST /v1/device"]
    reply = opened.port.answer_blocking(exchange["request"].encode()).result(10)
    opened.store.close()
    assert isinstance(reply, bytes), reply
    assert exchange["status"] == 200


def test_todays_device_takes_a_recorded_answer(kept: Path) -> None:
    """Proven by the key of its site, and taken once more: the seat that it brings is the one that is held."""
    opened = open_agent(kept / "agent", FakeComputer(Time(NOW)).computer("site-desk"))
    assert isinstance(opened, OpenedAgent), opened
    holder, exchange = opened.keeper.holder, WIRE["device POST /v1/device"]
    question = SeatQuestion(holder.current_reader, secrets.token_bytes)
    request, reply = exchange["request"].encode(), HttpExchange(200, (), exchange["answer"].encode(), BY_SYSTEM, 0.0)
    told = question.prove(reply, request, holder.kept, holder.root)
    assert not isinstance(told, Refused), told
    assert told.result == "seat"
    reading = holder.now().reading
    taken = question.apply(holder.kept, request, told, AnswerArrival(reading, reading), holder.root)
    assert taken.refused is None
    assert (taken.kept.seat, taken.kept.held) == (holder.kept.seat, holder.kept.held)
    strange = question.prove(reply, WIRE["site POST /v1/sync"]["request"].encode(), holder.kept, holder.root)
    assert isinstance(strange, Refused), "it answers no other question"


def carried(text: str) -> bytes:
    """The one message in a text that was carried by hand."""
    read = read_armor(text)
    assert not isinstance(read, Refused), read
    (message,) = read
    return message.token


async def token_of(database: Database, keys: KeyRing) -> str:
    """A token of the recorded provider, made today."""

    def work(conn: Connection) -> None:
        (provider,) = conn.scalars(sa.select(providers.c.id).where(providers.c.sandbox == sa.false()))
        made = tokens.ApiToken(
            digest=keys.token_digest("tnr_today"), id="tok_today", provider=provider, customer=None,
            role=Role.PROVIDER, scopes=SCOPES[Role.PROVIDER], name="today", created=NOW,
        )  # fmt: skip
        tokens.add_token(conn, made)

    await database.write(work)
    return "tnr_today"


async def test_text_that_was_carried_by_hand_gets_the_recorded_answer_again(kept: Path) -> None:
    """Today's server reads the recorded text, knows its request again, and says the same, byte for byte."""
    exchange = WIRE["offline POST /v1/offline-exchange"]
    database = open_lite(kept / "server/tenure.db", migrate.upgrade_schema)
    assert not isinstance(database, Refused), database
    async with served(database, kept / "server") as http:
        secret = keyring.read_secrets(kept / "server/secrets.json")
        assert not isinstance(secret, Refused)
        root = roots.pin_root((kept / "server/root.jws").read_bytes())
        assert not isinstance(root, Refused)
        token = await token_of(database, KeyRing(secret, root, await database.read(sandbox_root_of)))
        told = await http.post(
            "/v1/offline-exchange",
            json={"request": exchange["request"]},
            headers={"Authorization": f"Bearer {token}"},
        )
    await database.close()
    assert told.status_code == exchange["status"] == 200, told.text
    assert carried(told.json()["answer"]) == carried(exchange["answer"])
    read = exchanges.read_activate_answer(
        carried(exchange["answer"]), carried(exchange["request"]), root, sandbox=False
    )
    assert not isinstance(read, Refused), read
    assert read.message.result == "granted"


@pytest.mark.parametrize("path", ["/v1/activate", "/v1/sync"])
async def test_a_recorded_request_is_answered_so_that_its_client_reads_it(kept: Path, path: str) -> None:
    """By today's server on the recorded database; its answer and the recorded one are proven by the recorded root."""
    exchange = WIRE[f"site POST {path}"]
    database = open_lite(kept / "server/tenure.db", migrate.upgrade_schema)
    assert not isinstance(database, Refused), database
    async with served(database, kept / "server") as http:
        request = exchange["request"].encode()
        answer = await http.post(path, content=request, headers={"Content-Type": "application/jose"})
    await database.close()
    root = roots.pin_root((kept / "server/root.jws").read_bytes())
    assert not isinstance(root, Refused)
    read = exchanges.read_activate_answer if path == "/v1/activate" else exchanges.read_sync_answer
    for reply in (answer.content, exchange["answer"].encode()):
        told = read(reply, request, root, sandbox=False)
        assert not isinstance(told, Refused), told
    assert answer.status_code == exchange["status"] == 200
