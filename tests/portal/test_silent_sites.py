"""A site of which nothing is heard any more, on the page of its subscription: who waits for it, and how that ends."""

from tenure.core.timeline import DAY
from tenure.wire.messages import DeviceUse
from tests.portal.stage import Stage
from tests.server.server_env import PlainSite


async def silent(stage: Stage) -> tuple[str, PlainSite, PlainSite]:
    """(subscription, a site whose word is over, another one that came today)."""
    env = stage.office
    name, code = await env.order(devices=20)
    quiet, other = env.site(), env.site()
    for site in (quiet, other):
        await site.activate(code)
    quiet.use, quiet.wanted = DeviceUse(total=4), 10
    await quiet.sync()
    env.clock.now += 31 * DAY
    await other.sync()
    return name, quiet, other


async def test_b07_a_customer_reads_whom_the_subscription_waits_for_and_ends_it(at_the_portal: Stage) -> None:
    name, quiet, other = await silent(at_the_portal)
    tab = await at_the_portal.customer()
    await tab.open(f"/subscriptions/{name}")
    assert "it had no contact until its license and its devices' seats were over" in tab.text.replace("&#39;", "'")
    await tab.open(f"/subscriptions/{name}/do/free_allotment?site={quiet.id}")
    await tab.send(tab.form("_key"))
    assert "this will happen" in tab.text, tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert (await at_the_portal.office.facts(name))[-1] == "AllotmentFreed"
    await tab.open(f"/subscriptions/{name}")
    assert "free_allotment" not in tab.text
    other.wanted = 20
    await other.sync()
    assert other.lease is not None and other.lease.lease.allotment >= 20


async def test_nobody_is_offered_to_give_away_what_is_still_promised(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    name, code = await env.order(devices=20)
    site = env.site()
    await site.activate(code)
    tab = await at_the_portal.staff()
    await tab.open(f"/subscriptions/{name}")
    assert "free_allotment" not in tab.text
    await tab.open(f"/subscriptions/{name}/do/free_allotment?site={site.id}")
    await tab.send(tab.form("_key"))
    assert "still in force" in tab.text
