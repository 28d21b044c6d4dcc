"""Mails wait until they are out: tried in order, sealed while they wait, empty afterwards, each tenant's own."""

from typing import TypeVar

from tenure.core.refusals import Refused
from tenure.store import emails
from tenure.store.engine import Connection, Database
from tenure.store.sealed import AnswerCipher
from tests.contract.seed import NOW, two_providers

T = TypeVar("T")
SAFE = AnswerCipher(b"k" * 32)


def put(conn: Connection, provider: str | None, to: str, now: int = NOW) -> emails.StoredEmail:
    return emails.add_email(conn, SAFE, provider, to, "invitation", {"link": "https://x.test/#secret"}, now)


def must_be(outcome: T | Refused) -> T:
    assert not isinstance(outcome, Refused)
    return outcome


async def test_a_mail_waits_sealed_and_is_wiped_when_it_is_out(db: Database) -> None:
    email = await db.write(put, None, "ana@example.com")
    assert b"secret" not in email.body
    (waiting,) = await db.read(emails.due, NOW)
    assert waiting.template_values(SAFE) == {"link": "https://x.test/#secret"}
    assert waiting.template_values(AnswerCipher(b"other key".ljust(32))) is None
    await db.write(emails.mark_sent, waiting, NOW + 1)
    assert await db.read(emails.due, NOW + 999) == []
    (out,) = await db.read(emails.page, None)
    assert (out.body, out.sent, out.tries) == (b"", NOW + 1, 1)
    assert out.template_values(SAFE) is None


async def test_what_fails_is_tried_again_when_it_is_due_and_given_up_at_last(db: Database) -> None:
    email = await db.write(put, None, "ana@example.com")
    await db.write(emails.mark_failed, email, "connection refused", NOW + 60)
    assert await db.read(emails.due, NOW + 59) == []
    (again,) = await db.read(emails.due, NOW + 60)
    assert again.template_values(SAFE) is not None
    await db.write(emails.mark_failed, again, "no such mailbox", None)
    (given_up,) = await db.read(emails.page, None)
    assert (given_up.due, given_up.sent, given_up.fault, given_up.tries) == (None, None, "no such mailbox", 2)
    assert given_up.template_values(SAFE) is not None, "it can be sent once more until it is collected"
    assert await db.write(emails.collect, NOW) == 0
    assert await db.write(emails.collect, NOW + 1) == 1


async def test_each_tenant_sees_its_own_mails(db: Database) -> None:
    await db.write(two_providers)
    for provider in ("prv_a", "prv_b", None):
        await db.write(put, provider, f"{provider}@example.com")
    for provider in ("prv_a", "prv_b", None):
        (mine,) = await db.read(emails.page, provider)
        assert mine.recipient == f"{provider}@example.com"


async def test_a_mail_is_claimed_by_one_process_at_a_time(db: Database) -> None:
    await db.write(put, None, "ana@example.com")
    (mine,) = must_be(await db.write(emails.claim, NOW, NOW + 300, 10))
    assert await db.write(emails.claim, NOW, NOW + 300, 10) == []
    (again,) = must_be(await db.write(emails.claim, NOW + 300, NOW + 600, 10))
    assert again.id == mine.id, "whoever had it is gone"


async def test_a_mail_given_up_can_be_copied_and_is_counted(db: Database) -> None:
    await db.write(two_providers)
    first = await db.write(put, "prv_a", "ana@example.com")
    await db.write(emails.mark_failed, first, "no such mailbox", None)
    assert await db.read(emails.count_emails) == (0, 1)
    assert await db.read(emails.get_email, "prv_b", first.id) is None
    known = await db.read(emails.get_email, "prv_a", first.id)
    assert known is not None
    copy = await db.write(emails.resend_email, known, NOW + 9)
    assert copy.id != first.id
    assert copy.template_values(SAFE) == known.template_values(SAFE)
    assert await db.read(emails.count_emails) == (1, 1)


async def test_the_feed_is_read_for_mails_once(db: Database) -> None:
    await db.write(two_providers)
    assert await db.read(emails.providers_behind) == [("prv_a", 0), ("prv_b", 0)]
    assert await db.write(emails.read_up_to, "prv_a", 0, 1) is True
    assert await db.write(emails.read_up_to, "prv_a", 0, 1) is False
    assert await db.read(emails.providers_behind) == [("prv_b", 0)]
