"""Mails wait until they are out: tried in order, sealed while they wait, empty afterwards, each tenant's own."""

from tenure.store import letters
from tenure.store.engine import Connection, Database
from tenure.store.sealed import Safe
from tests.contract.seed import NOW, two_providers

SAFE = Safe(b"k" * 32)


def put(conn: Connection, provider: str | None, to: str, now: int = NOW) -> letters.Letter:
    return letters.put(conn, SAFE, provider, to, "invitation", {"link": "https://x.test/#secret"}, now)


async def test_a_mail_waits_sealed_and_is_wiped_when_it_is_out(db: Database) -> None:
    letter = await db.write(put, None, "ana@example.com")
    assert b"secret" not in letter.body
    (waiting,) = await db.read(letters.due, NOW)
    assert waiting.values(SAFE) == {"link": "https://x.test/#secret"}
    assert waiting.values(Safe(b"other key".ljust(32))) is None
    await db.write(letters.sent, waiting, NOW + 1)
    assert await db.read(letters.due, NOW + 999) == []
    (out,) = await db.read(letters.page, None)
    assert (out.body, out.sent, out.tries) == (b"", NOW + 1, 1)
    assert out.values(SAFE) is None


async def test_what_fails_is_tried_again_when_it_is_due_and_given_up_at_last(db: Database) -> None:
    letter = await db.write(put, None, "ana@example.com")
    await db.write(letters.failed, letter, "connection refused", NOW + 60)
    assert await db.read(letters.due, NOW + 59) == []
    (again,) = await db.read(letters.due, NOW + 60)
    assert again.values(SAFE) is not None
    await db.write(letters.failed, again, "no such mailbox", None)
    (given_up,) = await db.read(letters.page, None)
    assert (given_up.body, given_up.sent, given_up.fault, given_up.tries) == (b"", None, "no such mailbox", 2)
    assert await db.write(letters.collect, NOW) == 0
    assert await db.write(letters.collect, NOW + 1) == 1


async def test_each_tenant_sees_its_own_mails(db: Database) -> None:
    await db.write(two_providers)
    for provider in ("prv_a", "prv_b", None):
        await db.write(put, provider, f"{provider}@example.com")
    for provider in ("prv_a", "prv_b", None):
        (mine,) = await db.read(letters.page, provider)
        assert mine.recipient == f"{provider}@example.com"
