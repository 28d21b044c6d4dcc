"""The vendor's own pages: products, plans, providers, keys, team; each write shown first, and nobody else let in."""

import pytest

from tenure.portal.pages.audit import KINDS
from tenure.store.audit_log import CHAINED
from tests.portal.stage import Stage
from tests.server.users import PASSWORD, joined
from tests.web.browser import Tab

VENDORS = ("/products", "/new-product", "/plans", "/new-plan", "/providers", "/new-provider", "/keys")


async def _vendor(there: Stage, role: str = "owner") -> Tab:
    email = f"{role}@vendor.example"
    await joined(there.office, there.office.vendor, role, email=email)
    return await there.signed_in(email)


async def test_a_product_and_a_plan_are_shown_before_they_are_made(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await _vendor(at_the_portal)
    await tab.open("/new-product")
    await tab.send(tab.form("id"), name="Harbour Suite", id="suite", step="show")
    assert "Nothing is saved yet." in tab.text
    assert (await env.vendor.send("GET", "/v1/products/suite")).status_code == 404
    await tab.send(tab.form("id"), step="apply")
    assert (tab.path, "Harbour Suite" in tab.text) == ("/products/suite", True)
    await tab.open("/new-plan?product=suite")
    form = tab.form("period")
    assert form.fields["product"] == "suite"
    said = {"id": "suite-year", "name": "Suite, yearly", "features": "scan\nclean, report", "min_version": "12.0"}
    await tab.send(form, **said, trial="30", step="show")
    for words in ("1 year", "30 days", "scan, clean, report", "12.0"):
        assert words in tab.text, words
    await tab.send(tab.form("id"), step="change")
    assert tab.form("features").fields["name"] == "Suite, yearly", "what was typed is still there"
    await tab.send(tab.form("features"), step="show")
    await tab.send(tab.form("id"), step="apply")
    assert tab.path == "/plans/suite-year"
    plan = await env.vendor.get("/v1/plans/suite-year")
    assert (plan["period"], plan["trial"], plan["features"]) == ("P1Y", "P30D", ["scan", "clean", "report"])


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("id", "Suite Year", "lower case letters, digits and . _ -"),
        ("id", "", "Please fill this in."),
        ("features", "", "Enter at least one function"),
        ("features", "Scan All\nok", "lower case letters, digits and . _ -"),
        ("period", "0", "A whole number from 1 to 9,999"),
        ("period", "1,5", "A whole number from 1 to 9,999"),
        ("min_version", "twelve", "A version such as 12.0"),
        ("min_devices", "5000000", "A whole number from 1 to 1,000,000"),
    ],
)
async def test_what_is_wrong_with_a_plan_stands_at_its_field(
    at_the_portal: Stage, field: str, typed: str, words: str
) -> None:
    tab = await _vendor(at_the_portal)
    await tab.open("/new-plan")
    said = {"id": "x", "name": "X", "features": "scan", "product": "editor"}
    await tab.send(tab.form("period"), **(said | {field: typed}), step="show")
    assert tab.status == 422
    assert words in tab.text, tab.text
    assert "regex" not in tab.text
    assert any(held.get("id") == f"e-{field}" for _, held in tab.page.tags), "beside the field"


async def test_a_plan_is_changed_by_what_was_shown_and_two_users_do_not_overwrite_each_other(
    at_the_portal: Stage,
) -> None:
    env, tab = at_the_portal.office, await _vendor(at_the_portal)
    await tab.open("/plans/standard")
    opened = tab.form("max_devices")
    await tab.send(opened, min_version="13.0", step="show")
    assert "13.0" in tab.text
    assert "Functions" not in tab.text, "only what differs"
    await tab.send(tab.form("max_devices"), step="apply")
    assert (await env.vendor.get("/v1/plans/standard"))["min_version"] == "13.0"
    assert "holds" in tab.text
    await tab.send(opened, min_version="14.0", step="show")
    assert (tab.status, "Another user has saved this meanwhile" in tab.text) == (412, True)
    assert (await env.vendor.get("/v1/plans/standard"))["min_version"] == "13.0"


async def test_a_provider_is_added_and_its_first_user_is_asked_in(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await _vendor(at_the_portal)
    await tab.open("/new-provider")
    await tab.send(tab.form("currency"), name="South", currency="CHF", sandbox="yes", step="show")
    assert "Currency and kind never change." in tab.text
    await tab.send(tab.form("currency"), step="apply")
    assert "The team has no users yet" in tab.text
    made = next(each for each in (await env.vendor.get("/v1/providers"))["items"] if each["name"] == "South")
    assert (made["currency"], made["sandbox"]) == ("CHF", True)
    invite = next(form for form in tab.page.forms if form.fields.get("next") == "/team")
    await tab.send(invite)
    assert tab.path == "/team"
    await tab.send(tab.form("email"), name="Sam", email="sam@south.example", role="owner")
    assert len((await env.vendor.get("/v1/invitations", provider=made["id"]))["items"]) == 1
    await tab.open("/providers")
    assert "You are looking at the pages of South." in tab.text
    await tab.send(
        next(form for form in tab.page.forms if form.action == "/providers" and "provider" not in form.fields)
    )
    assert (tab.path, "Overview" in tab.text) == ("/", True)
    await tab.open(f"/providers/{made['id']}")
    await tab.send(tab.form("name"), name="South AG", step="show")
    await tab.send(tab.form("name"), step="apply")
    assert (await env.vendor.get(f"/v1/providers/{made['id']}"))["name"] == "South AG"


async def test_a_taken_name_is_told_at_the_field(at_the_portal: Stage) -> None:
    tab = await _vendor(at_the_portal)
    name = (await at_the_portal.office.staff.get("/v1/me"))["provider"]["name"]
    await tab.open("/new-provider")
    await tab.send(tab.form("currency"), name=name, step="show")
    assert (tab.status, "Another provider has this name." in tab.text) == (422, True)


async def test_keys_say_what_is_due_and_how_it_is_done(at_the_portal: Stage) -> None:
    tab = await _vendor(at_the_portal)
    await tab.open("/keys")
    assert "nothing now; the next step is" in tab.text
    assert "tenure keys extend --folder FOLDER --root-secrets FILE" in tab.text
    at_the_portal.office.clock.now += 320 * 86_400
    tab = await at_the_portal.signed_in("owner@vendor.example")
    assert "Issue the root document again, before it expires." in tab.text, "on the first page"


async def test_the_vendors_auditor_sees_everything_and_is_offered_nothing(at_the_portal: Stage) -> None:
    tab = await _vendor(at_the_portal, "auditor")
    for path in ("/", "/products", "/products/editor", "/plans", "/plans/standard", "/providers", "/keys", "/team"):
        await tab.open(path)
        assert tab.status == 200, path
        posts = {form.action for form in tab.page.forms if form.method == "post"}
        assert posts <= {"/sign-out", "/providers", "/first-steps/dismiss", "/first-steps/show"}, (path, posts)
    await tab.open("/products")
    assert "New product" not in tab.text
    for path in ("/new-product", "/new-plan", "/new-provider"):
        await tab.open(path)
        assert tab.status == 403, path


@pytest.mark.parametrize("who", ["desk", "customer"])
async def test_for_everybody_else_the_vendors_pages_do_not_exist(at_the_portal: Stage, who: str) -> None:
    tab = await (at_the_portal.staff() if who == "desk" else at_the_portal.customer())
    for path in VENDORS:
        await tab.open(path)
        assert tab.status == 404, path
    for path in ("/products/editor", "/plans/standard", f"/providers/{at_the_portal.office.provider}"):
        await tab.open(path)
        assert tab.status == 404, path
        assert not set(tab.page.links) & set(VENDORS)


async def test_lists_are_newest_first_counted_and_cut_into_pages(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await _vendor(at_the_portal)
    for number in range(30):
        env.clock.now += 1
        await env.vendor.post("/v1/products", {"id": f"p{number}", "name": f"Product {number:02}"})
    await tab.open("/products")
    assert tab.text.index("Product 29") < tab.text.index("Product 28")
    assert "1 to 25 of 31" in tab.text
    await tab.open("/products?page=2")
    assert "26 to 31 of 31" in tab.text
    assert "Editor" in tab.text
    assert "/products" in tab.page.links, "the way back"
    await tab.open("/products?sort=name&page=99")
    assert tab.text.index("Product 24") < tab.text.index("Product 29")
    await tab.open("/products?sort=%00&page=%F0%9F%98%80")
    assert tab.status == 200


async def test_the_first_steps_are_ticked_off_and_go_away(at_the_portal: Stage) -> None:
    tab = await _vendor(at_the_portal)
    assert "4 of 5 done." in tab.text, tab.text
    staff = await at_the_portal.staff()
    assert "2 of 4 done." in staff.text, "offers and a customer are there, no order yet"
    _, code = await at_the_portal.office.order()
    await staff.open("/")
    assert "3 of 4 done." in staff.text
    await tab.open("/")
    assert "First steps" not in tab.text
    await at_the_portal.office.site().activate(code)
    await staff.open("/")
    assert "First steps" not in staff.text


async def test_the_first_steps_stay_put_away_for_this_user_and_can_be_brought_back(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.send(tab.form("name", action="/first-steps/dismiss"))
    assert "do not show this again" not in tab.text.lower()
    await _signed_in_anew(tab, at_the_portal.ana.email)
    assert "Do not show this again" not in tab.text, "the next day"
    await _signed_in_anew(tab, "owner@vendor.example", await _vendor(at_the_portal))
    assert "Do not show this again" in tab.text, "somebody else at the same browser"
    await tab.send(tab.form("name", action="/first-steps/dismiss"))
    await _signed_in_anew(tab, at_the_portal.ana.email)
    assert "2 of 4 done." in tab.text
    await tab.send(tab.form("name", action="/first-steps/show"))
    assert "Do not show this again" in tab.text
    await _signed_in_anew(tab, at_the_portal.ana.email)
    assert "Do not show this again" in tab.text


async def _signed_in_anew(tab: Tab, email: str, _made: Tab | None = None) -> None:
    """Signed out, and somebody signs in at the same browser."""
    await tab.open("/")
    await tab.send(tab.form(action="/sign-out"))
    await tab.open("/sign-in")
    await tab.send(email=email, password=PASSWORD)
    assert tab.status == 200, tab.text


async def test_a_token_says_what_it_may_do_or_everything_and_belongs_to_whose_pages_are_open(
    at_the_portal: Stage,
) -> None:
    env, tab = at_the_portal.office, await _vendor(at_the_portal)
    await tab.open("/tokens")
    await tab.send(tab.form("days"), name="metrics")
    assert (tab.status, "Choose at least one, please" in tab.text) == (422, True)
    await tab.send(tab.form("days"), scopes=["metrics:read"])
    await tab.send(tab.form("days"), name="all of it", what="every")
    made = {each["name"]: each for each in (await env.vendor.get("/v1/tokens"))["items"]}
    assert (made["metrics"]["role"], made["metrics"]["scopes"]) == ("vendor", ["metrics:read"])
    assert "providers:write" in made["all of it"]["scopes"]
    assert "users:write" not in made["all of it"]["scopes"]
    await tab.open(f"/providers/{env.provider}")
    await tab.send(tab.form("provider"))
    await tab.open("/tokens")
    assert "metrics:read" not in tab.text
    await tab.send(tab.form("days"), name="shop", scopes=["money:read"])
    made = {each["name"]: each for each in (await env.staff.get("/v1/tokens"))["items"]}
    assert (made["shop"]["role"], made["shop"]["scopes"]) == ("provider", ["money:read"])


async def test_the_audit_is_narrowed_by_who_what_and_when(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    env.clock.now += 86_400
    tab = await at_the_portal.staff()
    await env.staff.post("/v1/invitations", {"email": "eve@north.example", "name": "Eve", "role": "auditor"})
    await tab.open("/audit?what=invited")
    assert "eve@north.example" in tab.text
    assert tab.text.count("Signed in") == 1, "in the choice alone"
    await tab.open("/audit?who=ANA@north&what=signed_in")
    assert tab.text.count("ana@north.example") >= 1
    assert "eve@north.example" not in tab.text
    await tab.open("/audit?who=nobody%25")
    assert "Nothing matches" in tab.text, "a percent sign is a percent sign"
    await tab.open("/audit?since=2026-01-02&until=2026-01-02&what=joined")
    assert "Nothing matches" in tab.text, "they joined the day before"
    await tab.open("/audit?until=2026-01-01&what=joined")
    assert "ana@north.example" in tab.text
    for wrong in ("since=yesterday", "until=9999-12-31", "since=0001-01-01"):
        await tab.open(f"/audit?{wrong}")
        assert (tab.status, "A day, please: 2030-12-31." in tab.text) == (422, True), wrong
    assert (await env.staff.get("/v1/audit", what="invited", since="2026-01-02T00:00:00Z"))["items"]


def test_the_audits_filter_offers_whatever_is_chained() -> None:
    assert set(KINDS) >= CHAINED
