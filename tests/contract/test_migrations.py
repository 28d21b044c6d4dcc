"""What all migrations together make is exactly what the tables declare, on both databases, triggers included."""

import asyncio
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tenure.core.refusals import Refused
from tenure.store import migrate, schema
from tenure.store.prepare import prepare_database
from tenure.store.sqlite import SqliteDatabase, open_lite
from tests.contract.databases import run_sql
from tests.contract.drafts import draft_migration, packaged_revisions

CATALOG = {
    "columns": "select table_name, column_name, ordinal_position, data_type, is_nullable, column_default,"
    " collation_name"
    " from information_schema.columns where table_schema = current_schema()",
    "indexes": "select tablename, indexname, replace(indexdef, current_schema(), '') from pg_indexes"
    " where schemaname = current_schema()",
    "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
    " where connamespace = current_schema()::regnamespace",
    "triggers": "select event_object_table, trigger_name, event_manipulation, action_timing, action_orientation,"
    " action_statement from information_schema.triggers where trigger_schema = current_schema()",
    "truncate triggers": "select tgrelid::regclass::text, tgname, tgtype from pg_trigger join pg_class on"
    " pg_class.oid = tgrelid where not tgisinternal and relnamespace = current_schema()::regnamespace",
}


def lite(path: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///{path}")


def described(connection: sa.Connection) -> set[tuple[object, ...]]:
    """Everything the file says about its tables, white space aside."""
    rows = connection.exec_driver_sql("select type, name, tbl_name, sql from sqlite_master").all()
    return {(*row[:3], re.sub(r"\s*([(),])\s*|\s+", r"\1 ", row[3] or "").lower()) for row in rows}


def test_the_migrations_are_those_that_are_named() -> None:
    assert packaged_revisions() == schema.REVISIONS


def test_migrations_make_what_is_declared_on_sqlite(tmp_path: Path) -> None:
    with lite(tmp_path / "migrated.db").begin() as migrated, lite(tmp_path / "declared.db").begin() as declared:
        migrate.upgrade_schema(migrated)
        assert prepare_database(declared) is None
        assert described(migrated) == described(declared), draft_migration(migrated)
        assert draft_migration(migrated) == ""


@pytest.mark.postgres
async def test_migrations_make_what_is_declared_on_postgresql(postgres_url: str) -> None:
    found = {}
    for name, make in (("migrated", migrate.upgrade_schema), ("declared", prepare_database)):
        await run_sql(postgres_url, f"create schema {name}")
        engine = create_async_engine(
            sa.make_url(postgres_url).set(drivername="postgresql+asyncpg"),
            connect_args={"server_settings": {"search_path": name}},
        )
        async with engine.begin() as connection:
            assert await connection.run_sync(make) is None
            found[name] = {
                what: {tuple(row) for row in await connection.exec_driver_sql(sql)} for what, sql in CATALOG.items()
            }
            if name == "migrated":
                assert await connection.run_sync(draft_migration) == ""
        await engine.dispose()
        await run_sql(postgres_url, f"drop schema {name} cascade")
    assert found["migrated"] == found["declared"]
    assert len(found["declared"]["triggers"]) >= 2 * len(schema.APPEND_ONLY)


def test_what_is_missing_is_drafted(tmp_path: Path) -> None:
    """The control: a table that lacks a column is seen."""
    with lite(tmp_path / "t.db").begin() as connection:
        migrate.upgrade_schema(connection)
        connection.exec_driver_sql("alter table providers drop column withdrawn")
        assert "withdrawn" in draft_migration(connection)


def test_an_older_database_is_refused_until_it_is_brought_forward(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    db = open_lite(path)
    assert isinstance(db, SqliteDatabase)
    asyncio.run(db.close())
    brought: list[str] = []

    def forward(connection: sa.Connection) -> None:
        brought.append("forward")
        connection.exec_driver_sql(f"update alembic_version set version_num = '{schema.HEAD}'")  # noqa: S608 - our own

    old = ("0000", *schema.REVISIONS)
    with lite(path).begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")
    with lite(path).begin() as connection:
        refused = prepare_database(connection, None, old)
        assert isinstance(refused, Refused)
        assert "older" in refused.detail
        assert prepare_database(connection, forward, old) is None
        assert prepare_database(connection, None, old) is None
    assert brought == ["forward"]
