"""Is what is stored what was written? Chains, the figures beside them, and checkpoints kept elsewhere, in one answer.

Serves `tenure verify-history`, `tenure rebuild` and the hourly check of balances.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.business.ledger import Balances, LedgerAccount
from tenure.core.timeline import Instant
from tenure.store import catalog, chain, facts, ledger, provider_chain, record_checks, register_checks
from tenure.store.chain import ChainFault, ChainFinding, ChainHead, ChainLink, ChainPosition, Checkpoint
from tenure.store.dialects import whole_sum
from tenure.store.engine import Connection
from tenure.store.schema import accounts, entries, postings, standings, subscriptions


class AccountDrift(msgspec.Struct, frozen=True):
    """An account whose figures are not what its entries sum up to."""

    provider: str
    customer: str
    cached: Balances
    summed: Balances


def _sum_of(account: LedgerAccount) -> sa.ScalarSelect[int]:
    amounts = sa.select(sa.func.coalesce(whole_sum(entries.c.amount), 0))
    return amounts.where(entries.c.customer == accounts.c.customer, entries.c.account == account).scalar_subquery()


_CACHED = sa.select(
    accounts.c.provider,
    accounts.c.customer,
    accounts.c.balance,
    accounts.c.reserve,
    _sum_of(LedgerAccount.BALANCE).label("balance_summed"),
    _sum_of(LedgerAccount.RESERVE).label("reserve_summed"),
)
_SUMS = _CACHED.subquery()
_DRIFTED = sa.select(_SUMS).where(
    sa.or_(_SUMS.c.balance != _SUMS.c.balance_summed, _SUMS.c.reserve != _SUMS.c.reserve_summed)
)
_LINK = (postings.c.seq, postings.c.prev_hash, postings.c.hash)
_FACT = (postings.c.kind, postings.c.at, postings.c.recorded_at, postings.c.by_actor, postings.c.body)
_EXTRA = (postings.c.customer, postings.c.subscription, postings.c.once)
_POSTINGS = (
    sa.select(postings.c.provider, *_LINK, *_FACT, *_EXTRA, entries.c.account, entries.c.customer, entries.c.amount)
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
_UNHURRIED = sa.text("set local idle_in_transaction_session_timeout = 0")
"""Between two statements all histories are folded, for which a million need longer than any other transaction may."""
_LOOK_AGAIN = subscriptions.update().values(next_change=0)


def drifted_accounts(conn: Connection) -> list[AccountDrift]:
    """Every account whose balance or reserve does not equal its entries; any finding stops writes on money."""
    return [
        AccountDrift(provider, customer, Balances(*figures[:2]), Balances(*figures[2:]))
        for provider, customer, *figures in conn.execute(_DRIFTED)
    ]


def verify_histories(conn: Connection) -> Iterator[ChainFinding]:
    """Every fault in every history, and every row that is not what the histories left; nothing when all is sound."""
    if conn.dialect.name == "postgresql":
        conn.execute(_UNHURRIED)
    yield from verify_chains(conn)
    yield from record_checks.verify_records(conn)
    yield from register_checks.verify_registers(conn)


def verify_chains(conn: Connection) -> Iterator[ChainFinding]:
    """The histories by themselves: facts, catalog, policies, records, ledger."""
    yield from facts.verify_all(conn)
    yield from provider_chain.verify_all(conn)
    yield from catalog.verify_rows(conn)
    yield from _verify_ledger(conn)


def checkpoint_payload(conn: Connection, at: Instant) -> bytes:
    """The payload to sign and keep elsewhere: the heads of all chains."""
    return chain.write_checkpoint(at, facts.history_heads(conn) | provider_chain.chain_heads(conn))


def verify_against(conn: Connection, then: Checkpoint) -> Iterator[ChainFinding]:
    """What a checkpoint shows that the chains alone cannot: ends cut off, histories rewritten as a whole."""
    present = facts.history_heads(conn) | provider_chain.chain_heads(conn)
    for head in then.heads:
        finding = chain.compare_checkpoint(head, _hash_at(conn, head), present.get(head.chain, ChainPosition()))
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
    if topic == provider_chain.LEDGER:
        return conn.scalar(_POSTING_AT, {"tenant": owner, "seq": head.seq})
    return provider_chain.hash_at(conn, owner, topic, head.seq)


def _verify_ledger(conn: Connection) -> Iterator[ChainFinding]:
    ends = {
        name: head
        for name, head in provider_chain.chain_heads(conn).items()
        if name.startswith(f"{provider_chain.LEDGER}/")
    }
    for provider, rows in groupby(conn.execute(_POSTINGS), key=lambda row: row[0]):
        name = provider_chain.name_of(provider, provider_chain.LEDGER)
        links: list[ChainLink] = []
        for _, group in groupby(rows, key=lambda row: row[1]):
            sides: list[Sequence[Any]] = list(group)
            links.append(provider_chain.as_link(sides[0][1:9]))
            if not _says_the_same(sides):
                yield ChainFinding(
                    name, links[-1].seq, ChainFault.DIFFERS, "columns or entries are not what was booked"
                )
        yield from chain.verify_chain(name, links, ends.pop(name, ChainPosition()))
    for name, head in ends.items():
        yield ChainFinding(name, head.seq, ChainFault.CUT, "nothing is left")
    for provider, seq in conn.execute(_STRAY):
        yield ChainFinding(
            provider_chain.name_of(provider, provider_chain.LEDGER),
            seq,
            ChainFault.MISSING,
            "entries without a posting",
        )


def _says_the_same(sides: list[Sequence[Any]]) -> bool:
    """Whether the columns of a posting, and its entries, are what its body says."""
    body, customer, subscription, once = sides[0][8:12]
    try:
        booking = msgspec.json.decode(body, type=ledger.PostingRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False  # altered, which the chain reports too
    posting = booking.posting
    entries_stored = {account: (owner, amount) for account, owner, amount in (row[12:] for row in sides)}
    entries_booked = {
        account: (booking.customer, amount) for account, amount in ledger.account_changes(posting).items()
    }
    columns = (booking.customer, posting.subscription or None, ledger.booking_name(posting))
    return entries_stored == entries_booked and columns == (customer, subscription, once)
