"""Before a policy is published its report says whom it reaches, when and which way; then exactly that comes true."""

from pathlib import Path
from typing import Any

import pytest

from tenure.core.policy.impact import ImpactDirection, direction_of
from tenure.core.policy.rules import LateRenewal, RefundRule, Rules
from tenure.core.timeline import DAY
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio
PATH = "/v1/policy/impact"


async def graces(env: ServerEnv, name: str) -> list[int]:
    """Days of grace after each paid period of a subscription, as its timeline would have them."""
    facts = (await env.staff.get(f"/v1/subscriptions/{name}/history", limit=200))["items"]
    return [fact["body"]["period"]["rules"].get("grace_days", 14) for fact in facts if fact["body"].get("period")]


async def test_the_report_names_whom_it_reaches_when_and_which_way_and_then_it_comes_true(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        year, _ = await env.order()
        month, _ = await env.order("monthly")
        waiting, _ = await env.order("later")
        gone, _ = await env.order()
        await env.staff.post(f"/v1/subscriptions/{gone}/cancel", {"at_once": True})
        policy = {"rules": {"grace_days": 3, "tolerance_percent": 20}, "plans": {"monthly": {"tolerance_percent": 10}}}
        before = await env.snapshot()
        told = await env.staff.post(PATH, policy, dry_run="true")
        assert await env.snapshot() == before

        by_name = {one["subscription"]: one for one in told["subscriptions"]}
        assert set(by_name) == {year, month, waiting}, "what is canceled begins no period any more"
        assert [by_name[name]["takes_effect"] for name in (year, month, waiting)] == [
            "2027-01-01T00:00:00Z", "2026-02-01T00:00:00Z", None,
        ]  # fmt: skip
        assert by_name[waiting]["begins"] == "activation"
        assert [by_name[name]["way"] for name in (year, month)] == ["mixed", "worse"]
        assert told["counts"] == {
            "subscriptions": 3, "customers": 1, "better": 0, "worse": 1, "mixed": 2, "neutral": 0,
        }  # fmt: skip
        assert by_name[month]["changes"] == [{"field": "grace_days", "before": 14, "after": 3, "way": "worse"}]
        assert told["subscriptions"][0]["subscription"] == month, "whom it reaches first stands first"

        env.clock.now += 60
        published = await env.staff.send("PUT", "/v1/policy", {**policy, "outcome_hash": told["outcome_hash"]})
        assert published.status_code == 200
        env.clock.now = START + 40 * DAY
        await env.sweep()
        told_graces = await graces(env, month)
        assert (told_graces[0], told_graces[-1]) == (14, 3)
        effective = await env.staff.get("/v1/policy/effective", subscription=month)
        assert _of(effective, "grace_days") == (3, "provider")
        assert (effective["since"], effective["version"]) == ("2026-02-01T00:00:00Z", 1)
        assert _of(await env.staff.get("/v1/policy/effective", subscription=year), "grace_days") == (
            14, "vendor_default",
        )  # fmt: skip


async def test_a_report_is_good_for_one_change_of_one_version(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        policy: dict[str, Any] = {"rules": {"grace_days": 7}}
        name = (await env.staff.post(PATH, policy))["outcome_hash"]

        async def publish(body: dict[str, Any]) -> int | str:
            answer = await env.staff.send("PUT", "/v1/policy", body)
            return answer.status_code if answer.status_code == 200 else str(answer.json()["code"])

        assert await publish({"rules": {"grace_days": 8}, "outcome_hash": name}) == "outcome_changed_meanwhile"
        env.clock.now += 15 * 60 + 1
        assert await publish({**policy, "outcome_hash": name}) == "outcome_changed_meanwhile", "too old"
        name = (await env.staff.post(PATH, policy))["outcome_hash"]
        assert await publish({"rules": {"grace_days": 20}}) == 200, "somebody else publishes"
        assert await publish({**policy, "outcome_hash": name}) == "outcome_changed_meanwhile"
        name = (await env.staff.post(PATH, policy))["outcome_hash"]
        assert await publish({**policy, "outcome_hash": name}) == 200


async def test_permissions_and_the_order_of_payment_hold_at_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.order()
        policy = {"customer_actions": ["order", "pause"], "renewal_order": "cheapest"}
        told = await env.staff.post(PATH, policy)
        assert told["renewal_order"] == "cheapest" and told["counts"]["subscriptions"] == 0
        ways = {one["action"]: (one["allowed"], one["way"]) for one in told["permissions"]}
        assert ways["pause"] == (True, "better") and ways["renew"] == (False, "worse")
        assert await env.staff.refused(PATH, {"rules": {"grace_days": 91}}) == "policy_out_of_bounds"


async def test_in_grace_the_open_period_is_still_bought_by_the_old_rules(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        env.clock.now = START + 370 * DAY
        told = (await env.staff.post(PATH, {"rules": {"grace_days": 7}}))["subscriptions"][0]
        assert (told["begins"], told["takes_effect"]) == ("period_after_next", None)
        await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 7}})
        await env.staff.post(f"/v1/subscriptions/{name}/renew")
        assert (await graces(env, name))[-1] == 14


async def test_goodwill_days_are_the_subscriptions_own(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        await env.staff.post(f"/v1/subscriptions/{name}/extend-grace", {"days": 5})
        assert _of(await env.staff.get("/v1/policy/effective", subscription=name), "grace_days") == (19, "subscription")
        offer = await env.staff.get("/v1/policy/effective", offer=env.offers["standard"])
        assert (offer["plan"], _of(offer, "grace_days")) == ("standard", (14, "vendor_default"))


def test_every_figure_has_a_way() -> None:
    assert direction_of("late_renewal", LateRenewal.CHARGE_GRACE, LateRenewal.FROM_NOW) is ImpactDirection.BETTER
    assert direction_of("refund", RefundRule.UNUSED_DAYS, RefundRule.NONE) is ImpactDirection.WORSE
    assert direction_of("stop_clock", False, True) is ImpactDirection.BETTER
    assert direction_of("idle_release_days", 60, 90) is ImpactDirection.WORSE
    assert direction_of("reminders", (30,), (7,)) is ImpactDirection.NEUTRAL
    neutral = {name for name in Rules.__struct_fields__ if direction_of(name, 0, 1) is ImpactDirection.NEUTRAL}
    assert neutral == {"reminders", "sync_interval", "ephemeral_hours"}


def _of(told: Any, field: str) -> tuple[Any, str]:
    return next((one["value"], one["source"]) for one in told["rules"] if one["field"] == field)
