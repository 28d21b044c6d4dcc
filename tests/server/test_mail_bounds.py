"""What a stranger or a tenant can make this server mail to others: how much, and that it carries no link of theirs."""

import re
from pathlib import Path

import pytest

from tenure.core.lease.claims import Brand
from tenure.core.timeline import DAY
from tenure.server.messages.harmless import LINKS, SECRETS, harmless_text
from tenure.server.messages.rendering import house_of, render_email
from tenure.store import emails
from tests.server.server_env import ServerEnv, office
from tests.server.test_mail import TEMPLATES, VALUES
from tests.server.users import joined, mails, stranger

pytestmark = pytest.mark.anyio

WHO: dict[str, str] = {
    "invitation": "any owner, to any address; name, team and brand are theirs",
    "payment_requested": "desk and customer, to the customer's address; customer's name, note and instructions",
    "password_reset": "any stranger, to whoever has an account",
    "sign_in_from_new_place": "whoever has the password",
    "code_waiting": "desk, by an order; customer's name",
    "subscription_ordered": "desk and customer, by an order; customer's name",
    "reminder": "time; in a sandbox whoever moves its clock",
    "grace_began": "time; in a sandbox whoever moves its clock",
    "ended": "time; in a sandbox whoever moves its clock",
    "payment_failed": "time; in a sandbox whoever moves its clock",
    "webhook_disabled": "a webhook's own desk",
    "email_test": "the vendor",
}
"""Every mail there is, and who can cause it: a new one has to be thought about here first."""

NASTY = (
    "Your parcel waits: http://evil.example/x",
    "https://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "hxxp: //www.evil.example/a?b",
    "www.evil.example",
    "evil.example/pay",
    "evil.example",
    "pay@evil.example",
    "mailto:pay@evil.example",
    "javascript:alert(1)",
    "ｅｖｉｌ．ｅｘａｍｐｌｅ／ｘ",
    "evil\u2024example/x",
    "a\nSubject: b\n\nhttp://evil.example",
    "\u202egro.live//:ptth",
    "evil\u200b.example",
    "[pay](http://evil.example)",
    "<a href=//evil.example>pay</a>",
)
LINKED = re.compile(r"https?:/|www\.|\w\.[a-z]\w+|@|javascript:|mailto:", re.I)
"""What programs that show mails make links of."""


def test_every_mail_is_accounted_for() -> None:
    assert set(TEMPLATES) == set(WHO)


@pytest.mark.parametrize("text", NASTY)
def test_what_people_typed_is_no_link_in_any_mail(text: str) -> None:
    values = {name: text for name in VALUES if name not in LINKS | SECRETS}
    for template in TEMPLATES:
        words = render_email(template, values, house_of(text, Brand(name=text)))
        assert words is not None
        plain = words.html.replace('http-equiv="', "")
        for shown in (words.subject, words.text, re.sub(r"<style>.*?</style>|<[^>]*>", " ", plain, flags=re.S)):
            found = LINKED.search(shown)
            # The one exception is a plain mailbox where the support's, or an inviting person's, belongs.
            assert found is None or text == "pay@evil.example", (template, found, shown)
        assert "<a " not in words.html
    own = house_of("North", Brand(support=text)).support
    assert LINKED.search(own) is None or own in ("https://evil.example", "pay@evil.example"), "how to reach them, alone"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Harbour Clinic", "Harbour Clinic"),
        ("Müller & Söhne GmbH & Co. KG", "Müller & Söhne GmbH & Co. KG"),
        ("J. P. O'Neil, M.D.", "J. P. O'Neil, M.D."),
        ("Ver. 10.2, 12.50 EUR", "Ver. 10.2, 12.50 EUR"),
        ("Booking.com B.V.", "Booking.\u2060com B.V."),
        ("株式会社テナ", "株式会社テナ"),
        ("a  b\tc\r\nd", "a b c d"),
    ],
)
def test_ordinary_names_stay_as_they_are(text: str, shown: str) -> None:
    assert harmless_text(text) == shown


async def test_one_strangers_mailbox_takes_ten_invitations_a_day_and_everybody_else_gets_theirs(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        other = env.staff
        seen = []
        for number in range(30):
            asked = {
                "email": f"Stranger+{number}@example.org",
                "name": "Your parcel: http://x.example",
                "role": "auditor",
            }
            by = ana if number % 2 else other
            answer = await by.send("POST", "/v1/invitations", asked)
            seen.append(answer.status_code)
        assert seen == [201] * 10 + [429] * 20
        assert answer.headers["retry-after"] == str(DAY)
        sent = [each for each in await waiting(env) if each.recipient.endswith("@example.org")]
        assert len(sent) == emails.ASKED_TO_ONE_MAILBOX
        await ana.post("/v1/invitations", {"email": "eve@example.com", "name": "Eve", "role": "auditor"})
        assert len(await mails(env, "eve@example.com")) == 1
        env.clock.now += DAY
        again = {"email": "stranger@example.org", "name": "S", "role": "auditor"}
        assert (await other.send("POST", "/v1/invitations", again)).status_code == 201


async def test_a_customers_team_cannot_use_up_its_providers_mails(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        cole = await joined(env, env.staff, "owner", customer=env.customer)
        seen = []
        for number in range(55):
            asked = {"email": f"person{number}@elsewhere.example", "name": "N", "role": "auditor"}
            seen.append((await cole.send("POST", "/v1/invitations", asked)).status_code)
        assert seen == [201] * 49 + [429] * 6, "the one that asked Cole in counts"
        await env.staff.post("/v1/invitations", {"email": "eve@example.com", "name": "Eve", "role": "auditor"})


async def test_payment_requests_to_one_customer_are_bounded_too_and_nothing_is_half_done(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        body = {"name": "Pay http://evil.example", "email": "stranger@example.org"}
        customer = (await env.staff.post("/v1/customers", body))["id"]
        seen = []
        for _ in range(15):
            asked = {"amount": 100, "note": "Now: www.evil.example"}
            answer = await env.staff.send("POST", f"/v1/customers/{customer}/payment-requests", asked)
            seen.append(answer.status_code)
        assert seen == [201] * 10 + [429] * 5
        assert len((await env.staff.get("/v1/payment-requests", limit=100))["items"]) == 10
        assert len(await mails(env, "stranger@example.org")) == 10


async def test_a_sandbox_whose_clock_is_moved_fills_nobodys_mailbox(tmp_path: Path) -> None:
    """What a sandbox says is not real: ten mails a day are enough to see how they look."""
    async with office(tmp_path, sandbox=True) as env:
        now = env.clock()
        for number in range(40):
            await env.context.db.write(put, env, f"box{number % 2}@example.org", "reminder", now)
        found = await env.context.db.read(emails.page, env.provider, "", 100)
        assert sum(each.due is not None for each in found) == 20
        assert {each.fault for each in found if each.due is None} == {emails.TOO_MANY}
        for number in range(100):
            await env.context.db.write(put, env, f"other{number}@example.org", "reminder", now)
        found = await env.context.db.read(emails.page, env.provider, "", 200)
        assert sum(each.due is not None for each in found) == emails.SANDBOX_OF_ONE_PROVIDER


async def test_what_was_held_back_cannot_be_sent_by_asking_once_more(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        for _ in range(12):
            await env.context.db.write(put, env, "stranger@example.org", "code_waiting", env.clock())
        held = [each for each in (await env.staff.get("/v1/emails"))["items"] if each["state"] == "given_up"]
        assert [each["fault"] for each in held] == [emails.TOO_MANY] * 2
        again = f"/v1/emails/{held[0]['id']}/resend"
        assert (await env.staff.send("POST", again)).json()["code"] == "too_many_requests"
        env.clock.now += DAY
        assert (await env.staff.send("POST", again)).json()["state"] == "waiting"


async def test_a_stranger_who_asks_for_resets_cannot_keep_the_owner_from_one(tmp_path: Path) -> None:
    """The bound of a mailbox counts for all who write to it; the two kinds of bounds do not add up to a lock-out."""
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        for _ in range(6):
            await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
        assert len([name for name, _ in await mails(env, ana.email) if name == "password_reset"]) == 3
        env.clock.now += 3 * 3_600
        await stranger(env.seen_from("203.0.113.9")).send("POST", "/v1/password-reset", {"email": ana.email})
        assert len([name for name, _ in await mails(env, ana.email) if name == "password_reset"]) == 4


def put(conn, env: ServerEnv, to: str, template: str, now: int) -> None:  # type: ignore[no-untyped-def]
    """A mail of the provider's, as its cause would put it down."""
    emails.add_email(conn, env.context.safe, env.provider, to, template, {}, now)


async def waiting(env: ServerEnv) -> list[emails.StoredEmail]:
    """Everything that will go out."""
    return await env.context.db.read(emails.due, env.clock(), 500)
