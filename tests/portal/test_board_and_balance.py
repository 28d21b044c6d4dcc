"""Figures lead to what they count, and a balance on which nothing falls due is not said to reach far."""

from tests.portal.stage import Stage


async def test_each_figure_of_the_board_leads_to_its_list(at_the_portal: Stage) -> None:
    await at_the_portal.office.order()
    tab = await at_the_portal.staff()
    await tab.open("/")
    figures = [held for tag, held in tab.page.tags if tag == "a" and "figure-link" in held.get("class", "")]
    assert len(figures) == 5
    for each in figures:
        await tab.open(each["href"])
        assert tab.status == 200, each["href"]


async def test_a_balance_on_which_nothing_falls_due_says_so(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await at_the_portal.staff()
    empty = (await env.staff.post("/v1/customers", {"name": "Bistro"}))["id"]
    for path in (f"/customers/{empty}", f"/customers/{empty}/money"):
        await tab.open(path)
        assert "nothing falls due" in tab.text
        assert "over a year" not in tab.text


async def test_what_ended_for_want_of_money_names_the_sum_and_the_button(at_the_portal: Stage) -> None:
    """Paying alone did not bring it back, and no page said that Renew is to be pressed."""
    env = at_the_portal.office
    poor = (await env.staff.post("/v1/customers", {"name": "Bistro"}))["id"]
    await env.staff.post(f"/v1/customers/{poor}/top-ups", {"amount": 2_400, "reference": "b 1"})
    body = {"customer": poor, "offer": env.offers["monthly"], "devices": 2, "renewal_intent": "auto"}
    await env.staff.post("/v1/subscriptions", body)
    env.clock.now += 200 * 86_400
    tab = await at_the_portal.staff()
    await tab.open(f"/customers/{poor}/money")
    assert "has stopped renewing automatically" in tab.text
    assert "€24.00 are missing to renew it for €24.00. Then press Renew on" in tab.text
    await env.staff.post(f"/v1/customers/{poor}/top-ups", {"amount": 2_400, "reference": "b 2"})
    await tab.open(f"/customers/{poor}/money")
    assert "The balance is enough: press Renew on" in tab.text
