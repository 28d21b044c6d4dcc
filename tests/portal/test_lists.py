"""Every list of the portal: counted, sorted on demand, cut into pages, and with a sentence where it is empty."""

import re
from pathlib import Path

import pytest

import tenure.portal
import tenure.site.console
from tests.portal.stage import Stage
from tests.server.users import joined
from tests.web.browser import Tab

TEMPLATES = [
    each
    for room in (tenure.portal, tenure.site.console)
    for each in sorted((Path(room.__file__).parent / "templates").glob("*.html"))
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: f"{each.parts[-3]}-{each.stem}")
def test_where_a_list_is_empty_a_sentence_says_what_would_be_there(template: Path) -> None:
    said = template.read_text(encoding="utf-8")
    for call in re.findall(r"ui\.empty\([^\n]*?\) }}", said):
        texts = re.findall(r'"([^"]*)"', call)
        assert any(re.search(r"[a-z]{2,} .*\.$", text) for text in texts), f"{template.name}: {call}"


async def _users(there: Stage, many: int) -> Tab:
    """A team of more users than a page shows, and as many invitations."""
    env = there.office
    for number in range(many):
        env.clock.now += 60
        await joined(env, env.staff, "auditor", email=f"p{number:02}@north.example")
        body = {"email": f"i{number:02}@north.example", "name": f"Invited {number:02}", "role": "auditor"}
        await env.staff.post("/v1/invitations", body)
    return await there.staff()


async def test_a_team_and_its_invitations_are_counted_sorted_and_cut_into_pages(at_the_portal: Stage) -> None:
    tab = await _users(at_the_portal, 27)
    await tab.open("/team")
    assert "1 to 25 of 28" in tab.text, "ana, and those who came in"
    assert "1 to 25 of 27" in tab.text, "the invitations"
    assert tab.text.index("Invited 26") < tab.text.index("Invited 25")
    await tab.open("/team?sort=newest")
    assert tab.text.index("p26@") < tab.text.index("p25@")
    assert "ana@north.example" not in tab.text.partition("Invited")[0].partition("Sorted by")[2]
    await tab.open("/team?page=2&sort=newest")
    assert "26 to 28 of 28" in tab.text
    assert "ana@north.example" in tab.text
    await tab.open("/team?page=2&invited=2")
    assert "26 to 27 of 27" in tab.text
    assert "26 to 28 of 28" in tab.text, "each list is turned by itself"
    links = [link for link in tab.page.links if link.startswith("/team?")]
    assert "/team?page=2" in links
    assert "/team?invited=2" in links


async def test_offers_are_counted_and_sorted(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await at_the_portal.staff()
    for number in range(26):
        env.clock.now += 1
        offer = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 100}], "name": f"Offer {number:02}"}
        await env.staff.post("/v1/offers", offer)
    await tab.open("/offers")
    assert re.search(r"1 to 25 of \d+", tab.text)
    assert tab.text.index("Offer 25") < tab.text.index("Offer 24")
    await tab.open("/offers?sort=name")
    assert tab.text.index("Offer 00") < tab.text.index("Offer 01")


async def test_a_customer_who_has_asked_for_nothing_reads_how_to_ask(at_the_portal: Stage) -> None:
    tab = await at_the_portal.customer()
    await tab.open("/order-requests")
    assert re.search(r"You have no order requests( yet)?", tab.text)
    assert "/order" in tab.page.links
    assert "A customer" not in tab.text
