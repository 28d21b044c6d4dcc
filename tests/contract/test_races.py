"""P5: the last seat and the last money, wanted by sixteen at once, on two servers where the database allows it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import cycle

import pytest

from tenure.core.business import ledger as money
from tenure.core.refusals import RefusalCode, Refused
from tenure.store import accounts, facts, integrity, ledger, outbox, payment_references, subscriptions
from tenure.store.chain import ChainPosition
from tenure.store.engine import Connection, Database, WriteConflict
from tests.contract.databases import Opener
from tests.contract.seed import NOW, fact, must, two_providers

WORKERS = 16
ROUNDS = 3


@pytest.fixture
async def servers(opener: Opener) -> AsyncIterator[Iterator[Database]]:
    """Whom each worker asks in turn."""
    opened = [await opener.open()]
    if opener.kind == "postgres":
        opened.append(await opener.open())
    must(await opened[0].write(two_providers))
    yield cycle(opened)
    for each in opened:
        await each.close()


def is_busy(outcome: object) -> bool:
    return isinstance(outcome, Refused) and outcome.code is RefusalCode.SERVER_BUSY


async def test_a_reference_that_sixteen_claim_at_once_stands_for_one_thing(servers: Iterator[Database]) -> None:
    db = next(servers)
    for n in range(ROUNDS):
        jobs = [
            next(servers).write(payment_references.claim_reference, "prv_a", f"R{n}", f"renewal sub_{i % 4}")
            for i in range(WORKERS)
        ]
        outcomes = await asyncio.gather(*jobs)
        assert outcomes.count(True) == 1, "one effect"
        refused = [one for one in outcomes if isinstance(one, Refused)]
        assert {one.code for one in refused} <= {RefusalCode.DUPLICATE_REFERENCE, RefusalCode.SERVER_BUSY}
        assert len(refused) >= WORKERS * 3 // 4, "only the same figures get the same answer"
    assert await db.write(payment_references.claim_reference, "prv_b", "R0", "order sub_b") is True, (
        "another provider's is another"
    )


async def test_p5_the_last_money_is_spent_once(servers: Iterator[Database]) -> None:
    db = next(servers)
    for n in range(ROUNDS):
        must(await db.write(_fill, n))
        price = money.charge(1_000, at=NOW, recorded_at=NOW, subscription="sub_a")
        jobs = [next(servers).write(ledger.book_postings, "prv_a", "cus_a", f"w{i}", [price]) for i in range(WORKERS)]
        outcomes = await asyncio.gather(*jobs)
        paid = [outcome for outcome in outcomes if isinstance(outcome, ledger.PostingResult)]
        refused = [o.code for o in outcomes if isinstance(o, Refused) and not is_busy(o)]
        busy = sum(map(is_busy, outcomes))
        account = await db.read(accounts.get_account, "prv_a", "cus_a")
        assert account is not None
        assert len(paid) <= 3
        assert account.balance == 3_500 - 1_000 * len(paid)
        assert len(paid) == 3 or busy, "only who is busy may leave money on the table"
        assert set(refused) <= {RefusalCode.INSUFFICIENT_BALANCE}
    assert await db.read(integrity.drifted_accounts) == []
    assert await db.read(lambda conn: list(integrity.verify_chains(conn))) == []


def _fill(conn: Connection, n: int) -> None:
    """Exactly 3,500 on the account: three times the price and a bit."""
    account = accounts.lock_account(conn, "prv_a", "cus_a")
    assert account is not None
    if account.balance > 3_500:
        charge = money.charge(account.balance - 3_500, at=NOW, recorded_at=NOW, subscription="sub_a")
        must(ledger.book_postings(conn, "prv_a", "cus_a", "test", [charge]))
    elif account.balance < 3_500:
        top_up = money.top_up(3_500 - account.balance, at=NOW, recorded_at=NOW, reference=f"fill {n}")
        must(ledger.book_postings(conn, "prv_a", "cus_a", "test", [top_up]))


async def test_p5_the_last_seats_are_given_once(servers: Iterator[Database]) -> None:
    """Each asks for one of five seats: loads the history, decides, appends at the number it saw."""

    def claim(conn: Connection, worker: int) -> ChainPosition | Refused:
        history = facts.load_history(conn, "prv_a", "sub_a")
        if sum(each.kind == "AllotmentSet" for each in history) >= 5:
            return Refused(RefusalCode.DEVICE_LIMIT_REACHED)
        return facts.append_facts(conn, "prv_a", "sub_a", len(history), [fact("AllotmentSet", b"%d" % worker)])

    outcomes: list[object] = []
    for _ in range(ROUNDS):  # who met a conflict too often comes again
        jobs = [next(servers).write(claim, worker) for worker in range(WORKERS)]
        outcomes += await asyncio.gather(*jobs, return_exceptions=True)
    granted = sum(isinstance(outcome, ChainPosition) for outcome in outcomes)
    others = {type(outcome) for outcome in outcomes} - {ChainPosition, Refused}
    assert others <= {WriteConflict}, "never anything but a refusal or a conflict"
    db = next(servers)
    history = await db.read(facts.load_history, "prv_a", "sub_a")
    assert granted == sum(each.kind == "AllotmentSet" for each in history) == 5
    assert await db.read(facts.verify_history, "prv_a", "sub_a") == []


async def test_the_outbox_has_no_gap_whoever_fails(servers: Iterator[Database]) -> None:
    def tell(conn: Connection, n: int) -> int:
        note = outbox.add_note(conn, "prv_a", "renewed", "sub_a", NOW, NOW, b"%d" % n)
        if n % 3 == 0:
            raise ValueError(n)
        return note.seq

    outcomes = await asyncio.gather(*[next(servers).write(tell, n) for n in range(30)], return_exceptions=True)
    told = sorted(outcome for outcome in outcomes if isinstance(outcome, int))
    notes = await next(servers).read(outbox.notes_after, "prv_a", 0, 99)
    assert [note.seq for note in notes] == list(range(1, len(notes) + 1))
    assert told == [note.seq for note in notes][1:], "the first was seeded"
    assert len(told) + sum(map(is_busy, outcomes)) == 20


async def test_a_renewal_is_announced_once_by_three_sweeps(servers: Iterator[Database]) -> None:
    must(await next(servers).write(subscriptions.look_again, "prv_a", "sub_a", NOW))

    def sweep(conn: Connection) -> int:
        return sum(
            outbox.announce_once(conn, tenant, "grace", found, NOW, NOW + 9, b"{}") is not None
            for tenant, found in subscriptions.due_subscriptions(conn, NOW, 10)
        )

    told = await asyncio.gather(*[next(servers).write(sweep) for _ in range(3)])
    assert sum(count for count in told if isinstance(count, int)) == 1
    assert [note.kind for note in await next(servers).read(outbox.notes_after, "prv_a")] == ["ordered", "grace"]
