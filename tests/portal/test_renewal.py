"""Renewing on the provider's website: what the console's button opens, and what reaches the site (M16)."""

from tenure.core.timeline import DAY
from tenure.wire.messages import SyncAnswer
from tests.portal.stage import Stage
from tests.server.users import PASSWORD


async def test_m16_a_customer_renews_on_the_providers_website_and_the_site_hears_of_it(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    name, code = await env.order()
    site = env.site()
    await site.activate(code)
    assert site.lease is not None
    end = site.lease.lease.spans[0].until
    env.clock.now += 300 * DAY
    tab = await at_the_portal.customer()
    await tab.open(f"/subscriptions/{name}/do/renew")
    await tab.send(tab.form("_key"))
    assert "this will happen" in tab.text, tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert (await env.facts(name))[-1] == "Renewed"
    told = await site.sync()
    assert isinstance(told, SyncAnswer)
    renewed = site.lease.lease.spans[0].until
    assert end is not None
    assert renewed is not None
    assert renewed > end + 360 * DAY


async def test_m16_the_address_of_a_renewal_leads_there_after_signing_in(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    tab = at_the_portal.tab()
    await tab.open(f"/subscriptions/{name}")
    assert tab.path.startswith("/sign-in?next=")
    await tab.send(email=at_the_portal.ben.email, password=PASSWORD)
    assert tab.path == f"/subscriptions/{name}"
