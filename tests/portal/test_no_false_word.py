"""What a page of the portal says of a subscription is said once, and agrees with what stands beside it."""

import re

from tenure.core.timeline import DAY
from tests.portal.stage import Stage
from tests.web.browser import Tab


def _element(tab: Tab, opening: str, closing: str) -> str:
    assert tab.answer is not None
    return tab.answer.text.partition(opening)[2].partition(closing)[0]


def _repeated(html: str) -> list[str]:
    """Sentences that stand twice in one element."""
    found = []
    for part in re.findall(r"<(?:p|dd|span class=\"why\")[^>]*>(.*?)</(?:p|dd|span)>", html, re.S):
        sentences = re.split(r"(?<=[.!?])\s+", re.sub(r"<[^>]*>|\s+", " ", part).strip())
        found += [each for each in sentences if each and sentences.count(each) > 1]
    return found


async def test_the_balance_is_drawn_at_the_instants_of_the_statement_though_it_was_booked_late(
    at_the_portal: Stage,
) -> None:
    env = at_the_portal.office
    await env.order("monthly")
    env.clock.now += 100 * DAY  # nothing looked in between: three renewals are settled now, each at its own instant
    tab = await at_the_portal.customer()
    await tab.open(f"/customers/{env.customer}/money")
    statement = (await env.staff.get(f"/v1/customers/{env.customer}/statement"))["items"]
    assert len({each["posting"]["at"] for each in statement} - {statement[0]["posting"]["at"]}) >= 3
    assert any(each["posting"]["at"] != each["posting"]["recorded_at"] for each in statement)
    drawn = re.findall(r"<td role=\"cell\">(.*?)</td>", _element(tab, '<figure class="plot">', "</figure>"))
    told = _element(tab, 'id="t-lines"', "</table>")
    assert drawn
    for day in drawn:
        assert day in re.sub(r"<[^>]*>", " ", told), (day, told[:600])


async def test_a_canceled_subscription_says_so_first_and_nothing_twice(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    await at_the_portal.office.staff.post(f"/v1/subscriptions/{name}/cancel", {"why": "moved"})
    for tab in (await at_the_portal.customer(), await at_the_portal.staff()):
        await tab.open(f"/subscriptions/{name}")
        head = _element(tab, '<div class="page-head">', '<div class="stack">')
        assert "Canceled" in head
        assert "1 Jan 2027" in head
        assert _repeated(tab.answer.text if tab.answer else "") == []


async def test_what_helps_without_money_leads_each_to_its_own_way_to_the_balance(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    name, _ = await env.order(devices=20)
    balance = (await env.staff.get(f"/v1/customers/{env.customer}/account"))["available"]
    await env.order(devices=balance // 1_200)
    env.clock.now += 367 * DAY
    for tab, words in ((await at_the_portal.customer(), "pay in"), (await at_the_portal.staff(), "book a top-up")):
        await tab.open(f"/subscriptions/{name}")
        card = _element(tab, 'id="t-now"', "</section>")
        assert "are missing" in card, card
        assert f'<a href="/customers/{env.customer}/money">Open the balance and {words}</a>' in card


async def test_a_code_is_said_to_be_shown_once_only_where_it_cannot_be_shown_again(at_the_portal: Stage) -> None:
    for tab in (await at_the_portal.customer(), await at_the_portal.staff()):
        await tab.open("/order")
        mine = {"customer": at_the_portal.office.customer} if "customer" in tab.form("devices").fields else {}
        await tab.send(tab.form("devices"), devices="3", **mine)
        await tab.send(tab.form("outcome_hash"), step="apply")
        assert "It can be shown once more." in tab.text
        assert "It is shown this once." not in tab.text
        (sub,) = {each for each in tab.page.links if re.fullmatch(r"/subscriptions/sub_\w+", each)}
        await tab.open(sub)
        assert "It can be shown once, until" in tab.text
        await tab.open(f"{sub}/code")
        await tab.send(tab.form(action=f"{sub}/code"))
        assert "It is shown this once." in tab.text
        await tab.open(sub)
        assert f"{sub}/code" not in tab.page.links
        assert "can be shown" not in tab.text
