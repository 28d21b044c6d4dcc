"""Facts of subscriptions in the database: append at the expected number, load, verify. Never changed, never deleted.

What facts mean is the core's; here they are bytes with a few columns beside them.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from tenure.store import chain
from tenure.store.chain import ChainFault, ChainFinding, ChainLink, ChainPosition, StoredFact
from tenure.store.engine import Connection, WriteConflict
from tenure.store.schema import facts, subscriptions

TOPIC = "facts"

_HEAD = sa.select(subscriptions.c.revision, subscriptions.c.head_hash).where(
    subscriptions.c.id == sa.bindparam("of"), subscriptions.c.provider == sa.bindparam("tenant")
)
_ADVANCE = (
    subscriptions.update()
    .where(
        subscriptions.c.id == sa.bindparam("of"),
        subscriptions.c.provider == sa.bindparam("tenant"),
        subscriptions.c.revision == sa.bindparam("expected"),
    )
    .values(revision=sa.bindparam("seq"), head_hash=sa.bindparam("head"))
)
_ADD = facts.insert()
_FACT = (facts.c.kind, facts.c.at, facts.c.recorded_at, facts.c.by_actor, facts.c.body)
_MINE = facts.c.provider == sa.bindparam("tenant")
_LOAD = sa.select(*_FACT).where(facts.c.subscription == sa.bindparam("of"), _MINE).order_by(facts.c.seq)
_LOAD_MANY = (
    sa.select(facts.c.subscription, *_FACT)
    .where(facts.c.subscription.in_(sa.bindparam("of", expanding=True)), _MINE)
    .order_by(facts.c.subscription, facts.c.seq)
)
_HEADS = sa.select(subscriptions.c.id, subscriptions.c.revision, subscriptions.c.head_hash).where(
    subscriptions.c.id.in_(sa.bindparam("of", expanding=True)), subscriptions.c.provider == sa.bindparam("tenant")
)
_LOAD_AFTER = _LOAD.where(facts.c.seq > sa.bindparam("after"))
_LINK = (facts.c.seq, facts.c.prev_hash, facts.c.hash, *_FACT)
_LINKS = sa.select(*_LINK).where(facts.c.subscription == sa.bindparam("of"), _MINE).order_by(facts.c.seq)
_AFTER = _LINKS.where(facts.c.seq > sa.bindparam("after")).limit(sa.bindparam("most"))
_ALL = (
    sa.select(
        facts.c.subscription,
        (subscriptions.c.provider == facts.c.provider).label("at_home"),
        subscriptions.c.revision,
        subscriptions.c.head_hash,
        *_LINK,
    )
    .join_from(facts, subscriptions, subscriptions.c.id == facts.c.subscription, isouter=True)
    .order_by(facts.c.subscription, facts.c.seq)
    .execution_options(yield_per=1000)
)
_EMPTIED = sa.select(subscriptions.c.id, subscriptions.c.revision).where(
    subscriptions.c.revision > 0,
    ~sa.exists().where(facts.c.subscription == subscriptions.c.id),
)
_ALL_HEADS = sa.select(subscriptions.c.id, subscriptions.c.revision, subscriptions.c.head_hash)
_LINK_AT = sa.select(facts.c.hash).where(facts.c.subscription == sa.bindparam("of"), facts.c.seq == sa.bindparam("seq"))


def append_facts(
    conn: Connection, provider: str, subscription: str, expected_seq: int, new: Sequence[StoredFact]
) -> ChainPosition:
    """Add `new` after fact number `expected_seq`; the new head. Raises `WriteConflict` when it is not the last one."""
    row = conn.execute(_HEAD, {"of": subscription, "tenant": provider}).one_or_none()
    if row is None or row[0] != expected_seq:
        raise WriteConflict(f"{subscription} is not at fact {expected_seq}")
    if not new:
        return ChainPosition(*row)
    links = chain.extend_chain(name_of(subscription), ChainPosition(*row), new)
    head = ChainPosition(links[-1].seq, links[-1].hash)
    # Guarded again, because on PostgreSQL another process may have appended since the line above.
    moved = {"of": subscription, "tenant": provider, "expected": expected_seq, "seq": head.seq, "head": head.hash}
    if conn.execute(_ADVANCE, moved).rowcount != 1:
        raise WriteConflict(f"{subscription} is no longer at fact {expected_seq}")
    conn.execute(_ADD, [_fact_row(provider, subscription, each) for each in links])
    return head


def load_history(conn: Connection, provider: str, subscription: str) -> list[StoredFact]:
    """The whole history in order; empty when there is no such subscription of this provider."""
    return [StoredFact(*row) for row in conn.execute(_LOAD, {"of": subscription, "tenant": provider})]


def load_many(conn: Connection, provider: str, wanted: Sequence[str]) -> dict[str, list[StoredFact]]:
    """Whole histories by subscription, in one query; those that are not this provider's are left out."""
    rows = conn.execute(_LOAD_MANY, {"of": list(wanted), "tenant": provider})
    return {name: [StoredFact(*row[1:]) for row in group] for name, group in groupby(rows, key=lambda row: row[0])}


def heads_of(conn: Connection, provider: str, wanted: Sequence[str]) -> dict[str, ChainPosition]:
    """Where each history ends; those that are not this provider's are left out."""
    rows = conn.execute(_HEADS, {"of": list(wanted), "tenant": provider})
    return {name: ChainPosition(seq, head) for name, seq, head in rows}


def load_after(conn: Connection, provider: str, subscription: str, after: int) -> list[StoredFact]:
    """What stands behind fact number `after`, in order."""
    asked = {"of": subscription, "tenant": provider, "after": after}
    return [StoredFact(*row) for row in conn.execute(_LOAD_AFTER, asked)]


def links_after(
    conn: Connection, provider: str, subscription: str, after: int = 0, limit: int = 200
) -> list[ChainLink]:
    """At most `limit` links after number `after`, with their hashes, for export and the API."""
    asked = {"of": subscription, "tenant": provider, "after": after, "most": limit}
    return [_read_link(row) for row in conn.execute(_AFTER, asked)]


def verify_history(conn: Connection, provider: str, subscription: str) -> list[ChainFinding]:
    """Every fault in one history."""
    row = conn.execute(_HEAD, {"of": subscription, "tenant": provider}).one_or_none()
    links = [_read_link(each) for each in conn.execute(_LINKS, {"of": subscription, "tenant": provider})]
    return list(
        chain.verify_chain(name_of(subscription), links, ChainPosition() if row is None else ChainPosition(*row))
    )


def verify_all(conn: Connection) -> Iterator[ChainFinding]:
    """Every fault in every history, read as a stream."""
    for name, group in groupby(conn.execute(_ALL), key=lambda row: row[0]):
        stored: list[Sequence[Any]] = list(group)
        revision, head_hash = stored[-1][2:4]
        head = ChainPosition() if revision is None else ChainPosition(revision, head_hash)
        yield from chain.verify_chain(name_of(name), (_read_link(row[4:]) for row in stored), head)
        for row in stored:
            if not row[1]:
                yield ChainFinding(
                    name_of(name), row[4], ChainFault.DIFFERS, "it is not with its subscription's provider"
                )
    for name, revision in conn.execute(_EMPTIED):
        yield ChainFinding(name_of(name), revision, ChainFault.CUT, "no fact is left")


def history_heads(conn: Connection) -> dict[str, ChainPosition]:
    """The head of every history, by chain name, for a checkpoint."""
    return {name_of(name): ChainPosition(seq, head) for name, seq, head in conn.execute(_ALL_HEADS)}


def hash_at(conn: Connection, subscription: str, seq: int) -> bytes | None:
    """The hash of one link; None when there is no such link."""
    return conn.scalar(_LINK_AT, {"of": subscription, "seq": seq})


def name_of(subscription: str) -> str:
    """The chain's name."""
    return f"{TOPIC}/{subscription}"


def _fact_row(provider: str, subscription: str, each: ChainLink) -> dict[str, object]:
    return {
        "subscription": subscription,
        "seq": each.seq,
        "provider": provider,
        "kind": each.fact.kind,
        "at": each.fact.at,
        "recorded_at": each.fact.recorded_at,
        "by_actor": each.fact.by,
        "body": each.fact.body,
        "prev_hash": each.prev_hash,
        "hash": each.hash,
    }


def _read_link(row: Sequence[Any]) -> ChainLink:
    seq, previous, hashed, *fact = row
    return ChainLink(seq, previous, hashed, StoredFact(*fact))
