"""What is booked is what was decided: no period passes for one paid before, and no order of postings overdraws."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.server.server_env import FEATURES, ServerEnv, office

pytestmark = pytest.mark.anyio
DAY = 86_400
FALLING = [{"up_to": 99, "unit": 1_600}, {"unit": 1_000}]
"""A hundred devices cost less than 99."""


async def sold(env: ServerEnv, name: str, period: str, *bands: dict[str, int], kind: str = "limited") -> None:
    plan = {"id": name, "product": "editor", "name": name, "kind": kind, "period": period, **FEATURES}
    await env.vendor.post("/v1/plans", plan)
    offer = {"plan": name, "currency": "EUR", "bands": list(bands)}
    env.offers[name] = (await env.staff.post("/v1/offers", offer))["id"]


async def account(env: ServerEnv) -> Any:
    return await env.staff.get(f"/v1/customers/{env.customer}/account")


def day(year: int, month: int, of_month: int) -> int:
    return int(datetime(year, month, of_month, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(("next_plan", "price"), [("by the year", 12_000), ("by the month", 1_500)])
async def test_a_period_that_begins_where_one_given_back_began_is_paid_for(
    tmp_path: Path, next_plan: str, price: int
) -> None:
    """2027 is paid for ahead and comes back with a change to months; what is bought from 1 January 2027 then is new."""
    async with office(tmp_path) as env:
        await sold(env, "by-year", "P1Y", {"unit": 1_200})
        await sold(env, "by-month", "P1M", {"unit": 150})
        name, _ = await env.order("by-year", 10)
        env.clock.now = day(2026, 11, 1)
        await env.staff.post(f"/v1/subscriptions/{name}/renew")
        env.clock.now = day(2026, 12, 1)
        await env.staff.post(f"/v1/subscriptions/{name}/change-plan", {"offer": env.offers["by-month"]})
        if next_plan == "by the year":
            await env.staff.post(f"/v1/subscriptions/{name}/change-plan", {"offer": env.offers["by-year"]})
        before = (await account(env))["balance"]
        renewed = await env.staff.post(f"/v1/subscriptions/{name}/renew")
        assert renewed["postings"][0]["amount"] == -price
        assert (await account(env))["balance"] == before - price


@pytest.mark.parametrize("lowered", [False, True])
async def test_a_raise_is_paid_from_a_reserve_that_it_makes_cheaper(tmp_path: Path, lowered: bool) -> None:
    """99 devices at 37.00, months at 16.00 agreed and reserved; the hundredth costs 8.35 and makes the reserve less.

    Nothing else is on the balance; or it lies below a credit limit that was `lowered` since.
    """
    async with office(tmp_path) as env:
        await sold(env, "dear", "P1M", {"unit": 3_700}, kind="unlimited")
        await sold(env, "cheaper", "P1M", *FALLING, kind="unlimited")
        env.customer = (await env.staff.post("/v1/customers", {"name": "Poor"}))["id"]
        money, limit = 99 * (3_700 + 1_600), f"/v1/customers/{env.customer}/credit-limit"
        if lowered:
            await env.staff.send("PUT", limit, {"credit_limit": money})
        else:
            await env.staff.post(f"/v1/customers/{env.customer}/top-ups", {"amount": money, "reference": "bank 2"})
        name, _ = await env.order("dear", 99)
        await env.staff.post(f"/v1/subscriptions/{name}/change-plan", {"offer": env.offers["cheaper"]})
        env.clock.now += 24 * DAY
        before = await account(env)
        assert before["reserve"] == 158_400 and before["available"] == 0
        if lowered:
            await env.staff.send("PUT", limit, {"credit_limit": 0})
        path = f"/v1/subscriptions/{name}/change-devices"
        asked = await env.staff.post(path, {"devices": 100}, dry_run="true")
        await env.staff.post(path, {"devices": 100})
        after = await account(env)
        moved = sum(one["amount"] for one in asked["postings"])
        assert (after["reserve"], after["balance"] - before["balance"]) == (100_000, moved)
        assert moved == 58_400 - 835
