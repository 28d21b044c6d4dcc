"""One outside reference, one effect, within a provider: whatever it was used for first and is used for next."""

import asyncio
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.server.server_env import ServerEnv, office

pytestmark = pytest.mark.anyio
DAY = 86_400
OUTSIDE = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 1_200}], "settlement": "external"}
USES = ("order", "renewal", "raise", "top_up", "payment_request", "several")


async def bought(env: ServerEnv) -> str:
    """An order that waits for its payment."""
    if "external" not in env.offers:
        env.offers["external"] = (await env.staff.post("/v1/offers", OUTSIDE))["id"]
    name, _ = await env.order("external")
    return name


async def prepared(env: ServerEnv, use: str) -> tuple[str, dict[str, Any]]:
    """(path, body) of one use of an outside reference, on things of its own; the reference is still to be named."""
    env.customer = (await env.staff.post("/v1/customers", {"name": f"For {use}"}))["id"]
    if use == "top_up":
        return f"/v1/customers/{env.customer}/top-ups", {"amount": 500}
    if use == "payment_request":
        path = f"/v1/customers/{env.customer}/payment-requests"
        return f"/v1/payment-requests/{(await env.staff.post(path, {'amount': 700}))['id']}/book", {}
    name = await bought(env)
    path = f"/v1/subscriptions/{name}/confirm-payment"
    if use == "order":
        return path, {"covers": "order"}
    await env.staff.post(path, {"reference": f"order of {name}", "covers": "order"})
    env.clock.now += 300 * DAY
    if use == "several":
        other = await bought(env)
        lines = [{"subscription": name, "covers": "renewal"}, {"subscription": other, "covers": "order"}]
        return "/v1/confirmed-payments", {"lines": lines}
    return path, {"covers": use, **({"devices": 20} if use == "raise" else {})}


@pytest.mark.parametrize("first", USES)
async def test_a_reference_that_was_used_is_good_for_nothing_else(tmp_path: Path, first: str) -> None:
    """The table of every use after every other: the same again is the same answer, all else duplicate_reference."""
    async with office(tmp_path) as env:
        path, body = await prepared(env, first)
        body |= {"reference": "BANK-1"}
        await env.staff.post(path, body)
        before = await env.snapshot(but=("idempotency",))
        await env.staff.post(path, body)
        assert await env.snapshot(but=("idempotency",)) == before, "the same figures again: nothing happens"
        for use in USES:
            other, more = await prepared(env, use)
            before = await env.snapshot()
            assert await env.staff.refused(other, more | {"reference": "BANK-1"}) == "duplicate_reference", use
            assert await env.snapshot() == before


async def test_other_figures_on_the_same_subscription_are_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name = await bought(env)
        path = f"/v1/subscriptions/{name}/confirm-payment"
        await env.staff.post(path, {"reference": "BANK-1", "covers": "order"})
        env.clock.now += 300 * DAY
        answer = await env.staff.send("POST", path, {"reference": "BANK-1", "covers": "renewal"})
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_reference")
        assert name in answer.json()["detail"] and "the order" in answer.json()["detail"]
        paid_until = (await env.staff.get(f"/v1/subscriptions/{name}"))["paid_until"]
        assert paid_until == "2027-01-01T00:00:00Z"


async def test_one_payment_for_several_subscriptions_takes_effect_whole_or_not_at_all(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        one, two = await bought(env), await bought(env)
        lines = [{"subscription": one, "covers": "order"}, {"subscription": two, "covers": "renewal"}]
        before = await env.snapshot()
        answer = await env.staff.send("POST", "/v1/confirmed-payments", {"reference": "BANK-1", "lines": lines})
        assert answer.json()["code"] == "awaiting_payment", "the second is not even paid for once"
        assert await env.snapshot() == before
        lines[1]["covers"] = "order"
        done = await env.staff.post("/v1/confirmed-payments", {"reference": "BANK-1", "lines": lines})
        assert [line["facts"] for line in done["lines"]] == [["PaymentConfirmed"]] * 2
        again = await env.staff.post("/v1/confirmed-payments", {"reference": "BANK-1", "lines": lines[::-1]})
        assert [line["facts"] for line in again["lines"]] == [[], []], "in another order it is the same payment"


async def test_the_same_reference_at_once_pays_one_thing(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        names = [await bought(env) for _ in range(4)]
        body = {"reference": "BANK-1", "covers": "order"}
        paths = [f"/v1/subscriptions/{name}/confirm-payment" for name, _ in product(names, range(4))]
        answers = await asyncio.gather(*(env.staff.send("POST", path, body) for path in paths))
        done = [answer for answer in answers if answer.status_code == 200]
        assert {answer.json()["code"] for answer in answers if answer.status_code != 200} == {"duplicate_reference"}
        assert sum(bool(answer.json()["facts"]) for answer in done) == 1
        assert len({answer.json()["subscription"]["id"] for answer in done}) == 1


async def test_who_may_not_book_money_confirms_no_payment(tmp_path: Path) -> None:
    """Confirming is as good as money: the scope that orders and cancels is not enough."""
    async with office(tmp_path) as env:
        name = await bought(env)
        clerk = await env.token("provider", scopes=("subscriptions:read", "subscriptions:write"))
        body = {"reference": "BANK-1", "covers": "order"}
        assert await clerk.refused(f"/v1/subscriptions/{name}/confirm-payment", body) == "action_not_permitted"


@pytest.mark.parametrize("pasted", ["BANK 1 ", "\u00a0BANK 1", "BANK  1", "BANK\u2003\u200b1", "BANK 1\ufeff"])
@pytest.mark.parametrize("use", ["top_up", "order", "payment_request"])
async def test_a_reference_pasted_with_blanks_is_the_same_reference(tmp_path: Path, use: str, pasted: str) -> None:
    async with office(tmp_path) as env:
        path, body = await prepared(env, use)
        await env.staff.post(path, body | {"reference": "BANK 1"})
        before = await env.snapshot(but=("idempotency",))
        await env.staff.post(path, body | {"reference": pasted})
        assert await env.snapshot(but=("idempotency",)) == before
        other, more = await prepared(env, "top_up")
        assert await env.staff.refused(other, more | {"amount": 9, "reference": pasted}) == "duplicate_reference"
        assert await env.staff.refused(other, more | {"reference": " \u200b "}) == "field_invalid"


async def test_a_payment_previewed_before_a_day_ended_is_not_confirmed_for_another_amount(tmp_path: Path) -> None:
    """A raise costs the days begun: confirmed after midnight it is another amount than the one that was shown."""
    async with office(tmp_path) as env:
        name = await bought(env)
        path = f"/v1/subscriptions/{name}/confirm-payment"
        await env.staff.post(path, {"reference": "BANK-1", "covers": "order"})
        env.clock.now += DAY - 10
        paid = {"reference": "BANK-2", "covers": "raise", "devices": 20}
        plan = (await env.staff.post(path, paid, dry_run="true"))["outcome_hash"]
        env.clock.now += 20
        assert await env.staff.refused(path, paid | {"outcome_hash": plan}) == "outcome_changed_meanwhile"
        again = (await env.staff.post(path, paid, dry_run="true"))["outcome_hash"]
        await env.staff.post(path, paid | {"outcome_hash": again})
