"""A batch: every item as if it had come alone, in order, once however often repeated; failures stop nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.server_env import Caller, ServerEnv, office

pytestmark = pytest.mark.anyio


def command(method: str, path: str, body: Any = None, key: str = "") -> dict[str, Any]:
    return {"method": method, "path": path, "body": body, "key": key}


async def batch(who: Caller, *commands: dict[str, Any], key: str | None = None, **query: str) -> Any:
    answer = await who.send("POST", "/v1/batch", {"commands": list(commands)}, key=key, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def order(env: ServerEnv, devices: int) -> dict[str, Any]:
    body = {"customer": env.customer, "offer": env.offers["standard"], "devices": devices}
    return command("POST", "/v1/subscriptions", body)


async def test_mixed_commands_have_a_result_each_and_what_failed_stops_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        told = await batch(
            env.staff,
            command("POST", "/v1/customers", {"name": "Dora"}),
            order(env, 800),
            order(env, 800),
            command("POST", f"/v1/subscriptions/{name}/cancel", {}),
            command("POST", f"/v1/subscriptions/{name}/cancel", {}),
            command("PUT", "/v1/policy", {"rules": {"grace_days": 91}}),
            command("DELETE", f"/v1/offers/{env.offers['next']}"),
            command("POST", "/v1/customers?dryrun=true", {"name": "Eve"}),
        )
        codes = [one["answer"]["code"] if not one["done"] else one["status"] for one in told["items"]]
        assert codes == [
            201, 201, "insufficient_balance", 200, "already_canceled", "policy_out_of_bounds", 204, "field_invalid",
        ]  # fmt: skip
        assert (told["done"], told["refused"]) == (4, 4)
        assert told["items"][1]["answer"]["activation_code"]
        assert [one["number"] for one in told["items"]] == list(range(1, 9))


async def test_a_repeated_batch_repeats_answers_and_tries_again_what_was_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        asked = (order(env, 800), order(env, 800))
        first = await batch(env.staff, *asked, key="monday")
        before = await env.snapshot()
        second = await batch(env.staff, *asked, key="monday")
        assert second["items"][0] == first["items"][0] and second["refused"] == 1
        assert await env.snapshot() == before
        more = {"amount": 10_000_000, "reference": "more"}
        await env.staff.post(f"/v1/customers/{env.customer}/top-ups", more)
        third = await batch(env.staff, *asked, key="monday")
        assert third["items"][0] == first["items"][0] and third["done"] == 2


async def test_a_rehearsed_batch_does_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        before = await env.snapshot()
        told = await batch(env.staff, order(env, 1), command("POST", "/v1/customers", {"name": "D"}), dry_run="true")
        assert told["done"] == 2 and told["items"][0]["answer"]["activation_code"] == ""
        assert await env.snapshot() == before


async def test_nobody_may_in_a_batch_what_he_may_not_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        mine = await env.token()
        foreign = (await env.staff.post("/v1/customers", {"name": "Other"}))["id"]
        lacking = await env.token("provider", scopes=("subscriptions:write",))
        before = await env.snapshot()
        for who, one, code in (
            (mine, command("POST", "/v1/customers", {"name": "x"}), "action_not_permitted"),
            (mine, command("POST", f"/v1/customers/{foreign}/payment-requests", {"amount": 1}), "not_found"),
            (lacking, command("PUT", "/v1/policy", {}), "action_not_permitted"),
            (env.staff, command("POST", "/v1/batch", {"commands": []}), "not_found"),
            (env.staff, command("POST", "/v1/payment-notifications", {}), "not_found"),
            (env.staff, command("POST", "/v1/activate", {}), "not_found"),
            (env.staff, command("POST", "/v1/subscriptions/%2e%2e/renew", {}), "not_found"),
        ):
            told = await batch(who, one)
            assert told["items"][0]["answer"]["code"] == code, one
        assert await env.snapshot() == before
        assert await env.staff.refused("/v1/batch", {"commands": []}) == "field_invalid"
        many = [command("POST", "/v1/customers", {"name": "x"})] * 101
        assert await env.staff.refused("/v1/batch", {"commands": many}) == "field_invalid"


async def test_a_batch_without_the_bad_command_does_nothing_twice(tmp_path: Path) -> None:
    """Commands are named by what they say: after one was left out the others keep their names."""
    async with office(tmp_path) as env:
        order = {"customer": env.customer, "offer": env.offers["standard"], "devices": 1}
        wanted = [
            {"method": "POST", "path": "/v1/subscriptions", "body": order | {"devices": each}} for each in (1, 1, 2)
        ]
        bad = {"method": "POST", "path": "/v1/subscriptions", "body": order | {"offer": "off_" + "7" * 26}}
        first = await env.staff.send("POST", "/v1/batch", {"commands": [wanted[0], bad, *wanted[1:]]}, key="monday")
        again = await env.staff.send("POST", "/v1/batch", {"commands": wanted}, key="monday")
        assert (first.json()["done"], again.json()["done"]) == (3, 3)
        assert len((await env.staff.get("/v1/subscriptions"))["items"]) == 3


@pytest.mark.parametrize("query", ["dry_run=false", "dry%5Frun=false", "dry_run", "note=dry_run=", "provider=dry_run="])
async def test_no_command_of_a_dry_run_is_done_whatever_its_own_path_says(tmp_path: Path, query: str) -> None:
    async with office(tmp_path) as env:
        before = await env.snapshot()
        for path in (f"/v1/customers/{env.customer}/top-ups", "/v1/payment-requests/pay_1/withdraw", "/v1/tokens"):
            body = {"amount": 77, "reference": "bank 2"} if path.endswith("top-ups") else {"name": "x", "role": "desk"}
            told = await batch(env.staff, command("POST", f"{path}?{query}", body), dry_run="true")
            assert told["refused"] == 1, path
        assert await env.snapshot() == before
        path = f"/v1/customers/{env.customer}/top-ups?dry_run=true"
        told = await batch(env.staff, command("POST", path, {"amount": 77, "reference": "bank 2"}), dry_run="true")
        assert told["done"] == 1 and await env.snapshot() == before


async def test_a_dry_run_asked_for_behind_a_number_sign_is_no_real_write(tmp_path: Path) -> None:
    """What stands behind `#` is dropped from an address: the top-up was done, though its path said dry_run=true."""
    async with office(tmp_path) as env:
        before = await env.snapshot()
        path = f"/v1/customers/{env.customer}/top-ups#?dry_run=true"
        sent = {"commands": [command("POST", path, {"amount": 77, "reference": "bank 2"})]}
        assert await env.staff.refused("/v1/batch", sent) == "field_invalid"
        assert await env.snapshot() == before
