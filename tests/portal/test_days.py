"""A day that a person picks is included: at the portal, at the command line and in the API's own dates alike."""

import pytest

from tests.portal.stage import Stage

NEXT = "2026-01-21T00:00:00Z"
"""The instant at which the day picked, 20 January, is over."""


async def test_a_pause_until_a_day_lasts_that_day_at_the_portal(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await at_the_portal.staff()
    name, _ = await env.order()
    await tab.open(f"/subscriptions/{name}/do/pause")
    await tab.send(tab.form("reason"), reason="away", until="2026-01-20")
    await tab.send(tab.form("until"), step="apply")
    (hold,) = (await env.staff.get(f"/v1/subscriptions/{name}"))["holds"]
    assert hold["until"] == NEXT


async def test_an_order_up_to_a_day_lasts_that_day_at_the_portal(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await at_the_portal.staff()
    await tab.open("/order")
    await tab.send(
        tab.form("offer"), customer=env.customer, offer=env.offers["standard"], devices="1", until="2026-03-31"
    )
    await tab.send(tab.form("until"), step="apply")
    (listed,) = (await env.staff.get("/v1/subscriptions"))["items"]
    assert listed["paid_until"] == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(("until", "over"), [("2026-01-20", NEXT), ("2026-01-20T12:00:00Z", "2026-01-20T12:00:00Z")])
async def test_the_api_takes_a_day_for_a_pause(at_the_portal: Stage, until: str, over: str) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    done = await env.staff.post(f"/v1/subscriptions/{name}/hold", {"reason": "away", "until": until})
    assert [hold["until"] for hold in done["subscription"]["holds"]] == [over]


async def test_what_is_no_day_is_told_in_words(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    for wrong in ("soon", "2026-02-30", "20.01.2026"):
        answer = await env.staff.send("POST", f"/v1/subscriptions/{name}/hold", {"reason": "away", "until": wrong})
        assert (answer.json()["code"], answer.json()["field"]) == ("field_invalid", "until")
        assert "is written as" in answer.json()["detail"]
