"""Ordering: by period or end date, prepaid or paid outside, on trial, previewed; and the code that is shown once."""

from pathlib import Path
from typing import Any

import pytest

from tenure.core.timeline import DAY
from tenure.server.sweep import BackgroundSweep
from tenure.wire.messages import ActivateAnswer
from tests.server.server_env import FEATURES, START, ServerEnv, office

pytestmark = pytest.mark.anyio

OUTSIDE = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 1_200}], "settlement": "external"}


async def refusal_of(env: ServerEnv, **more: Any) -> dict[str, Any]:
    """The problem that an order gets."""
    body = {"customer": env.customer, "offer": env.offers["standard"], "devices": 10, **more}
    answer = await env.staff.send("POST", "/v1/subscriptions", body)
    assert answer.status_code >= 400, answer.text
    problem: dict[str, Any] = answer.json()
    return problem


async def balance(env: ServerEnv) -> int:
    return int((await env.staff.get(f"/v1/customers/{env.customer}/account"))["balance"])


async def test_m01_m04_an_order_by_period_begins_at_once_and_costs_its_price(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=10)
        assert len(code) == 23
        shown = await env.staff.get(f"/v1/subscriptions/{name}")
        assert (shown["phase"], shown["why"]) == ("active", "paid")
        assert shown["paid_until"] == "2027-01-01T00:00:00Z"
        assert (shown["terms"]["devices"], shown["terms"]["kind"], shown["terms"]["period"]) == (10, "limited", "P1Y")
        assert await balance(env) == 1_000_000 - 12_000
        assert await env.facts(name) == ["Ordered"]


async def test_m01_an_order_up_to_a_date_is_priced_by_the_day(tmp_path: Path) -> None:
    """31 December is included; half a year costs 184 of 365 days, rounded half up."""
    async with office(tmp_path) as env:
        env.clock.now = START + 181 * DAY
        name, _ = await env.order(until="2026-12-31")
        shown = await env.staff.get(f"/v1/subscriptions/{name}")
        assert shown["paid_until"] == "2027-01-01T00:00:00Z"
        assert 1_000_000 - await balance(env) == round(12_000 * 184 / 365)
        problem = await refusal_of(env, until="2026-07-27")
        assert (problem["code"], problem["possible_at"]) == ("term_too_short", "2026-07-29T00:00:00Z")
        await env.order(until="2026-07-29T00:00:00Z")


async def test_m09_an_order_that_waits_for_its_activation_begins_with_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order("later")
        path = f"/v1/subscriptions/{name}"
        assert (await env.staff.get(path))["phase"] == "pending"
        assert await balance(env) == 1_000_000 - 12_000, "paid when ordered"
        env.clock.now = START + 100 * DAY
        site = env.site()
        told = await site.activate(code)
        assert isinstance(told, ActivateAnswer) and told.result == "granted"
        shown = await env.staff.get(path)
        assert (shown["phase"], shown["paid_until"]) == ("active", "2027-04-11T00:00:00Z")
        assert await env.facts(name) == ["Ordered", "Activated", "SiteActivated"]
        assert await balance(env) == 1_000_000 - 12_000


async def test_what_nobody_activates_lapses_after_365_days(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order("later")
        env.clock.now = START + 365 * DAY - 1
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "pending"
        env.clock.now += 1
        shown = await env.staff.get(f"/v1/subscriptions/{name}")
        assert (shown["phase"], shown["why"]) == ("ended", "never_activated")
        told = await env.site().activate(code)
        assert isinstance(told, ActivateAnswer) and told.refusal is not None
        assert told.refusal.code == "subscription_ended"


async def test_b04_an_order_is_previewed_and_then_ordered_by_its_plan(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        env.clock.now += 3_600
        order = {"customer": env.customer, "offer": env.offers["standard"], "devices": 10}
        before = await env.snapshot()
        shown = await env.staff.post("/v1/subscriptions", order, dry_run="true")
        assert await env.snapshot() == before
        assert shown["activation_code"] == ""
        assert [span["phase"] for span in shown["timeline"]] == ["pending", "active", "grace", "ended"][1:]
        assert [(one["kind"], one["amount"]) for one in shown["postings"]] == [("charge", -12_000)]
        planned = order | {"outcome_hash": shown["outcome_hash"]}

        for wrong in ({"devices": 11}, {"until": "2026-12-31"}, {"renewal_intent": "auto"}):
            assert await env.staff.refused("/v1/subscriptions", planned | wrong) == "outcome_changed_meanwhile"
        env.clock.now += 15 * 60 + 1
        assert await env.staff.refused("/v1/subscriptions", planned) == "outcome_changed_meanwhile"
        env.clock.now -= 1
        assert await env.snapshot() == before
        done = await env.staff.post("/v1/subscriptions", planned)
        assert done["activation_code"]
        assert await balance(env) == 1_000_000 - 12_000

        again = await env.staff.post("/v1/subscriptions", order, dry_run="true")
        features = {"name": "Standard", "features": ["edit"], "base_features": ["read"], "min_version": "10.0"}
        await env.vendor.send("PUT", "/v1/plans/standard", features)
        assert (
            await env.staff.refused("/v1/subscriptions", order | {"outcome_hash": again["outcome_hash"]})
            == "outcome_changed_meanwhile"
        )


async def test_too_little_money_names_what_is_missing(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        before = await env.snapshot()
        problem = await refusal_of(env, devices=1_000)
        assert (problem["code"], problem["who"]) == ("insufficient_balance", "customer")
        assert "2000.00 EUR" in problem["detail"]
        assert await env.snapshot() == before
        customer = {"name": "ACME", "credit_limit": 200_000}
        assert (await env.staff.send("PUT", f"/v1/customers/{env.customer}", customer)).status_code == 200
        await env.order(devices=1_000)
        assert await balance(env) == -200_000
        lower = await env.staff.send("PUT", f"/v1/customers/{env.customer}", {"name": "ACME", "credit_limit": 199_999})
        assert (lower.status_code, lower.json()["credit_limit"]) == (200, 199_999)
        assert await balance(env) == -200_000, "nothing is taken back"
        assert (await refusal_of(env, devices=1))["code"] == "insufficient_balance"


async def test_the_plan_says_how_many_devices_are_sold(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        plan = {"id": "team", "product": "editor", "name": "Team", "kind": "limited", "period": "P1Y"}
        await env.vendor.post("/v1/plans", plan | {"features": ["edit"], "min_devices": 5, "max_devices": 50})
        sold = {"plan": "team", "currency": "EUR", "bands": [{"unit": 100, "up_to": 9}, {"unit": 90, "up_to": 40}]}
        offer = (await env.staff.post("/v1/offers", sold))["id"]
        env.offers["team"] = offer
        for devices in (4, 41, 51):
            assert (await refusal_of(env, offer=offer, devices=devices))["code"] == "device_count_out_of_range"
        await env.order("team", devices=10)
        assert await balance(env) == 1_000_000 - 900, "the band of the total prices the whole quantity"
        await env.staff.send("DELETE", f"/v1/offers/{offer}")
        assert (await refusal_of(env, offer=offer))["code"] == "unknown_plan"
        assert [each["id"] for each in (await env.staff.get("/v1/offers"))["items"]].count(offer) == 0


async def test_m02_a_customer_orders_for_himself_if_the_provider_lets_him(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await env.token()
        other = (await env.staff.post("/v1/customers", {"name": "Brook"}))["id"]
        order = {"customer": env.customer, "offer": env.offers["standard"], "devices": 1}
        made = await ana.post("/v1/subscriptions", order)
        assert made["activation_code"]
        assert await ana.refused("/v1/subscriptions", order | {"customer": other}) == "not_found"
        policy = {"customer_actions": ["renew"]}
        assert (await env.staff.send("PUT", "/v1/policy", policy)).status_code == 200
        assert await ana.refused("/v1/subscriptions", order) == "action_not_permitted"
        await env.staff.post("/v1/subscriptions", order)


async def test_a_trial_once_for_each_customer_and_product(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        plan = {
            "id": "tried",
            "product": "editor",
            "name": "Tried",
            "kind": "limited",
            "period": "P1M",
            "trial": "P14D",
        }
        await env.vendor.post("/v1/plans", plan | {"features": ["edit"], "base_features": ["read"]})
        sold = {"plan": "tried", "currency": "EUR", "bands": [{"unit": 100}]}
        env.offers["tried"] = (await env.staff.post("/v1/offers", sold))["id"]
        first, code = await env.order("tried", trial=True)
        site = env.site()
        await site.activate(code)
        assert site.lease is not None
        assert (site.lease.lease.kind, site.lease.lease.spans[0].why) == ("trial", "trial")
        assert await balance(env) == 1_000_000
        assert (await refusal_of(env, offer=env.offers["tried"], trial=True))["code"] == "trial_already_used"
        dry = await env.staff.send(
            "POST", "/v1/subscriptions",
            {"customer": env.customer, "offer": env.offers["tried"], "devices": 1, "trial": True}, dry_run="true",
        )  # fmt: skip
        assert dry.json()["code"] == "trial_already_used"
        env.clock.now = START + 14 * DAY
        shown = await env.staff.get(f"/v1/subscriptions/{first}")
        assert (shown["phase"], shown["why"]) == ("ended", "payment_ended"), (
            "no grace after a trial unless the policy says so"
        )

        env.customer = (await env.staff.post("/v1/customers", {"name": "Brook"}))["id"]
        await env.staff.post(f"/v1/customers/{env.customer}/top-ups", {"amount": 1_000, "reference": "brook"})
        second, _ = await env.order("tried", trial=True, renewal_intent="auto")
        env.clock.now += 14 * DAY
        shown = await env.staff.get(f"/v1/subscriptions/{second}")
        assert (shown["phase"], shown["why"], shown["trial"]) == ("active", "paid", True), "it converts if so ordered"
        assert await balance(env) == 0


async def test_what_is_paid_outside_takes_effect_when_the_provider_confirms(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        env.offers["outside"] = (await env.staff.post("/v1/offers", OUTSIDE))["id"]
        automatic = await refusal_of(env, offer=env.offers["outside"], renewal_intent="auto")
        assert automatic["code"] == "automatic_needs_prepaid"
        name, code = await env.order("outside")
        path = f"/v1/subscriptions/{name}"
        assert await balance(env) == 1_000_000, "the ledger has nothing to do with it"
        site = env.site()
        told = await site.activate(code)
        assert isinstance(told, ActivateAnswer) and told.refusal is not None
        assert told.refusal.code == "awaiting_payment"
        customer = await env.token()
        paid = {"reference": "transfer 1", "covers": "order"}
        assert await customer.refused(f"{path}/confirm-payment", paid) == "action_not_permitted"

        env.clock.now = START + 10 * DAY
        done = await env.staff.post(f"{path}/confirm-payment", paid)
        assert done["subscription"]["paid_until"] == "2027-01-11T00:00:00Z", "the term begins with the confirmation"
        again = await env.staff.post(f"{path}/confirm-payment", paid)
        assert (again["facts"], again["subscription"]["revision"]) == ([], done["subscription"]["revision"])
        other = {**paid, "reference": "another"}
        assert await env.staff.refused(f"{path}/confirm-payment", other) == "not_awaiting_payment"
        told = await site.activate(code)
        assert isinstance(told, ActivateAnswer) and told.result == "granted"

        assert await env.staff.refused(f"{path}/change-devices", {"devices": 20}) == "awaiting_payment"
        raised = {"reference": "transfer 2", "covers": "raise", "devices": 20}
        done = await env.staff.post(f"{path}/confirm-payment", raised)
        assert done["subscription"]["terms"]["devices"] == 20
        env.clock.now = START + 370 * DAY
        assert await env.staff.refused(f"{path}/renew") == "awaiting_payment"
        done = await env.staff.post(f"{path}/confirm-payment", {"reference": "transfer 3", "covers": "renewal"})
        assert done["subscription"]["paid_until"] == "2028-01-11T00:00:00Z"
        assert await balance(env) == 1_000_000
        assert await env.facts(name) == [
            "Ordered", "PaymentConfirmed", "SiteActivated", "PaymentConfirmed", "TermsChanged", "PaymentConfirmed",
            "Renewed",
        ]  # fmt: skip


async def test_an_order_up_to_a_date_paid_outside_is_shorter_by_the_days_it_waited(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        env.offers["outside"] = (await env.staff.post("/v1/offers", OUTSIDE))["id"]
        name, _ = await env.order("outside", until="2026-12-31")
        env.clock.now = START + 100 * DAY
        path = f"/v1/subscriptions/{name}/confirm-payment"
        done = await env.staff.post(path, {"reference": "r", "covers": "order"})
        assert done["subscription"]["paid_until"] == "2027-01-01T00:00:00Z"
        assert done["subscription"]["periods"][0]["cost"] == round(12_000 * 265 / 365)


async def test_the_code_is_shown_once_and_again_to_whoever_repeats_the_request(tmp_path: Path) -> None:
    """Within 24 hours, by the same key and token; it is sealed meanwhile, and gone afterwards
    [spec: sealed-responses]."""
    async with office(tmp_path) as env:
        body = {"customer": env.customer, "offer": env.offers["standard"], "devices": 10}
        made = await env.staff.send("POST", "/v1/subscriptions", body, key="order-1")
        code, name = made.json()["activation_code"], made.json()["subscription"]["id"]
        path = f"/v1/subscriptions/{name}"
        again = await env.staff.send("POST", f"{path}/reissue-code", {}, key="again-1")
        second = again.json()["activation_code"]
        assert second and second != code
        for group in (code, second):
            for spelled in (group, group.replace("-", ""), group.lower()):
                assert spelled.encode() not in repr(await env.snapshot()).encode(), "nowhere in the clear"
        shown = await env.staff.get(path)
        assert [each["last_group"] for each in shown["codes"]] == [code[-5:], second[-5:]]
        assert [each["state"] for each in shown["codes"]] == ["withdrawn", "good"]
        assert code not in repr(shown) and second not in repr(shown)

        for each, key, sent in (("/v1/subscriptions", "order-1", body), (f"{path}/reissue-code", "again-1", {})):
            first = made if key == "order-1" else again
            env.clock.now = START + DAY - 1
            replay = await env.staff.send("POST", each, sent, key=key)
            assert replay.content == first.content
            assert replay.headers["idempotency-replayed"] == "true"
            other = await env.token("provider")
            assert (await other.send("POST", each, sent, key=key, dry_run="true")).json()["activation_code"] == ""

        env.clock.now = START + DAY + 1
        await BackgroundSweep(env.context).housekeeping()
        kept = (await env.snapshot())["idempotency"]
        assert not [row for row in kept if "order-1" in row or "again-1" in row]

        told = await env.site().activate(code)
        assert isinstance(told, ActivateAnswer) and told.refusal is not None
        assert (told.refusal.code, second[-5:] in told.refusal.detail) == ("code_withdrawn", True)
        told = await env.site().activate(second)
        assert isinstance(told, ActivateAnswer) and told.result == "granted"


async def test_a_stored_answer_is_of_no_use_without_the_servers_secret(tmp_path: Path) -> None:
    """The sealed copy opens for its own scope and key alone."""
    async with office(tmp_path) as env:
        name, code = await env.order()
        rows = [row for row in (await env.snapshot())["idempotency"] if "POST /v1/subscriptions" in row[0]]
        assert len(rows) == 1
        sealed = next(cell for cell in rows[0] if isinstance(cell, bytes) and len(cell) > 200)
        assert code.encode() not in sealed
        assert name.encode() not in sealed
        opened = env.context.safe.decrypt(sealed, f"idempotency {len(rows[0][0])} {rows[0][0]} {rows[0][1]}")
        assert opened is not None and code.encode() in opened
        assert env.context.safe.decrypt(sealed, "idempotency of somebody else") is None


async def test_a_trial_that_was_transferred_was_had_by_both_customers(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        plan = {
            "id": "tried",
            "product": "editor",
            "name": "Tried",
            "kind": "limited",
            "period": "P1Y",
            "trial": "P30D",
        }
        await env.vendor.post("/v1/plans", {**FEATURES, **plan})
        offer = {"plan": "tried", "currency": "EUR", "bands": [{"unit": 1_200}]}
        env.offers["tried"] = (await env.staff.post("/v1/offers", offer))["id"]
        name, _ = await env.order("tried", trial=True)
        heirs = [(await env.staff.post("/v1/customers", {"name": each}))["id"] for each in ("Ana", "Ben")]
        for heir in heirs:
            await env.staff.post(f"/v1/subscriptions/{name}/transfer", {"customer": heir})
        for customer in (env.customer, *heirs):
            asked = {"customer": customer, "offer": env.offers["tried"], "devices": 1, "trial": True}
            assert await env.staff.refused("/v1/subscriptions", asked) == "trial_already_used"
