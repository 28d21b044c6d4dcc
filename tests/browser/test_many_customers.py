"""A customer is found among many in a real browser: while somebody types, by keyboard, and without script."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tenure.portal.customer_select import FEW
from tenure.sandbox.demo import RunningDemo
from tests.browser.conftest import DESKTOP, PHONE, sign_in
from tests.browser.looks import look_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAST = "Zygmunt & Daughters"


@pytest.fixture(scope="module")
def crowded(browser: Browser, demo: RunningDemo) -> RunningDemo:
    """The demo after an import that made its provider's customers many."""
    context = browser.new_context()
    page = sign_in(context, demo)
    page.goto(f"{demo.portal}/import/customers")
    lines = [f"Workshop {number:03},W-{number},workshop{number}@example.com," for number in range(FEW)]
    page.fill(
        "#f-table",
        "\n".join(["name,reference,email,credit_limit", *lines, f"{LAST},Z-1,post@zygmunt.example,10000000"]),
    )
    page.get_by_role("button", name="Check every line").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("h1")).to_contain_text("0 refused")
    context.close()
    return demo


def order(context: BrowserContext, demo: RunningDemo) -> Page:
    page = sign_in(context, demo)
    page.goto(f"{demo.portal}/order")
    return page


def test_typing_finds_the_customer(browser: Browser, crowded: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    page = order(context, crowded)
    page.fill("#f-devices", "3")
    page.focus("#f-customer")
    page.keyboard.type("ygmu")
    expect(page.locator("#found .pick")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name=LAST)).to_be_checked()
    page.fill("#f-devices", "12")  # asks nothing: what is chosen stays
    page.press("#f-devices", "Enter")
    expect(page.locator("h1")).to_contain_text("This will be ordered")
    expect(page.locator("main")).to_contain_text(LAST)
    assert page.complaints == []  # type: ignore[attr-defined]
    context.close()


def test_without_script_the_form_comes_back_with_what_was_found(browser: Browser, crowded: RunningDemo) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=DESKTOP)  # type: ignore[arg-type]
    page = order(context, crowded)
    page.fill("#f-devices", "7")
    page.fill("#f-customer", "z-1")
    page.press("#f-customer", "Enter")
    expect(page.locator("#found .pick")).to_have_count(1)
    expect(page.locator("#f-devices")).to_have_value("7")
    page.get_by_role("radio", name=LAST).check()
    page.get_by_role("button", name="Show price and timeline").click()
    expect(page.locator("h1")).to_contain_text("This will be ordered")
    context.close()


def test_everybody_can_read_the_search(browser: Browser, crowded: RunningDemo) -> None:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = order(context, crowded)
    page.get_by_role("radio", name="Workshop 003").check()
    assert look_everywhere(page, "{size}-{scheme}-order-search") == []
    page.fill("#f-customer", "nobody at all")
    expect(page.locator("#found")).to_contain_text("No customer was found")
    page.get_by_role("button", name="Show price and timeline").click()
    page.goto(f"{crowded.portal}/subscriptions?q=Riverside")
    page.goto(crowded.portal + (page.locator("a.row").first.get_attribute("href") or "") + "/do/transfer")
    assert look_everywhere(page, "{size}-{scheme}-transfer-search") == []
    context.close()
