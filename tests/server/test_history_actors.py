"""A history names who did something: the desk its users and tokens, a customer its own, and what came by itself."""

from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio


async def names(env: ServerEnv, caller: object, name: str) -> dict[str, str]:
    found = await caller.get(f"/v1/subscriptions/{name}/history", limit=200)  # type: ignore[attr-defined]
    return {each["kind"]: each["by_name"] for each in found["items"]}


async def test_b12_a_history_names_who_did_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order("monthly", renewal_intent="auto")
        site = env.site()
        await site.activate(code, name="Registry of Brook")
        customer = await env.token("customer", of=env.customer)
        await customer.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 12})
        env.clock.now = START + 40 * DAY
        staff, own = await names(env, env.staff, name), await names(env, customer, name)
        assert staff["Ordered"].startswith("API token ")
        assert own["Ordered"] == "the provider"
        assert staff["TermsChanged"].startswith("API token ")
        assert own["TermsChanged"].startswith("API token ")
        for seen in (staff, own):
            assert seen["SiteActivated"] == "Registry of Brook"
            assert seen["Renewed"] == "by itself"


async def test_b12_a_history_says_what_changed_and_names_no_other_customer(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        await env.site().activate(code, name="Registry of Brook")
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        heirs = [(await env.staff.post("/v1/customers", {"name": each}))["id"] for each in ("Bellows", "Chisel")]
        for heir in heirs:
            await env.staff.post(f"/v1/subscriptions/{name}/transfer", {"customer": heir})
        own = await env.token("customer", of=heirs[-1])

        async def details(caller: object) -> dict[str, list[str]]:
            found = await caller.get(f"/v1/subscriptions/{name}/history", limit=200)  # type: ignore[attr-defined]
            told: dict[str, list[str]] = {}
            for each in found["items"]:
                told.setdefault(each["kind"], []).append(each["detail"])
            return told

        staff, theirs = await details(env.staff), await details(own)
        assert staff["SiteActivated"][0].startswith("Registry of Brook, version ")
        assert staff["TermsChanged"][0].startswith("20 devices; ")
        assert staff["TermsChanged"][0].endswith(" EUR paid on top.")
        assert staff["Transferred"] == ["To Bellows.", "To Chisel."]
        assert theirs["Transferred"] == ["To another customer.", "To Chisel."]
