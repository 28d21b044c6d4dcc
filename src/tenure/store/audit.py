"""Is what is stored what was written? Chains, the figures beside them, and checkpoints kept elsewhere, in one answer.

Serves `tenure verify-history`, `tenure rebuild` and the hourly check of balances.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.ledger import Account, Balances
from tenure.core.timeline import Instant
from tenure.store import catalogue, chain, chronicle, facts, ledger, records, registers
from tenure.store.chain import ChainHead, Checkpoint, Fault, Finding, Head, Link
from tenure.store.engine import Connection
from tenure.store.schema import accounts, entries, postings, standings, subscriptions


class Drift(msgspec.Struct, frozen=True):
    """An account whose figures are not what its entries sum up to."""

    provider: str
    customer: str
    cached: Balances
    summed: Balances


def _sum_of(account: Account) -> sa.ScalarSelect[int]:
    amounts = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(entries.c.amount), 0), sa.BigInteger))
    return amounts.where(entries.c.customer == accounts.c.customer, entries.c.account == account).scalar_subquery()


_CACHED = sa.select(
    accounts.c.provider,
    accounts.c.customer,
    accounts.c.balance,
    accounts.c.reserve,
    _sum_of(Account.BALANCE).label("balance_summed"),
    _sum_of(Account.RESERVE).label("reserve_summed"),
)
_SUMS = _CACHED.subquery()
_DRIFTED = sa.select(_SUMS).where(
    sa.or_(_SUMS.c.balance != _SUMS.c.balance_summed, _SUMS.c.reserve != _SUMS.c.reserve_summed)
)
_LINK = (postings.c.seq, postings.c.prev_hash, postings.c.hash)
_FACT = (postings.c.kind, postings.c.at, postings.c.recorded_at, postings.c.by_actor, postings.c.body)
_BESIDE = (postings.c.customer, postings.c.subscription, postings.c.once)
_POSTINGS = (
    sa.select(postings.c.provider, *_LINK, *_FACT, *_BESIDE, entries.c.account, entries.c.customer, entries.c.amount)
    .join_from(
        postings,
        entries,
        (entries.c.provider == postings.c.provider) & (entries.c.seq == postings.c.seq),
        isouter=True,
    )
    .order_by(postings.c.provider, postings.c.seq)
    .execution_options(yield_per=1000)
)
_STRAY = sa.select(entries.c.provider, entries.c.seq).where(
    ~sa.exists().where(postings.c.provider == entries.c.provider, postings.c.seq == entries.c.seq)
)
_POSTING_AT = sa.select(postings.c.hash).where(
    postings.c.provider == sa.bindparam("tenant"), postings.c.seq == sa.bindparam("seq")
)
_LOOK_AGAIN = subscriptions.update().values(next_change=0)


def drift(conn: Connection) -> list[Drift]:
    """Every account whose balance or reserve does not equal its entries; any finding stops writes on money."""
    return [
        Drift(provider, customer, Balances(*figures[:2]), Balances(*figures[2:]))
        for provider, customer, *figures in conn.execute(_DRIFTED)
    ]


def verify(conn: Connection) -> Iterator[Finding]:
    """Every fault in every history, and every row that is not what the histories left; nothing when all is sound."""
    yield from verify_chains(conn)
    yield from records.verify(conn)
    yield from registers.verify(conn)


def verify_chains(conn: Connection) -> Iterator[Finding]:
    """The histories by themselves: facts, catalogue, policies, records, ledger."""
    yield from facts.verify_all(conn)
    yield from chronicle.verify_all(conn)
    yield from catalogue.verify_rows(conn)
    yield from _verify_ledger(conn)


def checkpoint(conn: Connection, at: Instant) -> bytes:
    """The payload to sign and keep elsewhere: the heads of all chains."""
    return chain.write_checkpoint(at, facts.heads(conn) | chronicle.heads(conn))


def verify_against(conn: Connection, then: Checkpoint) -> Iterator[Finding]:
    """What a checkpoint shows that the chains alone cannot: ends cut off, histories rewritten as a whole."""
    present = facts.heads(conn) | chronicle.heads(conn)
    for head in then.heads:
        finding = chain.against(head, _hash_at(conn, head), present.get(head.chain, Head()))
        if finding is not None:
            yield finding


def drop_projections(conn: Connection) -> None:
    """Forget what can be computed again; every subscription is due to be looked at (`tenure rebuild`)."""
    conn.execute(standings.delete())
    conn.execute(_LOOK_AGAIN)


def _hash_at(conn: Connection, head: ChainHead) -> bytes | None:
    topic, _, owner = head.chain.partition("/")
    if topic == facts.TOPIC:
        return facts.hash_at(conn, owner, head.seq)
    if topic == chronicle.LEDGER:
        return conn.scalar(_POSTING_AT, {"tenant": owner, "seq": head.seq})
    return chronicle.hash_at(conn, owner, topic, head.seq)


def _verify_ledger(conn: Connection) -> Iterator[Finding]:
    ends = {name: head for name, head in chronicle.heads(conn).items() if name.startswith(f"{chronicle.LEDGER}/")}
    for provider, rows in groupby(conn.execute(_POSTINGS), key=lambda row: row[0]):
        name = chronicle.name_of(provider, chronicle.LEDGER)
        links: list[Link] = []
        for _, group in groupby(rows, key=lambda row: row[1]):
            sides: list[Sequence[Any]] = list(group)
            links.append(chronicle.as_link(sides[0][1:9]))
            if not _says_the_same(sides):
                yield Finding(name, links[-1].seq, Fault.DIFFERS, "columns or entries are not what was booked")
        yield from chain.verify(name, links, ends.pop(name, Head()))
    for name, head in ends.items():
        yield Finding(name, head.seq, Fault.CUT, "nothing is left")
    for provider, seq in conn.execute(_STRAY):
        yield Finding(chronicle.name_of(provider, chronicle.LEDGER), seq, Fault.MISSING, "entries without a posting")


def _says_the_same(sides: list[Sequence[Any]]) -> bool:
    """Whether the columns of a posting, and its entries, are what its body says."""
    body, customer, subscription, once = sides[0][8:12]
    try:
        booking = msgspec.json.decode(body, type=ledger.Booking)
    except msgspec.MsgspecError:
        return False  # altered, which the chain reports too
    posting = booking.posting
    entries_stored = {account: (owner, amount) for account, owner, amount in (row[12:] for row in sides)}
    entries_booked = {account: (booking.customer, amount) for account, amount in ledger.sides(posting).items()}
    beside = (booking.customer, posting.subscription or None, ledger.once(posting))
    return entries_stored == entries_booked and beside == (customer, subscription, once)
