"""Sums of millions in currencies of no and of three decimals stand whole, also in the largest letters."""

from typing import NamedTuple

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tenure.sandbox.demo import RunningDemo
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.seed import EVERYBODYS, seed_user
from tests.browser.conftest import sign_in
from tests.browser.fitting import cramped

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MONEY = {"JPY": 899_999_999_999, "KWD": 8_999_999_999_999}
"""Minor units: 900 thousand million yen, and 9 thousand million dinar with three decimals."""
UNIT = {"JPY": 150_000, "KWD": 1_500_250}
"""What one device costs for a period."""

_BROKEN = """() => {
    const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), found = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (!node.parentElement.checkVisibility() || node.parentElement.closest("thead, .unseen, code")) continue;
      for (const hit of node.data.matchAll(/[0-9][0-9,.]{5,}[0-9]/g)) {
        const range = document.createRange();
        range.setStart(node, hit.index);
        range.setEnd(node, hit.index + hit[0].length);
        const lines = new Set([...range.getClientRects()].filter((r) => r.width > 1).map((r) => Math.round(r.top)));
        if (lines.size > 1) found.push(hit[0]);
      }
    }
    return found;
  }"""
"""Numbers that stand on two lines: the second half reads like a sum of its own."""


class OpenedProvider(NamedTuple):
    """A provider that sells in one currency, with a customer who has much money."""

    owner: str
    buyer: str
    customer: str
    subscription: str


def open_provider(demo: RunningDemo, currency: str) -> OpenedProvider:
    """Everything that shows money, in this currency."""
    entrance = httpx2.post(f"{demo.url}/v1/sign-in", json={"email": "vera@vendor.example", "password": EVERYBODYS})
    vendor = ProviderClient(demo.url, entrance.json()["session"])
    provider = vendor.post("/v1/providers", {"name": f"Shop {currency}", "currency": currency, "sandbox": True})["id"]
    token = {"name": "desk", "role": "provider", "scopes": ["*"], "days": 30}
    staff = ProviderClient(demo.url, vendor.post("/v1/tokens", token, provider=provider)["token"])
    terms = {"currency": currency, "bands": [{"unit": UNIT[currency]}]}
    offer = staff.post("/v1/offers", {"plan": "editor-month", "name": "Monthly", **terms})["id"]
    buyers = [
        staff.post("/v1/customers", {"name": name, "reference": name[:3]})["id"]
        for name in ("Rich & Co.", "Poor & Co.")
    ]
    for buyer, sum_ in zip(buyers, (MONEY[currency], UNIT[currency] * 1_000), strict=True):
        staff.post(f"/v1/customers/{buyer}/top-ups", {"amount": sum_, "reference": f"r-{buyer[-4:]}"})
        order = {"customer": buyer, "offer": offer, "devices": 1_000}
        made = staff.post("/v1/subscriptions", order)["subscription"]["id"]
        staff.post(f"/v1/customers/{buyer}/payment-requests", {"amount": MONEY[currency] // 10})
    owner, pays = f"owner@{currency.lower()}.example", f"pays@{currency.lower()}.example"
    seed_user(vendor, provider, "Otto", owner)
    seed_user(vendor, provider, "Petra", pays, customer_id=buyers[1])
    vendor.close()
    staff.close()
    return OpenedProvider(owner, pays, buyers[1], made)


def looked_at(page: Page, name: str) -> list[str]:
    """What has no room or is broken, on a phone and in a small window, in usual letters and in twice as large ones."""
    told = []
    for percent in (100, 200):
        told += [f"{name} at {percent} %, {each}" for each in cramped(page, (320, 390, 640), text_percent=percent)]
    for width in (320, 640, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        told += [f"{name}, {width}: {each} is broken" for each in page.evaluate(_BROKEN)]
    return told


def previewed(page: Page, demo: RunningDemo) -> None:
    """The preview of an order of 40,000 devices."""
    page.goto(f"{demo.portal}/order")
    if page.locator("select#f-customer").count():
        page.locator("#f-customer").select_option(label="Rich & Co.")
    page.fill("#f-devices", "40000")
    page.get_by_role("button", name="Show price and timeline").click()
    expect(page.locator("h1")).to_contain_text("This will be ordered")


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_millions_have_room_everywhere_and_are_not_broken(browser: Browser, demo: RunningDemo, currency: str) -> None:
    env = open_provider(demo, currency)
    found: list[str] = []
    for who in (env.owner, env.buyer):
        context = browser.new_context()
        page = sign_in(context, demo, who)
        staff = ["/board/running-out", "/customers", "/payments", "/offers"] if who == env.owner else []
        own = [f"/customers/{env.customer}/money", "/subscriptions", f"/subscriptions/{env.subscription}"]
        for path in ("/", *own, *staff):
            page.goto(demo.portal + path)
            found += looked_at(page, path)
        if who == env.owner:
            previewed(page, demo)
            expect(page.locator("main")).to_contain_text("¥6,000,000,000" if currency == "JPY" else "60,010,000.000")
            found += looked_at(page, "order preview")
        context.close()
    assert found == []


def test_a_number_on_two_lines_is_seen(browser: Browser) -> None:
    """The control."""
    page = browser.new_page()
    page.set_content(
        "<main><p style='width:5em;overflow-wrap:anywhere'>899,999,999,999.999 KWD</p><p>1,234.50</p></main>"
    )
    assert page.evaluate(_BROKEN) == ["899,999,999,999.999"]
    page.close()


def test_ordinary_sums_stand_whole_beside_a_narrow_column(browser: Browser, demo: RunningDemo) -> None:
    """Thousands had lost their last digit to a line of their own at the desk."""
    desk = ProviderClient(demo.url, demo.provider.token)
    buyer = desk.post("/v1/customers", {"name": "Harbour Clinic", "reference": "H"})["id"]
    for reference, amount in (("first", 864_000), ("second", 1_999_999)):
        desk.post(f"/v1/customers/{buyer}/top-ups", {"amount": amount, "reference": reference})
    desk.close()
    context = browser.new_context()
    page = sign_in(context, demo)
    page.goto(f"{demo.portal}/customers/{buyer}/money")
    for width in (1024, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_BROKEN) == [], width
    assert cramped(page) == []
    context.close()
