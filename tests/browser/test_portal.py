"""The portal in a real browser: the main jobs, with and without script, on a desk and on a phone, by keyboard."""

import re
import time
from pathlib import Path

import httpx2
import pytest
import trustme
from playwright.sync_api import Browser, expect

from tenure.http.serve import HttpServer, ListenAddress
from tenure.portal.app import PortalSettings, make_portal
from tenure.portal.main import system_now
from tenure.sandbox.demo import RunningDemo
from tests.browser.accessible import complaints, serious
from tests.browser.conftest import DESKTOP, PHONE, picture, sign_in
from tests.browser.looks import look_everywhere
from tests.http.calls import shown

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CODE = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){3}")
PAGES = (
    "/", "/subscriptions", "/customers", "/customers/new", "/payments", "/order", "/order-requests", "/installations",
    "/offers", "/offers/new",
    "/policy", "/team", "/tokens", "/webhooks", "/emails", "/audit", "/sandbox", "/account", "/brand", "/nowhere",
    "/import/customers", "/import/orders", "/payments/settings", "/policy/plans/editor-year",
)  # fmt: skip


def test_every_page_can_be_read_by_everybody(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    page = sign_in(context, demo)
    # The school's, because what can be done with a canceled one is refused.
    page.goto(f"{demo.portal}/subscriptions?q=Riverside")
    one = page.locator("a.row").first.get_attribute("href") or ""
    page.goto(f"{demo.portal}/customers")
    buyers = [row.get_attribute("href") or "" for row in page.locator("a.row").all()]
    found = {}
    doing = [f"{one}/history", f"{one}/do/change_devices", f"{one}/do/cancel_at_end"]
    more = [one, *doing, *buyers, *(f"{buyer}/money" for buyer in buyers)]
    for path in (*PAGES, *more):
        page.goto(demo.portal + path)
        name = re.sub(r"[a-z]{3}_[0-9a-z]{26}", "one", path).strip("/").replace("/", "-") or "board"
        if said := look_everywhere(page, f"{{size}}-{{scheme}}-{name}"):
            found[path] = said
    missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert found == {}
    assert [each for each in page.complaints if each != missing] == []  # type: ignore[attr-defined]
    context.close()


def test_what_nobody_can_read_or_reach_is_seen(browser: Browser) -> None:
    """The control: axe is at work."""
    page = browser.new_page()
    page.set_content('<html lang="en"><main><h1>A</h1><p style="color:#ddd;background:#fff">faint</p><input></main>')
    said = " ".join(serious(page))
    assert "color-contrast" in said
    assert "label" in said
    page.close()


def test_the_operators_day_with_a_real_browser(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = sign_in(context, demo)
    page.click("text=Customers")
    page.click("text=New customer")
    page.fill("#f-name", "Harbour Café")
    page.click("text=Create the customer")
    page.click("text=Statement and top-up")
    page.locator("form[action$=top-up] input[name=amount]").fill("500.00")
    page.fill("#f-reference", f"bank {time.time_ns()}")
    page.click("text=Show what will happen")
    page.click("button:has-text('Book')")
    expect(page.locator(".flashes")).to_contain_text("€500.00 is booked.")
    page.click("text=Harbour Café")
    page.click("main >> text=Order")
    page.goto(f"{page.url}&offer={demo.provider.offers['editor-year']}")  # one that begins at the order
    page.fill("#f-devices", "5")
    page.click("text=Show price and timeline")
    picture(page, "order-preview")
    assert complaints(page) == []
    page.click("button:has-text('Order for')")
    code = CODE.search(page.inner_text("[data-testid=code]"))
    assert code
    picture(page, "order-code")
    assert complaints(page) == []
    page.click("text=Go to the subscription")
    page.click("a:has-text('Cancel at the end')")
    page.click("button:has-text('Cancel at the end')")
    expect(page.locator(".flashes")).to_contain_text("It is canceled")
    page.click("a:has-text('Undo')")
    page.click("button:has-text('Undo the cancellation')")
    expect(page.locator(".flashes")).to_contain_text("The cancellation is undone.")
    assert code[0] not in page.content()
    context.close()


def test_everything_that_matters_works_without_script(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = sign_in(context, demo, "ana@architects.example")
    page.locator("a.row", has_text="yearly").first.click()  # the one that is active
    page.click("a:has-text('Change devices')")
    page.fill("#f-devices", "14")
    page.click("text=Show what will happen")
    page.click("button:has-text('Change devices')")
    expect(page.locator(".flashes")).to_contain_text("The number of devices is changed.")
    page.click(".menu-open")
    page.click("nav#menu >> text=Balance")
    expect(page.locator("h1")).to_have_text("Balance")
    assert "UTC" in page.inner_text("main")
    picture(page, "phone-noscript-balance")
    context.close()


def test_the_keyboard_alone_is_enough(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = sign_in(context, demo)
    page.goto(f"{demo.portal}/subscriptions")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    context.close()


def test_times_are_told_in_the_readers_zone(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP, timezone_id="America/New_York")
    page = sign_in(context, demo)
    text = page.inner_text(".lead time")
    assert re.search(r"(GMT-[45]|EST|EDT)", text), text
    context.close()


def test_the_phones_menu_opens_and_closes(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=PHONE)
    page = sign_in(context, demo)
    menu = page.locator("nav#menu")
    expect(menu).to_be_hidden()
    page.click(".menu-open")
    expect(menu).to_be_visible()
    picture(page, "phone-menu")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    context.close()


def test_chromium_keeps_the_plain_cookie_over_http_and_the_bound_one_over_https(
    browser: Browser, demo: RunningDemo, tmp_path: Path
) -> None:
    context = browser.new_context()
    sign_in(context, demo)
    (kept,) = (each for each in context.cookies() if each["name"].endswith("tenure-portal"))
    assert (kept["name"], kept["httpOnly"], kept["sameSite"], kept["secure"]) == ("tenure-portal", True, "Lax", False)
    context.close()
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    http = httpx2.AsyncClient(base_url=demo.url)
    listen = ListenAddress(certificate=shown(tmp_path / "both.pem", tmp_path / "both.pem"))
    with HttpServer(make_portal(http, PortalSettings(), system_now, time.monotonic), listen) as server:
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(f"{server.url}/sign-in")
        page.fill("#f-email", "olga@north.example")
        page.fill("#f-password", "wrong")
        page.press("#f-password", "Enter")
        expect(page.locator("main")).to_contain_text("What helps:")
        (kept,) = (each for each in context.cookies() if each["name"].endswith("tenure-portal"))
        assert (kept["name"], kept["secure"], kept["path"]) == ("__Host-tenure-portal", True, "/")
        context.close()


def test_before_and_after_is_read_on_a_phone_in_two_wide_columns(browser: Browser, demo: RunningDemo) -> None:
    """The name stands above its two values, which share the width; on a desk all three stand in one line."""
    context = browser.new_context(viewport=PHONE)
    page = sign_in(context, demo)
    page.goto(f"{demo.portal}/subscriptions?q=Riverside")
    one = page.locator("a.row").first.get_attribute("href") or ""
    page.goto(f"{demo.portal}{one}/do/cancel_at_end")
    table = page.locator(".change")

    def boxes() -> list[dict[str, float]]:
        cells = table.locator(".name").first.evaluate(
            "(e) => [e, e.nextElementSibling, e.nextElementSibling.nextElementSibling]"
            ".map((cell) => { const r = cell.getBoundingClientRect(); return {x: r.x, y: r.y, w: r.width}; })"
        )
        return list(cells)

    width = table.evaluate("(e) => e.getBoundingClientRect().width")
    name, before, after = boxes()
    assert name["w"] == pytest.approx(width, abs=1)
    assert name["y"] < before["y"] == after["y"]
    assert before["w"] == pytest.approx(width / 2, abs=1) == after["w"]
    assert page.locator(".change .top-row:visible").all_inner_texts() == ["Now", "Afterwards"]
    picture(page, "phone-before-and-after")
    page.set_viewport_size({"width": 1280, "height": 900})
    name, before, after = boxes()
    assert name["y"] == before["y"] == after["y"]
    assert name["x"] < before["x"] < after["x"]
    context.close()


def test_back_from_a_preview_and_forward_again_sends_nothing(browser: Browser, demo: RunningDemo) -> None:
    """The browser had asked whether to send the form again, or shown an error of its own."""
    context = browser.new_context(viewport=DESKTOP)
    page = sign_in(context, demo)
    page.goto(f"{demo.portal}/tokens")
    page.fill("#f-name", "kept by the browser")
    page.locator("section.form button.primary").click()
    expect(page.locator("#e-scopes")).to_be_visible()
    page.goto(f"{demo.portal}/customers")
    page.go_back()
    expect(page.locator("#e-scopes")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value("kept by the browser")
    page.go_back()
    expect(page.locator("#t-new")).to_be_visible()
    page.go_forward()
    expect(page.locator("#e-scopes")).to_be_visible()
    context.close()
