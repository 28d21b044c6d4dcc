"""What forms of money and orders say: a trial where a plan has one, and the bound of an amount as people write it."""

from tests.portal.stage import Stage


async def test_where_no_plan_has_a_trial_none_is_offered(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/order")
    assert "As a trial" not in tab.text


async def test_a_plan_with_a_trial_is_named_beside_the_box(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    plan = {
        "id": "tasting",
        "name": "Tasting",
        "product": "editor",
        "kind": "limited",
        "period": "P1Y",
        "trial": "P30D",
    }
    await env.vendor.post("/v1/plans", {**plan, "features": ["edit"]})
    await env.staff.post("/v1/offers", {"plan": "tasting", "currency": "EUR", "bands": [{"unit": 900}]})
    tab = await at_the_portal.staff()
    await tab.open("/order")
    assert "As a trial" in tab.text
    assert "there is one for Tasting." in tab.text


async def test_an_amount_beyond_the_bound_is_told_the_bound_and_not_how_amounts_are_written(
    at_the_portal: Stage,
) -> None:
    tab = await at_the_portal.staff()
    await tab.open(f"/customers/{at_the_portal.office.customer}/money")
    for amount in ("9" * 15, "9" * 40):
        await tab.send(tab.form("amount", "reference"), amount=amount, reference="bank 9")
        assert tab.status == 422
        assert "An amount is written as" not in tab.text
        assert "The greatest amount is €100,000,000,000.00" in tab.text
        await tab.open(f"/customers/{at_the_portal.office.customer}/money")
