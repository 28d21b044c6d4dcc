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


async def publish(shop: ServerEnv, body: dict[str, Any], **query: str) -> None:
    answer = await shop.desk.send("PUT", "/v1/policy", body, **query)
    assert answer.status_code == 200, answer.text


async def grace(shop: ServerEnv, name: str) -> str | None:
    until: str | None = (await shop.desk.get(f"/v1/subscriptions/{name}"))["grace_until"]
    return until


async def test_it_reaches_what_runs_and_the_next_lease_and_never_shortens(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        name, code = await shop.order()
        site = shop.site()
        await site.activate(code)
        await publish(shop, {"rules": {"grace_days": 30}})
        assert await grace(shop, name) == OLD, "without 'apply now' a running period keeps what it began with"
        before = await shop.snapshot()
        await publish(shop, LONGER, dry_run="true")
        assert await shop.snapshot() == before
        await publish(shop, LONGER)
        assert await grace(shop, name) == NEW, "whoever reads first settles"
        spans = await shop.desk.get(f"/v1/subscriptions/{name}/timeline")
        assert spans[1]["until"] == NEW
        last = (await shop.desk.get(f"/v1/subscriptions/{name}/history", limit=200))["items"][-1]
        assert (last["body"]["days"], last["body"]["why"]) == (16, "the policy was applied now")
        await publish(shop, {"rules": {"grace_days": 3}, "apply_now": True})
        await shop.sweep()
        assert await grace(shop, name) == NEW, "nothing that runs is shortened"
        shop.clock.now = START + 385 * DAY
        await site.sync()
        assert site.lease is not None
        assert "edit" in site.lease.lease.features, "in the old rules it had ended"


async def test_what_has_ended_stays_ended(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        name, _ = await shop.order()
        shop.clock.now = START + 380 * DAY
        await shop.sweep()
        told = await shop.desk.post("/v1/policy/impact", LONGER)
        assert (told["now"], told["subscriptions"]) == (0, [])
        await publish(shop, LONGER)
        await shop.sweep()
        assert (await shop.desk.get(f"/v1/subscriptions/{name}"))["phase"] == "ended"
        assert "GraceExtended" not in await shop.facts(name)


async def test_the_report_says_now_also_for_a_figure_that_was_published_before(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        name, _ = await shop.order()
        month, _ = await shop.order("monthly")
        told = await shop.desk.post("/v1/policy/impact", LONGER)
        found = {one["subscription"]: (one["begins"], one["changes"]) for one in told["subscriptions"]}
        diff = {"field": "grace_days", "before": 14, "way": "better"}
        assert found == {name: ("now", [diff | {"after": 30}]), month: ("now", [diff | {"after": 27}])}
        assert (told["now"], told["subscriptions"][0]["takes_effect"]) == (2, "2026-01-01T00:00:00Z")
        await publish(shop, {"rules": {"grace_days": 30}})
        told = await shop.desk.post("/v1/policy/impact", LONGER)
        assert (told["now"], len(told["subscriptions"])) == (2, 2)
        await publish(shop, LONGER | {"outcome_hash": told["outcome_hash"]})
        await shop.sweep()
        assert (await shop.desk.post("/v1/policy/impact", LONGER))["now"] == 0
        held = (await shop.desk.get("/v1/policy/effective", subscription=month))["rules"]
        (grace,) = [rule["value"] for rule in held if rule["field"] == "grace_days"]
        assert grace == 27, "always shorter than the shortest month"


async def test_a_sweep_that_is_stopped_in_the_middle_goes_on_and_gives_nothing_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        names = []
        for number in range(3):
            customer = (await shop.desk.post("/v1/customers", {"name": f"Customer {number}"}))["id"]
            await shop.desk.post(f"/v1/customers/{customer}/top-ups", {"amount": 20_000, "reference": f"wire {number}"})
            names.append((await shop.order(customer=customer))[0])
        await publish(shop, LONGER)
        await shop.context.db.write(settle_one, shop.provider, customer, shop.clock())
        stored = await shop.context.db.read(facts.load_many, shop.provider, names)
        given = [fact.kind for history in stored.values() for fact in history].count("GraceExtended")
        assert given == 1, "one account, one transaction"
        shop.clock.now += DAY
        await BackgroundSweep(shop.context).once()
        await BackgroundSweep(shop.context).once()
        assert [(await shop.facts(name)).count("GraceExtended") for name in names] == [1, 1, 1]
        assert [await grace(shop, name) for name in names] == [NEW] * 3


def settle_one(conn: Connection, provider: str, customer: str, now: int) -> None:
    loaded = account_repository.load_books(conn, provider, customer, RealTime(now))
    assert loaded is not None
    settlement.settle_books(conn, loaded)


async def test_another_providers_subscriptions_stay_as_they_are(tmp_path: Path) -> None:
    async with office(tmp_path) as shop:
        mine, _ = await shop.order()
        body = {"name": "South", "currency": "EUR"}
        south = (await shop.vendor.post("/v1/providers", body))["id"]
        answer = await shop.vendor.send("PUT", "/v1/policy", LONGER, provider=south)
        assert answer.status_code == 200, answer.text
        due = await shop.context.db.read(accounts.get_account, shop.provider, shop.customer)
        assert due is not None and (due.next_due is None or due.next_due > shop.clock())
        await shop.sweep()
        assert await grace(shop, mine) == OLD
        assert (await shop.context.db.read(load_policies, shop.provider)).version == 0
