"""Money as the API books it: statement, runway, late sweeps, drift; and the year of two subscriptions, told twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tenure.core.timeline import DAY
from tenure.server.sweep import BackgroundSweep
from tenure.store.engine import Connection
from tenure.wire.messages import ActivateAnswer
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio


async def customer_with(env: ServerEnv, amount: int, name: str = "Brook") -> str:
    """Another customer, from now on the one who orders; his account's path."""
    env.customer = (await env.staff.post("/v1/customers", {"name": name}))["id"]
    path = f"/v1/customers/{env.customer}"
    if amount:
        await env.staff.post(f"{path}/top-ups", {"amount": amount, "reference": f"first of {name}"})
    return path


async def statement(env: ServerEnv, account: str) -> list[tuple[str, int, int, int]]:
    """(kind, amount, balance after, reserve after) of every line."""
    lines = (await env.staff.get(f"{account}/statement", limit=200))["items"]
    return [(one["posting"]["kind"], one["posting"]["amount"], one["balance"], one["reserve"]) for one in lines]


# -- accounts --


async def test_a_top_up_is_booked_once_by_the_providers_reference(tmp_path: Path) -> None:
    """Whatever the key: the same reference and figures again are the same payment, other figures are refused."""
    async with office(tmp_path) as env:
        account = await customer_with(env, 0)
        body = {"amount": 5_000, "reference": "bank 7", "note": "cash"}
        for _ in range(3):
            await env.staff.post(f"{account}/top-ups", body)
        answers = await asyncio.gather(*(env.staff.send("POST", f"{account}/top-ups", body) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {201}
        assert await statement(env, account) == [("top_up", 5_000, 5_000, 0)]
        assert await env.staff.refused(f"{account}/top-ups", body | {"amount": 5_001}) == "duplicate_reference"
        other = await customer_with(env, 0, "Cole")
        assert await env.staff.refused(f"{other}/top-ups", body) == "duplicate_reference", "one reference, one payment"
        shown = await env.staff.post(f"{account}/top-ups", {"amount": 9, "reference": "bank 8"}, dry_run="true")
        assert shown["account"]["balance"] == 5_009
        assert len(await statement(env, account)) == 1


async def test_every_movement_stands_in_the_statement_with_the_balance_after_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        account = await customer_with(env, 100_000)
        name, _ = await env.order("monthly")
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        env.clock.now = START + 62 * DAY
        lines = await statement(env, account)
        assert lines == [
            ("top_up", 100_000, 100_000, 0),
            ("charge", -12_000, 88_000, 0),
            ("charge", -12_000, 76_000, 0),
            ("reserve", -24_000, 52_000, 24_000),
            ("capture", 0, 52_000, 0),
            ("reserve", -24_000, 28_000, 24_000),
            ("capture", 0, 28_000, 0),
        ]
        dates = [one["posting"]["at"][:10] for one in (await env.staff.get(f"{account}/statement"))["items"]]
        assert dates[3:] == ["2026-01-22", "2026-02-01", "2026-02-19", "2026-03-01"], "as of its own instant, read late"
        shown = await env.staff.get(f"{account}/account")
        assert (shown["balance"], shown["reserve"], shown["available"]) == (28_000, 0, 28_000)
        assert shown["next_due"] == "2026-03-22T00:00:00Z"

        pages, cursor = [], ""
        while True:
            page = await env.staff.get(f"{account}/statement", limit=2, **({"cursor": cursor} if cursor else {}))
            pages += [(one["posting"]["kind"], one["balance"], one["reserve"]) for one in page["items"]]
            if not (cursor := page["next"] or ""):
                break
        assert pages == [(kind, left, kept) for kind, _, left, kept in lines], "each page begins where the last ended"


async def test_b14_the_runway_says_when_money_runs_out_and_what_goes_unpaid(tmp_path: Path) -> None:
    """Exactly what then happens: it is forecast by the very function that books."""
    async with office(tmp_path) as env:
        account = await customer_with(env, 50_000)
        small, _ = await env.order("monthly", devices=5)
        large, _ = await env.order("monthly", devices=20)
        before = await env.snapshot()
        told = await env.staff.get(f"{account}/runway")
        assert await env.snapshot() == before
        assert told["until"] == "2026-02-01T00:00:00Z"
        assert {one["subscription"] for one in told["unpaid"]} >= {large}
        assert told["missing"] > 0
        env.clock.now = START + 31 * DAY
        assert (await env.staff.get(f"/v1/subscriptions/{large}"))["phase"] in {"grace", "active"}
        unpaid = [one for one in told["unpaid"] if one["due"] == told["until"]]
        for one in unpaid:
            assert "PaymentFailed" in await env.facts(one["subscription"])
        assert (await env.staff.get(f"/v1/subscriptions/{small}"))["phase"] == "active"
        await env.staff.post(f"{account}/top-ups", {"amount": 10_000_000, "reference": "plenty"})
        told = await env.staff.get(f"{account}/runway")
        assert (told["until"], told["missing"], told["unpaid"], told["stopped"]) == (None, 0, [], [])
        assert told["next"]["due"] == "2026-03-01T00:00:00Z"


async def test_money_goes_back_when_the_last_promise_is_over(tmp_path: Path) -> None:
    """Canceled at once, refunded by the policy: not before the site has heard of it."""
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"refund": "unused_days"}})
        account = await customer_with(env, 12_000)
        name, code = await env.order()
        site = env.site()
        await site.activate(code)
        await site.sync()
        env.clock.now = START + 100 * DAY
        await site.sync()
        await env.staff.post(f"/v1/subscriptions/{name}/cancel", {"at_once": True})
        assert (await env.staff.get(f"{account}/account"))["balance"] == 0
        env.clock.now += DAY
        await site.sync()  # it hears of it
        assert (await env.staff.get(f"{account}/account"))["balance"] == 0
        env.clock.now += DAY
        await site.sync()  # it shows that it goes by the new lease
        # Nobody is promised anything from the day on which the lease it now goes by was signed.
        assert (await env.staff.get(f"{account}/account"))["balance"] == 12_000 * 264 // 365
        assert (await env.facts(name))[-1] == "Refunded"


# -- the sweep --


async def booked(env: ServerEnv, names: list[str]) -> list[Any]:
    """What was booked and when it took effect, whenever it was recorded."""
    lines = (await env.staff.get(f"/v1/customers/{env.customer}/statement", limit=200))["items"]
    found: list[Any] = [(one["posting"]["kind"], one["posting"]["at"], one["balance"], one["reserve"]) for one in lines]
    for name in names:
        links = (await env.staff.get(f"/v1/subscriptions/{name}/history", limit=200))["items"]
        found.append([(one["kind"], one["at"]) for one in links])
    return found


async def a_year(env: ServerEnv, pace: int) -> list[Any]:
    """Three subscriptions that want money which runs dry and comes back, with a sweep that looks so often."""
    account, names = await customer_with(env, 50_000), []
    for offer, devices in (("monthly", 10), ("monthly", 5), ("standard", 1)):
        env.clock.now += 3_600
        names.append((await env.order(offer, devices=devices))[0])
    await env.staff.post(f"/v1/subscriptions/{names[-1]}/set-renewal-intent", {"intent": "auto"})
    for day, money in ((100, 20_000), (200, 0), (210, 30_000), (400, 0)):
        while env.clock.now < START + day * DAY:
            env.clock.now = min(env.clock.now + pace, START + day * DAY)
            await env.sweep()
        if money:
            await env.staff.post(f"{account}/top-ups", {"amount": money, "reference": f"day {day}"})
    return await booked(env, names)


async def test_a_sweep_that_slept_books_what_one_awake_would_have_booked(tmp_path: Path) -> None:
    told = []
    for number, pace in enumerate((DAY, 7 * DAY, 90 * DAY)):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with office(folder) as env:
            told.append(await a_year(env, pace))
    assert told[0] == told[1] == told[2]
    kinds = {fact for history in told[0] if isinstance(history, list) for fact, _ in history}
    assert kinds >= {"RenewalReserved", "Renewed", "PaymentFailed"}


async def test_m06_three_sweeps_at_once_renew_exactly_once_at_every_due_instant(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer_with(env, 1_000_000)
        name, _ = await env.order("monthly")
        for month in range(13):
            env.clock.now = START + 31 * DAY * (month + 1)
            await asyncio.gather(*(BackgroundSweep(env.context).once() for _ in range(3)))
        periods = (await env.staff.get(f"/v1/subscriptions/{name}"))["periods"]
        assert [one["since"] for one in periods[1:]] == [one["until"] for one in periods[:-1]], "no gap, no overlap"
        kinds = await env.facts(name)
        assert kinds.count("Renewed") == len([one for one in periods if not one["reserved"]]) - 1 == 13
        lines = await statement(env, f"/v1/customers/{env.customer}")
        assert [kind for kind, *_ in lines].count("capture") == 13


async def test_what_failed_to_be_paid_is_announced_with_the_grace_that_began(tmp_path: Path) -> None:
    """The sweep that books the failure also tells of the phase it led to, once, as of the true instant."""
    async with office(tmp_path) as env:
        await customer_with(env, 12_000)
        name, _ = await env.order("monthly")
        env.clock.now = START + 31 * DAY + 5
        for _ in range(3):
            await env.sweep()
        notes = (await env.staff.get("/v1/events", limit=200))["items"]
        told = [(one["kind"], one["since"]) for one in notes if one["subscription"] == name]
        assert ("subscription.payment_failed", "2026-02-01T00:00:00Z") in told
        assert told.count(("subscription.now_grace", "2026-02-01T00:00:00Z")) == 1
        env.clock.now = START + 45 * DAY + 5
        for _ in range(3):
            await env.sweep()
        notes = (await env.staff.get("/v1/events", limit=200))["items"]
        told = [(one["kind"], one["since"]) for one in notes if one["subscription"] == name]
        assert told.count(("subscription.now_ended", "2026-02-15T00:00:00Z")) == 1
        assert [note["seq"] for note in notes] == list(range(1, len(notes) + 1))


async def test_nothing_is_announced_of_an_account_whose_turn_to_be_settled_has_not_come(tmp_path: Path) -> None:
    """More accounts are due than one look settles: what was paid for by itself is not told as a grace period."""
    async with office(tmp_path) as env:
        for name in ("Cole", "Dean", "Elm"):
            await customer_with(env, 100_000, name)
            await env.order("monthly", renewal_intent="auto")
        env.clock.now = START + 31 * DAY + 5
        sweep = BackgroundSweep(env.context, at_once=1)
        while await sweep.once():
            pass
        told = [one["kind"] for one in (await env.staff.get("/v1/events", limit=200))["items"]]
        assert told.count("subscription.renewed") == 3
        assert "subscription.now_grace" not in told


async def test_a_change_before_the_sweep_looked_does_not_swallow_the_announcement(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        env.clock.now = START + 365 * DAY + 3
        await env.staff.post(f"/v1/subscriptions/{name}/extend-grace", {"days": 2})
        await env.sweep()
        notes = (await env.staff.get("/v1/events", limit=200))["items"]
        assert ("subscription.now_grace", "2027-01-01T00:00:00Z") in [(one["kind"], one["since"]) for one in notes]


# -- drift --


async def test_drift_stops_money_until_it_is_mended(tmp_path: Path) -> None:
    """Balances that are not their postings: nothing moves money, all else goes on, and the operator sees it."""
    async with office(tmp_path) as env:
        name, code = await env.order()
        due, late = await env.order("monthly")
        path, account = f"/v1/subscriptions/{name}", f"/v1/customers/{env.customer}"
        site = env.site()
        await site.activate(code)

        def tamper(by: int) -> Any:
            def work(conn: Connection) -> None:
                conn.execute(sa.text("update accounts set balance = balance + :by"), {"by": by})

            return work

        await env.context.db.write(tamper(1))
        assert await metric(env) == 0, "not yet noticed"
        sweep = BackgroundSweep(env.context)
        await sweep.housekeeping()
        assert await metric(env) == 1

        env.clock.now = START + 25 * DAY  # a reserve became due
        before = await env.snapshot()
        order = {"customer": env.customer, "offer": env.offers["standard"], "devices": 1}
        for address, body in (
            ("/v1/subscriptions", order), (f"{path}/cancel", {}),
            (f"{account}/top-ups", {"amount": 1, "reference": "x"}),
        ):  # fmt: skip
            answer = await env.staff.send("POST", address, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "ledger_drift")
            assert int(answer.headers["retry-after"]) > 0
        await sweep.once()
        for address in (path, f"/v1/subscriptions/{due}", f"{account}/account", f"{account}/statement"):
            assert (await env.staff.send("GET", address)).status_code == 200, address
        assert await env.snapshot() == before, "neither asked nor by itself"
        assert await env.site().activate(late) == "ledger_drift", "it would have to book what is due first"
        told = await site.sync()
        assert not isinstance(told, str)
        assert told.refusal is None, "a site is not made to pay for it"
        assert (await env.snapshot())["postings"] == before["postings"]

        await env.context.db.write(tamper(-1))
        env.clock.now += 3_600
        await sweep.housekeeping()
        assert await metric(env) == 0
        await sweep.once()
        assert "RenewalReserved" in await env.facts(due)
        told_late = await env.site().activate(late)
        assert isinstance(told_late, ActivateAnswer) and told_late.result == "granted"
        await env.staff.post("/v1/subscriptions", order)


async def metric(env: ServerEnv) -> float:
    text = (await env.vendor.send("GET", "/metrics")).text
    line = next(each for each in text.splitlines() if each.startswith("tenure_ledger_drift "))
    return float(line.rpartition(" ")[2])
