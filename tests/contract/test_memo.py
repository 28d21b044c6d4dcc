"""What a transaction has read already is read again once it was written, taken back, or another transaction asks."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import tenants, transaction_memo
from tenure.store.catalog import DOCUMENTS, PLANS, POLICIES, WriteStamp
from tenure.store.engine import Connection, Database
from tenure.store.provider_chain import VENDOR
from tests.contract.seed import NOW, must, two_providers

LATER = WriteStamp("paul", NOW + 5)


@pytest.fixture
async def stocked(db: Database) -> Database:
    must(await db.write(two_providers))
    return db


def kept(outcome: Any) -> Any:
    must(outcome)
    return outcome


def bodies(conn: Connection) -> list[bytes]:
    return [each.body for each in POLICIES.all(conn, "prv_a")]


async def test_what_was_written_is_read_again(stocked: Database) -> None:
    def work(conn: Connection) -> list[object]:
        found: list[object] = [bodies(conn), DOCUMENTS.all(conn, "notices"), PLANS.get(conn, VENDOR, "pln")]
        must(POLICIES.publish(conn, "prv_a", 1, b"next", LATER))
        must(DOCUMENTS.publish(conn, "notices", 0, b"{}", LATER))
        must(PLANS.change(conn, VENDOR, "pln", 1, b"other", LATER))
        return [*found, bodies(conn), len(DOCUMENTS.all(conn, "notices")), PLANS.get(conn, VENDOR, "pln")]

    before, none, plan, after, one, changed = kept(await stocked.write(work))
    assert (before, none, after, one) == ([b"a"], (), [b"a", b"next"], 1)
    assert (plan.version, changed.version, changed.body) == (1, 2, b"other")


async def test_a_provider_that_was_changed_is_read_again(stocked: Database) -> None:
    def work(conn: Connection) -> Any:
        known = tenants.get_provider(conn, "prv_a")
        assert known is not None
        must(tenants.change_provider(conn, msgspec.structs.replace(known, name="Renamed"), known.version))
        return tenants.get_provider(conn, "prv_a")

    assert kept(await stocked.write(work)).name == "Renamed"


async def test_what_was_refused_or_only_tried_leaves_nothing_to_be_read(stocked: Database) -> None:
    def publish(conn: Connection) -> Refused:
        must(POLICIES.publish(conn, "prv_a", 1, b"refused", LATER))
        assert bodies(conn) == [b"a", b"refused"]
        return Refused(RefusalCode.NOT_FOUND)

    def tried(conn: Connection) -> list[bytes]:
        must(POLICIES.publish(conn, "prv_a", 1, b"tried", LATER))
        return bodies(conn)

    jobs: list[Callable[[Connection], Any]] = [bodies, publish, bodies, bodies]
    told = await asyncio.gather(*(stocked.write(job) for job in jobs), stocked.dry_run(tried), stocked.write(bodies))
    assert [each for each in told if isinstance(each, list)] == [[b"a"], [b"a"], [b"a"], [b"a", b"tried"], [b"a"]]
    assert await stocked.read(bodies) == [b"a"]


async def test_another_transaction_reads_for_itself(stocked: Database) -> None:
    assert await stocked.read(bodies) == [b"a"]
    must(await stocked.write(POLICIES.publish, "prv_a", 1, b"next", LATER))
    assert await stocked.read(bodies) == [b"a", b"next"]


async def test_a_transaction_asks_once(stocked: Database) -> None:
    def work(conn: Connection) -> bool:
        return POLICIES.all(conn, "prv_a") is POLICIES.all(conn, "prv_a")

    assert kept(await stocked.write(work))


def test_a_connection_of_its_own_remembers_nothing() -> None:
    with sa.create_engine("sqlite://").connect() as conn:
        found = [transaction_memo.read_once(conn, "same", object) for _ in range(2)]
        assert found[0] is not found[1]
        transaction_memo.forget_reads(conn)
