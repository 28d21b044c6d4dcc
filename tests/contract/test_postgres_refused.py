"""A PostgreSQL server that cannot serve is refused by its reason and remedy, and nothing in it is changed."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
import trustme

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import postgres_checks, schema
from tenure.store.engine import Connection, Database, DatabaseUnavailable
from tenure.store.migrate import upgrade_schema
from tenure.store.postgres import open_postgres
from tenure.store.postgres_target import PostgresTarget
from tests.contract.databases import run_sql, target_of
from tests.contract.tls_front import tls_front
from tools.postgres import PostgresCluster, running_cluster

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    """A server with few places, and a user who needs a password."""
    with running_cluster({"max_connections": "12", "superuser_reserved_connections": "3"}) as started:
        asyncio.run(
            run_sql(started.url(), "create role ana login password 'right'", "create schema ana authorization ana")
        )
        yield started


def over_tcp(cluster: PostgresCluster, password: str | None = "right", **changes: object) -> PostgresTarget:
    target = target_of(f"postgresql://ana@127.0.0.1:{cluster.port}/postgres", "ana")
    return replace(target, **{"password": password, "connections": 1, **changes})


async def refused(target: PostgresTarget, **how: object) -> Refused:
    opened = await open_postgres(target, **how)  # type: ignore[arg-type]
    assert isinstance(opened, Refused), opened
    assert opened.field == "database"
    return opened


async def opened(target: PostgresTarget) -> Database:
    db = await open_postgres(target)
    assert not isinstance(db, Refused), db
    return db


@pytest.mark.parametrize("password", ["wrong", None])
async def test_a_wrong_password_is_told_and_never_repeated(cluster: PostgresCluster, password: str | None) -> None:
    told = await refused(over_tcp(cluster, password))
    assert told.code is RefusalCode.DATABASE_UNUSABLE
    assert "refuses the user ana" in told.detail
    assert "wrong" not in told.detail


async def test_a_password_file_of_libpq_is_read(cluster: PostgresCluster, tmp_path: Path) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{cluster.port}:postgres:ana:right\n")
    file.chmod(0o600)
    await (await opened(over_tcp(cluster, None, passfile=str(file)))).close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://postgres@/none?host={f}&port={p}", "no such database"),
        ("postgresql://postgres@/postgres?host={f}&port={p}&schema=none", "no schema none"),
        ("postgresql://postgres@/postgres?host={f}&port={p}&schema=public", "It is empty"),
    ],
)
async def test_what_is_not_there_is_not_made_by_a_server_that_starts(
    cluster: PostgresCluster, url: str, said: str
) -> None:
    target = target_of(url.format(f=cluster.folder, p=cluster.port), url.partition("schema=")[2] or "public")
    told = await refused(target, make=False)
    assert said in told.detail
    count = "select count(*) from information_schema.tables where table_schema = 'public'"
    async with asyncio.timeout(10):
        assert await scalar(cluster, count) == 0


async def scalar(cluster: PostgresCluster, statement: str) -> object:
    db = await open_postgres(target_of(cluster.url(), "looking"))
    assert not isinstance(db, Refused), db
    try:
        return await db.read(lambda conn: conn.scalar(sa.text(statement)))
    finally:
        await db.close()


async def test_a_user_who_may_not_make_tables_is_told(cluster: PostgresCluster) -> None:
    await run_sql(cluster.url(), "create schema if not exists theirs")
    told = await refused(over_tcp(cluster, schema="theirs"))
    assert told.code is RefusalCode.DATABASE_UNUSABLE
    assert "schema" in told.detail


async def test_a_read_only_user_is_told(cluster: PostgresCluster) -> None:
    await run_sql(cluster.url(), "alter role ana set default_transaction_read_only = on")
    try:
        assert "read only" in (await refused(over_tcp(cluster))).detail
    finally:
        await run_sql(cluster.url(), "alter role ana reset default_transaction_read_only")


async def test_a_full_connection_table_is_told_as_that(cluster: PostgresCluster) -> None:
    holders = [await opened(over_tcp(cluster)) for _ in range(9)]
    for each in holders:
        await each.read(lambda conn: conn.scalar(sa.text("select 1")))
    told = await refused(over_tcp(cluster))
    assert told.code is RefusalCode.DATABASE_UNREACHABLE
    assert "max_connections" in told.detail
    for each in holders:
        await each.close()
    await (await opened(over_tcp(cluster))).close()


async def test_a_clock_that_is_an_hour_off_is_told(cluster: PostgresCluster) -> None:
    now = await scalar(cluster, "select extract(epoch from clock_timestamp())::bigint")
    assert isinstance(now, int)
    assert "ahead of this computer's" in (await refused(over_tcp(cluster), now=now - 3_600)).detail
    assert "behind this computer's" in (await refused(over_tcp(cluster), now=now + 3_600)).detail
    fine = await open_postgres(over_tcp(cluster), now=now + 60)
    assert not isinstance(fine, Refused)
    await fine.close()


async def test_an_older_server_is_told(cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_checks, "LOWEST", 99)
    assert "99 or later is needed" in (await refused(over_tcp(cluster))).detail


async def test_a_standby_is_refused_and_of_several_hosts_the_primary_is_used(cluster: PostgresCluster) -> None:
    await (await opened(over_tcp(cluster))).close()
    folder = cluster.folder / "standby"
    folder.mkdir()
    other = cluster.standby(folder)
    other.start()
    try:
        assert "It is a standby" in (await refused(over_tcp(cluster, ports=(other.port,)))).detail
        both = over_tcp(cluster, hosts=("127.0.0.1", "127.0.0.1"), ports=(other.port, cluster.port))
        db = await opened(both)
        assert await db.write(lambda conn: conn.scalar(sa.text("select pg_is_in_recovery()"))) is False
        await db.close()
        lost = replace(both, hosts=("127.0.0.1", "127.0.0.1"), ports=(other.port, other.port))
        told = await refused(lost)
        assert told.code is RefusalCode.DATABASE_UNREACHABLE
        assert "none of the hosts takes writes" in told.detail
    finally:
        other.stop("immediate")


async def test_while_no_host_takes_writes_the_database_is_away_and_its_watch_goes_on(
    cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a new primary is chosen: what the driver raises then is of no kind that a lost connection has."""
    db = await opened(over_tcp(cluster))

    async def find_none(**_: object) -> None:
        raise asyncpg.TargetServerAttributeNotMatched("None of the hosts match")

    one = lambda conn: conn.scalar(sa.text("select 1"))  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr(asyncpg, "connect", find_none)
        await db.wait_for_news(0)
        for job in (db.read(one), db.write(one), db.submit_set(lambda conn, items: [one(conn) for _ in items], 1)):
            with pytest.raises(DatabaseUnavailable):
                await job
    assert await db.read(one) == 1
    await db.close()


async def test_a_newer_schema_is_left_alone_and_an_older_one_waits_for_its_upgrade(cluster: PostgresCluster) -> None:
    await (await opened(over_tcp(cluster))).close()
    await run_sql(cluster.url(), "update ana.alembic_version set version_num = '9999'")
    assert "newer Tenure" in (await refused(over_tcp(cluster))).detail
    await run_sql(cluster.url(), f"update ana.alembic_version set version_num = '{schema.HEAD}'")  # noqa: S608
    await (await opened(over_tcp(cluster))).close()


async def test_an_interrupted_upgrade_leaves_nothing(cluster: PostgresCluster) -> None:
    """The steps are one transaction: a server that dies in them is as it was, and the next try does them all."""
    target = over_tcp(cluster, schema="ana")
    await run_sql(cluster.url(), "drop schema ana cascade", "create schema ana authorization ana")

    def broken(connection: Connection) -> None:
        upgrade_schema(connection)
        connection.execute(sa.text("select pg_terminate_backend(pg_backend_pid())"))

    db = await opened(target)
    with pytest.raises(Exception, match=r"."):
        await db.write(broken)
    await db.close()
    await (await opened(target)).close()


async def test_the_server_is_proven_by_its_certificate(cluster: PostgresCluster, tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    for name, each in (("ca.pem", authority), ("other.pem", stranger)):
        each.cert_pem.write_to_path(tmp_path / name)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(shown)
    async with tls_front(shown, cluster.port) as port:

        def through(host: str, more: str) -> PostgresTarget:
            url = f"postgresql://ana:right@{host}:{port}/postgres?connections=1&{more}".replace("?&", "?")
            return target_of(
                url.replace("ca.pem", str(tmp_path / "ca.pem")).replace("other.pem", str(tmp_path / "other.pem")), "ana"
            )

        for good in ("sslmode=verify-full&sslrootcert=ca.pem", "sslmode=require"):
            await (await opened(through("localhost", good))).close()
        await (await opened(through("127.0.0.1", "sslmode=verify-ca&sslrootcert=ca.pem"))).close()
        wrong_name = await refused(through("127.0.0.1", "sslmode=verify-full&sslrootcert=ca.pem"))
        wrong_authority = await refused(through("localhost", "sslmode=verify-full&sslrootcert=other.pem"))
        for told in (wrong_name, wrong_authority):
            assert told.code is RefusalCode.DATABASE_UNUSABLE
            assert "sslrootcert" in told.detail
            assert "right" not in told.detail


async def test_servers_connect_again_after_a_restart_of_the_database(cluster: PostgresCluster) -> None:
    db = await opened(over_tcp(cluster))

    def look(conn: Connection) -> object:
        return conn.scalar(sa.text("select 1"))

    for job in (db.read(look), db.write(look), db.submit_set(lambda conn, items: [look(conn) for _ in items], 1)):
        assert await job == 1
    await asyncio.to_thread(cluster.restart)
    for job in (db.read(look), db.write(look), db.submit_set(lambda conn, items: [look(conn) for _ in items], 1)):
        assert await job == 1
    await db.close()


def test_one_access_serves_one_event_loop_after_the_other(cluster: PostgresCluster) -> None:
    """As the server does, which opens its state before the loop that serves begins."""

    async def begin() -> Database:
        db = await opened(over_tcp(cluster))
        assert await db.read(lambda conn: conn.scalar(sa.text("select 1"))) == 1
        await db.release_idle()
        return db

    async def go_on(db: Database) -> None:
        assert await db.read(lambda conn: conn.scalar(sa.text("select 2"))) == 2
        await db.close()

    db = asyncio.run(begin())
    asyncio.run(go_on(db))
