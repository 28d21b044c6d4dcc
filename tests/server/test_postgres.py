"""The same server on PostgreSQL, where two processes share the state: what may happen once happens once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.server.sweep import BackgroundSweep
from tenure.store import integrity
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.contract.databases import SharedSchema
from tests.server.both_ways import assert_alike, plain, settled
from tests.server.many_sites import CEILING, LIMIT, ManySites
from tests.server.server_env import START, Caller, PlainSite, ServerEnv, office
from tests.server.test_money import a_year, customer_with
from tests.server.users import PASSWORD, joined, sign_in, stranger

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
async def envs(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[tuple[ServerEnv, ServerEnv]]:
    """Two processes of one server."""
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        second = await opener.open()
        yield env, env.second_process(second)
        await second.close()


async def sound(env: ServerEnv) -> None:
    """Nothing is in the histories that does not belong there, and every balance is what was booked."""
    assert await env.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []
    assert await env.context.db.read(integrity.drifted_accounts) == []


async def test_a_subscriptions_life_over_two_processes(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    name, code = await one.order()
    path = f"/v1/subscriptions/{name}"
    site = two.site()
    told = await site.activate(code)
    assert isinstance(told, ActivateAnswer) and told.result == "granted"
    for turn, env in zip(range(6), cycle(envs), strict=False):
        site.office = env
        one.clock.now += DAY
        heard = await site.sync()
        assert isinstance(heard, SyncAnswer) and heard.refusal is None, turn
    await one.staff.post(f"{path}/change-devices", {"devices": 20})
    heard = await site.sync()
    assert isinstance(heard, SyncAnswer) and heard.result == "lease"
    shown = await two.staff.post(f"{path}/cancel", dry_run="true")
    await one.staff.post(f"{path}/cancel", {"outcome_hash": shown["outcome_hash"]})
    await two.staff.post(f"{path}/undo-cancellation")
    heir = (await two.staff.post("/v1/customers", {"name": "Heir"}))["id"]
    await one.staff.post(f"{path}/transfer", {"customer": heir})
    assert (await two.staff.get(f"/v1/sites/{site.id}"))["customer"] == heir
    one.clock.now = START + 366 * DAY
    assert (await two.staff.get(path))["phase"] == "grace"
    copy = site.clone()
    await site.sync()
    heard = await copy.sync()
    assert isinstance(heard, SyncAnswer) and heard.forked
    assert (await one.staff.send("GET", f"{path}/history")).status_code == 200
    await sound(one)


async def test_p4_p5_money_and_requests_raced_over_two_processes(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    staffs = cycle((one.staff, two.staff))
    for turn in range(3):
        account = await customer_with(one, 12_000, f"Buyer {turn}")
        body = {"customer": one.customer, "offer": one.offers["standard"], "devices": 10}
        answers = await asyncio.gather(*(next(staffs).send("POST", "/v1/subscriptions", body) for _ in range(16)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 15}
        assert (await two.staff.get(f"{account}/account"))["balance"] == 0

        await one.staff.post(f"{account}/top-ups", {"amount": 30_000, "reference": f"more {turn}"})
        key = f"once-{turn}"
        answers = await asyncio.gather(
            *(next(staffs).send("POST", "/v1/subscriptions", body, key=key) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["activation_code"] for answer in answers}) == 1
        assert (await two.staff.get(f"{account}/account"))["balance"] == 18_000
    await sound(one)


async def test_p5_the_last_place_raced_over_two_processes(envs: tuple[ServerEnv, ServerEnv]) -> None:
    """Sixteen applications on their own, lasting and ephemeral, for the eleventh of ten devices."""
    one, two = envs
    _, code = await one.order(devices=10)
    for _ in range(10):
        await one.site(alone=True).activate(code)
    apps = [env.site(alone=True, ephemeral=n % 2 == 1) for n, env in zip(range(16), cycle(envs), strict=False)]
    told = await asyncio.gather(*(each.activate(code) for each in apps))
    results = Counter(one_.refusal.code if one_.refusal else "granted" for one_ in told if not isinstance(one_, str))
    assert results == {"granted": 1, "device_limit_reached": 15}
    await sound(two)


async def test_p5_the_last_site_raced_over_two_processes(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    name, code = await one.order(devices=100)
    for _ in range(4):
        await one.site().activate(code)
    sites = [env.site() for env, _ in zip(cycle(envs), range(16), strict=False)]
    told = await asyncio.gather(*(site.activate(code) for site in sites))
    results = Counter(one_.refusal.code if one_.refusal else "granted" for one_ in told if not isinstance(one_, str))
    assert results == {"granted": 1, "site_limit": 15}
    assert len((await two.staff.get(f"/v1/subscriptions/{name}"))["sites"]) == 5
    await sound(two)


class Scattered(ManySites):
    """A fleet whose sites ask now the one process, now the other."""

    envs: tuple[ServerEnv, ServerEnv]

    async def ask(self, site: PlainSite) -> None:
        site.office = self.dice.choice(self.envs)
        await super().ask(site)


async def test_b07_the_allotments_of_two_processes_never_exceed_the_limit(envs: tuple[ServerEnv, ServerEnv]) -> None:
    _, code = await envs[0].order(devices=LIMIT)
    fleet = Scattered(envs[0], code, 11)
    fleet.envs = envs
    for step in range(50):
        await fleet.step()
        assert fleet.held() <= CEILING, step
    assert fleet.seen["lease"] >= 5 and fleet.seen["at once"] >= 5
    await sound(envs[1])


async def test_m06_sweeps_of_two_processes_renew_exactly_once(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    account = await customer_with(one, 100_000)
    name, _ = await one.order("monthly")
    for month in range(1, 7):
        one.clock.now = START + 31 * DAY * month
        await asyncio.gather(*(BackgroundSweep(env.context).once() for env in (one, two, one)))
    kinds = await two.facts(name)
    assert kinds.count("Renewed") == 6
    lines = (await two.staff.get(f"{account}/statement", limit=200))["items"]
    assert [line["posting"]["kind"] for line in lines].count("capture") == 6
    notes = (await one.staff.get("/v1/events", limit=200))["items"]
    assert [note["seq"] for note in notes] == list(range(1, len(notes) + 1))
    await sound(one)


async def test_both_databases_book_the_same_year(envs: tuple[ServerEnv, ServerEnv], tmp_path: Path) -> None:
    async with office(tmp_path) as lite:
        assert await a_year(envs[0], 30 * DAY) == await a_year(lite, 30 * DAY)


async def test_whoever_signs_in_at_one_process_is_known_and_slowed_down_at_the_other(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    first, second = envs
    ana = await joined(first, first.staff)
    there = Caller(second.http, (await sign_in(second, ana.email)).json()["session"])
    assert (await there.get("/v1/me"))["user"]["id"] == ana.id
    assert (await Caller(second.http, ana.token).send("POST", "/v1/sign-out")).status_code == 204
    assert (await ana.send("GET", "/v1/me")).status_code == 401
    sides = cycle((first, second))
    seen = [await sign_in(next(sides), ana.email, "wrong and long") for _ in range(6)]
    assert [each.status_code for each in seen] == [401] * 5 + [429]
    asked = await first.staff.post("/v1/invitations", {"email": "eve@example.com", "name": "Eve", "role": "auditor"})
    accepted = {"token": asked["link_token"], "name": "Eve", "password": PASSWORD}

    async def accept() -> int:
        return (await stranger(next(sides)).send("POST", "/v1/invitations/accept", accepted)).status_code

    entered = sorted(await asyncio.gather(*(accept() for _ in range(6))))
    assert entered[0] == 200
    assert 200 not in entered[1:], "a link is good once, wherever it is followed"
    assert max(entered) < 500
    team = (await first.staff.get("/v1/users"))["items"]
    assert sorted(each["name"] for each in team) == ["Ana", "Eve"]
    assert (await second.staff.get("/v1/audit", limit=1))["items"][0]["what"] in {"signed_in", "sign_in_refused"}


async def test_a_lease_alone_is_that_of_the_whole_answer(envs: tuple[ServerEnv, ServerEnv]) -> None:
    env, _ = envs
    _name, site = await settled(env)
    env.clock.now += 12 * DAY
    assert_alike(await plain(env, site))
    assert await plain(env, site) is None, "its acknowledgment is answered from its row"
    env.clock.now += 12 * DAY
    assert_alike(await plain(env, site))
