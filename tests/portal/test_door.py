"""Signing in and out at the portal, with a password and with a token; what the browser never gets to see."""

import re

import httpx2
import pytest

from tenure.portal.app import PortalSettings, make_portal
from tests.portal.stage import Stage
from tests.server.users import PASSWORD
from tests.web.browser import Tab


async def test_wrong_and_right_passwords(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    await tab.open("/customers")
    await tab.send(email="ana@north.example", password="wrong")
    assert tab.status == 401
    assert "What helps:" in tab.text
    await tab.send(email="ana@north.example", password=PASSWORD)
    assert tab.path == "/customers"


async def test_a_token_signs_in_as_what_it_is(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token="tnr_unknown")
    assert tab.status == 422
    assert "This token is unknown or no longer valid." in tab.text
    await tab.send(tab.form("token"), token=at_the_portal.office.staff.token)
    await tab.open("/customers")
    assert "ACME" in tab.text


async def test_the_apis_secret_never_reaches_the_browser(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    for path in ["/", "/customers", "/subscriptions", "/order", "/tokens"]:
        await tab.open(path)
        assert "tns_" not in tab.answer.text
        assert "tns_" not in str(tab.answer.headers)
        assert "tns_" not in str(dict(tab.http.cookies))


async def test_a_session_that_the_server_ended_leads_to_signing_in_again(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await at_the_portal.ana.send("POST", "/v1/me/password", {"old": PASSWORD, "new": "another long password"})
    await tab.open("/customers")
    assert tab.path.startswith("/sign-in?said=over")
    assert "Your session is over." in tab.text
    assert "next=%2Fcustomers" in tab.path


async def test_signing_out(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.send(tab.form(action="/sign-out"))
    assert "You are signed out." in tab.text
    await tab.open("/customers")
    assert tab.path.startswith("/sign-in")


async def test_the_vendors_staff_chooses_whose_pages_to_look_at(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token=at_the_portal.office.vendor.token)
    assert (tab.path, "Overview" in tab.text) == ("/", True)
    await tab.open("/providers")
    await tab.send(tab.form("provider"))
    await tab.open("/customers")
    assert "ACME" in tab.text


async def test_a_server_that_cannot_be_reached_is_told_in_human_words() -> None:
    async with httpx2.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False) as http:
        tab = Tab(make_portal(http, PortalSettings(house="North"), lambda: 0, lambda: 0.0))
        await tab.open("/sign-in")
        await tab.send(email="ana@north.example", password=PASSWORD)
        assert tab.status == 503
        assert "cannot be reached at the moment" in tab.text


@pytest.mark.parametrize(
    "path", ["/subscriptions/..%2f..%2fv1", "/subscriptions/x%3fa=b", "/customers/%00", "/subscriptions/a/do/nothing"]
)
async def test_addresses_that_mean_nothing_are_not_found(at_the_portal: Stage, path: str) -> None:
    tab = await at_the_portal.staff()
    await tab.open(path)
    assert tab.status == 404


async def test_a_browser_that_signed_in_before_does_not_wait_for_strangers(at_the_portal: Stage) -> None:
    known = await at_the_portal.staff()
    await known.send(known.form(action="/sign-out"))
    for _ in range(8):
        guessing = at_the_portal.tab()
        await guessing.open("/sign-in")
        await guessing.send(email="ana@north.example", password="a wrong password")
    fresh = at_the_portal.tab()
    await fresh.open("/sign-in")
    await fresh.send(email="ana@north.example", password=PASSWORD)
    assert fresh.status == 429
    assert int(fresh.answer.headers["retry-after"]) >= 1 if fresh.answer is not None else False
    await known.open("/sign-in")
    await known.send(email="ana@north.example", password=PASSWORD)
    assert known.status == 200
    cookies = {each.name: each for each in known.http.cookies.jar}
    kept = cookies["__Host-tenure-portal-device"]
    assert kept.value is not None and kept.value.startswith("tnd_")
    assert kept.secure and kept.has_nonstandard_attr("HttpOnly")


async def test_an_invitation_that_was_handed_over_is_opened_from_the_sign_in_page(at_the_portal: Stage) -> None:
    """The link as it was printed, the secret alone, and with what people copy around it."""
    staff = await at_the_portal.staff()
    await staff.open("/team")
    await staff.send(staff.form("email"), email="olga@north.example", name="Olga", role="operator")
    (link,) = re.findall(r"https://portal\.test/invitation/tni_[a-z0-9]+", staff.text)
    for typed in (link, link.rpartition("/")[2], f"  <{link}>. "):
        tab = at_the_portal.tab()
        await tab.open("/sign-in")
        await tab.send(tab.form("invitation"), invitation=typed)
        assert tab.path == link.removeprefix("https://portal.test")
        assert "Welcome, Olga" in tab.text
    for typed in ("tnr_abc", "https://portal.test/sign-in", "\u202e", "x" * 400):
        await tab.open("/sign-in")
        await tab.send(tab.form("invitation"), invitation=typed)
        assert tab.status == 422
        assert "begins with tni_" in tab.text


async def test_where_no_mail_is_sent_it_is_said_what_to_do(at_the_portal: Stage) -> None:
    staff = await at_the_portal.staff()
    await staff.open("/team")
    await staff.send(staff.form("email"), email="pia@north.example", name="Pia", role="operator")
    await staff.open("/emails")
    assert "This activation server sends no mail" in staff.text
    tab = at_the_portal.tab()
    await tab.open("/password-reset")
    assert "can remove you and invite you again" in tab.text
    await tab.send(email="pia@north.example")
    assert "can remove you and invite you again" in tab.text
