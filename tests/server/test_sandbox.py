"""One clock for the whole chain of a sandbox (B5): thirteen months in a moment, and worthless in production."""

from pathlib import Path

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.http.timestamps import format_rfc3339
from tenure.wire.leases import read_lease
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.server.server_env import START, Caller, PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio


async def set_clock(staff: Caller, now: int, rate: int = 0) -> int:
    answer = await staff.send("PUT", "/v1/sandbox/clock", {"now": format_rfc3339(now), "rate": rate})
    return answer.status_code


async def phase(env: ServerEnv, name: str) -> str:
    seen: str = (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"]
    return seen


async def heard(site: PlainSite) -> SyncAnswer:
    told = await site.sync()
    assert isinstance(told, SyncAnswer), told
    return told


async def test_b05_thirteen_months_pass_in_a_sandbox_while_the_world_stands_still(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        assert await set_clock(env.staff, START) == 200
        yearly, code = await env.order()
        monthly, other = await env.order("monthly")
        site, second = env.site(), env.site()
        for each, applied in ((site, code), (second, other)):
            told = await each.activate(applied)
            assert isinstance(told, ActivateAnswer) and told.result == "granted"
        real = env.clock.now
        for month in range(1, 14):
            assert await set_clock(env.staff, START + month * 31 * DAY) == 200
            assert (await heard(site)).time == START + month * 31 * DAY
            await heard(second)
        assert env.clock.now == real, "nobody waited"
        assert (await env.facts(monthly)).count("Renewed") == 13
        assert await phase(env, monthly) == "active"
        assert await phase(env, yearly) == "ended"
        assert site.lease is not None
        assert site.lease.lease.features == ("read",), "the base features stay"
        await env.staff.post(f"/v1/subscriptions/{yearly}/renew", {})
        assert await phase(env, yearly) == "active"
        assert "edit" in ((await heard(site)).lease and site.lease.lease.features)


async def test_b05_a_sandbox_clock_runs_as_fast_as_it_is_told_and_never_back(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        assert await set_clock(env.staff, START + DAY, rate=100) == 200
        env.clock.now += 36
        assert (await env.staff.get("/v1/sandbox/clock"))["now"] == format_rfc3339(START + DAY + 3_600)
        answer = await env.staff.send("PUT", "/v1/sandbox/clock", {"now": format_rfc3339(START), "rate": 0})
        assert answer.json()["code"] == "clock_backwards"
        assert await set_clock(env.staff, START + 2 * DAY) == 200
        env.clock.now += 500
        assert (await env.staff.get("/v1/sandbox/clock"))["now"] == format_rfc3339(START + 2 * DAY), "rate 0 is frozen"


async def test_b05_what_a_sandbox_signs_is_refused_by_every_reader_of_production(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        _, code = await env.order()
        site = env.site()
        await site.activate(code)
        assert site.lease is not None
        keys = env.context.keys
        for root in (keys.root, keys.sandbox_root):
            read = read_lease(site.lease.token, root, product="editor", sandbox=False)
            assert isinstance(read, Refused), "neither under the real root nor by a reader that was given the other one"
            assert read.code in {RefusalCode.KEY_UNKNOWN, RefusalCode.KEY_NOT_FOR_THIS, RefusalCode.SANDBOX_ONLY}


async def test_a_token_of_a_sandbox_goes_by_the_real_clock(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        made = await env.staff.post("/v1/tokens", {"name": "short", "role": "provider", "scopes": ["*"], "days": 2})
        short = Caller(env.http, made["token"])
        assert await set_clock(env.staff, START + 3_000 * DAY) == 200
        assert (await short.send("GET", "/v1/offers")).status_code == 200
        env.clock.now += 2 * DAY
        assert (await short.send("GET", "/v1/offers")).status_code == 401


async def test_only_a_sandbox_has_a_clock_to_set(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        answer = await env.staff.send("PUT", "/v1/sandbox/clock", {"now": format_rfc3339(START + DAY), "rate": 0})
        assert answer.json()["code"] == "sandbox_only"
