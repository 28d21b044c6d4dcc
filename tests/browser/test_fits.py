"""Every page of portal and console has room for what stands on it: at every width, in four fonts, with long names."""

import re

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tenure.portal.app import PAGES
from tenure.sandbox.demo import RunningDemo
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.seed import EVERYBODYS
from tests.browser.conftest import sign_in
from tests.browser.fitting import cramped, cut_choices

pytestmark = [pytest.mark.browser, pytest.mark.slow]

UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
LONG = f"{UNBROKEN[:199]}."
SENTENCE = "Gesellschaft für die Vermittlung von Lizenzen an weiterführenden Schulen im ländlichen Raum mbH & Co. KG"
OWN = (UNBROKEN[:80], SENTENCE)
"""Names that somebody has made that long: a closed choice shows how they begin."""
MONEY = 8_999_999_999_999


def furnish(demo: RunningDemo) -> dict[str, str]:
    """Names as long as they may be and amounts as large, wherever somebody can write some; ids by what they are of."""
    staff, offers = ProviderClient(demo.url, demo.provider.token), demo.provider.offers
    made: dict[str, str] = {}
    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example"
    made["customer"] = staff.post("/v1/customers", {"name": LONG, "reference": LONG[:128], "email": address})["id"]
    staff.post("/v1/customers", {"name": SENTENCE, "reference": "K-1"})
    staff.post(
        f"/v1/customers/{made['customer']}/top-ups", {"amount": MONEY, "reference": "r" * 128, "note": "n" * 200}
    )
    body = {"customer": made["customer"], "devices": 1_000, "why": "w" * 200}
    order = staff.post("/v1/subscriptions", {**body, "offer": offers["editor-month"]})["subscription"]
    made["subscription"] = order["id"]
    staff.post("/v1/subscriptions", {**body, "offer": offers["editor-year"], "devices": 100_000})
    staff.post(f"/v1/subscriptions/{order['id']}/cancel", {"why": LONG[:200]})
    bands = [{"up_to": 9, "unit": 1_000_000_000}, {"unit": 900}]
    staff.post("/v1/offers", {"plan": "editor-year", "currency": "EUR", "bands": bands, "name": LONG[:128]})
    ask = {"amount": MONEY // 10, "note": LONG[:200]}
    staff.post(f"/v1/customers/{made['customer']}/payment-requests", ask)
    staff.post("/v1/tokens", {"name": LONG[:128], "role": "provider", "scopes": ["*"], "days": 30})
    hook = {"url": f"https://hooks.example/{'u' * 400}", "events": ["subscription.renewed"], "note": LONG[:200]}
    made["product"], made["plan"] = _of_the_vendor(demo)
    made["webhook"] = staff.post("/v1/webhooks", hook)["id"]
    staff.close()
    entrance = httpx2.post(f"{demo.url}/v1/sign-in", json={"email": "olga@north.example", "password": EVERYBODYS})
    owner = ProviderClient(demo.url, entrance.json()["session"])
    owner.post("/v1/invitations", {"email": f"l{address[1:]}", "name": LONG, "role": "auditor"})
    owner.close()
    return made


def _of_the_vendor(demo: RunningDemo) -> tuple[str, str]:
    """A product and a plan with names as long as they may be."""
    entrance = httpx2.post(f"{demo.url}/v1/sign-in", json={"email": "vera@vendor.example", "password": EVERYBODYS})
    vendor = ProviderClient(demo.url, entrance.json()["session"])
    product = vendor.post("/v1/products", {"id": "p" * 64, "name": LONG[:200]})["id"]
    plan = {"id": "q" * 64, "name": LONG[:200], "product": product, "kind": "limited", "period": "P1Y"}
    made = vendor.post("/v1/plans", {**plan, "features": [f"f{'x' * 60}", "edit"]})["id"]
    vendor.close()
    return product, made


def provider_pages(demo: RunningDemo, made: dict[str, str]) -> list[str]:
    """Every page of the provider's users, as many states as one seeded server has."""
    sub, customer = f"/subscriptions/{made['subscription']}", f"/customers/{made['customer']}"
    actions = ("renew", "auto_renew", "change_devices", "change_plan", "pause", "transfer", "undo_cancel", "cancel_now")
    return [
        "/", "/board/running-out", "/subscriptions", "/subscriptions?q=nothing-of-that-kind", "/customers",
        "/customers/new", "/order", f"/order?customer={made['customer']}", "/order-requests", "/payments",
        "/offline-exchange", "/payments/settings", "/installations", "/offers", "/offers/new", "/policy",
        "/policy/plans/editor-year",
        "/team", f"/team?customer={made['customer']}", "/tokens", "/webhooks", f"/webhooks/{made['webhook']}",
        "/emails", "/audit", "/sandbox", "/account", "/brand", "/nowhere", "/import/customers", "/import/orders",
        customer, f"{customer}/edit", f"{customer}/money", sub, f"{sub}/history", f"{sub}/code",
        *(f"{sub}/do/{deed}" for deed in actions),
    ]  # fmt: skip


def vendor_pages(demo: RunningDemo, made: dict[str, str]) -> list[str]:
    """What the vendor's own users see before they choose a provider."""
    return [
        "/", "/products", "/new-product", f"/products/{made['product']}", "/plans", "/new-plan",
        f"/plans/{made['plan']}", "/providers", "/new-provider", f"/providers/{demo.provider.id}", "/policy-bounds",
        "/keys", "/team", "/tokens", "/audit",
    ]  # fmt: skip


def customer_pages(demo: RunningDemo, made: dict[str, str]) -> list[str]:
    """What a customer sees otherwise than the desk."""
    return ["/", "/subscriptions", "/order", "/order-requests", "/installations", "/team", "/account"]


def console_pages(demo: RunningDemo, made: dict[str, str]) -> list[str]:
    """The console of the demo's administration server."""
    one = "/licenses/editor"
    below = ("code", "successor", "explain", "synchronization", "offline", "conflict", "silent", "remove")
    return [
        "/", "/licenses", one, *(f"{one}/{each}" for each in below), "/devices", "/unassigned", "/groups/default",
        "/enrollments", "/events", "/duplicates", "/reports", "/settings", "/settings/dns", "/settings/forwarding",
        "/settings/forwarding/new?way=mail", "/settings/forwarding/new?way=webhook", "/users", "/account",
        "/connection", "/nowhere",
    ]  # fmt: skip


def console_signed_in(context: BrowserContext, demo: RunningDemo) -> Page:
    """A tab at the console, after its code was applied and its devices have asked for seats."""
    page = context.new_page()
    page.goto(f"{demo.console}/sign-in")
    page.get_by_label("Administrator's token").fill(demo.console_token)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{demo.console}/licenses/editor/code")
    page.get_by_role("textbox", name="Activation code").fill(demo.codes["a year for ten devices"])
    page.get_by_role("button", name="Show what it would start").click()
    page.get_by_role("button", name="Apply the code").click()
    page.get_by_text("The activation code was accepted.").wait_for()
    return page


def walked(signed_in: Page, base: str, pages: list[str]) -> dict[str, list[str]]:
    """What has no room, by page; the pages are loaded once each."""
    found = {}
    for path in pages:
        signed_in.goto(base + path)
        if said := cramped(signed_in):
            found[path] = said
        if said := cut_choices(signed_in, OWN):
            found[f"{path}, closed choices"] = said
    # The largest letters that a browser offers, where there is least room for them.
    for path in pages[::3]:
        signed_in.goto(base + path)
        if said := cramped(signed_in, (640, 1280), text_percent=200):
            found[f"{path} at 200 %"] = said
    return found


@pytest.fixture(scope="module")
def made(demo: RunningDemo) -> dict[str, str]:
    return furnish(demo)


def test_every_page_of_the_portal_has_room_for_what_stands_on_it(
    browser: Browser, demo: RunningDemo, made: dict[str, str]
) -> None:
    context = browser.new_context()
    page = sign_in(context, demo)
    assert walked(page, demo.portal, provider_pages(demo, made)) == {}
    context.close()
    context = browser.new_context()
    page = sign_in(context, demo, "ana@architects.example")
    assert walked(page, demo.portal, customer_pages(demo, made)) == {}
    context.close()
    context = browser.new_context()
    page = sign_in(context, demo, "vera@vendor.example")
    assert walked(page, demo.portal, vendor_pages(demo, made)) == {}
    context.close()
    context = browser.new_context()
    page = context.new_page()
    strangers = ["/sign-in", "/sign-in?said=over", "/password-reset", "/invitation/tni_nothing", "/password-reset/x"]
    assert walked(page, demo.portal, strangers) == {}
    context.close()


def test_every_page_of_the_console_has_room_for_what_stands_on_it(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context()
    page = console_signed_in(context, demo)
    assert walked(page, demo.console, console_pages(demo, {})) == {}
    context.close()


def test_no_page_of_the_portal_is_left_out(demo: RunningDemo, made: dict[str, str]) -> None:
    """A page that is added later is measured too."""
    looked = [*provider_pages(demo, made), *customer_pages(demo, made), *vendor_pages(demo, made)]
    paths = [path.partition("?")[0] for path in looked]
    routes = [route for group in PAGES for route in group(None).routes() if route.method == "GET"]  # type: ignore[arg-type]
    wanted = [route.path for route in routes if not route.stranger and not route.path.endswith(".csv")]
    missed = [path for path in wanted if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), each) for each in paths)]
    assert sorted(set(missed) - {"/renew"}) == [], "`/renew` only leads elsewhere"


def test_a_question_has_room_for_the_longest_name(browser: Browser, demo: RunningDemo, made: dict[str, str]) -> None:
    """What is asked before a loss names the thing, in the heading; nothing is agreed to."""
    context = browser.new_context()
    page = sign_in(context, demo)
    for path, action in (
        ("/tokens", "/withdraw"),
        ("/offers", "/withdraw"),
        ("/team", "/withdraw"),
        (f"/webhooks/{made['webhook']}", "/remove"),
    ):
        page.goto(demo.portal + path)
        page.locator(f"form[action*='{action}'] button").first.click()
        page.get_by_role("link", name="Leave it as it is").wait_for()
        assert cramped(page) == [], path
    context.close()


def test_what_has_no_room_is_seen(browser: Browser) -> None:
    """The control: each kind of fault is found."""
    page = browser.new_page()
    page.set_content(
        '<html><body style="margin:0"><main><p class="card" style="width:200px;overflow:hidden;white-space:nowrap">'
        "a line that is longer than the card it stands in</p><div style='position:relative;height:40px'>"
        "<p style='position:absolute;top:0'>one above</p><p style='position:absolute;top:0'>the other</p></div>"
        '<p style="width:3000px">wide</p></main></body></html>'
    )
    said = " ".join(cramped(page, (800,)))
    for kind in ("cut off", "over each other", "wider than the window"):
        assert kind in said
    page.close()
