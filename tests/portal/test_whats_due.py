"""The first page of a customer, and the customer's page at the desk: one thing to do now, and its button."""

import re

from tenure.core.timeline import DAY
from tests.portal.stage import Stage
from tests.web.browser import Tab


def _banner(tab: Tab) -> str:
    assert tab.answer is not None
    return tab.answer.text.partition('<div class="banner')[2].partition("</a>")[0]


async def test_before_the_first_order_there_is_one_thing_to_do(at_the_portal: Stage) -> None:
    tab = await at_the_portal.customer()
    assert tab.path == "/"
    assert "Nothing has been ordered yet." in _banner(tab)
    assert 'href="/order"' in _banner(tab)


async def test_a_paid_subscription_asks_for_nothing(
    at_the_portal: Stage,
) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    tab = await at_the_portal.customer()
    assert "No action is needed now." in _banner(tab)
    assert "1 subscription in use." in _banner(tab)
    assert f"/subscriptions/{name}/do/renew" not in tab.page.links


async def test_one_that_ends_soon_has_renew_in_the_banner_and_in_its_row(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    env.clock.now += 350 * DAY
    tab = await at_the_portal.customer()
    renew = f"/subscriptions/{name}/do/renew"
    assert "does not renew automatically" in _banner(tab)
    assert f'href="{renew}"' in _banner(tab)
    assert tab.page.links.count(renew) == 2
    await tab.open(renew)
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "It is renewed." in tab.text
    await tab.open("/")
    assert "No action is needed now." in _banner(tab)


async def test_in_grace_it_is_the_first_thing_and_the_desk_is_offered_its_own_way(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    env.clock.now += 367 * DAY
    tab, staff = await at_the_portal.customer(), await at_the_portal.staff()
    await staff.open(f"/customers/{env.customer}")
    for each in (tab, staff):
        assert "is not paid" in _banner(each)
        assert re.search(r"Renewing it takes €[1-9]", _banner(each)), "what a renewal by hand costs"
        assert f"/subscriptions/{name}/do/renew" in _banner(each)


async def test_with_too_little_money_the_banner_leads_to_paying_in(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    poor = (await env.staff.post("/v1/customers", {"name": "Poor"}))["id"]
    await env.staff.post(f"/v1/customers/{poor}/top-ups", {"amount": 12_000, "reference": "b1"})
    body = {"customer": poor, "offer": env.offers["standard"], "devices": 10}
    await env.staff.post("/v1/subscriptions", body)
    env.clock.now += 367 * DAY
    staff = await at_the_portal.staff()
    await staff.open(f"/customers/{poor}")
    assert re.search(r"€[1-9][0-9.,]* are missing\.|The balance is too low\.", _banner(staff)), "never €0.00"
    assert "Book a top-up" in _banner(staff) + staff.text
    assert f"/customers/{poor}/money" in _banner(staff)


async def test_what_has_ended_does_not_hide_what_runs(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    old = [(await env.order(devices=number))[0] for number in range(1, 6)]
    env.clock.now += 500 * DAY
    running, _ = await env.order(devices=20)
    tab = await at_the_portal.customer()
    rows = [link.removeprefix("/subscriptions/") for link in tab.page.links if link.count("/") == 2 and "sub_" in link]
    assert rows[0] == running
    assert len(set(rows) & set(old)) == 3
    assert "All 6, with filters" in tab.text
