"""Facts: appended at the number the writer saw, never changed, and any edit by other means is found (B12)."""
# ruff: noqa: S608 - the statements are this test's own

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tenure.core.refusals import Refused
from tenure.store import chain, facts, integrity, subscriptions
from tenure.store.chain import ZERO, ChainFault, ChainPosition, StoredFact
from tenure.store.engine import Connection, Database, WriteConflict
from tenure.store.schema import APPEND_ONLY
from tests.contract.seed import NOW, fact, must, provide, sell, two_providers

A = ("prv_a", "sub_a")


@pytest.fixture
async def stocked(db: Database) -> Database:
    must(await db.write(two_providers))
    return db


async def test_facts_come_back_as_they_went_in(stocked: Database) -> None:
    later = [StoredFact("Renewed", NOW + 1, NOW + 2, "ana", b"\x00any bytes\xff"), fact("Canceled")]
    head = await stocked.write(facts.append_facts, *A, 2, later)
    assert isinstance(head, ChainPosition)
    assert head.seq == 4
    assert await stocked.read(facts.load_history, *A) == [fact("Ordered", b"a"), fact("Activated", b"a"), *later]
    both = await stocked.read(facts.load_many, "prv_a", ["sub_a", "sub_b", "sub_none"])
    assert list(both) == ["sub_a"]
    assert both["sub_a"][2:] == later
    assert await stocked.read(facts.load_history, "prv_a", "sub_none") == []


async def test_each_link_covers_the_one_before(stocked: Database) -> None:
    first, second = await stocked.read(facts.links_after, *A)
    assert first.prev_hash == ZERO
    assert second.prev_hash == first.hash == chain.link_digest("facts/sub_a", 1, ZERO, first.fact)
    registered = await stocked.read(subscriptions.get_subscription, *A)
    assert registered is not None
    assert (registered.revision, registered.head_hash) == (2, second.hash)
    assert [link.seq for link in await stocked.read(facts.links_after, *A, 1, 1)] == [2]


@pytest.mark.parametrize("seen", [0, 1, 3])
async def test_who_saw_another_number_is_told(stocked: Database, seen: int) -> None:
    with pytest.raises(WriteConflict):
        await stocked.write(facts.append_facts, *A, seen, [fact()])
    assert len(await stocked.read(facts.load_history, *A)) == 2


async def test_of_sixteen_who_saw_the_same_number_one_wins(stocked: Database) -> None:
    jobs = [stocked.write(facts.append_facts, *A, 2, [fact(body=b"%d" % n)]) for n in range(16)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert sum(isinstance(outcome, ChainPosition) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, WriteConflict) for outcome in outcomes) == 15
    assert len(await stocked.read(facts.load_history, *A)) == 3
    assert await stocked.read(facts.verify_history, *A) == []


async def test_nothing_to_append_leaves_the_head(stocked: Database) -> None:
    head = await stocked.write(facts.append_facts, *A, 2, [])
    assert isinstance(head, ChainPosition)
    assert head.seq == 2


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_history_refuses_to_be_changed(stocked: Database, table: str) -> None:
    """The databases themselves refuse, whatever a program does."""
    changed = {"facts": "body", "postings": "body", "provider_links": "body", "entries": "amount"}[table]
    for deed in (f"update {table} set {changed} = {changed}", f"delete from {table}"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            await stocked.write(sql(deed))
    assert await _findings(stocked) == []


Deed = Callable[[Connection], None]


def sql(*statements: str) -> Deed:
    def do(conn: Connection) -> None:
        for statement in statements:
            conn.execute(sa.text(statement), {"bytes": b"x"} if BYTES in statement else {})

    return do


def disarm(conn: Connection) -> None:
    """What somebody with the database in his hands does first."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("set local session_replication_role = replica")
        return
    conn.exec_driver_sql("pragma defer_foreign_keys=on")
    for table in APPEND_ONLY:
        for deed in ("update", "delete"):
            conn.exec_driver_sql(f"drop trigger {table}_refuse_{deed}")


HERE = "where subscription = 'sub_a' and seq = 3"
BYTES = ":bytes"
TAMPERING: dict[str, tuple[Deed, ChainFault]] = {
    "body": (sql(f"update facts set body = {BYTES} {HERE}"), ChainFault.ALTERED),
    "kind": (sql(f"update facts set kind = 'Refunded' {HERE}"), ChainFault.ALTERED),
    "when it took effect": (sql(f"update facts set at = at + 1 {HERE}"), ChainFault.ALTERED),
    "when it was recorded": (sql(f"update facts set recorded_at = recorded_at - 1 {HERE}"), ChainFault.ALTERED),
    "who": (sql(f"update facts set by_actor = 'somebody' {HERE}"), ChainFault.ALTERED),
    "hash": (sql(f"update facts set hash = {BYTES} {HERE}"), ChainFault.ALTERED),
    "hash before": (sql(f"update facts set prev_hash = {BYTES} {HERE}"), ChainFault.ALTERED),
    "deleted": (sql(f"delete from facts {HERE}"), ChainFault.MISSING),
    "deleted and closed up": (
        sql(f"delete from facts {HERE}", "update facts set seq = seq - 1 where subscription = 'sub_a' and seq > 3"),
        ChainFault.ALTERED,
    ),
    "first deleted": (sql("delete from facts where subscription = 'sub_a' and seq = 1"), ChainFault.MISSING),
    "last deleted": (sql("delete from facts where subscription = 'sub_a' and seq = 6"), ChainFault.CUT),
    "all deleted": (sql("delete from facts where subscription = 'sub_a'"), ChainFault.CUT),
    "swapped": (
        sql(
            "update facts set seq = 99 where subscription = 'sub_a' and seq = 3",
            "update facts set seq = 3 where subscription = 'sub_a' and seq = 4",
            "update facts set seq = 4 where subscription = 'sub_a' and seq = 99",
        ),
        ChainFault.ALTERED,
    ),
    "moved to another subscription": (
        sql(f"update facts set subscription = 'sub_b', provider = 'prv_b' {HERE}"),
        ChainFault.MISSING,
    ),
    "given to another provider": (sql(f"update facts set provider = 'prv_b' {HERE}"), ChainFault.DIFFERS),
    "head turned back": (sql("update subscriptions set revision = 5 where id = 'sub_a'"), ChainFault.DIFFERS),
    "subscription given away": (
        sql("update subscriptions set provider = 'prv_b' where id = 'sub_a'"),
        ChainFault.DIFFERS,
    ),
    "offer edited": (sql(f"update offers set body = {BYTES} where id = 'off_a'"), ChainFault.DIFFERS),
    "offer deleted": (sql("delete from offers where id = 'off_a'"), ChainFault.MISSING),
    "policy edited": (sql(f"update policies set body = {BYTES} where provider = 'prv_a'"), ChainFault.DIFFERS),
    "log edited": (sql(f"update provider_links set body = {BYTES} where provider = 'prv_a'"), ChainFault.ALTERED),
    "log deleted": (sql("delete from provider_links where provider = 'prv_a'"), ChainFault.CUT),
    "posting edited": (sql(f"update postings set body = {BYTES} where provider = 'prv_a'"), ChainFault.ALTERED),
    "posting's customer": (sql("update postings set customer = 'cus_b' where provider = 'prv_a'"), ChainFault.DIFFERS),
    "posting may be repeated": (sql("update postings set once = null where provider = 'prv_a'"), ChainFault.DIFFERS),
    "entry edited": (sql("update entries set amount = amount * 2 where provider = 'prv_a'"), ChainFault.DIFFERS),
    "entry deleted": (sql("delete from entries where provider = 'prv_a' and account = 'balance'"), ChainFault.DIFFERS),
    "posting deleted": (sql("delete from postings where provider = 'prv_a'"), ChainFault.CUT),
}


async def _findings(db: Database) -> list[chain.ChainFinding]:
    return await db.read(lambda conn: list(integrity.verify_chains(conn)))


def tampered(conn: Connection, deed: Deed) -> tuple[list[chain.ChainFinding], list[chain.ChainFinding]]:
    """What is found before and after the deed."""
    disarm(conn)
    before = list(integrity.verify_chains(conn))
    deed(conn)
    return before, list(integrity.verify_chains(conn))


async def test_b12_every_edit_by_other_means_is_found(stocked: Database) -> None:
    must(await stocked.write(facts.append_facts, *A, 2, [fact(body=b"%d" % n) for n in range(4)]))
    seen = {}
    for name, (deed, _) in TAMPERING.items():
        outcome = await stocked.dry_run(tampered, deed)
        assert not isinstance(outcome, Refused)
        before, after = outcome
        assert before == [], "the control: what nobody touched is sound"
        seen[name] = {finding.fault for finding in after}
    missed = {name: seen[name] for name, (_, fault) in TAMPERING.items() if fault not in seen[name]}
    assert missed == {}


def forge(conn: Connection, keep: int) -> list[chain.ChainFinding]:
    """Somebody who knows the rules cuts the history after `keep` facts and writes a fitting end."""
    disarm(conn)
    kept = facts.links_after(conn, *A)[:keep]
    conn.execute(sa.text("delete from facts where subscription = 'sub_a' and seq > :keep"), {"keep": keep})
    head = ChainPosition(kept[-1].seq, kept[-1].hash)
    moved = {"seq": head.seq, "head": head.hash}
    conn.execute(sa.text("update subscriptions set revision = :seq, head_hash = :head where id = 'sub_a'"), moved)
    if keep == 2:
        facts.append_facts(conn, *A, keep, [fact(body=b"forged") for _ in range(4)])
    return list(integrity.verify_chains(conn))


@pytest.mark.parametrize(("keep", "fault"), [(5, ChainFault.CUT), (2, ChainFault.REWRITTEN)])
async def test_b12_a_forged_end_is_found_by_the_checkpoint_alone(
    stocked: Database, keep: int, fault: ChainFault
) -> None:
    must(await stocked.write(facts.append_facts, *A, 2, [fact(body=b"%d" % n) for n in range(4)]))
    then = chain.read_checkpoint(await stocked.read(integrity.checkpoint_payload, NOW))
    assert isinstance(then, chain.Checkpoint)

    def both(conn: Connection) -> tuple[list[chain.ChainFinding], list[chain.ChainFinding]]:
        return forge(conn, keep), list(integrity.verify_against(conn, then))

    must(await stocked.write(facts.append_facts, *A, 6, [fact("Renewed")]))
    assert await stocked.read(lambda conn: list(integrity.verify_against(conn, then))) == [], "growing is no forgery"
    outcome = await stocked.dry_run(both)
    assert not isinstance(outcome, Refused)
    chains_say, checkpoint_says = outcome
    assert chains_say == [], "the control: the chain alone cannot know"
    assert [(finding.chain, finding.fault) for finding in checkpoint_says] == [("facts/sub_a", fault)]


async def test_a_checkpoint_names_every_chain(stocked: Database) -> None:
    then = chain.read_checkpoint(await stocked.read(integrity.checkpoint_payload, NOW))
    assert isinstance(then, chain.Checkpoint)
    assert {head.chain: head.seq for head in then.heads} == {
        "catalog/": 2,
        "catalog/prv_a": 1,
        "catalog/prv_b": 1,
        "facts/sub_a": 2,
        "facts/sub_b": 2,
        "ledger/prv_a": 1,
        "ledger/prv_b": 1,
        "policy/prv_a": 1,
        "policy/prv_b": 1,
        "records/prv_a": 1,
        "records/prv_b": 1,
    }

    def gone(conn: Connection) -> list[chain.ChainFinding]:
        disarm(conn)
        for table in ("provider_links", "postings", "entries"):
            conn.exec_driver_sql(f"delete from {table} where provider = 'prv_a'")
        conn.exec_driver_sql("delete from chains where provider = 'prv_a'")
        return list(integrity.verify_against(conn, then))

    found = await stocked.dry_run(gone)
    assert not isinstance(found, Refused)
    assert {finding.chain for finding in found} == {"catalog/prv_a", "ledger/prv_a", "policy/prv_a", "records/prv_a"}


async def test_history_of_one_subscription_is_verified_alone(db: Database) -> None:
    def stock(conn: Connection) -> None:
        sell(conn)
        provide(conn, "a")

    must(await db.write(stock))

    def edited(conn: Connection) -> list[chain.ChainFinding]:
        disarm(conn)
        conn.execute(sa.text("update facts set at = at + 1 where subscription = 'sub_a' and seq = 2"))
        return facts.verify_history(conn, *A)

    found = await db.dry_run(edited)
    assert not isinstance(found, Refused)
    assert [(finding.seq, finding.fault) for finding in found] == [(2, ChainFault.ALTERED)]
