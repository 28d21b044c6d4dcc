"""Repeated requests have one effect, throttles count, the outbox numbers without gaps."""

import asyncio

import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import idempotency, outbox, throttle
from tenure.store.engine import Connection, Database
from tenure.store.idempotency import KEEP, OPEN_FOR, StoredAnswer
from tenure.store.schema import idempotency as rows
from tenure.store.sealed import AnswerCipher
from tests.contract.seed import NOW, must, two_providers

SAFE = AnswerCipher(b"k" * 32)
SCOPE, KEY, HASH = "tok_a POST /v1/orders", "key-1", b"payload"


def code_of(outcome: object) -> RefusalCode | None:
    return outcome.code if isinstance(outcome, Refused) else None


def _one_more(conn: Connection) -> int:
    throttle.add_try(conn, "effects", NOW)
    return throttle.count_tries(conn, "effects", NOW)[0]


def order(conn: Connection, now: int = NOW, payload: bytes = HASH, secret: bool = False) -> bytes | Refused:
    """An operation as the server does it: the effect is a count that a throttle keeps."""
    begun = idempotency.begin_request(conn, SAFE, SCOPE, KEY, payload, now)
    if isinstance(begun, Refused):
        return begun
    if begun is not None:
        return begun.answer
    answer = b"effect %d" % _one_more(conn)
    idempotency.finish_request(conn, SAFE, SCOPE, KEY, answer, secret=secret)
    return answer


async def test_p4_a_repeated_request_has_one_effect_and_one_answer(db: Database) -> None:
    answers = await asyncio.gather(*[db.write(order) for _ in range(8)])
    assert set(answers) == {b"effect 1"}
    assert code_of(await db.write(order, NOW, b"another payload")) is RefusalCode.IDEMPOTENCY_KEY_REUSED
    assert await db.write(throttle.count_tries, "effects", NOW) == (1, NOW)


async def test_what_failed_may_be_repeated(db: Database) -> None:
    def fails(conn: Connection) -> bytes | Refused:
        order(conn)
        raise ValueError("after the effect")

    with pytest.raises(ValueError, match="after"):
        await db.write(fails)
    assert await db.write(order) == b"effect 1"


async def test_after_a_day_the_key_is_free(db: Database) -> None:
    assert await db.write(order) == b"effect 1"
    assert await db.write(order, NOW + KEEP - 1) == b"effect 1"
    assert await db.write(order, NOW + KEEP) == b"effect 2", "even if nobody collected it"
    assert await db.write(idempotency.collect_old, NOW + KEEP + KEEP) == 0
    assert await db.write(idempotency.collect_old, NOW + KEEP + KEEP + 1) == 1


async def test_an_operation_that_spans_transactions_is_in_flight(db: Database) -> None:
    def begin(conn: Connection, now: int) -> StoredAnswer | Refused | None:
        return idempotency.begin_request(conn, SAFE, SCOPE, KEY, HASH, now)

    assert await db.write(begin, NOW) is None
    again = await db.write(begin, NOW + OPEN_FOR - 1)
    assert isinstance(again, Refused)
    assert (again.code, again.when) == (RefusalCode.REQUEST_IN_FLIGHT, NOW + OPEN_FOR)
    assert await db.write(begin, NOW + OPEN_FOR) is None, "whoever began is gone"


async def test_an_answer_with_a_secret_is_kept_sealed(db: Database) -> None:
    assert await db.write(order, secret=True) == b"effect 1"
    stored = await db.read(lambda conn: conn.scalar(sa.select(rows.c.answer)))
    assert stored is not None
    assert b"effect" not in stored
    assert await db.write(order) == b"effect 1"

    def with_another_key(conn: Connection) -> StoredAnswer | Refused | None:
        return idempotency.begin_request(conn, AnswerCipher(b"x" * 32), SCOPE, KEY, HASH, NOW)

    assert code_of(await db.write(with_another_key)) is RefusalCode.INTERNAL


async def test_the_outbox_is_numbered_per_provider_and_read_from_a_place(db: Database) -> None:
    must(await db.write(two_providers))
    for n in range(3):
        await db.write(outbox.add_note, "prv_a", "renewed", "sub_a", NOW + n, NOW + 9, b"%d" % n)
    assert [note.seq for note in await db.read(outbox.notes_after, "prv_a")] == [1, 2, 3, 4]
    assert [note.since for note in await db.read(outbox.notes_after, "prv_a", 2, 1)] == [NOW + 1]
    assert await db.read(outbox.last_number, "prv_a") == 4
    assert await db.read(outbox.last_number, "prv_b") == 1
    assert await db.read(outbox.last_number, "prv_none") == 0


async def test_an_announcement_is_made_once(db: Database) -> None:
    must(await db.write(two_providers))
    grace = ("prv_a", "grace", "sub_a", NOW, NOW + 9, b"{}")
    first = await db.write(outbox.announce_once, *grace)
    assert isinstance(first, outbox.OutboxNote)
    assert await db.write(outbox.announce_once, *grace) is None
    ended = await db.write(outbox.announce_once, "prv_a", "grace", "sub_a", NOW + 1, NOW + 9, b"{}")
    assert isinstance(ended, outbox.OutboxNote)
    assert (first.seq, ended.seq) == (2, 3)
