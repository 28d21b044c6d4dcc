"""Provider-wide chains: the logs of catalog, policy and records, and the heads of every provider chain, the ledger's
too. `records` holds what was changed about customers, credit, payment settings, brand, tokens and users (`audit_log`).

The vendor's own catalog is the chain of the provider ''.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from tenure.store import chain
from tenure.store.chain import ChainFault, ChainFinding, ChainLink, ChainPosition, StoredFact
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import chains, provider_links

VENDOR = ""
CATALOG, POLICY, LEDGER, RECORDS = "catalog", "policy", "ledger", "records"

_HEAD = sa.select(chains.c.seq, chains.c.hash).where(
    chains.c.provider == sa.bindparam("tenant"), chains.c.topic == sa.bindparam("about")
)
_SET_HEAD = upsert(chains, "provider", "topic")
_FACT = (
    provider_links.c.kind,
    provider_links.c.at,
    provider_links.c.recorded_at,
    provider_links.c.by_actor,
    provider_links.c.body,
)
_LINK = (provider_links.c.seq, provider_links.c.prev_hash, provider_links.c.hash, *_FACT)
_AFTER = (
    sa.select(*_LINK)
    .where(
        provider_links.c.provider == sa.bindparam("tenant"),
        provider_links.c.topic == sa.bindparam("about"),
        provider_links.c.seq > sa.bindparam("after"),
    )
    .order_by(provider_links.c.seq)
    .limit(sa.bindparam("most"))
)
_ALL = (
    sa.select(provider_links.c.provider, provider_links.c.topic, *_LINK)
    .order_by(provider_links.c.provider, provider_links.c.topic, provider_links.c.seq)
    .execution_options(yield_per=1000)
)
_HEADS = sa.select(chains.c.provider, chains.c.topic, chains.c.seq, chains.c.hash)
_LINK_AT = sa.select(provider_links.c.hash).where(
    provider_links.c.provider == sa.bindparam("tenant"),
    provider_links.c.topic == sa.bindparam("about"),
    provider_links.c.seq == sa.bindparam("seq"),
)


def append_links(conn: Connection, provider: str, topic: str, new: Sequence[StoredFact]) -> list[ChainLink]:
    """`new` as the next links of the provider's chain, its head moved; the caller stores the links."""
    links = chain.extend_chain(name_of(provider, topic), _chain_head(conn, provider, topic, lock=True), new)
    moved = {"provider": provider, "topic": topic, "seq": links[-1].seq, "hash": links[-1].hash}
    conn.execute(_SET_HEAD[conn.dialect.name], moved)
    return links


def append_record(conn: Connection, provider: str, topic: str, fact: StoredFact) -> ChainLink:
    """Log `fact` in the provider's chain for `catalog`, `policy` or `records`."""
    (link,) = append_links(conn, provider, topic, [fact])
    row = {"seq": link.seq, "prev_hash": link.prev_hash, "hash": link.hash, "by_actor": fact.by}
    row |= {"kind": fact.kind, "at": fact.at, "recorded_at": fact.recorded_at, "body": fact.body}
    conn.execute(provider_links.insert(), {"provider": provider, "topic": topic, **row})
    return link


def links_after(conn: Connection, provider: str, topic: str, after: int = 0, limit: int = 200) -> list[ChainLink]:
    """At most `limit` links after number `after`."""
    asked = {"tenant": provider, "about": topic, "after": after, "most": limit}
    return [as_link(row) for row in conn.execute(_AFTER, asked)]


def verify_all(conn: Connection) -> Iterator[ChainFinding]:
    """Every fault in every chain of catalog, policy and records."""
    ends = {chain_: head for chain_, head in chain_heads(conn).items() if not chain_.startswith(LEDGER)}
    for (provider, topic), group in groupby(conn.execute(_ALL), key=lambda row: (row[0], row[1])):
        name = name_of(provider, topic)
        yield from chain.verify_chain(name, (as_link(row[2:]) for row in group), ends.pop(name, ChainPosition()))
    for name, head in ends.items():
        yield ChainFinding(name, head.seq, ChainFault.CUT, "nothing is left")


def chain_heads(conn: Connection) -> dict[str, ChainPosition]:
    """The head of every provider chain, the ledger's included, by chain name."""
    return {name_of(provider, topic): ChainPosition(seq, head) for provider, topic, seq, head in conn.execute(_HEADS)}


def hash_at(conn: Connection, provider: str, topic: str, seq: int) -> bytes | None:
    """The hash of one link; None when there is no such link."""
    return conn.scalar(_LINK_AT, {"tenant": provider, "about": topic, "seq": seq})


def name_of(provider: str, topic: str) -> str:
    """The chain's name."""
    return f"{topic}/{provider}"


def as_link(row: Sequence[Any]) -> ChainLink:
    """A link from the columns seq, prev_hash, hash, kind, at, recorded_at, by_actor, body."""
    seq, previous, hashed, *fact = row
    return ChainLink(seq, previous, hashed, StoredFact(*fact))


def _chain_head(conn: Connection, provider: str, topic: str, *, lock: bool) -> ChainPosition:
    """Locked where several processes write: a chain grows by one link after the other."""
    statement = _HEAD.with_for_update() if lock else _HEAD
    row = conn.execute(statement, {"tenant": provider, "about": topic}).one_or_none()
    return ChainPosition() if row is None else ChainPosition(*row)
