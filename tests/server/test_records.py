"""Every write leaves a record: who did it, in the audit log or a history; and in a chain what money, service or rights
hang on. The table is made from the API itself, so that a new write without a line here fails.
"""

from typing import Any

import pytest
import sqlalchemy as sa

from tenure.core.business.command_table import ROWS
from tenure.core.policy.rules import Action
from tenure.http.operations import WRITES
from tenure.store import integrity as audits
from tenure.store.engine import Connection
from tenure.store.schema import audit, chains, facts
from tests.server.route_matrix import OF_USERS, World, body_of, path_of
from tests.server.server_env import ServerEnv
from tests.server.users import joined

pytestmark = pytest.mark.anyio

CHAINED = (
    # money
    "set_credit_limit top_up book_payment change_payment_settings rotate_gateway_secret create_offer withdraw_offer"
    " publish_policy create_customer change_customer"
    " create_provider update_provider change_brand set_clock pay_in_sandbox"
    # service
    " create_product update_product create_plan update_plan publish_amnesty publish_root publish_policy_bounds"
    " create_order confirm_payments " + " ".join(ROWS) +
    # rights
    " create_token withdraw_token change_role remove_user invite withdraw_invitation accept_invitation"
    " change_password confirm_second_factor remove_second_factor finish_password_reset"
)
LOGGED = (
    "create_webhook change_webhook delete_webhook rotate_webhook_secret replay_delivery test_webhook resend_email"
    " send_test_email request_order withdraw_order_request decline_order_request request_payment"
    " withdraw_payment_request show_code sign_out choose_membership end_session end_other_sessions"
)
SILENT = {
    "foresee_impact": "changes nothing",
    "run_batch": "does other writes, each of which leaves its own record",
    "receive_payment_notification": "books like a top-up, proven by a signature: see test_payments",
    "exchange_offline": "a synchronization carried by hand: facts only where something changes",
    "sign_in": "logged as signed_in or sign_in_refused: see the tests of accounts",
    "show_second_factor": "part of a sign-in",
    "propose_second_factor": "nothing counts before it is confirmed",
    "read_invitation": "reads",
    "keep_portal_value": "what browsers have at hand, sealed: who signed in and out is logged by those operations",
    "find_portal_value": "reads",
    "change_portal_value": "as keep_portal_value",
    "forget_portal_browser": "as keep_portal_value",
    "request_password_reset": "logged where there is such a user; strangers must not see the difference",
}
"""Writes of which no example can leave a record, and why none is missing."""
ELSEWHERE = frozenset(
    {
        "publish_root", "resolve_fork", "free_allotment", "confirm_payment", "edit_seat_conflict",
        "confirm_payments", "change_plan", "drop_change", "set_clock",
        "pay_in_sandbox", "accept_invitation", "change_password", "confirm_second_factor", "remove_second_factor",
        "finish_password_reset", "choose_membership", "end_session", "end_other_sessions",
        "reanchor", "create_order", "request_order",
    }
)  # fmt: skip
"""Shown with their own circumstances below or in the tests of their subject."""
FIRST: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "undo-cancellation": (("cancel", {}),),
    "release": (("hold", {"reason": "away"}),),
    "unblock-code": (("block-code", {}),),
}

SENT: dict[str, dict[str, Any]] = {
    "change_customer": {"reference": "c 2"},
    "top_up": {"reference": "r 2"},
    "hold": {"until": None},
    "book_payment": {"reference": "r 3"},
}
"""What is sent instead of the example, for which there is no room twice."""


async def recorded(env: ServerEnv) -> tuple[int, int]:
    """(entries of the audit log, links of all chains)."""

    def read(conn: Connection) -> tuple[int, int]:
        logged = conn.scalar(sa.select(sa.func.count()).select_from(audit))
        links = conn.scalar(sa.select(sa.func.coalesce(sa.func.sum(chains.c.seq), 0)))
        told = conn.scalar(sa.select(sa.func.count()).select_from(facts))
        return logged or 0, (links or 0) + (told or 0)

    return await env.context.db.read(read)


async def test_every_write_has_its_line_here(world: World) -> None:
    writes = {one.name for one in world.operations if one.method in WRITES}
    lines = [*CHAINED.split(), *LOGGED.split(), *SILENT]
    assert len(lines) == len(set(lines))
    assert writes == set(lines), f"say what it leaves behind: {sorted(writes ^ set(lines))}"


async def test_every_write_leaves_its_record(world: World) -> None:
    """Each example done for real, in an order in which each is possible; then every chain is sound."""
    env, things = world.env, world.north.things
    everything = {"provider_actions": sorted(Action), "customer_actions": sorted(Action)}
    assert (await env.staff.send("PUT", "/v1/policy", everything)).status_code == 200
    tried = []
    for one in world.operations:
        if one.method not in WRITES or one.name in SILENT or one.name in ELSEWHERE or one.name in OF_USERS:
            continue
        caller, owned = world.caller(one), await fresh(env, world, one.name)
        body = body_of(one, owned)
        if one.name in SENT:
            body = (body or {}) | SENT[one.name]
        for early, more in FIRST.get(one.path.rpartition("/")[2], ()):
            path = f"/v1/subscriptions/{owned['subscription']}/{early}"
            await env.staff.post(path, {"code": owned["code"]} if early == "block-code" else more)
        if one.name == "renew":
            env.clock.now += 300 * 86_400
        before = await recorded(env)
        query = {"provider": things["provider"]} if caller is env.vendor and _named(one) else {}
        answer = await caller.send(one.method, path_of(one, owned), body, **query)
        assert answer.status_code < 300, (one.name, answer.text)
        after = await recorded(env)
        if one.name in CHAINED.split():
            assert after[1] > before[1], f"{one.name} is in no chain"
        else:
            assert after[0] > before[0], f"{one.name} is not in the audit log"
        tried.append(one.name)
        if one.name == "publish_policy":
            await env.staff.send("PUT", "/v1/policy", everything)
    assert len(tried) >= 45
    assert await env.context.db.read(lambda conn: list(audits.verify_histories(conn))) == []


def _named(one: Any) -> bool:
    return any(query.name == "provider" for query in one.query_inputs)


def names_site(name: str) -> bool:
    """Whether the write is a command about one installation: two must then hold the subscription."""
    return name in ROWS and any(field.name == "site" for field in ROWS[name].fields)


async def fresh(env: ServerEnv, world: World, name: str) -> dict[str, str]:
    """Things of its own for each write: what the one before did must not stand in its way."""
    staff, things = env.staff, dict(world.north.things)
    sold = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 100}]}
    things["offer"] = (await staff.post("/v1/offers", sold))["id"]
    customer = (await staff.post("/v1/customers", {"name": "Once"}))["id"]
    await staff.post(f"/v1/customers/{customer}/top-ups", {"amount": 1_000_000, "reference": customer})
    order = await staff.post("/v1/subscriptions", {"customer": customer, "offer": things["offer"], "devices": 10})
    if "webhook" in name or "delivery" in name:
        hook = await staff.post("/v1/webhooks", {"url": "https://north.example/hook"})
        sent = await staff.send("POST", f"/v1/webhooks/{hook['id']}/test")
        things |= {"webhook": hook["id"], "delivery": sent.json()["id"]}
    invited = {"email": f"{customer}@x.example", "name": "Eve", "role": "auditor"}
    payment = await staff.post(f"/v1/customers/{customer}/payment-requests", {"amount": 500})
    wished = await staff.post("/v1/order-requests", {"customer": customer, "offer": things["offer"], "devices": 5})
    token = await staff.post("/v1/tokens", {"name": "t", "role": "customer", "customer": customer, "scopes": ["*"]})
    sites = [env.site(), env.site()] if names_site(name) else []
    for site in sites:
        await site.activate(order["activation_code"])
    member = await joined(env, staff, "operator") if name in {"change_role", "remove_user"} else None
    things |= {
        "invitation": (await staff.post("/v1/invitations", invited))["id"],
        "payment_request": payment["id"],
        "order_request": wished["id"],
        "token": token["id"],
        "customer": customer,
        "subscription": order["subscription"]["id"],
        "code": order["subscription"]["codes"][0]["id"],
    }
    if sites:
        things |= {"site": sites[0].id, "recipient": sites[1].id}
    if member:
        things["user"] = member.id
    if name == "transfer":
        things["customer"] = world.neighbor.things["customer"]
    return things
