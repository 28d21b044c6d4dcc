"""Every column of every row that a request goes by, edited with SQL: found, or listed with the reason why not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tenure.store import integrity
from tenure.store.engine import Connection
from tenure.store.register_checks import FORGOTTEN, UNCOMPARED
from tenure.store.schema import METADATA
from tests.contract.databases import SharedSchema
from tests.server.server_env import ServerEnv, office
from tests.server.tampering import drop_guards
from tests.server.users import PASSWORD, User, joined, sign_in, stranger

pytestmark = pytest.mark.anyio

TABLES = (
    "subscriptions", "codes", "sites", "leases", "customers", "providers", "accounts", "gateways", "tokens",
    "memberships", "users", "trials", "payment_references", "payment_requests", "sessions", "invitations", "recovery",
)  # fmt: skip
"""Whose rows decide about money, service or identity; facts, postings and the catalog are chained themselves."""
TRIED = {
    "id": "tried", "product": "editor", "name": "Tried", "kind": "limited", "period": "P1M", "trial": "P14D",
    "features": ["edit"], "base_features": ["read"],
}  # fmt: skip
OUTSIDE = {"plan": "standard", "settlement": "external"}
ROWS = 6
"""So many of each table are edited, one value at a time."""
COLUMNS = [f"{name}.{column.name}" for name in TABLES for column in METADATA.tables[name].c]


@pytest.fixture
async def lived_on_lite(tmp_path: Path) -> AsyncIterator[ServerEnv]:
    async with office(tmp_path) as env:
        yield await lived(env)


async def lived(env: ServerEnv) -> ServerEnv:
    """Two subscriptions with sites, users in two teams, payment settings, a credit limit, a second provider."""
    for name in ("standard", "monthly"):
        _, code = await env.order(name)
        site = env.site()
        await site.activate(code)
        await site.sync()
    south = (await env.vendor.post("/v1/providers", {"name": "South", "currency": "EUR"}))["id"]
    await env.staff.post("/v1/customers", {"name": "Bellows", "reference": "c 2"})
    await env.staff.send("PUT", "/v1/payment-settings", {"instructions": "By bank", "request_days": 14})
    await env.staff.send("POST", "/v1/payment-settings/rotate-secret")
    await env.staff.send("POST", "/v1/payment-settings/rotate-secret")
    await env.staff.send("PUT", f"/v1/customers/{env.customer}/credit-limit", {"credit_limit": 5})
    ana = await joined(env, env.staff)
    await joined(env, env.staff, "operator")
    await joined(env, env.vendor, "owner", provider=south)
    await env.staff.send("PUT", f"/v1/users/{ana.id}", {"role": "owner"})
    await lived_by_claims(env, ana)
    return env


async def lived_by_claims(env: ServerEnv, ana: User) -> None:
    """A trial, money under two kinds of reference, a request for more, sessions, a link sent, somebody asked in."""
    await env.vendor.post("/v1/plans", TRIED)
    sold = {"currency": "EUR", "bands": [{"unit": 1_200}]}
    env.offers["tried"] = (await env.staff.post("/v1/offers", sold | {"plan": "tried"}))["id"]
    await env.order("tried", trial=True)
    env.offers["outside"] = (await env.staff.post("/v1/offers", sold | OUTSIDE))["id"]
    outside, _ = await env.order("outside")
    confirmed = {"covers": "order", "reference": "INV 1"}
    await env.staff.send("POST", f"/v1/subscriptions/{outside}/confirm-payment", confirmed)
    await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 700})
    await env.staff.post("/v1/invitations", {"email": "eve@x.example", "name": "Eve", "role": "auditor"})
    await sign_in(env, ana.email)
    await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
    code = await ana.post("/v1/me/second-factor", {"password": PASSWORD})
    shown = {"code": pyotp.TOTP(code["secret"]).at(env.clock())}
    await ana.post("/v1/me/second-factor/confirm", shown)


async def unfound(env: ServerEnv) -> dict[str, str]:
    """Of each column the edit that nothing finds."""

    found: dict[str, str] = {}
    for table in (METADATA.tables[name] for name in TABLES):
        keys = await env.context.db.read(_keys, table)
        assert keys, f"there is no row of {table.name} to edit"
        for column in table.c:
            for key in keys:
                try:
                    said = str(await env.context.db.dry_run(_edited, column, key))
                except IntegrityError:
                    continue  # the database itself refuses it
                if said:
                    found[f"{table.name}.{column.name}"] = said
                    break
    return found


def _keys(conn: Connection, table: sa.Table) -> list[Any]:
    """The keys of the newest rows; of leases those whose bytes are kept."""
    columns = list(table.primary_key.columns)
    wanted = sa.select(*columns).order_by(*(column.desc() for column in columns)).limit(ROWS)
    return list(conn.execute(wanted.where(table.c.body.is_not(None)) if table.name == "leases" else wanted))


def _edited(conn: Connection, column: sa.Column[Any], key: Any) -> str:
    """What an edit of one value changed, if nothing finds it; else empty."""
    _unguarded(conn)
    table = column.table
    here = sa.and_(*(each == value for each, value in zip(table.primary_key.columns, key, strict=True)))
    before = conn.scalar(sa.select(column).where(here))
    after = _other(before, column)
    conn.execute(sa.update(table).values({column.name: after}).where(here))
    return "" if [*integrity.verify_histories(conn), *integrity.drifted_accounts(conn)] else f"{before!r} -> {after!r}"


def _unguarded(conn: Connection) -> None:
    drop_guards(conn)
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("pragma defer_foreign_keys = on")


def _other(now: Any, column: sa.Column[Any]) -> Any:
    """Another value of the same kind."""
    if isinstance(now, bytes):
        return (now[:-1] + bytes([now[-1] ^ 1])) if now else b"x"
    if isinstance(now, str):
        return now[:-1] + ("a" if now[-1:] != "a" else "b")
    if now is None and isinstance(column.type, sa.LargeBinary):
        return b"x"
    if now is None and not isinstance(column.type, sa.Integer | sa.BigInteger):
        return "x"
    return 1 if now is None else 1 - now if now in (0, 1) else now + 1


async def undone(env: ServerEnv) -> dict[str, str]:
    """Of each table the row that can go without anything finding it."""
    found: dict[str, str] = {}
    for table in (METADATA.tables[name] for name in TABLES):
        for key in await env.context.db.read(_keys, table):
            if said := str(await env.context.db.dry_run(_deleted, table, key)):
                found[table.name] = said
                break
    return found


def _deleted(conn: Connection, table: sa.Table, key: Any) -> str:
    """The row's key when nothing finds that it is gone; else empty."""
    _unguarded(conn)
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("pragma defer_foreign_keys = on")
    conn.execute(sa.delete(table).where(*(a == b for a, b in zip(table.primary_key.columns, key, strict=True))))
    return "" if [*integrity.verify_histories(conn), *integrity.drifted_accounts(conn)] else repr(tuple(key))


async def test_every_row_deleted_past_tenure_is_found_or_its_table_is_listed(lived_on_lite: ServerEnv) -> None:
    assert await lived_on_lite.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []
    gone = await undone(lived_on_lite)
    assert set(gone) == set(FORGOTTEN), gone


async def test_every_edit_past_tenure_is_found_or_its_column_is_listed_with_the_reason(
    lived_on_lite: ServerEnv,
) -> None:
    assert await lived_on_lite.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []
    found = await unfound(lived_on_lite)
    missing = {name: said for name, said in found.items() if name not in UNCOMPARED}
    assert not missing, "\n".join(f"{name}: {said}" for name, said in missing.items())
    # What is listed must be a gap: else the list grows old.
    assert {name for name in UNCOMPARED if name in COLUMNS} - set(found) == set()


@pytest.mark.postgres
async def test_on_postgresql_too(tmp_path: Path, shared_schema: SharedSchema) -> None:
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        await lived(env)
        assert await env.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []
        gone = await undone(env)
        assert set(gone) == set(FORGOTTEN), gone
        found = await unfound(env)
        assert not {name: said for name, said in found.items() if name not in UNCOMPARED}
