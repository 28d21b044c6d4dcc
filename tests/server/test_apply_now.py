"""A policy published with 'apply now': a longer grace reaches running periods, whoever looks first."""

from pathlib import Path
from typing import Any

import pytest

from tenure.core.timeline import DAY
from tenure.server import account_repository, settlement
from tenure.server.policies import load_policies
from tenure.server.real_time import RealTime
from tenure.server.sweep import BackgroundSweep
from tenure.store import accounts, facts
from tenure.store.engine import Connection
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio
LONGER: dict[str, Any] = {"rules": {"grace_days": 30}, "apply_now": True}
OLD, NEW = "2027-01-15T00:00:00Z", "2027-01-31T00:00:00Z"


async def publish(env: ServerEnv, body: dict[str, Any], **query: str) -> None:
    answer = await env.staff.send("PUT", "/v1/policy", body, **query)
    assert answer.status_code == 200, answer.text


async def grace(env: ServerEnv, name: str) -> str | None:
    until: str | None = (await env.staff.get(f"/v1/subscriptions/{name}"))["grace_until"]
    return until


async def test_it_reaches_what_runs_and_the_next_lease_and_never_shortens(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        await site.activate(code)
        await publish(env, {"rules": {"grace_days": 30}})
        assert await grace(env, name) == OLD, "without 'apply now' a running period keeps what it began with"
        before = await env.snapshot()
        await publish(env, LONGER, dry_run="true")
        assert await env.snapshot() == before
        await publish(env, LONGER)
        assert await grace(env, name) == NEW, "whoever reads first settles"
        spans = await env.staff.get(f"/v1/subscriptions/{name}/timeline")
        assert spans[1]["until"] == NEW
        last = (await env.staff.get(f"/v1/subscriptions/{name}/history", limit=200))["items"][-1]
        assert (last["body"]["days"], last["body"]["why"]) == (16, "the policy was applied now")
        await publish(env, {"rules": {"grace_days": 3}, "apply_now": True})
        await env.sweep()
        assert await grace(env, name) == NEW, "nothing that runs is shortened"
        env.clock.now = START + 385 * DAY
        await site.sync()
        assert site.lease is not None
        assert "edit" in site.lease.lease.features, "in the old rules it had ended"


async def test_what_has_ended_stays_ended(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        env.clock.now = START + 380 * DAY
        await env.sweep()
        told = await env.staff.post("/v1/policy/impact", LONGER)
        assert (told["now"], told["subscriptions"]) == (0, [])
        await publish(env, LONGER)
        await env.sweep()
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "ended"
        assert "GraceExtended" not in await env.facts(name)


async def test_the_report_says_now_also_for_a_figure_that_was_published_before(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        month, _ = await env.order("monthly")
        told = await env.staff.post("/v1/policy/impact", LONGER)
        found = {one["subscription"]: (one["begins"], one["changes"]) for one in told["subscriptions"]}
        diff = {"field": "grace_days", "before": 14, "way": "better"}
        assert found == {name: ("now", [diff | {"after": 30}]), month: ("now", [diff | {"after": 27}])}
        assert (told["now"], told["subscriptions"][0]["takes_effect"]) == (2, "2026-01-01T00:00:00Z")
        await publish(env, {"rules": {"grace_days": 30}})
        told = await env.staff.post("/v1/policy/impact", LONGER)
        assert (told["now"], len(told["subscriptions"])) == (2, 2)
        await publish(env, LONGER | {"outcome_hash": told["outcome_hash"]})
        await env.sweep()
        assert (await env.staff.post("/v1/policy/impact", LONGER))["now"] == 0
        held = (await env.staff.get("/v1/policy/effective", subscription=month))["rules"]
        (grace,) = [rule["value"] for rule in held if rule["field"] == "grace_days"]
        assert grace == 27, "always shorter than the shortest month"


async def test_a_sweep_that_is_stopped_in_the_middle_goes_on_and_gives_nothing_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        names = []
        for number in range(3):
            customer = (await env.staff.post("/v1/customers", {"name": f"Customer {number}"}))["id"]
            await env.staff.post(f"/v1/customers/{customer}/top-ups", {"amount": 20_000, "reference": f"wire {number}"})
            names.append((await env.order(customer=customer))[0])
        await publish(env, LONGER)
        await env.context.db.write(settle_one, env.provider, customer, env.clock())
        stored = await env.context.db.read(facts.load_many, env.provider, names)
        given = [fact.kind for history in stored.values() for fact in history].count("GraceExtended")
        assert given == 1, "one account, one transaction"
        env.clock.now += DAY
        await BackgroundSweep(env.context).once()
        await BackgroundSweep(env.context).once()
        assert [(await env.facts(name)).count("GraceExtended") for name in names] == [1, 1, 1]
        assert [await grace(env, name) for name in names] == [NEW] * 3


def settle_one(conn: Connection, provider: str, customer: str, now: int) -> None:
    loaded = account_repository.load_books(conn, provider, customer, RealTime(now))
    assert loaded is not None
    settlement.settle_books(conn, loaded)


async def test_another_providers_subscriptions_stay_as_they_are(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        mine, _ = await env.order()
        body = {"name": "South", "currency": "EUR"}
        south = (await env.vendor.post("/v1/providers", body))["id"]
        answer = await env.vendor.send("PUT", "/v1/policy", LONGER, provider=south)
        assert answer.status_code == 200, answer.text
        due = await env.context.db.read(accounts.get_account, env.provider, env.customer)
        assert due is not None and (due.next_due is None or due.next_due > env.clock())
        await env.sweep()
        assert await grace(env, mine) == OLD
        assert (await env.context.db.read(load_policies, env.provider)).version == 0
