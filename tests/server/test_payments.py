"""Paying: asked by a customer, booked by the provider or reported by its gateway, once whoever repeats it."""

import asyncio
import hashlib
import hmac
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tenure.core.timeline import DAY
from tenure.store import emails
from tenure.store.engine import Connection
from tests.server.server_env import START, Caller, ServerEnv, office

pytestmark = pytest.mark.anyio
SETTINGS = {"instructions": "IBAN DE00 1234, quote the reference.", "request_days": 10}


async def poor(env: ServerEnv, money: int = 0, **more: Any) -> str:
    """Another customer with little money; its path."""
    env.customer = (await env.staff.post("/v1/customers", {"name": "Brook", **more}))["id"]
    path = f"/v1/customers/{env.customer}"
    if money:
        await env.staff.post(f"{path}/top-ups", {"amount": money, "reference": "first"})
    return path


async def fresh_secret(env: ServerEnv) -> str:
    """The gateway's new secret."""
    secret: str = (await env.staff.send("POST", "/v1/payment-settings/rotate-secret")).json()["secret"]
    return secret


async def notice(env: ServerEnv, secret: str, **changed: Any) -> dict[str, Any]:
    """What a gateway would send, signed over its lines."""
    body: dict[str, Any] = {
        "provider": env.provider,
        "request": "P-00000000",
        "amount": 500,
        "currency": "EUR",
        "reference": "gw 1",
        "sent_at": env.clock(),
        **changed,
    }
    names = ("provider", "request", "amount", "currency", "reference", "sent_at")
    signed = "\n".join(["tenure-payment-1", *(str(body[name]) for name in names)])
    return body | {"signature": hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()}


async def notify(env: ServerEnv, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and answer; a stranger sends it."""
    answer = await Caller(env.http, "").send("POST", "/v1/payment-notifications", body)
    return answer.status_code, answer.json()


async def test_m08_a_customer_asks_the_provider_books_and_the_money_pays_what_waits(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        assert (await env.staff.send("PUT", "/v1/payment-settings", SETTINGS)).status_code == 200
        account = await poor(env, 12_000, email="ana@brook.example")
        name, _ = await env.order("monthly")
        env.clock.now = START + 32 * DAY
        await env.sweep()
        mine = await env.token()
        asked = await mine.post(f"{account}/payment-requests", {"subscription": name, "note": "February"})
        assert (asked["amount"], asked["state"], asked["currency"]) == (12_000, "asked", "EUR")
        assert asked["instructions"] == SETTINGS["instructions"]
        assert asked["expires"] == "2026-02-12T00:00:00Z"

        where = f"/v1/payment-requests/{asked['id']}"
        assert (await mine.send("POST", f"{where}/book", {"reference": "x"})).status_code == 403
        shown = await env.staff.post(f"{where}/book", {"reference": "bank 9"}, dry_run="true")
        assert shown["payment_request"]["state"] == "booked"
        assert (await mine.get(where))["state"] == "asked", "that was a rehearsal"
        done = await env.staff.post(f"{where}/book", {"reference": "bank 9"})
        assert done["outcome"]["facts"] == ["Renewed"]
        assert (await mine.get(where))["booked_as"] == "bank 9"
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "active"

        again = await env.staff.post(f"{where}/book", {"reference": "bank 9"})
        assert again["outcome"]["postings"] == []
        assert await env.staff.refused(f"{where}/book", {"reference": "bank 10"}) == "payment_request_closed"
        kinds = [one["kind"] for one in (await env.staff.get("/v1/events", limit=200))["items"]]
        assert kinds.count("payment.requested") == kinds.count("payment.booked") == 1
        told = await env.context.db.read(emails.page, env.provider)
        (email,) = [each for each in told if each.template == "payment_requested"]
        values = email.template_values(env.context.safe)
        assert values is not None
        assert (values["amount"], values["reference"]) == ("120.00 EUR", asked["reference"])


async def test_what_a_request_can_be(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await poor(env, 50_000)
        name, _ = await env.order("monthly")
        asking = f"{account}/payment-requests"
        assert await env.staff.refused(asking, {}) == "field_invalid"
        assert await env.staff.refused(asking, {"subscription": name}) == "nothing_to_change", "the balance covers it"
        one = await env.staff.post(asking, {"amount": 700})
        two = await env.staff.post(asking, {"amount": 700})
        assert one["reference"] != two["reference"]
        where = f"/v1/payment-requests/{one['id']}/withdraw"
        assert (await env.staff.send("POST", where)).json()["state"] == "withdrawn"
        assert (await env.staff.send("POST", where)).json()["code"] == "payment_request_closed"
        booking = {"reference": "b"}
        assert await env.staff.refused(f"/v1/payment-requests/{one['id']}/book", booking) == "payment_request_closed"
        env.clock.now += 31 * DAY
        states = {each["id"]: each["state"] for each in (await env.staff.get("/v1/payment-requests"))["items"]}
        assert states == {one["id"]: "withdrawn", two["id"]: "expired"}
        listed = (await env.staff.get("/v1/payment-requests", state="expired"))["items"]
        assert [each["id"] for each in listed] == [two["id"]]
        late = await env.staff.post(f"/v1/payment-requests/{two['id']}/book", {"reference": "late", "amount": 650})
        assert late["payment_request"]["paid"] == 650, "money that came is money"
        other = await env.staff.post(asking, {"amount": 650})
        reused = {"reference": "late", "amount": 650}
        assert await env.staff.refused(f"/v1/payment-requests/{other['id']}/book", reused) == "duplicate_reference"
        await env.staff.send("PUT", "/v1/policy", {"customer_actions": ["order"]})
        mine = await env.token()
        assert await mine.refused(asking, {"amount": 1}) == "action_not_permitted"


async def test_a_gateway_reports_a_payment_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await poor(env)
        secret = await fresh_secret(env)
        asked = await env.staff.post(f"{account}/payment-requests", {"amount": 500})
        body = await notice(env, secret, request=asked["reference"])
        told = await asyncio.gather(*(notify(env, body) for _ in range(8)))
        assert {status for status, _ in told} == {200}
        assert sum(answer["booked"] for _, answer in told) == 1
        assert (await env.staff.get(f"{account}/account"))["balance"] == 500
        assert (await env.staff.get(f"/v1/payment-requests/{asked['id']}"))["state"] == "booked"

        twice = await notice(env, secret, request=asked["reference"], reference="gw 2")
        for booked in (True, False):
            assert (await notify(env, twice))[1] == {"reference": "gw 2", "booked": booked, "state": "booked"}
        assert (await env.staff.get(f"{account}/account"))["balance"] == 1_000, "paid twice is credited twice"
        changed = await notice(env, secret, request=asked["reference"], amount=600)
        assert (await notify(env, changed))[1]["code"] == "duplicate_reference"
        unknown = await notice(env, secret, reference="gw 3")
        assert (await notify(env, unknown))[0] == 404
        foreign = await notice(env, secret, request=asked["reference"], reference="gw 4", currency="USD")
        assert (await notify(env, foreign))[1]["field"] == "currency"
        told_at = next(one["by"] for one in (await env.staff.get(f"{account}/statement"))["items"])
        assert told_at == "gateway"


async def test_the_secret_before_holds_for_a_day_after_it_was_rotated(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await poor(env)
        asked = await env.staff.post(f"{account}/payment-requests", {"amount": 500})
        old = await fresh_secret(env)
        rotated = (await env.staff.send("POST", "/v1/payment-settings/rotate-secret")).json()
        assert rotated["old_until"] == "2026-01-02T00:00:00Z"
        env.clock.now += DAY - 1
        late = await notice(env, old, request=asked["reference"])
        assert (await notify(env, late))[0] == 200
        env.clock.now += 1
        for secret, status in ((old, 401), (rotated["secret"], 200)):
            body = await notice(env, secret, request=asked["reference"])
            assert (await notify(env, body))[0] == status


async def test_a_secret_that_leaked_is_ended_at_once(tmp_path: Path) -> None:
    """Also the one before it, which was still good for a day."""
    async with office(tmp_path) as env:
        account = await poor(env)
        asked = await env.staff.post(f"{account}/payment-requests", {"amount": 500})
        older = await fresh_secret(env)
        old = await fresh_secret(env)
        rotated = (await env.staff.send("POST", "/v1/payment-settings/rotate-secret", at_once="true")).json()
        assert rotated["old_until"] is None
        for secret, status in ((older, 401), (old, 401), (rotated["secret"], 200)):
            body = await notice(env, secret, request=asked["reference"])
            assert (await notify(env, body))[0] == status
        (told,) = (await env.staff.get("/v1/audit", limit=1))["items"]
        assert (told["what"], told["detail"]) == ("gateway_secret_rotated", "at once")


async def test_nothing_that_is_not_signed_now_by_this_gateway_moves_money(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await poor(env)
        asked = await env.staff.post(f"{account}/payment-requests", {"amount": 500})
        unset = await notice(env, "none", request=asked["reference"])
        assert (await notify(env, unset))[1]["code"] == "signature_invalid", "no secret is no secret to guess"
        old = await fresh_secret(env)
        await fresh_secret(env)
        secret = await fresh_secret(env)  # rotated twice: what leaked holds no more
        good = await notice(env, secret, request=asked["reference"])
        before = await env.snapshot()
        wrong = [
            await notice(env, old, request=asked["reference"]),
            good | {"amount": 501},
            good | {"reference": "gw 9"},
            good | {"provider": "prv_" + "7" * 26},
            good | {"signature": "0" * 64},
            await notice(env, secret, request=asked["reference"], sent_at=env.clock() - 301),
            await notice(env, secret, request=asked["reference"], sent_at=env.clock() + 301),
        ]
        for body in wrong:
            status, answer = await notify(env, body)
            assert (status, answer["code"]) == (401, "signature_invalid")
        assert await env.snapshot() == before
        assert (await notify(env, good))[0] == 200
        text = msgspec.json.encode(await env.staff.get("/v1/payment-settings")).decode()
        assert secret not in text and "gateway_since" in text

        def stored(conn: Connection) -> bytes:
            found: bytes = conn.exec_driver_sql("select secret from gateways").scalar_one()
            return found

        assert secret.encode() not in await env.context.db.read(stored)


async def test_play_money_pays_in_a_sandbox_only(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        account = await poor(env)
        mine = await env.token()
        asked = await mine.post(f"{account}/payment-requests", {"amount": 900})
        for moved in (1, 0):
            paid = await mine.post("/v1/sandbox/pay", {"payment_request": asked["id"]})
            assert len(paid["outcome"]["postings"]) == moved
        assert (await mine.get(f"{account}/account"))["balance"] == 900
    real = tmp_path / "real"
    real.mkdir()
    async with office(real) as env:
        asked = await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 900})
        assert await env.staff.refused("/v1/sandbox/pay", {"payment_request": asked["id"]}) == "sandbox_only"


async def test_while_balances_drift_no_payment_is_booked_and_afterwards_the_gateway_gets_through(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        secret = await fresh_secret(env)
        asked = await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 500})
        body = await notice(env, secret, request=asked["reference"])
        env.context.stopped_money.append(env.customer)
        status, answer = await notify(env, body)
        assert (status, answer["code"]) == (503, "ledger_drift")
        booking = {"reference": "b"}
        assert await env.staff.refused(f"/v1/payment-requests/{asked['id']}/book", booking) == "ledger_drift"
        env.context.stopped_money.clear()
        assert (await notify(env, body))[0] == 200


async def test_a_statement_is_exported_whole_and_harmless(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await poor(env, 100_000)
        await env.staff.post(f"{account}/top-ups", {"amount": 5, "reference": "=HYPERLINK(1)", "note": "@sum"})
        await env.order("monthly")
        answer = await env.staff.send("GET", f"{account}/statement.csv")
        lines = answer.content.decode("utf-8-sig").split("\r\n")
        assert lines[0].startswith('"no","kind","at"') and len(lines) == 5
        assert '"\'=HYPERLINK(1)"' in lines[2] and '"\'@sum"' in lines[2]
        assert '"\'-12000"' in lines[3] and '"88005"' in lines[3]
        # As people write it, too, beside what programs read.
        assert lines[0].endswith('"amount_major","balance_major","reserve_major"')
        assert '"\'-120.00","880.05"' in lines[3]
