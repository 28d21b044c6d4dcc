"""Diaries over thirteen months of the clock: what a customer sees and pays, with a sweep that looks once a week."""

import os
from pathlib import Path
from typing import Any

import pytest

from tenure.core.timeline import DAY
from tenure.http.timestamps import format_rfc3339
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio
YEAR = 365
MONTHS_13 = 396


async def policy(env: ServerEnv, **rules: Any) -> None:
    answer = await env.staff.send("PUT", "/v1/policy", {"rules": rules})
    assert answer.status_code == 200, answer.text


async def customer(env: ServerEnv, money: int, name: str = "Brook") -> str:
    env.customer = (await env.staff.post("/v1/customers", {"name": name}))["id"]
    await pay(env, money, f"first of {name}")
    return f"/v1/customers/{env.customer}"


async def pay(env: ServerEnv, money: int, reference: str) -> None:
    if money:
        body = {"amount": money, "reference": reference}
        await env.staff.post(f"/v1/customers/{env.customer}/top-ups", body)


async def day(env: ServerEnv, number: int) -> None:
    """Go on to a day; every week until then the sweep looks."""
    while env.clock.now < START + number * DAY:
        env.clock.now = min(env.clock.now + 7 * DAY, START + number * DAY)
        await env.sweep()


async def seen(env: ServerEnv, name: str) -> str:
    """The phase on the subscription's page; the list and the board say the same."""
    phase: str = (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"]
    listed = (await env.staff.get("/v1/subscriptions", q=name))["items"][0]
    assert listed["phase"] == phase
    in_grace = [one["id"] for one in (await env.staff.get("/v1/board", limit=100))["grace"]]
    assert (name in in_grace) == (phase == "grace")
    return phase


@pytest.mark.parametrize("grace", [0, 7, 30])
async def test_m07_m12_a_year_and_the_month_after_it(tmp_path: Path, grace: int) -> None:
    """Nobody renews: service runs to the last second that is paid for or given, and not a second longer."""
    async with office(tmp_path) as env:
        await policy(env, grace_days=grace)
        env.clock.now += 60
        await customer(env, 24_000)
        name, _ = await env.order()
        end = env.clock.now + YEAR * DAY
        await day(env, YEAR - 91)
        assert await env.staff.refused(f"/v1/subscriptions/{name}/renew") == "renewal_too_early"
        for moment, phase in (
            (end - 1, "active"),
            (end, "grace" if grace else "ended"),
            (end + grace * DAY - 1, "grace" if grace else "active"),
            (end + grace * DAY, "ended"),
            (START + MONTHS_13 * DAY + 60, "ended"),
        ):
            if moment < env.clock.now:
                continue
            env.clock.now = moment
            await env.sweep()
            assert await seen(env, name) == phase, moment - end
        shown = await env.staff.post(f"/v1/subscriptions/{name}/renew", dry_run="true")
        done = await env.staff.post(f"/v1/subscriptions/{name}/renew", {"outcome_hash": shown["outcome_hash"]})
        # Grace that was served is charged, so the year bought now begins so many days ago.
        assert done["subscription"]["periods"][-1]["since"] == format_rfc3339(env.clock.now - grace * DAY)
        assert await seen(env, name) == "active"
        kinds = [one["kind"] for one in (await env.staff.get("/v1/events", limit=200))["items"]]
        assert kinds.count("subscription.now_grace") == (1 if grace else 0)
        assert kinds.count("subscription.now_ended") == 1


@pytest.mark.parametrize(("waits", "phase"), [(5, "grace"), (20, "ended"), (YEAR, "ended")])
async def test_m06_an_unlimited_one_runs_dry_and_recovers(tmp_path: Path, waits: int, phase: str) -> None:
    """In grace, after it, a year later: one period is bought, and months without service are never billed."""
    async with office(tmp_path) as env:
        account = await customer(env, 36_000)
        name, _ = await env.order("monthly")
        await day(env, 90)  # the third month ends on 1 April
        assert await seen(env, name) == "grace"
        dry = [one["customer"] for one in (await env.staff.get("/v1/board"))["failed"]]
        assert dry == [env.customer]
        await day(env, 90 + waits)
        assert await seen(env, name) == phase
        await pay(env, 24_000, "late")
        if waits > 44:  # automatic payment has given up: somebody must say that it shall go on
            assert await seen(env, name) == "ended"
            assert (await env.staff.get(f"{account}/account"))["balance"] == 24_000
            await env.staff.post(f"/v1/subscriptions/{name}/renew")
        assert await seen(env, name) == "active"
        assert (await env.staff.get(f"{account}/account"))["balance"] == 12_000, "one period, whatever was missed"
        assert (await env.staff.get("/v1/board"))["failed"] == []


async def test_many_fall_due_with_half_the_money(tmp_path: Path) -> None:
    """Exactly as many are paid as the money reaches for, in the stated order; the others follow when more comes.

    Two hundred with `SOAK=1`.
    """
    most, devices = (200 if os.environ.get("SOAK") else 40), 1  # an order costs more the more the account holds
    async with office(tmp_path) as env:
        await customer(env, most * 1_200)
        names = [(await env.order("monthly", devices=devices))[0] for _ in range(most)]
        half = most // 2 * 1_200
        account = f"/v1/customers/{env.customer}"
        await pay(env, half, "half")
        told = await env.staff.get("/v1/board", days=40)
        assert told["totals"]["running_out"] == {"count": 1, "amount": half}
        env.clock.now = START + 32 * DAY
        await env.sweep()
        phases = (await env.staff.get("/v1/board"))["totals"]["phases"]
        assert (phases["active"], phases["grace"]) == (most // 2, most // 2)
        assert (await env.staff.get(f"{account}/account"))["available"] == 0
        paid = [one["id"] for one in await _all(env, phase="active")]
        assert sorted(paid) == sorted(names)[: most // 2], "oldest due first; of the same instant by id"
        await pay(env, half, "the other half")
        assert (await env.staff.get("/v1/board"))["totals"]["phases"]["active"] == most
        lines = await _all(env, f"{account}/statement")
        once = [(one["posting"]["subscription"], one["posting"]["period"]) for one in lines if _pays(one)]
        assert len(once) == len(set(once)) == 2 * most


async def _all(env: ServerEnv, path: str = "/v1/subscriptions", **query: Any) -> list[Any]:
    items, cursor = [], ""
    while True:
        page = await env.staff.get(path, limit=200, **query, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        if not (cursor := page["next"] or ""):
            return items


def _pays(line: Any) -> bool:
    return line["posting"]["kind"] in {"charge", "capture"}
