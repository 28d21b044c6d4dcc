"""What answered a form can be come back to, an ended session loses no input, and the irreversible is asked first."""

import re

from tests.web.browser import Tab
from tests.web.sample import application


async def signed_in(app: object = None) -> Tab:
    tab = Tab(app or application())
    await tab.open("/sign-in")
    await tab.send(word="open sesame")
    return tab


def things(tab: Tab) -> str:
    return str(tab.form("things").fields["things"])


async def test_the_answer_to_a_form_is_an_address_that_can_be_loaded_again() -> None:
    tab = await signed_in()
    await tab.send(things="99")
    assert (tab.status, "A whole number from 1 to 10" in tab.text) == (422, True)
    answered = tab.path
    assert answered.startswith("/?shown=")
    await tab.send(things="7")
    assert things(tab) == "7"
    await tab.open(answered)  # Back
    assert (tab.status, things(tab)) == (422, "99")
    await tab.open("/")
    assert things(tab) == "7", "coming back to an answer does nothing"


async def test_two_tabs_each_have_their_own_answer() -> None:
    tab = await signed_in()
    await tab.send(things="98")
    first = tab.path
    await tab.open("/")
    await tab.send(things="99")
    second = tab.path
    for address, entered in ((first, "98"), (second, "99")):
        await tab.open(address)
        assert things(tab) == entered


async def test_nobody_else_sees_the_answer_and_signing_out_ends_it() -> None:
    app = application()
    mine, other = await signed_in(app), await signed_in(app)
    await mine.send(things="99")
    answered = mine.path
    await other.open(answered)
    assert (other.status, things(other)) == (200, "0")
    await mine.open("/")
    await mine.send(mine.form(action="/sign-out"))
    await mine.open(answered)
    assert "99" not in mine.text


async def test_what_was_entered_survives_the_end_of_the_session() -> None:
    tab = await signed_in()
    form = tab.form("things")
    cookie = dict(tab.http.cookies)
    await tab.send(tab.form(action="/sign-out"))
    tab.http.cookies.update(cookie)  # the page still stood there, as after twelve hours
    await tab.send(form, things="7")
    assert tab.path.startswith("/sign-in?said=over&next=%2Fresume")
    await tab.send(word="open sesame")
    assert "Not sent yet" in tab.text
    assert "Things 7" in tab.text
    await tab.open("/")
    assert things(tab) == "0", "nothing is done by itself"
    await tab.http.aclose()


async def test_a_kept_form_is_sent_when_its_sender_says_so() -> None:
    tab = await signed_in()
    form = tab.form("things")
    await tab.send(tab.form(action="/sign-out"))
    await tab.send(form, things="7")
    await tab.send(word="open sesame")
    await tab.send(tab.form("things"))
    assert things(tab) == "7"


async def test_whoever_signed_in_anew_in_another_tab_loses_nothing() -> None:
    tab = await signed_in()
    form = tab.form("things")
    await tab.send(tab.form(action="/sign-out"))
    await tab.open("/sign-in")
    await tab.send(word="open sesame")
    await tab.send(form, things="6")
    assert tab.status == 403
    assert "has signed in again" in tab.text
    await tab.send(tab.form("things"))
    assert things(tab) == "6"


async def test_a_strangers_form_is_not_kept_unless_the_browser_says_it_is_ours() -> None:
    tab = Tab(application())
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": tab.origin, "Sec-Fetch-Site": "cross-site"}):
        answer = await tab.http.post("/", data={"things": "7"}, headers=headers)
        assert re.fullmatch(r"/sign-in\?said=over&next=%2F", answer.headers["location"]), headers
    own = {"Origin": tab.origin, "Sec-Fetch-Site": "same-origin"}
    for body in ({"password": "x"}, {"things": "7" * 70_000}):
        answer = await tab.http.post("/", data=body, headers=own)
        assert answer.headers["location"] == "/sign-in?said=over&next=%2F"
