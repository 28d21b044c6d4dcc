"""What a provider allows, as the API shows it, says why not, and enforces it; figures with their source and bounds."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from tenure.core.policy.bounds import PolicyBound
from tenure.core.timeline import DAY
from tenure.server import subscription_service
from tenure.server.policies import BOUNDS
from tenure.store import integrity
from tenure.store.catalog import DOCUMENTS, WriteStamp
from tenure.store.engine import Connection
from tenure.store.schema import standings
from tests.server.server_env import FEATURES, PLANS, START, Caller, ServerEnv, office

pytestmark = pytest.mark.anyio

ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "renew": ("renew", {}),
    "auto_renew": ("set-renewal-intent", {"intent": "auto"}),
    "cancel_at_end": ("cancel", {}),
    "cancel_now": ("cancel", {"at_once": True}),
    "undo_cancel": ("undo-cancellation", {}),
    "change_devices": ("change-devices", {"devices": 11}),
    "change_plan": ("change-plan", {}),
    "pause": ("hold", {"reason": "away"}),
    "resume": ("release", {}),
    "reissue_code": ("reissue-code", {}),
    "extend_grace": ("extend-grace", {"days": 1}),
    "transfer": ("transfer", {}),
    "release_site": ("release-site", {"site": "site_01kdvdna00ee5b778wh897z5zx"}),
}
"""How each action of the list is asked for through the API, in the same plain form as `allowed_actions` tries it."""


@pytest.fixture(scope="module")
async def states(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ServerEnv, dict[str, str]]]:
    """One subscription in each state that makes a difference to what may be done."""
    async with office(tmp_path_factory.mktemp("states")) as env:
        found = {"grace": (await env.order(until="2027-01-20"))[0], "reserved": (await env.order("monthly"))[0]}
        env.clock.now = START + 389 * DAY  # five days into the grace of the one, a week before the other falls due
        for name, offer in (("pending", "later"), ("active", "standard"), ("unlimited", "monthly")):
            found[name], code = await env.order(offer)
            if name == "active":
                await env.site().activate(code)
        for name, action, body in (
            ("canceled", "cancel", {}), ("stopped", "cancel", {"at_once": True}), ("held", "hold", {"reason": "away"}),
            ("automatic", "set-renewal-intent", {"intent": "auto"}), ("lowered", "change-devices", {"devices": 5}),
        ):  # fmt: skip
            found[name] = (await env.order())[0]
            await env.staff.post(f"/v1/subscriptions/{found[name]}/{action}", body)
        found["held by the vendor"] = (await env.order())[0]
        path = f"/v1/subscriptions/{found['held by the vendor']}/hold"
        await env.vendor.post(path, {"reason": "abuse"}, provider=env.provider)
        sold = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 1_200}], "settlement": "external"}
        env.offers["outside"] = (await env.staff.post("/v1/offers", sold))["id"]
        found["outside"] = (await env.order("outside"))[0]
        for plan in ("standard", "monthly", "later"):
            twin = {"id": f"twin-{plan}", "product": "editor", "name": "Twin", **FEATURES, **PLANS[plan]}
            await env.vendor.post("/v1/plans", twin)
            for settlement in ("prepaid", "external") if plan == "standard" else ("prepaid",):
                sold |= {"plan": f"twin-{plan}", "settlement": settlement}
                env.offers[f"twin of {plan} {settlement}"] = (await env.staff.post("/v1/offers", sold))["id"]
        yield env, found


@pytest.mark.parametrize("role", ["provider", "customer", "vendor"])
async def test_b03_what_is_shown_as_allowed_is_what_is_done(
    states: tuple[ServerEnv, dict[str, str]], role: str
) -> None:
    """For each state and action: allowed exactly when a rehearsal succeeds, else the same reason; the same price."""
    env, found = states
    caller, query = await actor(env, role)
    heir = (await env.staff.post("/v1/customers", {"name": "Heir"}))["id"]
    seen: set[tuple[str, bool]] = set()
    for state, name in found.items():
        shown = await caller.get(f"/v1/subscriptions/{name}", **query)
        assert {one["action"] for one in shown["allowed_actions"]} == set(ROUTES)
        for one in shown["allowed_actions"]:
            path, body = ROUTES[one["action"]]
            body = body | ({"customer": heir} if path == "transfer" else {})
            if one["action"] == "auto_renew":
                body = {"intent": "manual" if shown["renewal_intent"] == "auto" else "auto"}
            if one["action"] == "change_plan":
                body = {"offer": env.offers[f"twin of {shown['terms']['plan']} {shown['terms']['settlement']}"]}
            if one["action"] == "release_site" and shown["sites"]:
                body = {"site": shown["sites"][0]["id"]}
            if one["action"] == "change_devices":
                body = {"devices": shown["terms"]["devices"] + 1}
            address = f"/v1/subscriptions/{name}/{path}"
            answer = await caller.send("POST", address, body, dry_run="true", **query)
            if one["action"] == "change_devices" and answer.status_code != 200:
                fewer = await caller.send("POST", address, _fewer_devices(shown), dry_run="true", **query)
                answer = fewer if fewer.status_code == 200 else answer
            assert (answer.status_code == 200) == one["allowed"], (state, one, answer.text)
            seen.add((one["action"], one["allowed"]))
            if one["allowed"]:
                assert one["refusal"] is None
                assert one["price"] == -sum(each["amount"] for each in answer.json()["postings"]), (
                    state,
                    one["action"],
                )
            else:
                assert one["refusal"]["code"] == answer.json()["code"], (state, one["action"])
                assert one["refusal"]["remedy"] == answer.json()["remedy"]
                assert one["refusal"]["possible_at"] == (answer.json().get("possible_at") or None), (
                    state,
                    one["action"],
                )
    never = (
        {"cancel_now", "change_plan", "pause", "resume", "extend_grace", "transfer", "release_site"}
        if role == "customer"
        else set()
    )
    for action in ROUTES:
        assert (action, False) in seen or action == "reissue_code", f"{action} was never refused"
        assert ((action, True) in seen) == (action not in never), action


def _fewer_devices(shown: dict[str, Any]) -> dict[str, int]:
    """One fewer than is agreed."""
    agreed = [each["devices"] for each in shown["scheduled"] if each["devices"] is not None]
    return {"devices": min([shown["terms"]["devices"], *agreed]) - 1}


async def actor(env: ServerEnv, role: str) -> tuple[Caller, dict[str, str]]:
    if role == "vendor":
        return env.vendor, {"provider": env.provider}
    return (env.staff if role == "provider" else await env.token()), {}


async def test_m11_each_provider_switches_actions_on_and_off_for_each_role(tmp_path: Path) -> None:
    """The list says which and why; the server enforces it; what the policy grants, another role may still lack."""
    async with office(tmp_path) as env:
        name, _ = await env.order()
        path = f"/v1/subscriptions/{name}"
        customer = await env.token()
        assert await reason(customer, path, "pause") == "action_not_permitted"
        assert await reason(customer, path, "cancel_at_end") is None
        assert await customer.refused(f"{path}/hold", {"reason": "x"}) == "action_not_permitted"

        policy = {"customer_actions": ["pause", "resume"], "provider_actions": ["renew", "top_up"]}
        answer = await env.staff.send("PUT", "/v1/policy", policy)
        assert answer.status_code == 200
        assert await reason(customer, path, "pause") is None
        assert await reason(customer, path, "cancel_at_end") == "action_not_permitted"
        assert await reason(env.staff, path, "cancel_at_end") == "action_not_permitted"
        assert await reason(env.vendor, path, "cancel_at_end", provider=env.provider) is None
        before = await env.snapshot()
        for action, (route, body) in ROUTES.items():
            if action not in {"pause", "resume"}:
                asked = body | ({"customer": env.customer} if route == "transfer" else {})
                asked |= {"offer": env.offers["next"]} if route == "change-plan" else {}
                assert await customer.refused(f"{path}/{route}", asked) == "action_not_permitted", action
        assert await env.staff.refused(f"{path}/cancel") == "action_not_permitted"
        assert await env.staff.refused("/v1/subscriptions", await order(env)) == "action_not_permitted"
        assert await env.snapshot() == before
        await customer.post(f"{path}/hold", {"reason": "holiday"})
        # A hold belongs to its side: the provider sees it and may not lift it.
        assert (await env.staff.get(path))["holds"][0]["owner"] == "customer"
        await env.staff.send("PUT", "/v1/policy", {})
        assert await env.staff.refused(f"{path}/release") == "not_paused"


@pytest.mark.parametrize("door", ["alone", "batch", "dry run"])
async def test_m11_an_order_switches_on_no_automatic_renewal_that_the_policy_forbids(door: str, tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        customer = await env.token()
        await env.staff.send("PUT", "/v1/policy", {"customer_actions": ["order"]})
        wish = await order(env) | {"renewal_intent": "auto"}
        before = await env.snapshot(but=("idempotency",))
        if door == "batch":
            commands = [{"method": "POST", "path": "/v1/subscriptions", "body": wish}]
            (item,) = (await customer.post("/v1/batch", {"commands": commands}))["items"]
            assert item["answer"]["code"] == "action_not_permitted"
        else:
            query = {"dry_run": "true"} if door == "dry run" else {}
            assert await customer.refused("/v1/subscriptions", wish, **query) == "action_not_permitted"
        assert await env.snapshot(but=("idempotency",)) == before
        await customer.post("/v1/subscriptions", wish | {"renewal_intent": "manual"})
        await env.staff.post("/v1/subscriptions", wish)


async def order(env: ServerEnv) -> dict[str, Any]:
    return {"customer": env.customer, "offer": env.offers["standard"], "devices": 1}


async def reason(caller: Caller, path: str, action: str, **query: str) -> str | None:
    """Why the caller may not; None when he may."""
    shown = (await caller.get(path, **query))["allowed_actions"]
    one = next(each for each in shown if each["action"] == action)
    return None if one["refusal"] is None else str(one["refusal"]["code"])


async def test_b03_deadline_and_price_are_named(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        path = f"/v1/subscriptions/{name}"
        shown = {one["action"]: one for one in (await env.staff.get(path))["allowed_actions"]}
        assert shown["renew"]["refusal"]["possible_at"] == "2026-10-03T00:00:00Z", "90 days before the end"
        assert shown["change_devices"]["price"] == 1_200
        env.clock.now = START + 300 * DAY
        shown = {one["action"]: one for one in (await env.staff.get(path))["allowed_actions"]}
        assert (shown["renew"]["allowed"], shown["renew"]["price"]) == (True, 12_000)
        assert shown["change_devices"]["price"] == round(1_200 * 65 / 365)


def figures(shown: list[dict[str, Any]]) -> dict[str, tuple[Any, str]]:
    return {one["field"]: (one["value"], one["source"]) for one in shown}


async def test_each_figure_says_where_it_comes_from(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        first = await env.staff.send("GET", "/v1/policy")
        assert (first.json()["version"], first.headers["etag"]) == (0, '"0"')
        assert {one["source"] for one in first.json()["rules"]} == {"vendor_default"}
        policy = {"rules": {"grace_days": 7, "lease_days": 60}, "plans": {"monthly": {"grace_days": 3}}}
        before = await env.snapshot()
        shown = await env.staff.send("PUT", "/v1/policy", policy, dry_run="true")
        assert await env.snapshot() == before
        done = await env.staff.send("PUT", "/v1/policy", policy)
        assert done.json() == shown.json() | {"version": done.json()["version"]}
        rules = figures(done.json()["rules"])
        assert rules["grace_days"] == (7, "provider")
        assert rules["tolerance_percent"] == (10, "vendor_default")
        assert figures(done.json()["plans"]["monthly"])["grace_days"] == (3, "provider")
        assert figures(done.json()["plans"]["monthly"])["lease_days"] == (60, "provider")
        token = {"Authorization": f"Bearer {env.staff.token}"}
        stale = await env.http.put("/v1/policy", json={}, headers=token | {"If-Match": '"0"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
        fresh = await env.http.put("/v1/policy", json={}, headers=token | {"If-Match": '"1"'})
        assert (fresh.status_code, fresh.json()["version"]) == (200, 2)


async def bound(env: ServerEnv, version: int, **bounds: PolicyBound) -> None:
    """The vendor publishes what he allows."""

    def publish(conn: Connection) -> None:
        DOCUMENTS.publish(conn, BOUNDS, version, msgspec.json.encode(bounds), WriteStamp("vendor", env.clock()))

    await env.context.db.write(publish)


async def test_the_vendor_bounds_and_locks_what_a_provider_may_say(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 30, "lease_days": 60}})
        await bound(env, 0, grace_days=PolicyBound(maximum=10), lease_days=PolicyBound(locked=True))
        rules = figures((await env.staff.get("/v1/policy"))["rules"])
        assert rules["grace_days"] == (10, "vendor_bound"), "narrowed afterwards, it is cut"
        assert rules["lease_days"] == (30, "vendor_default"), "locked afterwards, the provider's word is gone"
        for wrong in ({"grace_days": 11}, {"lease_days": 30}):
            answer = await env.staff.send("PUT", "/v1/policy", {"rules": wrong})
            assert (answer.status_code, answer.json()["code"]) == (422, "policy_out_of_bounds")
            assert answer.json()["field"] == f"rules.{next(iter(wrong))}"
        assert (await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 10}})).status_code == 200


async def test_m07_m08_m12_a_period_keeps_the_grace_it_was_begun_with(tmp_path: Path) -> None:
    """Shown from day one; another policy holds for periods that begin afterwards; none given means none."""
    async with office(tmp_path) as env:
        first, _ = await env.order()
        assert (await env.staff.get(f"/v1/subscriptions/{first}"))["grace_until"] == "2027-01-15T00:00:00Z"
        await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 0}})
        second, code = await env.order()
        site = env.site()
        await site.activate(code)
        shown = await env.staff.get(f"/v1/subscriptions/{second}")
        assert (shown["grace_until"], shown["ends_at"]) == (None, "2027-01-01T00:00:00Z")
        env.clock.now = START + 365 * DAY - 1
        assert (await env.staff.get(f"/v1/subscriptions/{second}"))["phase"] == "active"
        env.clock.now += 1
        shown = await env.staff.get(f"/v1/subscriptions/{second}")
        assert (shown["phase"], shown["why"]) == ("ended", "payment_ended")
        shown = await env.staff.get(f"/v1/subscriptions/{first}")
        assert (shown["phase"], shown["why"]) == ("grace", "payment_ended"), "pinned for the running period"
        told = await site.sync()
        assert not isinstance(told, str)
        assert site.lease is not None
        assert site.lease.lease.features == ("read",)
        await env.staff.post(f"/v1/subscriptions/{first}/renew")
        assert (await env.staff.get(f"/v1/subscriptions/{first}"))["grace_until"] is None


async def test_b01_b02_one_timeline_and_its_story(tmp_path: Path) -> None:
    """Page, timeline, list and explanation say the same at every instant around every edge."""
    async with office(tmp_path) as env:
        name, _ = await env.order()
        path = f"/v1/subscriptions/{name}"
        spans = await env.staff.get(f"{path}/timeline")
        assert [(span["phase"], span["why"]) for span in spans] == [
            ("active", "paid"), ("grace", "payment_ended"), ("ended", "payment_ended"),
        ]  # fmt: skip
        for edge in (365 * DAY, 379 * DAY):
            for second in (-1, 0, 1):
                env.clock.now = START + edge + second
                shown, told = await env.staff.get(path), await env.staff.get(f"{path}/explain")
                span = next(one for one in reversed(spans) if one["since"] <= shown["as_of"])
                assert (shown["phase"], shown["why"], shown["since"]) == (span["phase"], span["why"], span["since"])
                assert (told["phase"], told["until"]) == (span["phase"], span["until"])
                assert told["sentence"] and told["rule"] and told["follows"]
                assert bool(told["remedies"]) == (span["phase"] != "active")
                listed = [one["id"] for one in (await env.staff.get("/v1/subscriptions", phase=span["phase"]))["items"]]
                assert listed == [name], (span["phase"], second)


async def test_lists_by_phase_agree_with_each_subscription(states: tuple[ServerEnv, dict[str, str]]) -> None:
    env, found = states
    phases = {name: (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] for name in found.values()}
    assert set(phases.values()) == {"pending", "active", "grace", "paused", "ended"}
    for phase in ("pending", "active", "grace", "paused", "ended"):
        listed = {one["id"] for one in (await env.staff.get("/v1/subscriptions", phase=phase))["items"]}
        assert listed == {name for name, its in phases.items() if its == phase}, phase
    answer = await env.staff.send("GET", "/v1/subscriptions", phase="nonsense")
    assert answer.json()["field"] == "phase"


async def test_lists_are_made_from_facts_alone_in_every_state(states: tuple[ServerEnv, dict[str, str]]) -> None:
    """Projections dropped and rebuilt are what they were, row by row."""
    env, found = states

    def rows(conn: Connection) -> list[Any]:
        return sorted(map(tuple, conn.execute(sa.select(standings))))

    def rebuilt(conn: Connection) -> tuple[list[Any], list[Any]]:
        before = rows(conn)
        integrity.drop_projections(conn)
        for name in found.values():
            subscription_service.rebuild_projections(conn, env.provider, name, env.clock())
        return before, rows(conn)

    before, after = await env.context.db.dry_run(rebuilt)
    assert len(before) == len(found)
    assert after == before


async def test_b06_each_cause_of_grace_has_its_own_remedy(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"cancel_grace_days": 5}})
        unpaid, _ = await env.order()
        stopped, _ = await env.order()
        await env.staff.post(f"/v1/subscriptions/{stopped}/cancel")
        env.clock.now = START + 366 * DAY
        stories = [await env.staff.get(f"/v1/subscriptions/{name}/explain") for name in (unpaid, stopped)]
        assert [one["phase"] for one in stories] == ["grace", "grace"]
        assert [one["why"] for one in stories] == ["payment_ended", "canceled"]
        remedies = [{(each["who"], each["how"]) for each in one["remedies"]} for one in stories]
        assert remedies[0] and remedies[1] and not remedies[0] & remedies[1]
        assert stories[0]["until"] == "2027-01-15T00:00:00Z"
        assert stories[1]["until"] == "2027-01-06T00:00:00Z"
