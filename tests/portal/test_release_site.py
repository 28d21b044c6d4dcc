"""Who makes an installation give its place up at the portal; its key stays bound but for a recorded exception."""

from tenure.core.subscription import facts as f
from tenure.store import facts
from tenure.store.engine import Connection
from tests.portal.stage import Stage
from tests.server.server_env import PlainSite
from tests.web.browser import Tab

WORDS = "Release the place"


async def running(stage: Stage) -> tuple[str, PlainSite, str]:
    """(subscription, an administration server that uses it, the code of another subscription in force)."""
    name, code = await stage.office.order()
    _, other = await stage.office.order()
    site = stage.office.site()
    await site.activate(code)
    return name, site, other


async def released(tab: Tab, name: str, site: PlainSite, **more: str) -> None:
    """The form sent and what it shows applied."""
    await tab.open(f"/subscriptions/{name}/do/release_site?site={site.id}")
    await tab.send(tab.form("_key"), **more)
    assert "this will happen" in tab.text, tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")


async def orders(stage: Stage, name: str) -> list[f.SiteReleaseOrdered]:
    """What the history says of it, its chain sound."""

    def work(conn: Connection) -> list[f.Fact]:
        assert facts.verify_history(conn, stage.office.provider, name) == []
        return [f.decode_fact(each.body) for each in facts.load_history(conn, stage.office.provider, name)]

    found = await stage.office.context.db.read(work)
    return [each for each in found if isinstance(each, f.SiteReleaseOrdered)]


async def answer(site: PlainSite, code: str) -> str:
    told = await site.activate(code)
    assert not isinstance(told, str), told
    return told.result if told.refusal is None else told.refusal.code


async def test_an_operator_releases_a_place_and_the_key_stays_bound(at_the_portal: Stage) -> None:
    name, site, other = await running(at_the_portal)
    tab = await at_the_portal.staff()
    await tab.open("/installations")
    assert WORDS in tab.text
    await released(tab, name, site)
    (order,) = await orders(at_the_portal, name)
    assert (order.site, order.another_code) == (site.id, False)
    assert await answer(site, other) == "subscription_in_force"


async def test_the_exception_is_the_operators_and_stands_in_the_history_with_who_made_it(at_the_portal: Stage) -> None:
    name, site, other = await running(at_the_portal)
    tab = await at_the_portal.staff()
    await released(tab, name, site, another_code="yes")
    (order,) = await orders(at_the_portal, name)
    assert order.another_code
    assert order.by == at_the_portal.ana.id
    await tab.open(f"/subscriptions/{name}")
    assert await answer(site, other) == "granted"


async def test_a_customer_releases_no_place_unless_the_policy_permits_it(at_the_portal: Stage) -> None:
    name, site, _ = await running(at_the_portal)
    tab = await at_the_portal.customer()
    for page in ("/installations", f"/subscriptions/{name}"):
        await tab.open(page)
        assert WORDS not in tab.text
    await tab.open(f"/subscriptions/{name}/do/release_site?site={site.id}")
    await tab.send(tab.form("_key"))
    assert tab.status == 422
    assert "The policy does not allow release_site to the customer." in tab.text
    assert await orders(at_the_portal, name) == []


async def test_a_customer_who_may_releases_a_place_but_makes_no_exception(at_the_portal: Stage) -> None:
    name, site, other = await running(at_the_portal)
    staff = at_the_portal.office.staff
    allowed = (await staff.get("/v1/policy"))["customer_actions"]
    changed = await staff.send("PUT", "/v1/policy", {"customer_actions": [*allowed, "release_site"]})
    assert changed.status_code == 200, changed.text
    tab = await at_the_portal.customer()
    await tab.open(f"/subscriptions/{name}")
    assert WORDS in tab.text
    await tab.open(f"/subscriptions/{name}/do/release_site?site={site.id}")
    form = tab.form("_key")
    assert "another_code" not in form.fields
    assert "another code" not in tab.text
    await tab.send(form, another_code="yes")
    assert "Only the provider can let it take another code." in tab.text
    assert await orders(at_the_portal, name) == []
    await released(tab, name, site)
    (order,) = await orders(at_the_portal, name)
    assert not order.another_code
    assert await answer(site, other) == "subscription_in_force"
