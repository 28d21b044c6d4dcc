"""What a reminder says is what helps: over every remedy and phase in words, and over whole lives by diary."""

from pathlib import Path

import pytest

from tenure.core.subscription.reminders import ReminderRemedy
from tenure.core.timeline import DAY
from tenure.server.messages.rendering import render_email
from tests.server.server_env import office
from tests.server.test_mail import NORTH
from tests.server.test_reminders import customer, live, look, written

pytestmark = pytest.mark.anyio
SAID = {
    ("confirm", "pending"): ("has not confirmed a payment", "Show the subscription"),
    ("activate", "pending"): ("activation code has not been applied", "Show the subscription"),
    ("undo", "active"): ("undo the cancellation before then", "Undo the cancellation"),
    ("order", "grace"): ("order it again", "Show the subscription"),
    ("top_up", "active"): ("top up 15.00 EUR by 1 January 2027", "Show how to pay"),
    ("top_up", "grace"): ("top up 15.00 EUR by 1 January 2027", "Show how to pay"),
    ("pay_outside", "active"): ("once the provider has confirmed your payment", "Renew"),
    ("pay_outside", "grace"): ("once the provider has confirmed your payment", "Renew"),
    ("renew", "active"): ("Renew it before then and nothing changes", "Renew"),
    ("renew", "grace"): ("Renew it and nothing changes", "Renew"),
}
"""By (remedy, phase): what stands in the mail, and on its button."""


def test_every_remedy_has_its_words() -> None:
    assert {remedy for remedy, _ in SAID} == {each.value for each in ReminderRemedy}


@pytest.mark.parametrize(("remedy", "phase"), SAID)
def test_a_mail_says_what_helps_and_nothing_else(remedy: str, phase: str) -> None:
    values = {"product": "Editor", "phase": phase, "remedy": remedy, "end": "1 January 2027", "days_left": "7"}
    values |= {"missing": "15.00 EUR", "canceled": "1 January 2027", "link": "https://x.test/"}
    words = render_email("reminder", values, NORTH)
    assert words is not None
    said, button = SAID[remedy, phase]
    text = " ".join(words.text.split())
    assert said in text
    assert button in text
    others = {each for each, _ in SAID.values()} - {said}
    assert not [each for each in others if each in text]
    if remedy in {"undo", "top_up", "order"}:
        assert "Renew" not in text.replace("renews", ""), "what the page would refuse is not advised"


async def test_the_mail_about_a_canceled_one_says_how_to_undo_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env)
        name, _ = await env.order()
        await env.staff.post(f"/v1/subscriptions/{name}/cancel", {})
        env.clock.now += 300 * DAY
        await live(env, 60)
        told = [values for _, template, values in await written(env) if template == "reminder"]
        assert len(told) == 4
        assert {(each["remedy"], each["canceled"]) for each in told} == {("undo", "1 January 2027, 00:00 UTC")}


async def test_what_renews_itself_is_told_how_much_to_top_up_together_with_what_else_falls_due(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env, money=24_000)
        for _ in range(2):
            await env.order(renewal_intent="auto")
        body = {"amount": 6_000, "reference": "half"}
        await env.staff.post(f"/v1/customers/{env.customer}/top-ups", body)
        env.clock.now += 350 * DAY
        await live(env, 14)
        told = [values for _, template, values in await written(env) if template == "reminder"]
        assert {each["remedy"] for each in told} == {"top_up"}
        assert {each["missing"] for each in told} == {"60.00 EUR", "180.00 EUR"}


async def test_a_request_for_each_of_two_renewals_pays_both(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await customer(env, money=24_000 + 6_000)
        names = [(await env.order(renewal_intent="auto"))[0] for _ in range(2)]
        path = f"/v1/customers/{env.customer}/payment-requests"
        for name in names:
            answer = await env.staff.send("POST", path, {"subscription": name})
            asked = answer.json()
            if answer.status_code == 409:  # the first one asked for is paid last, so its sum held the other's
                assert (asked["code"], name) == ("nothing_to_change", names[1])
                continue
            await env.staff.post(f"/v1/payment-requests/{asked['id']}/book", {"reference": name})
        env.clock.now += 366 * DAY
        for name in names:
            assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "active"


async def test_mails_about_what_renews_itself_say_when_for_how_much_and_how_far_the_balance_reaches(
    tmp_path: Path,
) -> None:
    """The order tells of the renewals that the balance pays; no reminder tells of an end before they are over."""
    async with office(tmp_path) as env:
        await customer(env, money=3 * 12_000)
        name, _ = await env.order("monthly", renewal_intent="auto")
        await look(env)
        await live(env, 110)
        told = await written(env)
        day, template, ordered = told[0]
        assert (day, template) == (0, "subscription_ordered")
        assert ordered["renewal"] == (
            "It renews by itself on 1 February 2026, 00:00 UTC for 120.00 EUR;"
            " the balance covers it until 1 April 2026, 00:00 UTC."
        )
        words = render_email("subscription_ordered", ordered, NORTH)
        assert words is not None
        assert "the balance covers it until 1 April 2026" in " ".join(words.text.split())
        assert "the balance covers it until 1 April 2026" in words.html
        reminded = [(day, values) for day, template, values in told if template == "reminder"]
        assert min(day for day, _ in reminded) > 59, "up to 1 March everything is paid, or will be"
        first = reminded[0][1]
        assert first["renewal"].startswith("120.00 EUR fall due on 1 April 2026, 00:00 UTC; 120.00 EUR will be")
        words = render_email("reminder", first, NORTH)
        assert words is not None
        assert "120.00 EUR fall due on 1 April 2026" in " ".join(words.text.split())
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] in ("grace", "ended")
