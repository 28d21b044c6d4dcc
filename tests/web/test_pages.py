"""The manners that every page has, on a program of three: session, the two fences of a form, headers, refusals."""

from typing import Any

import pytest

from tests.web.browser import Tab
from tests.web.sample import application


async def _signed_in(app: Any = None, origin: str = "https://portal.test") -> Tab:
    tab = Tab(app or application(), origin)
    await tab.open("/")
    await tab.send(word="open sesame")
    return tab


async def test_a_stranger_is_sent_to_sign_in_and_then_on_to_where_they_wanted() -> None:
    tab = Tab(application())
    await tab.open("/refused?x=1")
    assert tab.path.startswith("/sign-in?next=")
    await tab.send(word="wrong")
    assert tab.status == 422
    assert "That is not the word." in tab.text
    await tab.send(word="open sesame", next="/refused")
    assert tab.status == 409
    assert "That is not possible <yet>." in tab.text
    assert "&lt;yet&gt;" in tab.answer.text


async def test_the_cookie_is_bound_to_the_host_over_https_and_plain_only_over_http() -> None:
    app = application()
    for origin, name, secure in [
        ("https://portal.test", "__Host-tenure-sample", True),
        ("http://127.0.0.1:8", "tenure-sample", False),
    ]:
        tab = Tab(app, origin)
        await tab.open("/sign-in")
        kept = tab.answer.headers["set-cookie"]
        assert kept.startswith(f"{name}=")
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(kept.split("; "))
        assert ("Secure" in kept.split("; ")) is secure


async def test_a_proxy_that_ends_tls_is_known_by_the_public_address() -> None:
    tab = Tab(application(public_url="https://licenses.example.com"), "http://10.0.0.1")
    await tab.open("/sign-in")
    assert tab.answer.headers["set-cookie"].startswith("__Host-")
    assert "strict-transport-security" in tab.answer.headers


async def test_signing_in_changes_the_secret_and_signing_out_ends_it() -> None:
    app = application()
    tab = Tab(app)
    await tab.open("/sign-in")
    before = dict(tab.http.cookies)
    await tab.send(word="open sesame")
    during = dict(tab.http.cookies)
    assert during != before
    await tab.send(tab.form(action="/sign-out"))
    assert tab.path == "/sign-in"
    thief = Tab(app)
    for name, value in during.items():
        thief.http.cookies.set(name, value, domain="portal.test", path="/")
    await thief.open("/")
    assert thief.path.startswith("/sign-in")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://portal.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://portal.test", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_form_from_elsewhere_does_nothing(headers: dict[str, str]) -> None:
    tab = await _signed_in()
    await tab.send(headers=headers, things="7")
    assert tab.status == 403
    assert "not sent from here" in tab.text
    await tab.open("/")
    assert tab.form("things").fields["things"] == "0"


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é" * 64])
async def test_a_form_without_the_right_token_does_nothing(token: str) -> None:
    tab = await _signed_in()
    await tab.send(things="7", _token=token)
    assert tab.status == 403


async def test_another_browsers_token_is_worth_nothing() -> None:
    app = application()
    mine, other = await _signed_in(app), await _signed_in(app)
    await mine.send(things="7", _token=other.form("things").fields["_token"])
    assert mine.status == 403


async def test_what_was_done_is_said_once_and_a_fault_stands_beside_its_field() -> None:
    tab = await _signed_in()
    await tab.send(things="11")
    assert tab.status == 422
    assert "A whole number from 1 to 10" in tab.text
    assert ("input", "true") in [(tag, held.get("aria-invalid")) for tag, held in tab.page.tags]
    await tab.send(things="3")
    assert "There are 3 things now." in tab.text
    await tab.open("/")
    assert "There are 3 things now." not in tab.text


async def test_a_refused_form_is_shown_again_with_what_was_entered_and_under_another_key() -> None:
    tab = await _signed_in()
    first = tab.form("things").fields["_key"]
    await tab.send(things="8")
    assert tab.status == 422
    assert "Eight is not to be had <today>." in tab.text
    shown = tab.form("things").fields
    assert shown["things"] == "8"
    assert shown["_key"] not in {"", first}


async def test_a_refusal_about_a_field_stands_beside_it_and_not_above_the_form() -> None:
    tab = await _signed_in()
    await tab.send(things="9")
    assert tab.status == 422
    assert ("input", "true") in [(tag, held.get("aria-invalid")) for tag, held in tab.page.tags]
    assert tab.text.count("Nine are too many.") == 2  # in the summary of faults, and beside the field


async def test_pages_load_nothing_from_elsewhere_but_the_providers_logo() -> None:
    tab = await _signed_in()
    policy = tab.answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "img-src 'self' https://pictures.example.com" in policy
    assert "unsafe" not in policy
    assert tab.answer.headers["cache-control"] == "no-store"
    assert tab.answer.headers["x-content-type-options"] == "nosniff"
    for tag, held in tab.page.tags:
        assert not any(name == "style" or name.startswith("on") for name in held), (tag, held)
        assert tag != "style"
        assert tag != "script" or held.get("src", "").startswith("/assets/")


async def test_every_asset_of_a_page_is_there_and_kept_by_the_browser() -> None:
    tab = await _signed_in()
    wanted = [held.get("href") or held.get("src") for tag, held in tab.page.tags if tag in {"link", "script"}]
    assert len(wanted) == 4
    for address in wanted:
        answer = await tab.http.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
    assert (await tab.http.get("/assets/brand/x;}body{.css")).status_code == 404
    assert (await tab.http.get("/assets/0/nothing.css")).status_code == 404


async def test_an_error_nobody_foresaw_tells_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    tab = await _signed_in()
    await tab.open("/broken")
    assert tab.status == 500
    assert "Something went wrong on our side." in tab.text
    assert "secret inside" not in tab.answer.text
    assert "secret inside" in caplog.text
    await tab.open("/no/such/page")
    assert tab.status == 404
    assert "There is no such page." in tab.text


def _part(said: bytes, content: bytes, times: int = 1) -> bytes:
    return (b"--x\r\nContent-Disposition: form-data; " + said + b"\r\n\r\n" + content + b"\r\n") * times + b"--x--\r\n"


async def test_bodies_that_are_no_forms_are_refused_within_bounds() -> None:
    tab = await _signed_in()
    own = {"Origin": tab.origin}
    for body, media, status in [
        (b"x" * 2_000_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"\xff=1", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded", 400),
        (b"--x\r\n\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x", 400),
        (_part(b'name="a"', b"1"), "multipart/form-data", 400),
        (_part(b'name="a"', b"1")[:-6], "multipart/form-data; boundary=x", 400),
        (_part(b'name="a"', b"\xff"), "multipart/form-data; boundary=x", 400),
        (_part(b'name="a"', b"1", times=500), "multipart/form-data; boundary=x", 400),
        (_part(b'name="a"; filename="f"', b"\xff"), "multipart/form-data; boundary=x", 403),
    ]:
        answer = await tab.http.post("/", content=body, headers={**own, "Content-Type": media})
        assert answer.status_code == status


async def test_nobody_is_sent_to_another_website_after_signing_in() -> None:
    for aim in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]:
        tab = Tab(application())
        await tab.open("/sign-in")
        await tab.send(word="open sesame", next=aim)
        assert tab.path == "/"


async def test_a_file_has_a_harmless_name() -> None:
    tab = await _signed_in()
    await tab.open("/export")
    assert tab.answer.headers["content-disposition"] == 'attachment; filename="ab.csv"'
