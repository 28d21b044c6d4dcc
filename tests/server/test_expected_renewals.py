"""What renews itself is shown as renewing itself, by every answer that speaks of it, and by the leases of its sites."""

from pathlib import Path
from typing import Any

import pytest

from tenure.core.lease.claims import Lease
from tenure.core.timeline import DAY
from tests.server.server_env import START, PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio

MONTHLY = 12_000


async def with_money(env: ServerEnv, amount: int) -> str:
    """Another customer, from now on the one who orders; his account's path."""
    env.customer = (await env.staff.post("/v1/customers", {"name": "Brook"}))["id"]
    path = f"/v1/customers/{env.customer}"
    if amount:
        await env.staff.post(f"{path}/top-ups", {"amount": amount, "reference": "first"})
    return path


def course(spans: list[dict[str, Any]]) -> list[tuple[str, str | None, bool]]:
    return [(each["phase"], (each["until"] or "")[:10] or None, each["expected"]) for each in spans]


async def test_a_dry_run_shows_the_renewals_that_will_be_booked(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await with_money(env, 4 * MONTHLY)
        name, _ = await env.order("monthly", renewal_intent="auto")
        one = f"/v1/subscriptions/{name}"
        sub, spans = await env.staff.get(one), await env.staff.get(f"{one}/timeline")
        assert course(spans)[-4:] == [
            ("active", "2026-02-01", False), ("active", "2026-05-01", True), ("grace", "2026-05-15", False),
            ("ended", None, False),
        ]  # fmt: skip
        assert sub["renewal"] == {
            "state": "automatic",
            "at": "2026-02-01T00:00:00Z",
            "price": MONTHLY,
            "covered_until": "2026-05-01T00:00:00Z",
            "lasts": False,
            "missing": MONTHLY,
            "sentence": "It renews by itself on 2026-02-01 00:00:00 UTC for 120.00 EUR; "
            "the balance covers it until 2026-05-01 00:00:00 UTC.",
        }
        assert sub["ends_at"] == spans[-1]["since"]
        told = await env.staff.get(f"{one}/explain")
        assert told["renewal"] == sub["renewal"]["sentence"]
        assert told["follows"].startswith("On 2026-05-01 00:00:00 UTC, if no money comes in: ")
        canceled = await env.staff.post(f"{one}/cancel", {}, dry_run="true")
        assert canceled["subscription"]["renewal"]["state"] == "none"
        assert course(canceled["timeline"])[-1][0] == "ended"
        assert not any(each["expected"] for each in canceled["timeline"])
        env.clock.now = START + 119 * DAY  # 30 Apr: nobody did anything
        spans_then = await env.staff.get(f"{one}/timeline")
        assert [each[:2] for each in course(spans_then)[-3:]] == [
            ("active", "2026-05-01"), ("grace", "2026-05-15"), ("ended", None),
        ]  # fmt: skip


def held(site: PlainSite) -> Lease:
    assert site.lease is not None
    return site.lease.lease


async def test_a_lease_carries_the_outlook_and_a_top_up_reaches_the_site_with_its_next_contact(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await with_money(env, MONTHLY + 1)
        _, code = await env.order("monthly", renewal_intent="auto")
        site = env.site()
        await site.activate(code)
        await site.sync()
        seen = held(site).outlook
        assert seen is not None
        assert (seen.covered_until, seen.missing, seen.currency) == (None, MONTHLY - 1, "EUR")
        await env.staff.post(f"{account}/top-ups", {"amount": MONTHLY, "reference": "second"})
        await site.sync()
        seen = held(site).outlook
        assert seen is not None
        assert seen.covered_until == START + 59 * DAY
        serial = held(site).serial
        await site.sync()
        await site.sync()
        assert held(site).serial == serial, "what has been told once is not told again"


async def test_where_nothing_falls_due_the_runway_says_so(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await with_money(env, MONTHLY)
        told = await env.staff.get(f"{account}/runway")
        assert (told["until"], told["next"], told["unpaid"], told["stopped"]) == (None, None, [], [])


async def test_an_ended_one_says_what_it_takes_to_go_on(tmp_path: Path) -> None:
    """List, balance and explanation agree: nothing is due any more, and pressing Renew is what helps."""
    async with office(tmp_path) as env:
        account = await with_money(env, MONTHLY)
        name, _ = await env.order("monthly", renewal_intent="auto")
        one = f"/v1/subscriptions/{name}"
        env.clock.now = START + 40 * DAY
        late = await env.staff.get(f"{account}/runway")
        assert (late["until"], late["missing"]) == ("2026-02-01T00:00:00Z", MONTHLY)
        assert [each["subscription"] for each in late["unpaid"]] == [name]
        env.clock.now = START + 150 * DAY
        sub, told = await env.staff.get(one), await env.staff.get(f"{one}/explain")
        assert (sub["phase"], sub["renewal"]["state"]) == ("ended", "stopped")
        assert told["remedies"][0]["how"].startswith("120.00 EUR are needed and 120.00 EUR are missing")
        runway = await env.staff.get(f"{account}/runway")
        assert (runway["next"], runway["unpaid"]) == (None, [])
        assert [(each["price"], each["missing"], each["plan_name"]) for each in runway["stopped"]] == [
            (MONTHLY, MONTHLY, "Monthly")
        ]
        row = next(each for each in (await env.staff.get("/v1/subscriptions"))["items"] if each["id"] == name)
        assert row["due_at"] is None
        await env.staff.post(f"{account}/top-ups", {"amount": MONTHLY, "reference": "late"})
        told = await env.staff.get(f"{one}/explain")
        assert told["remedies"][0]["how"].startswith('Press "Renew": 120.00 EUR are taken')
        assert {each["action"]: each["allowed"] for each in (await env.staff.get(one))["allowed_actions"]}["auto_renew"]
        await env.staff.post(f"{one}/set-renewal-intent", {"intent": "auto"})
        assert (await env.staff.get(one))["phase"] == "active"
