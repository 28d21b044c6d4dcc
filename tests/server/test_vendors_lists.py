"""What the vendor keeps: names that change while ids stay, versions with their dates, keys and their next steps."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.server_env import ServerEnv, office

pytestmark = pytest.mark.anyio


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[ServerEnv]:
    async with office(tmp_path) as there:
        yield there


async def test_a_product_gets_another_name_and_keeps_its_id(env: ServerEnv) -> None:
    seen = await env.vendor.send("GET", "/v1/products/editor")
    changed = await env.vendor.send("PUT", "/v1/products/editor", {"name": "Editor 2"})
    assert changed.json()["id"] == "editor"
    assert changed.headers["etag"] != seen.headers["etag"]
    assert (await env.staff.get("/v1/products/editor"))["name"] == "Editor 2"
    rehearsed = await env.vendor.send("PUT", "/v1/products/editor", {"name": "Editor 3"}, dry_run="true")
    assert rehearsed.json()["name"] == "Editor 3"
    assert (await env.vendor.get("/v1/products/editor"))["name"] == "Editor 2"
    assert (await env.staff.send("PUT", "/v1/products/editor", {"name": "Mine"})).status_code == 403


async def test_a_provider_is_renamed_by_the_vendor_alone_and_no_name_is_taken_twice(env: ServerEnv) -> None:
    south = await env.vendor.post("/v1/providers", {"name": "South", "currency": "EUR"})
    where = f"/v1/providers/{south['id']}"
    taken = await env.vendor.send("PUT", where, {"name": (await env.staff.get("/v1/me"))["provider"]["name"]})
    assert (taken.status_code, taken.json()["code"], taken.json()["field"]) == (409, "already_exists", "name")
    assert (await env.vendor.send("PUT", where, {"name": "South Ltd"})).json()["name"] == "South Ltd"
    assert (await env.vendor.get("/v1/audit", provider=south["id"]))["items"][0]["what"] == "provider_changed"
    assert (await env.staff.send("GET", where)).status_code == 404, "another provider does not exist for this one"
    mine = f"/v1/providers/{env.provider}"
    assert (await env.staff.get(mine))["currency"] == "EUR"
    assert (await env.staff.send("PUT", mine, {"name": "Mine"})).status_code == 403


async def test_a_plan_tells_since_when_which_version_is_the_lowest(env: ServerEnv) -> None:
    plan = await env.vendor.get("/v1/plans/standard")
    body = {name: plan[name] for name in ("name", "features", "base_features", "max_devices")}
    env.clock.now += 100
    await env.vendor.send("PUT", "/v1/plans/standard", body | {"min_version": "12.0"})
    env.clock.now += 100
    await env.vendor.send("PUT", "/v1/plans/standard", body | {"min_version": None})
    floors = (await env.vendor.get("/v1/plans/standard"))["floors"]
    assert [each["version"] for each in floors][-2:] == ["12.0", ""]
    assert floors[-2]["since"] < floors[-1]["since"]


async def test_keys_are_shown_to_the_vendor_with_the_command_of_the_next_step(env: ServerEnv) -> None:
    found = await env.vendor.get("/v1/keys")
    assert {key["state"] for key in found["keys"]} == {"signing"}
    assert {key["purpose"] for key in found["keys"] if key["sandbox"]} == {"sandbox"}
    assert not any(step["is_due"] for step in found["due"])
    assert "seed" not in str(found)
    env.clock.now += 330 * 86_400
    extend = next(step for step in (await env.vendor.get("/v1/keys"))["due"] if step["step"] == "extend")
    assert extend["is_due"]
    assert extend["command"].startswith("tenure keys extend")
    assert (await env.staff.send("GET", "/v1/keys")).status_code == 403
