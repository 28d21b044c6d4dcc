"""Mails against a real mail server: in the provider's name, in both forms, once, encrypted, tried again, given up."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from tenure.core.lease.claims import Brand
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.http.outgoing.delivery_worker import DeliveryWorker
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.outgoing.smtp import SECONDS, MailParts, MailServer, send_mail
from tenure.server.context import ServerContext
from tenure.server.messages import email_worker as email_source
from tenure.server.messages.backoff import next_email_try
from tenure.server.messages.email_worker import email_worker
from tenure.server.messages.rendering import FOLDER, SenderIdentity, house_of, render_email
from tenure.server.settings import ServerSettings, mail_server, read_settings, trusted_proxies, webhook_networks
from tenure.store import emails, outbox
from tenure.store.engine import Connection
from tests.server.mailbox import Mailbox, mailbox
from tests.server.server_env import START, Clock, ServerEnv, office

pytestmark = pytest.mark.anyio

SECRET = "https://portal.test/accept#very-secret"
NORTH = SenderIdentity("North")


def plain(box: Mailbox, **more: Any) -> MailServer:
    return MailServer(host="127.0.0.1", sender="licenses@north.example", port=box.port, security="none", **more)


def postman(env: ServerEnv) -> DeliveryWorker:
    return email_worker(env.context, lambda: 0.5)


@asynccontextmanager
async def posting(folder: Path, clock: Clock | None = None) -> AsyncIterator[tuple[ServerEnv, Mailbox]]:
    """An office with a mail server."""
    async with mailbox() as box, office(folder, clock=clock, post=plain(box)) as env:
        yield env, box


async def put(
    env: ServerEnv, to: str = "ana@example.com", template: str = "invitation", **values: str
) -> emails.StoredEmail:
    made = await env.context.db.write(
        emails.add_email, env.context.safe, env.provider, to, template, values or {"link": SECRET}, env.clock()
    )
    assert not isinstance(made, Refused)
    return made


async def log(env: ServerEnv) -> list[Any]:
    found: list[Any] = (await env.staff.get("/v1/emails"))["items"]
    return found


async def test_a_mail_goes_out_once_in_both_forms_in_the_providers_name(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        email = await put(env)
        assert await postman(env).once() >= 1
        await postman(env).once()
        (mail,) = box.mails
        assert box.recipients == ["ana@example.com"]
        assert mail["From"] == "North <licenses@north.example>"
        assert mail["Subject"] == "You are invited to North"
        assert mail["Message-ID"] == f"<{email.id}@north.example>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"].datetime.timestamp() == env.clock()
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None
        assert html is not None
        assert SECRET in text.get_content()
        assert f'href="{SECRET}"' in html.get_content()
        (shown,) = await log(env)
        assert (shown["state"], shown["tries"], shown["to"]) == ("sent", 1, "ana@example.com")
        assert "secret" not in repr(shown)


async def test_without_a_mail_server_mails_wait_and_say_what_to_do(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await put(env)
        await postman(env).once()
        (shown,) = await log(env)
        assert (shown["state"], shown["tries"]) == ("waiting", 0)
        status = await env.vendor.get("/v1/emails/status")
        assert (status["ready"], status["waiting"]) == (False, 1)
        assert "server.json" in status["advice"]


async def test_a_refused_mailbox_is_given_up_at_once_with_its_reason(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        box.refused = "550 5.1.1 No such user here"
        email = await put(env)
        await postman(env).once()
        (shown,) = await log(env)
        assert (shown["state"], shown["due"]) == ("given_up", None)
        assert shown["fault"] == "the mailbox was refused: 550 5.1.1 No such user here"
        box.refused = ""
        again = await env.staff.send("POST", f"/v1/emails/{email.id}/resend")
        assert again.status_code == 201
        await postman(env).once()
        assert [one["state"] for one in await log(env)].count("sent") == 1
        assert len(box.mails) == 1
        sent = next(one for one in await log(env) if one["state"] == "sent")
        refused = await env.staff.send("POST", f"/v1/emails/{sent['id']}/resend")
        assert refused.json()["code"] == "nothing_to_change"


async def test_a_mailbox_that_is_full_today_is_tried_again_for_three_days(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        box.refused = "452 4.2.2 Mailbox full"
        begun = env.clock.now
        email = await put(env)
        tries = 0
        while True:
            await postman(env).once()
            known = await env.context.db.read(emails.get_email, env.provider, email.id)
            assert known is not None
            tries += 1
            if known.due is None:
                break
            assert known.due > env.clock.now
            env.clock.now = known.due
        assert env.clock.now - begun == 3 * DAY
        assert 10 < tries < 40
        assert (await log(env))[0]["fault"].startswith("the mailbox was refused: 452")


async def test_a_mail_server_that_is_down_costs_nothing_but_time(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        await put(env)
        gone = replace(env.context, post=replace(plain(box), port=1))
        await email_worker(gone, lambda: 0.0).once()
        (shown,) = await log(env)
        assert shown["state"] == "waiting"
        assert shown["fault"].startswith("the mail server cannot be reached or used")
        env.clock.now += 60
        await postman(env).once()
        assert len(box.mails) == 1


async def test_two_processes_send_each_mail_once(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        for number in range(30):
            await put(env, f"ana{number}@example.com")
        box.wait = 0.005
        both = [postman(env), postman(env), postman(env)]
        while sum(await asyncio.gather(*[one.once() for one in both])):
            pass
        assert sorted(box.recipients) == sorted({f"ana{number}@example.com" for number in range(30)})


async def test_a_server_that_is_stopped_puts_on_record_what_it_was_sending(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        box.wait = 0.3
        await put(env)
        stopped = postman(env)
        look = asyncio.create_task(stopped.once())
        await asyncio.sleep(0.15)
        look.cancel()
        await stopped.close()
        assert (await log(env))[0]["state"] == "sent"
        assert len(box.mails) == 1


async def test_what_a_mail_says_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with posting(tmp_path) as (env, box):
        box.refused = "550 no"
        await put(env)
        await postman(env).once()
        assert "did not go out" in caplog.text
        assert "very-secret" not in caplog.text
        assert "very-secret" not in repr(await env.snapshot())


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_line_is_encrypted_and_the_certificate_checked(tmp_path: Path, security: Any) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    how = {"starttls": serving} if security == "starttls" else {"tls": serving}
    async with mailbox(**how) as box:
        trusting = replace(
            plain(box), security=security, ca=str(tmp_path / "ca.pem"), user="licenses", password="right"
        )
        assert (await hand_over(trusting, "ana@example.com")).fault == ""
        assert box.signed_in == [(b"licenses", b"right")]
        assert security == "tls" or box.encrypted == [True]
        for wrong in (replace(trusting, ca=""), replace(trusting, host="localhost")):
            done = await hand_over(wrong, "ana@example.com")
            assert done.fault.startswith("no trusted connection")
            assert not done.final
        barred = await hand_over(replace(trusting, password="wrong"), "ana@example.com")
        assert barred.fault.startswith("the mail server does not accept user and password")
        assert not barred.final
        assert len(box.mails) == 1


async def test_a_server_that_cannot_encrypt_gets_nothing(tmp_path: Path) -> None:
    async with mailbox() as box:
        strict = replace(plain(box), security="starttls")
        done = await hand_over(strict, "ana@example.com")
        assert "STARTTLS" in done.fault
        assert box.mails == []


async def test_a_server_that_never_answers_is_left() -> None:
    async with mailbox() as box:
        box.wait = 30
        begun = time.monotonic()
        done = await hand_over(plain(box), "ana@example.com", 0.2)
        assert done.fault == "the mail server took longer than 0.2 seconds"
        assert time.monotonic() - begun < 15


async def test_a_mail_that_was_given_up_is_not_sent_behind_its_senders_back() -> None:
    """All threads are busy when its time is over: sent later it would arrive twice, since it is tried again."""
    async with mailbox() as box:
        box.wait = 1.0
        server, patient = plain(box), [f"{number}@example.com" for number in range(4)]
        sending = [asyncio.create_task(hand_over(server, to)) for to in patient]
        await asyncio.sleep(0.1)
        late = await hand_over(server, "late@example.com", 0.2)
        assert late.cause == "too_slow"
        assert [each.fault for each in await asyncio.gather(*sending)] == [""] * 4
        assert (await hand_over(server, "next@example.com")).fault == ""
        assert sorted(box.recipients) == sorted([*patient, "next@example.com"])


async def test_one_providers_event_that_cannot_be_told_keeps_no_mail_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = email_source.compose_emails

    def partly(conn: Connection, context: ServerContext, provider: str, seq: int, now: int) -> Any:
        if provider == env.provider:
            raise RuntimeError("its feed cannot be read")
        return whole(conn, context, provider, seq, now)

    monkeypatch.setattr(email_source, "compose_emails", partly)
    async with posting(tmp_path) as (env, box):
        south = await env.vendor.post("/v1/providers", {"name": "South", "currency": "EUR"})
        for name in (env.provider, south["id"]):
            await env.context.db.write(outbox.add_note, name, "payment.requested", None, 1, 1, b"{}")
        assert await postman(env).once() == 1, "what cannot be read is no work done: the next look waits"
        assert [each[0] for each in await env.context.db.read(emails.providers_behind)] == [env.provider]
        await put(env)
        await postman(env).once()
        assert len(box.mails) == 1


def test_a_clock_that_jumps_gives_no_mail_up() -> None:
    created, later = 1_000, 1_000 + 9 * DAY
    assert next_email_try(created, 1, later, 0.5) == later + 60
    assert next_email_try(created, 5, later, 0.5) is None


async def test_a_mail_that_was_put_off_by_a_clock_that_was_ahead_goes_out(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, box):
        box.refused = "452 4.2.2 Mailbox full"
        env.clock.now += 365 * DAY
        await put(env)
        await postman(env).once()
        env.clock.now -= 365 * DAY
        box.refused = ""
        await postman(env).once()
        assert len(box.mails) == 1


async def hand_over(server: MailServer, to: str, most: float = SECONDS, **more: str) -> SendOutcome:
    given = {"to": "ana@example.com", "sender_name": "North", "subject": "Hello", "text": "t", "html": "<p>t"} | more
    return await send_mail(server, MailParts(id="eml_1", **given), (to,), START, most)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_name", "North\r\nBcc: all@example.com"),
        ("sender_name", "North\nX: y"),
        ("subject", "Hello\r\n\r\nBcc: all@example.com"),
        ("subject", "Hello\u2028Bcc: x@y.z"),
        ("sender_name", 'North" <boss@example.com>, "'),
    ],
)
async def test_nothing_in_a_header_makes_another(field: str, value: str) -> None:
    async with mailbox() as box:
        done = await hand_over(plain(box), "ana@example.com", **{field: value})
        assert done.fault == ""
        (came,) = box.mails
        assert came["Bcc"] is None
        assert came["X"] is None
        assert [each.addr_spec for each in came["From"].addresses] == ["licenses@north.example"]
        assert box.recipients == ["ana@example.com"]


@pytest.mark.parametrize(
    "to", ["ana@example.com\r\nBcc: x@y.z", "a@x.test,b@x.test", "Ana <ana@x.test>", "ana", "@x.test", "a b@x.test", ""]
)
async def test_a_recipient_that_is_no_mailbox_is_given_up(tmp_path: Path, to: str) -> None:
    async with posting(tmp_path) as (env, box):
        await put(env, to)
        await postman(env).once()
        (shown,) = await log(env)
        assert (shown["state"], box.mails) == ("given_up", [])
        assert "not an address" in shown["fault"]


# -- words --

_VALUES = """
    product plan devices subscription customer end since days_left phase why price missing begins last_group link
    renew_url amount reference note instructions name inviter role team token expires at address agent url reason server
    activation_code
"""
VALUES = _VALUES.split()


TEMPLATES = sorted(each.stem for each in FOLDER.glob("*.j2"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_says_something_with_and_without_values(template: str) -> None:
    for values in ({}, dict.fromkeys(VALUES, "X")):
        words = render_email(template, values, NORTH)
        assert words is not None
        assert words.subject
        assert "\n" not in words.subject
        assert "None" not in words.text
        assert max(map(len, words.text.splitlines())) <= 100
        assert words.html.startswith("<!doctype html>")


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_that_people_typed_is_markup_or_template(template: str) -> None:
    nasty = "<script>alert(1)</script>{{ 7 * 7 }}{% raw %}\"'&%(x)s"
    words = render_email(template, dict.fromkeys(VALUES, nasty), house_of(nasty, Brand(support=nasty, color="red;}")))
    assert words is not None
    assert "<script" not in words.html
    assert "49" not in words.html + words.text + words.subject
    assert "red;" not in words.html


def test_a_letter_without_link_carries_what_the_link_would() -> None:
    for template in ("invitation", "password_reset"):
        told = {"token": "tni_secret", "expires": "2026-03-04T05:06:07Z", "team": "ACME"}
        words = render_email(template, told, NORTH)
        assert words is not None
        assert "tni_secret" in words.text
        assert "4 March 2026, 05:06 UTC" in words.text
        bare = render_email(template, {"link": "tni_secret"}, NORTH)
        assert bare is not None
        assert "tni_secret" in bare.text, "without a portal the link is the secret itself"
        linked = render_email(template, told | {"link": "https://portal.test/x/tni_secret"}, NORTH)
        assert linked is not None
        assert linked.text.count("tni_secret") == 1


def test_a_button_leads_to_the_web_only() -> None:
    for link in ("javascript:alert(1)", "data:text/html,x", 'https://x.test/" onclick="x'):
        words = render_email("reminder", {"link": link}, NORTH)
        assert words is not None
        assert "<a " not in words.html


def test_the_brand_shows() -> None:
    brand = Brand(name="Northern IT", logo="https://x.test/logo.png", color="#ffee00", support="help@x.test")
    words = render_email("reminder", {"link": "https://x.test/"}, house_of("prv", brand, sandbox=True))
    assert words is not None
    assert words.subject.startswith("[Sandbox] ")
    assert 'src="https://x.test/logo.png"' in words.html
    assert "background:#ffee00;color:#000000" in words.html, "what can be read on it"
    assert "Questions: help@x.test" in words.text


def test_an_unknown_template_is_none() -> None:
    assert render_email("no_such_letter", {}, NORTH) is None
    assert render_email("../frame", {}, NORTH) is None


async def test_a_letter_without_template_is_given_up(tmp_path: Path) -> None:
    async with posting(tmp_path) as (env, _):
        await put(env, template="no_such_letter")
        await postman(env).once()
        assert (await log(env))[0]["state"] == "given_up"


# -- settings --


def settings(folder: Path, **mail: Any) -> ServerSettings:
    (folder / "server.json").write_bytes(msgspec.json.encode({"name": "https://x.test", "mail": mail}))
    found = read_settings(folder / "server.json")
    assert isinstance(found, ServerSettings), found
    return found


def test_settings_name_the_password_and_do_not_hold_it(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right\n", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    given = {"host": "mail.x.test", "sender": "a@x.test", "user": "a", "password_file": "password"}
    found = mail_server(settings(tmp_path, **given), tmp_path)
    assert isinstance(found, MailServer)
    assert (found.password, found.port, found.security) == ("right", 587, "starttls")
    assert "right" not in repr(found)
    (tmp_path / "password").chmod(0o644)
    open_ = mail_server(settings(tmp_path, **given), tmp_path)
    assert isinstance(open_, Refused)
    assert open_.code is RefusalCode.ACTION_NOT_PERMITTED


@pytest.mark.parametrize(
    "mail",
    [
        {"sender": "a@x.test"},
        {"host": "x.test", "sender": "a@x.test", "securty": "tls"},
        {"host": "x.test", "sender": "a@x.test", "port": 0},
        {"host": "x.test", "sender": "a@x.test", "security": "ssl"},
    ],
)
def test_misspelled_settings_are_refused(tmp_path: Path, mail: Any) -> None:
    (tmp_path / "server.json").write_bytes(msgspec.json.encode({"name": "https://x.test", "mail": mail}))
    assert isinstance(read_settings(tmp_path / "server.json"), Refused)


@pytest.mark.parametrize(
    "mail",
    [
        {"host": "x.test", "sender": "nobody"},
        {"host": "x.test", "sender": "a@x.test", "user": "a", "security": "none"},
        {"host": "x.test", "sender": "a@x.test", "user": "a", "password_file": "missing"},
    ],
)
def test_unusable_settings_are_refused(tmp_path: Path, mail: Any) -> None:
    assert isinstance(mail_server(settings(tmp_path, **mail), tmp_path), Refused)


def test_networks_are_checked(tmp_path: Path) -> None:
    body = {"name": "https://x.test", "webhooks": {"allow_networks": ["10.0.0.0/33"]}}
    (tmp_path / "server.json").write_bytes(msgspec.json.encode(body))
    found = read_settings(tmp_path / "server.json")
    assert isinstance(found, ServerSettings)
    assert isinstance(webhook_networks(found, tmp_path), Refused)


def test_a_server_from_before_has_settings_still(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_bytes(b'{"name": "https://x.test"}')
    found = read_settings(tmp_path / "server.json")
    assert isinstance(found, ServerSettings)
    assert mail_server(found, tmp_path) is None


def test_whose_word_about_addresses_is_believed_is_checked(tmp_path: Path) -> None:
    given = {"name": "https://x.test", "trusted_proxies": ["10.0.0.5", "fd00::/8"]}
    (tmp_path / "server.json").write_bytes(msgspec.json.encode(given))
    found = read_settings(tmp_path / "server.json")
    assert isinstance(found, ServerSettings)
    assert trusted_proxies(found.trusted_proxies) == ("10.0.0.5", "fd00::/8")
    for wrong in ("portal", "10.0.0.5/8", "0.0.0.0/0", "::/0"):
        refused = trusted_proxies((wrong,))
        assert isinstance(refused, Refused)
        assert (refused.code, refused.field) == ("field_invalid", "trusted_proxies")
