"""Asking for an order: where the policy does not let a customer order by itself, its provider does it for it."""

import asyncio
from pathlib import Path

import pytest

from tests.server.server_env import Caller, ServerEnv, office

pytestmark = pytest.mark.anyio
WHERE = "/v1/order-requests"


async def asking(env: ServerEnv) -> Caller:
    """The customer's program, in a house where customers do not order."""
    answer = await env.staff.send("PUT", "/v1/policy", {"customer_actions": ["renew"]})
    assert answer.status_code == 200, answer.text
    return await env.token()


def wanted(env: ServerEnv, **more: object) -> dict[str, object]:
    """Five devices of the standard plan."""
    return {"customer": env.customer, "offer": env.offers["standard"], "devices": 5, **more}


async def test_m02_a_customer_asks_where_it_may_not_order(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        mine = await asking(env)
        assert "order" not in (await mine.get("/v1/me"))["actions"]
        assert await mine.refused("/v1/subscriptions", wanted(env)) == "action_not_permitted"
        asked = await mine.post(WHERE, wanted(env, note="for the new office"))
        assert (asked["state"], asked["note"], asked["closed"]) == ("asked", "for the new office", None)
        (seen,) = (await env.staff.get(WHERE, state="asked"))["items"]
        assert seen == asked
        kinds = [one["kind"] for one in (await env.staff.get("/v1/events", limit=200))["items"]]
        assert kinds.count("order.requested") == 1

        order = wanted(env, order_request=asked["id"])
        assert await mine.refused("/v1/subscriptions", order) == "action_not_permitted"
        preview = await env.staff.post("/v1/subscriptions", order, dry_run="true")
        assert (await mine.get(f"{WHERE}/{asked['id']}"))["state"] == "asked", "that was a rehearsal"
        done = await env.staff.post("/v1/subscriptions", order | {"outcome_hash": preview["outcome_hash"]})
        after = await mine.get(f"{WHERE}/{asked['id']}")
        assert (after["state"], after["subscription"]) == ("ordered", done["subscription"]["id"])
        assert (await env.staff.get(WHERE, state="asked"))["items"] == []
        assert await env.staff.refused("/v1/subscriptions", order) == "order_request_closed"


async def test_a_request_is_declined_with_a_reason_or_withdrawn_and_then_closed(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        mine = await asking(env)
        one, two = [f"{WHERE}/{(await mine.post(WHERE, wanted(env)))['id']}" for _ in range(2)]
        assert await mine.refused(f"{one}/decline", {"reason": "x"}) == "action_not_permitted"
        await env.staff.post(f"{one}/decline", {"reason": "not before March"})
        declined = await mine.get(one)
        assert (declined["state"], declined["reason"]) == ("declined", "not before March")
        assert (await mine.send("POST", f"{two}/withdraw")).json()["state"] == "withdrawn"
        for each in (one, two):
            assert (await mine.send("POST", f"{each}/withdraw")).json()["code"] == "order_request_closed"
            assert await env.staff.refused(f"{each}/decline", {"reason": "late"}) == "order_request_closed"
        states = [each["state"] for each in (await mine.get(WHERE))["items"]]
        assert sorted(states) == ["declined", "withdrawn"]


async def test_what_can_be_asked_for_and_how_often(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        mine = await asking(env)
        unknown = wanted(env, offer="off_" + "7" * 26)
        assert await mine.refused(WHERE, unknown) == "unknown_plan"
        for _ in range(20):
            last = await mine.post(WHERE, wanted(env))
        assert await mine.refused(WHERE, wanted(env)) == "order_requests_open"
        assert (await mine.send("POST", f"{WHERE}/{last['id']}/withdraw")).status_code == 200
        await mine.post(WHERE, wanted(env))


async def test_a_request_of_one_customer_is_not_fulfilled_by_an_order_of_another(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        asked = await (await asking(env)).post(WHERE, wanted(env))
        other = (await env.staff.post("/v1/customers", {"name": "Brook"}))["id"]
        order = wanted(env, customer=other, order_request=asked["id"])
        assert await env.staff.refused("/v1/subscriptions", order) == "not_found"


async def test_two_operators_order_it_at_the_same_time_and_it_is_ordered_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        asked = await (await asking(env)).post(WHERE, wanted(env))
        order = wanted(env, order_request=asked["id"])
        answers = await asyncio.gather(*(env.staff.send("POST", "/v1/subscriptions", order) for _ in range(3)))
        assert sorted(each.status_code for each in answers) == [201, 409, 409]
