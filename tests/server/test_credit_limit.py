"""A credit limit is money: who may set it, what keeps it, what it pays for, and that nobody sets it unseen."""

from pathlib import Path

import pytest

from tenure.store import integrity, provider_chain
from tenure.store.engine import Connection
from tests.server.server_env import ServerEnv, office
from tests.server.tampering import run_edit

pytestmark = pytest.mark.anyio
DAY = 86_400


async def limit_of(env: ServerEnv) -> int:
    return int((await env.staff.get(f"/v1/customers/{env.customer}"))["credit_limit"])


async def test_who_may_change_customers_alone_grants_no_credit(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        clerk = await env.token("provider", scopes=("customers:read", "customers:write"))
        path, before = f"/v1/customers/{env.customer}", await env.snapshot()
        for body in ({"name": "ACME", "credit_limit": 1_000_000_000}, {"name": "ACME", "credit_limit": 1}):
            refused = await clerk.send("PUT", path, body)
            assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
            assert refused.json()["field"] == "credit_limit"
        assert await clerk.refused("/v1/customers", {"name": "New", "credit_limit": 1}) == "action_not_permitted"
        assert (await clerk.send("PUT", f"{path}/credit-limit", {"credit_limit": 1})).status_code == 403
        assert await env.snapshot() == before
        assert (await clerk.send("PUT", path, {"name": "ACME Ltd", "credit_limit": 0})).status_code == 200


async def test_a_limit_that_is_left_out_stays_and_is_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        path = f"/v1/customers/{env.customer}"
        await env.staff.send("PUT", f"{path}/credit-limit", {"credit_limit": 5_000, "why": "contract"})
        assert await limit_of(env) == 5_000
        renamed = await env.staff.send("PUT", path, {"name": "ACME Ltd"})
        assert renamed.json()["credit_limit"] == 5_000
        (listed,) = (await env.staff.get("/v1/customers"))["items"]
        assert (listed["credit_limit"], listed["available"]) == (5_000, listed["balance"] + 5_000)


async def test_a_limit_is_a_fact_in_the_chain_with_who_and_why(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        path = f"/v1/customers/{env.customer}"
        for limit, why in ((5_000, "contract"), (5_000, "again"), (0, "over")):
            await env.staff.send("PUT", f"{path}/credit-limit", {"credit_limit": limit, "why": why})
        links = await env.context.db.read(provider_chain.links_after, env.provider, provider_chain.RECORDS)
        told = [link.fact for link in links if link.fact.kind == "CreditLimitSet"]
        assert [b'"why":"contract"' in told[0].body, b'"why":"over"' in told[1].body] == [True, True]
        assert len(told) == 2, "the same limit again is the same answer and no second fact"
        assert told[0].by.startswith("tok_")


async def test_raising_it_pays_at_once_for_what_is_due(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order(devices=10, renewal_intent="auto")
        account = await env.staff.get(f"/v1/customers/{env.customer}/account")
        await env.order(devices=account["balance"] // 1_200)  # whatever is left
        env.clock.now += 370 * DAY
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "grace"
        path = f"/v1/customers/{env.customer}/credit-limit"
        preview = await env.staff.send("PUT", path, {"credit_limit": 1_000_000}, dry_run="true")
        done = await env.staff.send("PUT", path, {"credit_limit": 1_000_000})
        assert preview.json() == done.json()
        assert "Renewed" in done.json()["facts"]
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "active"


async def test_a_preview_is_void_once_the_limit_was_changed(tmp_path: Path) -> None:
    """The entity tag of the customer covers its limit: two users who look at one page do not undo each other."""
    async with office(tmp_path) as env:
        path = f"/v1/customers/{env.customer}"
        seen = (await env.staff.send("GET", path)).headers["etag"]
        await env.staff.send("PUT", f"{path}/credit-limit", {"credit_limit": 5_000})
        assert (await env.staff.send("GET", path)).headers["etag"] != seen


EDITS = {
    "credit limit": "update accounts set credit_limit = 1000000",
    "mail address": "update customers set body = replace(cast(body as text), 'ACME', 'ACNE')",
    "renewal address": "update providers set body = '{}' where sandbox = 0",
    "payment instructions": "update gateways set instructions = 'to the thief'",
    "token": "update tokens set scopes = 'money:write' where role = 'customer'",
}


@pytest.mark.parametrize("what", EDITS)
async def test_an_edit_with_sql_is_found(tmp_path: Path, what: str) -> None:
    async with office(tmp_path) as env:
        await env.staff.send("PUT", f"/v1/customers/{env.customer}", {"name": "ACME", "email": "it@acme.example"})
        await env.staff.send("PUT", "/v1/payment-settings", {"instructions": "to us"})
        await env.token(scopes=("money:read",))
        assert await env.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []

        def edited(conn: Connection) -> list[integrity.ChainFinding]:
            statement = EDITS[what].replace("'{}'", "cast('{}' as blob)").replace("replace(", "cast(replace(")
            run_edit(conn, statement if "cast(replace" not in statement else f"{statement[:-1]}) as blob)")
            return list(integrity.verify_histories(conn))

        assert await env.context.db.dry_run(edited)
