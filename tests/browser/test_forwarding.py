"""Forwarding of events in a real Chromium, to a real mail server and receiver: set up, tried, mended, removed."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tenure.sandbox.demo import RunningDemo
from tests.browser.accessible import complaints
from tests.browser.conftest import DESKTOP, PHONE, picture
from tests.browser.looks import look_everywhere
from tests.browser.test_console import signed_in
from tests.server.mailbox import Mailbox, mailbox
from tests.server.receiver import Receiver, receiver

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHERE = "/settings/forwarding"


@dataclass
class Outside:
    """Who gets messages."""

    box: Mailbox
    hook: Receiver


@contextmanager
def outside() -> Iterator[Outside]:
    """Both in a loop of their own, because this thread's is the browser's."""
    loop, made, ready, over = asyncio.new_event_loop(), [], threading.Event(), asyncio.Event()

    async def live() -> None:
        async with mailbox() as box, receiver() as hook:
            made.append(Outside(box, hook))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def fill_mail(page: Page, there: Outside, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Recipients").fill("ana@example.com\nbob@example.com")
    page.get_by_label("Sender").fill("tenure@office.example")
    page.get_by_label("Mail server").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(there.box.port))
    page.get_by_label("Encryption").select_option("none")


def test_mails_are_set_up_tried_and_mended(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = signed_in(context, demo, WHERE)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    with outside() as there:
        page.get_by_role("link", name="Forward by e-mail").click()
        fill_mail(page, there, "Operations")
        page.get_by_label("Encryption").select_option("tls")
        page.get_by_label("Mail server").fill("no host")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("write it like mail.example.com")
        picture(page, "forwarding-refused-1280")
        page.get_by_label("Mail server").fill("127.0.0.1")
        page.get_by_role("button", name="Save and send a test message").click()
        expect(page.get_by_role("alert")).to_contain_text("does not speak TLS as chosen")
        picture(page, "forwarding-tested-badly-1280")
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("Encryption").select_option("none")
        page.get_by_label("Everything").check()
        page.get_by_role("button", name="Save and send a test message").click()
        expect(page.get_by_text("The mail server has taken the test message")).to_be_visible()
        assert there.box.recipients == ["ana@example.com", "bob@example.com"]
        there.box.refuses = {"bob@example.com": "550 5.1.1 No such user"}
        page.get_by_role("button", name="Send a test message").click()
        expect(page.get_by_text("for some of the recipients").first).to_be_visible()
        assert complaints(page) == []
        page.get_by_role("link", name="Remove").click()
        page.get_by_role("button", name="Remove the forwarding").click()
        expect(page.get_by_text("The forwarding is removed")).to_be_visible()
    assert faults == []
    context.close()


def test_a_webhook_gets_what_happens_and_without_script_too(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = signed_in(context, demo, f"{WHERE}/new?by=webhook")
    with outside() as there:
        page.get_by_label("Name").fill("Alerts")
        page.get_by_label("Address").fill(there.hook.url)
        page.get_by_label("Everything").check()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("shown this once")).to_be_visible()
        expect(page.locator("code.token")).to_contain_text("whsec_")
        page.goto(demo.console + "/users")
        page.get_by_label("Name or email address").fill("ana@example.com")
        page.get_by_role("button", name="Add").click()
        page.goto(demo.console + WHERE)
        for _ in range(50):
            if there.hook.messages:
                break
            page.wait_for_timeout(200)
        assert there.hook.messages[0].event["type"] == "user_added"
        page.get_by_role("link", name="Alerts").click()
        expect(page.get_by_text("taken", exact=True).first).to_be_visible()
        page.get_by_role("button", name="Make a new secret").click()
        expect(page.locator("code.token")).to_contain_text("whsec_")
        page.get_by_role("button", name="Switch it off").click()
        expect(page.get_by_text("It is switched off: what happens meanwhile waits.")).to_be_visible()
        page.goto(demo.console + "/events?severity=warning")
        page.get_by_role("button", name="Acknowledge all warnings").click()
        expect(page.get_by_text("acknowledged; newer ones are not.")).to_be_visible()
        page.goto(demo.console + WHERE)
        page.get_by_role("link", name="Alerts").click()
        page.get_by_role("link", name="Remove").click()
        page.get_by_role("button", name="Remove the forwarding").click()
    context.close()


def test_every_page_of_it_can_be_read_by_everybody(browser: Browser, demo: RunningDemo) -> None:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = signed_in(context, demo, WHERE)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        if said := look_everywhere(page, f"{name}-{{width}}-{{scheme}}"):
            found[name] = said

    look("forwarding-none")
    with outside() as there:
        page.goto(f"{demo.console}{WHERE}/new?by=mail")
        look("forwarding-new")
        fill_mail(page, there, "Operations of all")
        page.get_by_text("Only some kinds of events").click()
        page.get_by_text("Certificate authorities of your own").click()
        look("forwarding-open")
        page.get_by_label("No seat is left for another device").check()
        there.box.refuses = {"bob@example.com": "550 5.1.1 No such user here"}
        page.get_by_role("button", name="Save and send a test message").click()
        page.get_by_role("button", name="Send a test message").click()
        look("forwarding-one")
        page.get_by_role("link", name="Remove").click()
        look("forwarding-remove")
        page.goto(f"{demo.console}{WHERE}/new?by=webhook")
        look("forwarding-webhook")
        page.get_by_label("Name").fill("Alerts of all")
        page.get_by_label("Address").fill(there.hook.url)
        page.get_by_role("button", name="Save", exact=True).click()
        look("forwarding-secret")
        page.goto(demo.console + WHERE)
        look("forwarding-list")
        page.goto(demo.console + "/events")
        look("forwarding-events")
        page.goto(demo.console + "/settings")
        look("forwarding-settings")
        for name in ("Operations of all", "Alerts of all"):
            page.goto(demo.console + WHERE)
            page.get_by_role("link", name=name).click()
            page.get_by_role("link", name="Remove").click()
            page.get_by_role("button", name="Remove the forwarding").click()
    assert found == {}
    context.close()
