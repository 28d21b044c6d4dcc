"""Forwarding of events in the console: what an administrator fills in, is told and clicks, and what others only see."""

from typing import Any

import pytest

from tests.server.mailbox import Mailbox, mailbox
from tests.server.receiver import answer, receiver
from tests.site.receiver import ANA, BOB, ForwardingEnv, by_mail, by_webhook
from tests.site.site_env import SiteProcess
from tests.site.test_accounts import PASSWORD, Staff
from tests.site.test_console import ORIGIN, app_of, signed_in
from tests.web.browser import FormFound, Tab

WHERE = "/settings/forwarding"


@pytest.fixture
def room(house: SiteProcess) -> ForwardingEnv:
    return ForwardingEnv(house)


def filled(box: Mailbox, **more: Any) -> dict[str, Any]:
    return {
        "name": "Operations", "recipients": f"{ANA}\n{BOB}", "sender": "tenure@site.example", "host": "127.0.0.1",
        "port": box.port, "security": "none", "severity": "info", **more,
    }  # fmt: skip


async def test_mails_from_the_empty_list_to_a_test_that_arrives(house: SiteProcess) -> None:
    tab = await signed_in(house, WHERE)
    assert "Events stay here" in tab.text
    async with mailbox() as box:
        await tab.open(f"{WHERE}/new?by=mail")
        await tab.send(tab.form("recipients"), **filled(box, test="on"))
        assert "The mail server has taken the test message" in tab.text
        assert box.recipients == [ANA, BOB]
        await tab.open(WHERE)
        assert "ana@example.com, bob@example.com" in tab.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Please fill this in."),
        ("recipients", "nobody", "'nobody' is no mailbox"),
        ("sender", "nobody", "'nobody' is no mailbox"),
        ("host", "-", "is no name or address of a mail server"),
        ("port", "seventy", "A whole number from 1 to 65,535"),
        ("security", "much", "Please choose one."),
        ("severity", "loud", "Please choose one."),
        ("user", "ana", "Signing in at the mail server needs a password"),
        ("password", "secret words", "A password goes with a user"),
        ("authorities", "none", "No certificate can be read there"),
        ("host", "mail.example.com", "Without encryption mails go to this computer alone"),
    ],
)
async def test_what_will_not_do_stands_beside_its_field_and_nothing_is_lost(
    house: SiteProcess, field: str, value: str, words: str
) -> None:
    tab = await signed_in(house, f"{WHERE}/new?by=mail")
    async with mailbox() as box:
        await tab.send(tab.form("recipients"), **filled(box, **{field: value}))
    assert tab.status == 422
    assert words in tab.text
    again = tab.form("recipients").fields
    assert again["sender"] == (value if field == "sender" else "tenure@site.example")
    assert again["password"] == ""


async def test_a_password_stays_kept_and_is_asked_for_where_it_would_go_elsewhere(room: ForwardingEnv) -> None:
    async with mailbox() as box:
        made = await room.add(mail=by_mail(box)["mail"] | {"user": "ana", "password": "a kept secret"})
        tab = await signed_in(room.house, f"{WHERE}/{made['id']}/edit")
        assert "Kept; fill in to change it." in tab.text
        await tab.send(tab.form("recipients"), name="Others", kinds=["fork_found"])
        assert tab.path == f"{WHERE}/{made['id']}"
        assert "Fork found" in tab.text
        await tab.open(f"{WHERE}/{made['id']}/edit")
        await tab.send(tab.form("recipients"), host="mail.example.com", security="tls")
        assert tab.status == 422
        assert "also after server or user changed" in tab.text
        assert "a kept secret" not in tab.text


async def test_a_webhook_its_secret_its_switch_and_its_end(house: SiteProcess) -> None:
    tab = await signed_in(house, f"{WHERE}/new?by=webhook")
    async with receiver() as there:
        await tab.send(tab.form("url"), name="Alerts", url="http://10.0.0.8/", severity="info")
        assert "Without TLS a message stays within this computer" in tab.text
        await tab.send(tab.form("url"), url=there.url)
        assert "whsec_" in tab.text
        (one,) = [link for link in tab.page.links if link.endswith("/edit")]
        at = one.removesuffix("/edit")
        await tab.open(at)
        assert "whsec_" not in tab.text
        there.answers = [answer("302 Found", b"", "Location: http://127.0.0.1:1/")]
        await tab.send(tab.form(action=f"{at}/test"))
        assert "redirects are not followed" in tab.text
        assert "Enter the address that it redirects to." in tab.text
        await tab.send(tab.form(action=f"{at}/secret"))
        assert "whsec_" in tab.text
        await tab.send(tab.form(action=f"{at}/switch"))
        assert "It is off; what happens meanwhile waits." in tab.text
        await tab.send(tab.form(action=f"{at}/switch"))
        assert "It is on again." in tab.text
        await tab.open(f"{at}/remove")
        await tab.send(tab.form(action=f"{at}/remove"))
        assert "The forwarding is removed" in tab.text
        await tab.open("/events")
        assert at not in tab.page.links


async def test_one_that_has_stopped_says_why_and_goes_on_with_or_without_what_waited(room: ForwardingEnv) -> None:
    async with receiver() as there:
        made = await room.add(**by_webhook(there))
        there.always = answer("410 Gone")
        room.happen("one", "two")
        await room.go()
        tab = await signed_in(room.house, "/settings")
        assert "Needs a look" in tab.text
        await tab.open(f"{WHERE}/{made['id']}")
        assert "It has stopped: nothing is sent any more." in tab.text
        assert "gone for good (410)" in tab.text
        assert "Go on with the 2 events that waited" in tab.text
        there.always = answer("500 Broken")
        await tab.send(tab.form(action=f"{WHERE}/{made['id']}/resume"))
        assert "It goes on with what waited." in tab.text
        await room.go()
        await tab.open(f"{WHERE}/{made['id']}")
        assert "Failing since" in tab.text
        await tab.send(tab.form(action=f"{WHERE}/{made['id']}/resume"))
        room.house.site_env.wait(60)
        there.always = answer("200 OK")
        await room.go(2)
        await tab.open(f"{WHERE}/{made['id']}")
        assert "Working" in tab.text


async def test_who_may_only_look_is_offered_nothing_else(room: ForwardingEnv) -> None:
    async with receiver() as there:
        made = await room.add(**by_webhook(there))
        await room.aside(Staff(room.house).user, "otto", "auditor")
        tab = Tab(app_of(room.house), ORIGIN)
        await tab.open("/sign-in?by=user")
        await tab.send(tab.form(action="/sign-in/user"), name="otto", password=PASSWORD)
        for path in (WHERE, f"{WHERE}/{made['id']}", "/events"):
            await tab.open(path)
            assert tab.status == 200
            posts = {form.action for form in tab.page.forms if form.method == "post"}
            assert posts == {"/sign-out"}, path
            assert "/hook" not in tab.text
        token = tab.form(action="/sign-out").fields["_token"]
        await tab.open(f"{WHERE}/{made['id']}/edit")
        assert tab.status == 403
        await tab.send(FormFound(f"{WHERE}/{made['id']}/test", "post", {"_token": token}))
        assert tab.status == 403
        assert there.messages == []
