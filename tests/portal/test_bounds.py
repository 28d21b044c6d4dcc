"""The vendor's page of bounds: shows what they cut, then publishes exactly that, and nothing that nobody has seen."""

from tenure.core.field_errors import LABELS
from tests.portal.stage import Stage


async def test_the_vendor_bounds_policies_and_sees_what_is_cut_first(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 60}})
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token=env.vendor.token)
    await tab.open("/policy-bounds")
    form = tab.form("grace_days.maximum")
    await tab.send(form, **{"grace_days.maximum": "30"}, step="show")
    assert "1 published figure will be cut" in tab.text, tab.text
    assert (await env.vendor.get("/v1/policy-bounds"))["version"] == 0
    await tab.send(tab.form("grace_days.maximum"), step="apply")
    assert "The bounds are published." in tab.text
    assert (await env.vendor.get("/v1/policy-bounds"))["version"] == 1
    await tab.send(form, **{"grace_days.maximum": "20"}, step="apply")
    assert (await env.vendor.get("/v1/policy-bounds"))["version"] == 1, "somebody else has published meanwhile"


async def test_bounds_are_told_in_the_words_of_the_policy_page_with_their_units(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token=env.vendor.token)
    await tab.open("/policy-bounds")
    assert "Grace after a paid period 0 to 90 days at the widest; by default 14" in tab.text
    assert "Sites synchronize every 900 to 259,200 seconds at the widest; by default 86,400" in tab.text
    assert "A renewal after the end by default charge the grace that was served" in tab.text
    assert "A pause stops the clock by default no" in tab.text
    for bound in (await env.vendor.get("/v1/policy-bounds"))["bounds"]:
        assert bound["field"] in LABELS, "each has a name"
        assert bound["field"] not in tab.text, "none is told as the API spells it"
