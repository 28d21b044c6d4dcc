"""Sixteen at once for what is there once: the last money, the last site, the last renewal (P4, P5)."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.wire.messages import ActivateAnswer
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio
WORKERS = 16
ROUNDS = 200 if os.environ.get("SOAK") else 5
"""All 200 with `SOAK=1`."""


async def _buyer(env: ServerEnv, money: int) -> None:
    env.customer = (await env.staff.post("/v1/customers", {"name": f"Buyer {money} {env.clock.now}"}))["id"]
    body = {"amount": money, "reference": f"for {env.customer}"}
    await env.staff.post(f"/v1/customers/{env.customer}/top-ups", body)


async def test_p5_the_last_money_buys_exactly_one(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        for round_ in range(ROUNDS):
            env.clock.now = START + round_
            await _buyer(env, 12_000)
            body = {"customer": env.customer, "offer": env.offers["standard"], "devices": 10}
            answers = await asyncio.gather(*(env.staff.send("POST", "/v1/subscriptions", body) for _ in range(WORKERS)))
            assert Counter(answer.status_code for answer in answers) == {201: 1, 409: WORKERS - 1}
            assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
                "insufficient_balance"
            }
            account = await env.staff.get(f"/v1/customers/{env.customer}/account")
            assert account["balance"] == 0


async def test_p4_the_same_request_sixteen_times_has_one_effect(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await _buyer(env, 120_000)
        body = {"customer": env.customer, "offer": env.offers["standard"], "devices": 10}
        answers = await asyncio.gather(
            *(env.staff.send("POST", "/v1/subscriptions", body, key="once") for _ in range(WORKERS))
        )
        done = [answer.json() for answer in answers if answer.status_code == 201]
        assert len({each["subscription"]["id"] for each in done}) == 1
        assert len({each["activation_code"] for each in done}) == 1
        assert (await env.staff.get(f"/v1/customers/{env.customer}/account"))["balance"] == 108_000


async def test_one_renewal_is_bought_by_sixteen_clicks_that_can_be_paid_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await _buyer(env, 24_000)
        name, _ = await env.order()
        env.clock.now = START + 300 * DAY
        path = f"/v1/subscriptions/{name}/renew"
        answers = await asyncio.gather(*(env.staff.send("POST", path, {}) for _ in range(WORKERS)))
        assert Counter(answer.status_code for answer in answers)[200] == 1
        assert all(answer.status_code < 500 for answer in answers)


async def test_three_sweeps_at_once_book_each_period_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await _buyer(env, 60_000)
        name, _ = await env.order("monthly")
        env.clock.now = START + 100 * DAY
        await asyncio.gather(*(env.sweep() for _ in range(3)))
        facts = (await env.staff.get(f"/v1/subscriptions/{name}/history", limit=200))["items"]
        assert [fact["kind"] for fact in facts].count("Renewed") == 3
        lines = (await env.staff.get(f"/v1/customers/{env.customer}/statement", limit=200))["items"]
        assert [line["posting"]["kind"] for line in lines].count("capture") == 3


async def test_p5_the_last_site_goes_to_exactly_one(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=100)
        for _ in range(4):
            await env.site().activate(code)
        sites = [env.site() for _ in range(WORKERS)]
        answers = await asyncio.gather(*(site.activate(code) for site in sites))
        results = Counter(
            answer.result if isinstance(answer, ActivateAnswer) and answer.refusal is None else answer.refusal.code
            for answer in answers
            if isinstance(answer, ActivateAnswer)
        )
        assert results == {"granted": 1, "site_limit": WORKERS - 1}
        assert len((await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]) == 5


async def test_b07_the_sum_of_allotments_never_exceeds_the_limit_and_its_tolerance(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=50)
        sites = [env.site() for _ in range(4)]
        for site in sites:
            await site.activate(code)
        for turn in range(6):
            for number, site in enumerate(sites):
                site.wanted = 10 * (number + turn)
                await site.sync()
                env.clock.now += 3_600
                seen = (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]
                assert sum(each["allotment"] for each in seen) <= 55
