"""The next migration: taken while the release before goes on, and refused clearly where it was interrupted.

A revision of the test's own, in a copy of the packaged scripts, does what later ones may do: add a column with a
default, an index, a table.
"""

import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.store import integrity, migrate, postgres, sqlite
from tenure.store.engine import Connection, Database
from tenure.store.postgres import open_postgres
from tenure.store.prepare import Upgrade, prepare_database
from tenure.store.schema import HEAD, REVISIONS
from tenure.store.sqlite import open_lite
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.contract.databases import fresh_schema, target_of
from tests.server.server_env import PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio
NEXT = "9999"
SCRIPT = f'''"""A later release's schema."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{HEAD}"
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.add_column("sites", sa.Column("remark", TEXT, nullable=False, server_default="none"))
    op.add_column("facts", sa.Column("weight", WHOLE, nullable=False, server_default="1"))
    op.create_index("ix_leases_until", "leases", ["until"])
    INTERRUPTION
    op.create_table("remarks", sa.Column("id", TEXT, primary_key=True))
'''
ADDED = (
    "select count(*) from sites where remark <> 'none'",
    "select sum(weight) from facts",
    "select count(*) from remarks",
)


class Place(Protocol):
    """An empty database, opened by either release."""

    is_shared: bool

    async def open(self, upgrade: Upgrade | None = None) -> Database | Refused:
        """By the release that is installed."""


class FilePlace:
    """A SQLite file."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self, upgrade: Upgrade | None = None) -> Database | Refused:
        """See `Place`."""
        return open_lite(self._path, upgrade)


class SchemaPlace:
    """A schema in PostgreSQL."""

    is_shared = True

    def __init__(self, url: str, schema: str) -> None:
        self._url, self._schema = url, schema

    async def open(self, upgrade: Upgrade | None = None) -> Database | Refused:
        """See `Place`."""
        return await open_postgres(target_of(self._url, self._schema), upgrade)


@pytest.fixture(params=["lite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "lite":
        yield FilePlace(tmp_path / "tenure.db")
        return
    url: str = request.getfixturevalue("postgres_url")
    async with fresh_schema(url) as schema:
        yield SchemaPlace(url, schema.schema)


class NextRelease:
    """The release after this one, which has one more migration."""

    def __init__(self, folder: Path, patched: pytest.MonkeyPatch) -> None:
        self._folder, self._patched = folder, patched

    def install(self, interruption: str = "") -> None:
        """Whatever is opened from now on is opened by it; its migration stops at `interruption`."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(migrate.__file__.removesuffix("migrate.py") + "migrations", self._folder)
        script = self._folder / "versions" / f"{NEXT}_later.py"
        script.write_text(SCRIPT.replace("INTERRUPTION", interruption or "pass"))
        self._patched.setattr(migrate, "FOLDER", self._folder)
        known = partial(prepare_database, revisions=(*REVISIONS, NEXT))
        for module in (postgres, sqlite):
            self._patched.setattr(module, "prepare_database", known)


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NextRelease:
    return NextRelease(tmp_path / "scripts", monkeypatch)


def version(conn: Connection) -> str:
    return str(conn.scalar(sa.text("select version_num from alembic_version")))


def added(conn: Connection) -> list[object]:
    """What the new release finds in what it added."""
    return [conn.scalar(sa.text(each)) for each in ADDED]


async def opened(place: Place, upgrade: Upgrade | None = None) -> Database:
    db = await place.open(upgrade)
    assert not isinstance(db, Refused), db.detail
    return db


async def live_a_day(env: ServerEnv, site: PlainSite) -> None:
    """Everything that a server writes all day: an order, an activation, a new lease, a contact, a change."""
    env.clock.now += DAY
    name, code = await env.order()
    told = await env.site().activate(code)
    assert isinstance(told, ActivateAnswer) and told.result == "granted"
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 12})
    heard = await site.sync(wanted=3)
    assert isinstance(heard, SyncAnswer) and heard.refusal is None
    again = await site.sync(wanted=3)
    assert isinstance(again, SyncAnswer) and again.result == "unchanged"
    await env.sweep()


async def settled(env: ServerEnv) -> PlainSite:
    """A site of the server, and every statement of a day run before."""
    _, code = await env.order()
    site = env.site()
    await site.activate(code)
    for _ in range(3):
        await live_a_day(env, site)
    return site


async def sound(db: Database) -> None:
    assert await db.read(lambda conn: list(integrity.verify_histories(conn))) == []
    assert await db.read(integrity.drifted_accounts) == []


async def test_the_release_before_goes_on_while_it_is_taken_and_afterwards(
    place: Place, later: NextRelease, tmp_path: Path
) -> None:
    """On SQLite one process writes: the upgrade is refused while a server runs, and is taken once it has ended."""
    async with office(tmp_path / "server", database=await opened(place)) as before:
        site = await settled(before)
        later.install()
        if not place.is_shared:
            refused = await place.open(migrate.upgrade_schema)
            assert isinstance(refused, Refused) and refused.code == RefusalCode.FOLDER_IN_USE
            await live_a_day(before, site)
        else:
            after = await opened(place, migrate.upgrade_schema)
            assert await after.read(version) == NEXT
            await live_a_day(before, site)
            await both_serve(before, before.second_process(after), site)
            await after.close()
            await live_a_day(before, site)
        heads = await before.context.db.read(lambda conn: integrity.checkpoint_payload(conn, 0))
    now = await opened(place, migrate.upgrade_schema)
    assert await now.read(version) == NEXT
    assert await now.read(lambda conn: integrity.checkpoint_payload(conn, 0)) == heads, "no chain was touched"
    none, weights, remarks = await now.read(added)
    assert (none, remarks) == (0, 0) and weights, "what the release before wrote has the defaults"
    await sound(now)
    await now.close()


async def both_serve(before: ServerEnv, after: ServerEnv, site: PlainSite) -> None:
    """One site goes to and fro between the two releases."""
    for env in (after, before, after, before):
        site.office = env
        before.clock.now += DAY
        heard = await site.sync()
        assert isinstance(heard, SyncAnswer) and heard.refusal is None
    await live_a_day(after, site)
    site.office = before
    await sound(before.context.db)


async def test_until_it_is_taken_the_new_release_refuses_with_the_command(place: Place, later: NextRelease) -> None:
    await (await opened(place)).close()
    later.install()
    refused = await place.open()
    assert isinstance(refused, Refused)
    assert HEAD in refused.detail and "`tenure database upgrade`" in refused.detail
    await (await opened(place, migrate.upgrade_schema)).close()
    await (await opened(place)).close()


async def test_the_release_before_refuses_what_it_does_not_know(
    place: Place, later: NextRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the release before that is started again after the upgrade ends with the reason."""
    later.install()
    await (await opened(place)).close()
    await (await opened(place, migrate.upgrade_schema)).close()
    monkeypatch.undo()
    refused = await place.open(migrate.upgrade_schema)
    assert isinstance(refused, Refused)
    assert f"newer Tenure (schema {NEXT}" in refused.detail


STOPS = {
    "fails": 'raise RuntimeError("the disk is full")',
    "is cut off": 'op.execute("select pg_terminate_backend(pg_backend_pid())")',
}


@pytest.mark.parametrize("stop", STOPS)
async def test_one_that_was_interrupted_left_nothing_is_told_and_is_taken_again(
    place: Place, later: NextRelease, tmp_path: Path, stop: str
) -> None:
    if stop == "is cut off" and not place.is_shared:
        stop = "fails"  # a file has no connection that could be cut: there a process ends, as in `test_kill`
    async with office(tmp_path / "server", database=await opened(place)) as before:
        await settled(before)
        heads = await before.context.db.read(lambda conn: integrity.checkpoint_payload(conn, 0))
    later.install(STOPS[stop])
    if stop == "fails":
        with pytest.raises(RuntimeError, match="the disk is full"):
            await place.open(migrate.upgrade_schema)
    else:
        cut = await place.open(migrate.upgrade_schema)
        assert isinstance(cut, Refused) and cut.code == RefusalCode.DATABASE_UNREACHABLE
    refused = await place.open()
    assert isinstance(refused, Refused), "half of a migration would be opened as a whole one"
    assert f"schema {HEAD}" in refused.detail and "`tenure database upgrade`" in refused.detail
    later.install()
    now = await opened(place, migrate.upgrade_schema)
    assert await now.read(version) == NEXT
    assert (await now.read(added))[2] == 0
    assert await now.read(lambda conn: integrity.checkpoint_payload(conn, 0)) == heads
    await sound(now)
    await now.close()
