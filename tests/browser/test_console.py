"""The console in a real Chromium: typing a code, watching the banner turn, menus by keyboard, a phone, no script."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tenure.sandbox.demo import RunningDemo
from tenure.web import assets
from tests.browser.accessible import complaints
from tests.browser.conftest import DESKTOP, PHONE, picture
from tests.browser.looks import look_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CSS = Path(assets.__file__).with_name("assets") / "tenure.css"
YEAR = "a year for ten devices"
PAGES = (
    "/", "/licenses", "/licenses/editor", "/licenses/editor/code", "/licenses/editor/successor",
    "/licenses/editor/explain", "/licenses/editor/synchronization", "/licenses/editor/offline",
    "/licenses/editor/conflict", "/licenses/editor/silent", "/devices", "/unassigned", "/groups/default",
    "/enrollments", "/events", "/reports", "/settings", "/settings/dns", "/connection", "/nowhere",
)  # fmt: skip


def signed_in(context: BrowserContext, demo: RunningDemo, path: str = "/") -> Page:
    page = context.new_page()
    page.goto(demo.console + path)
    page.get_by_label("Administrator's token").fill(demo.console_token)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_the_whole_morning_in_one_browser(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = signed_in(context, demo)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    expect(page.get_by_label("What matters most now")).to_contain_text("nothing is licensed yet")
    page.get_by_role("link", name="Add activation code").first.click()
    code, field = demo.codes[YEAR], page.get_by_role("textbox", name="Activation code")
    field.press_sequentially(code[:11])
    expect(page.locator("#checked")).to_contain_text("20 characters")
    field.fill(code.lower())
    expect(page.locator("#checked")).to_contain_text("Well typed")
    page.get_by_role("button", name="Show what it would start").click()
    expect(page.get_by_role("heading", name="What the code would start")).to_be_visible()
    picture(page, "desk-light-console-code-preview")
    assert complaints(page) == []
    page.get_by_role("button", name="Apply the code").click()
    expect(page.get_by_text("The activation code was accepted.")).to_be_visible()
    # The devices ask by themselves, and the list shows it without being loaded again.
    page.get_by_role("link", name="Managed devices").click()
    for name in ("reception", "workshop", "archive"):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Protected", timeout=20_000)
    # M17, by keyboard alone.
    page.goto(demo.console + "/licenses")
    page.get_by_text("Additional actions").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Synchronize subscription settings with Licensing server")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Additional actions")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Synchronize subscription settings with Licensing server")).to_be_visible()
    expect(page.get_by_text("Synchronized:")).to_be_visible()
    assert faults == []
    context.close()


def test_every_page_can_be_read_by_everybody(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = signed_in(context, demo)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(demo.console + path)
        if said := look_everywhere(page, f"console{path.replace('/', '-')}-{{width}}-{{scheme}}"):
            found[path] = said
    assert found == {}
    page.get_by_role("link", name="Open the menu").click()
    page.get_by_role("link", name="Reports").click()
    expect(page.get_by_role("heading", name="Report on usage")).to_be_visible()
    context.close()


def test_the_small_buttons_of_a_table_are_not_broken_within_a_word(browser: Browser) -> None:
    """They had the rule for text that people write, which breaks anywhere."""
    page = browser.new_page(viewport={"width": 500, "height": 400})
    page.set_content(
        f"<style>{CSS.read_text(encoding='utf-8')}</style><table><tr><td>{'many words ' * 40}</td>"
        '<td><button class="button small">Acknowledge</button></td></tr></table>'
    )
    lines = "(e) => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length; }"
    assert page.locator("button").evaluate(lines) == 1
    page.close()


def test_everything_works_without_script(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = signed_in(context, demo, "/licenses")
    page.get_by_text("Additional actions").click()
    page.get_by_role("link", name="Test connection").click()
    page.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("Root of trust", exact=True)).to_be_visible()
    page.goto(demo.console + "/enrollments")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("shown this once")).to_be_visible()
    page.goto(demo.console + "/licenses/editor/remove")
    expect(page.get_by_role("heading", name="Remove the license of editor")).to_be_visible()
    context.close()
