"""A year of mails to a customer: each once, none late, none about what is no longer so, never an activation code."""

from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.server.messages.catalog import CATALOG
from tenure.server.messages.email_worker import email_worker
from tenure.server.messages.workers import OutgoingMessages
from tenure.store import emails
from tests.server.server_env import START, ServerEnv, office
from tools import event_table

pytestmark = pytest.mark.anyio

EMAIL = "it@acme.example"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "messages.md"


async def customer(env: ServerEnv, email: str = EMAIL, money: int = 1_000_000) -> None:
    """From now on a customer with an address orders."""
    env.customer = (await env.staff.post("/v1/customers", {"name": "ACME Clinics", "email": email}))["id"]
    if money:
        body = {"amount": money, "reference": f"for {env.customer}"}
        await env.staff.post(f"/v1/customers/{env.customer}/top-ups", body)


async def look(env: ServerEnv) -> None:
    """One look of everything that runs in the background; without a mail server emails stay."""
    await env.sweep()
    while await email_worker(env.context, lambda: 0.0).once():
        pass


async def written(env: ServerEnv) -> list[tuple[int, str, dict[str, str]]]:
    """(day since the start, template, what it says) of every email to the customer, but for the one about the code."""
    found = await env.context.db.read(emails.page, env.provider, "", 500)
    opened = [
        (each, each.template_values(env.context.safe) or {})
        for each in found
        if each.recipient == EMAIL and each.template != "code_waiting"
    ]
    told = [((each.created - START) // DAY, each.template, values) for each, values in opened]
    return sorted(told, key=lambda each: each[0])


async def live(env: ServerEnv, days: int, *, every: int = 1) -> None:
    """So many days, with a look every so many."""
    for _ in range(0, days, every):
        env.clock.now += every * DAY
        await look(env)


async def test_a_year_of_mails(tmp_path: Path) -> None:
    async with office(tmp_path, portal_url="https://portal.test") as env:
        await customer(env)
        name, code = await env.order()
        await look(env)
        env.clock.now += 300 * DAY
        await live(env, 90)
        told = await written(env)
        assert [(day, template, values.get("days_left")) for day, template, values in told] == [
            (0, "subscription_ordered", None),
            (305, "reminder", "60"), (335, "reminder", "30"), (351, "reminder", "14"), (358, "reminder", "7"),
            (362, "reminder", "3"), (364, "reminder", "1"), (365, "grace_began", None),
            *[(365 + day, "reminder", str(14 - day)) for day in range(1, 14)],
            (379, "ended", None),
        ]  # fmt: skip
        ordered, first = told[0][2], told[1][2]
        assert ordered["link"] == f"https://portal.test/subscriptions/{name}"
        assert ordered["last_group"] == code[-5:]
        assert code not in repr(told), "the code itself is in no mail"
        assert (first["product"], first["customer"], first["end"]) == (
            "Editor", "ACME Clinics", "1 January 2027, 00:00 UTC",
        )  # fmt: skip
        events = (await env.staff.get("/v1/events", limit=200))["items"]
        offsets = [one["data"]["offset"] for one in events if one["kind"] == "subscription.reminder"]
        assert offsets == [60, 30, 14, 7, 3, 1, *range(0, -14, -1)]
        assert {one["kind"] for one in events} <= set(CATALOG)


async def test_nothing_is_said_of_what_was_renewed(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env)
        name, _ = await env.order()
        await look(env)
        env.clock.now += 320 * DAY
        await look(env)
        await env.staff.post(f"/v1/subscriptions/{name}/renew")
        await live(env, 60)
        assert [template for _, template, _ in await written(env)] == ["subscription_ordered"]


async def test_a_mail_that_is_no_longer_true_is_not_written(tmp_path: Path) -> None:
    """The feed tells what happened; who reads it late writes only what still holds."""
    async with office(tmp_path) as env:
        await customer(env)
        name, _ = await env.order()
        await look(env)
        env.clock.now += 358 * DAY
        await env.sweep()
        await env.staff.post(f"/v1/subscriptions/{name}/renew")
        await look(env)
        kinds = [one["kind"] for one in (await env.staff.get("/v1/events", limit=200))["items"]]
        assert "subscription.reminder" in kinds
        assert [template for _, template, _ in await written(env)] == ["subscription_ordered"]


async def test_a_sweep_that_slept_tells_the_latest_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env)
        await env.order()
        await look(env)
        env.clock.now += 361 * DAY
        for _ in range(3):
            await look(env)
        assert [(day, values.get("days_left")) for day, _, values in await written(env)] == [(0, None), (361, "4")]


async def test_one_mail_says_that_the_balance_was_too_low(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env, money=12_000)
        await env.order("monthly")
        await look(env)
        await live(env, 50)
        told = [(day, template) for day, template, _ in await written(env)]
        assert [each for each in told if each[1] != "reminder"] == [
            (0, "subscription_ordered"), (31, "payment_failed"), (45, "ended"),
        ]  # fmt: skip
        assert told.count((31, "payment_failed")) == 1
        failed = next(values for _, template, values in await written(env) if template == "payment_failed")
        assert (failed["price"], failed["missing"]) == ("120.00 EUR", "120.00 EUR")
        assert failed["end"] == "15 February 2026, 00:00 UTC"


async def test_a_customer_without_an_address_gets_nothing_and_nobody_else_does(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env, email="")
        await env.order()
        await look(env)
        assert await env.context.db.read(emails.page, env.provider) == []


async def test_a_policy_can_keep_quiet(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"reminders": []}})
        await customer(env)
        await env.order()
        await look(env)
        env.clock.now += 340 * DAY
        await live(env, 50)
        assert [each for _, each, _ in await written(env)] == ["subscription_ordered", "grace_began", "ended"]


async def test_a_sandbox_writes_by_its_own_clock(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        await customer(env)
        await env.order()
        await env.staff.send("PUT", "/v1/sandbox/clock", {"now": "2026-12-30T00:00:00Z"})
        await look(env)
        told = {(template, values.get("days_left")) for _, template, values in await written(env)}
        assert told == {("subscription_ordered", None), ("reminder", "2")}


async def test_two_processes_write_each_letter_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env)
        for _ in range(5):
            await env.order()
        both = [email_worker(env.context, lambda: 0.0), email_worker(env.context, lambda: 0.0)]
        for _ in range(3):
            for one in both:
                await one.once()
        assert len(await written(env)) == 5


async def test_what_waits_is_counted(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env)
        await env.order()
        outgoing = OutgoingMessages(env.context)
        await outgoing.once()
        await outgoing.count_waiting()
        text = (await env.vendor.send("GET", "/metrics")).text
        assert "tenure_emails_waiting 2.0" in text, "about the order, and about its code"
        assert "tenure_deliveries_waiting 0.0" in text


def test_the_page_lists_every_event() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert event_table.page(text) == text, "docs/messages.md is behind: make docs"
    first, last = min(CATALOG), max(CATALOG)
    behind = text.replace(f"| `{last}` | {CATALOG[last]} |\n", "").replace(CATALOG[first], "Another meaning.")
    assert behind != text
    assert event_table.page(behind) == text
