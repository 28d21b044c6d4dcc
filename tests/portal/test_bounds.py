"""The vendor's page of bounds: shows what they cut, then publishes exactly that, and nothing that nobody has seen."""

from tests.portal.stage import Stage


async def test_the_vendor_bounds_policies_and_sees_what_is_cut_first(at_the_portal: Stage) -> None:
    shop = at_the_portal.office
    await shop.desk.send("PUT", "/v1/policy", {"rules": {"grace_days": 60}})
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token=shop.vendor.token)
    await tab.open("/policy-bounds")
    form = tab.form("grace_days.maximum")
    await tab.send(form, **{"grace_days.maximum": "30"}, step="show")
    assert "1 published figure will be cut" in tab.text, tab.text
    assert (await shop.vendor.get("/v1/policy-bounds"))["version"] == 0
    await tab.send(tab.form("grace_days.maximum"), step="apply")
    assert "The bounds are published." in tab.text
    assert (await shop.vendor.get("/v1/policy-bounds"))["version"] == 1
    await tab.send(form, **{"grace_days.maximum": "20"}, step="apply")
    assert (await shop.vendor.get("/v1/policy-bounds"))["version"] == 1, "somebody else has published meanwhile"
