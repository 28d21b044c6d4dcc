"""Postings in the database: booked once, guarded by the account's row, chained, and compared with what is cached.

Which postings there are is the core's to say (`core.ledger`).
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from tenure.core.business.ledger import Balances, LedgerAccount, Posting, PostingKind, is_affordable, missing_amount
from tenure.core.refusals import RefusalCode, Refused
from tenure.store import accounts, provider_chain
from tenure.store.chain import ChainLink, StoredFact
from tenure.store.dialects import whole_sum
from tenure.store.engine import Connection, WriteConflict
from tenure.store.schema import accounts as account_rows
from tenure.store.schema import entries, postings

PAYS_PERIOD = frozenset({PostingKind.CAPTURE, PostingKind.CHARGE})


class PostingRecord(msgspec.Struct, frozen=True):
    """A posting as it is stored and chained: whose it is, and what moved."""

    customer: str
    posting: Posting


class PostingResult(msgspec.Struct, frozen=True):
    """What came of posting: the account afterwards, and which of the postings had not been booked before."""

    account: accounts.AccountRow
    new: tuple[Posting, ...]


class LedgerLine(msgspec.Struct, frozen=True):
    """A posting in its place in the provider's ledger."""

    seq: int
    by: str
    posting: Posting


_KNOWN = sa.select(postings.c.once, postings.c.body).where(
    postings.c.provider == sa.bindparam("tenant"), postings.c.once.in_(sa.bindparam("wanted", expanding=True))
)
_ADD_POSTING = postings.insert()
_ADD_ENTRY = entries.insert()
_MOVE = (
    account_rows.update()
    .where(
        account_rows.c.customer == sa.bindparam("of"),
        account_rows.c.provider == sa.bindparam("tenant"),
        account_rows.c.version == sa.bindparam("seen"),
    )
    .values(
        balance=account_rows.c.balance + sa.bindparam("paid", type_=account_rows.c.balance.type),
        reserve=account_rows.c.reserve + sa.bindparam("held", type_=account_rows.c.reserve.type),
        version=account_rows.c.version + 1,
    )
)
_OF = (postings.c.provider == sa.bindparam("tenant"), postings.c.customer == sa.bindparam("of"))
_STATEMENT = (
    sa.select(postings.c.seq, postings.c.by_actor, postings.c.body)
    .where(*_OF, postings.c.seq > sa.bindparam("after"))
    .order_by(postings.c.seq)
    .limit(sa.bindparam("most"))
)
_UP_TO = (
    sa.select(entries.c.account, whole_sum(entries.c.amount))
    .where(
        entries.c.provider == sa.bindparam("tenant"),
        entries.c.customer == sa.bindparam("of"),
        entries.c.seq <= sa.bindparam("last"),
    )
    .group_by(entries.c.account)
)


def book_postings(
    conn: Connection, provider: str, customer: str, by: str, new: Sequence[Posting]
) -> PostingResult | Refused:
    """Book `new` in order, all or none; those booked before (`once`) are left out, so that a repetition is harmless.

    Refuses `not_found` without an account, `duplicate_reference` when the same reference or period was booked with
    other figures, `insufficient_balance` when one would bring the balance below minus the credit limit. Raises
    `WriteConflict` when the account changed meanwhile.
    """
    account = accounts.lock_account(conn, provider, customer)
    if account is None:
        return Refused(RefusalCode.NOT_FOUND, "The customer has no account.")
    fresh = _not_booked(conn, provider, customer, new)
    if isinstance(fresh, Refused):
        return fresh
    after = _balances_after(account, fresh)
    if isinstance(after, Refused):
        return after
    if not fresh:
        return PostingResult(account, ())
    _store_postings(conn, provider, customer, by, fresh)
    _update_account(conn, account, after)
    moved = msgspec.structs.replace(account, balance=after.balance, reserve=after.reserve, version=account.version + 1)
    return PostingResult(moved, fresh)


def booking_name(posting: Posting) -> str | None:
    """The name under which a posting is booked one time only; None for what may repeat.

    A top-up has the provider's own reference; whatever pays a period, the period: charged or captured, never both.
    """
    if posting.kind is PostingKind.TOP_UP:
        return f"top_up/{posting.reference}"
    if posting.kind in PAYS_PERIOD and posting.period is not None:
        return f"paid/{posting.subscription}/{posting.period}/{posting.reference}"
    return None


def statement_lines(
    conn: Connection, provider: str, customer: str, after: int = 0, limit: int = 50
) -> list[LedgerLine]:
    """At most `limit` postings of the customer after number `after`, oldest first."""
    asked = {"tenant": provider, "of": customer, "after": after, "most": limit}
    rows = conn.execute(_STATEMENT, asked)
    return [LedgerLine(seq, by, msgspec.json.decode(body, type=PostingRecord).posting) for seq, by, body in rows]


def balances_at(conn: Connection, provider: str, customer: str, seq: int) -> Balances:
    """The customer's balances after posting number `seq`: where a page of the statement begins."""
    return _sum_balances(conn.execute(_UP_TO, {"tenant": provider, "of": customer, "last": seq}))


def encode_booking(customer: str, by: str, posting: Posting) -> StoredFact:
    """A posting as the link of a chain."""
    body = msgspec.json.encode(PostingRecord(customer, posting))
    return StoredFact(posting.kind, posting.at, posting.recorded_at, by, body)


def _not_booked(
    conn: Connection, provider: str, customer: str, new: Sequence[Posting]
) -> tuple[Posting, ...] | Refused:
    """Those of `new` that are not booked yet; one that is, but differently, is refused."""
    names = [name for posting in new if (name := booking_name(posting))]
    asked = {"tenant": provider, "wanted": names}
    known = (
        {name: msgspec.json.decode(body, type=PostingRecord) for name, body in conn.execute(_KNOWN, asked)}
        if names
        else {}
    )
    fresh = []
    for posting in new:
        name = booking_name(posting)
        if name is None or name not in known:
            fresh.append(posting)
            if name is not None:
                known[name] = PostingRecord(customer, posting)
        elif not _same_money(known[name], PostingRecord(customer, posting)):
            return Refused(RefusalCode.DUPLICATE_REFERENCE, f"Booked already: {name}.", field="reference")
    return tuple(fresh)


def _same_money(one: PostingRecord, other: PostingRecord) -> bool:
    """Whether two bookings move the same money, whenever they were recorded."""
    return (one.customer, one.posting.kind, one.posting.entries) == (
        other.customer,
        other.posting.kind,
        other.posting.entries,
    )


def _balances_after(account: accounts.AccountRow, new: Sequence[Posting]) -> Balances | Refused:
    """The balances after `new`, none of which may overdraw; money that comes in always may.

    A balance that lies below a limit lowered meanwhile may go down to where it was: what `new` itself has given back
    before may be spent again.
    """
    balances = Balances(account.balance, account.reserve)
    free = max(account.credit_limit, -account.balance)
    for posting in new:
        needed = -posting.moved_on(LedgerAccount.BALANCE)
        if needed > 0 and not is_affordable(balances, needed, free):
            short = missing_amount(balances, needed, account.credit_limit)
            return Refused(RefusalCode.INSUFFICIENT_BALANCE, f"{short} minor units of {account.currency} are missing.")
        balances = balances.after(posting)
        if balances.reserve < 0:
            raise ValueError(f"{posting.kind} takes more than is reserved")
    return balances


def _update_account(conn: Connection, account: accounts.AccountRow, after: Balances) -> None:
    moved = {
        "of": account.customer,
        "tenant": account.provider,
        "seen": account.version,
        "paid": after.balance - account.balance,
        "held": after.reserve - account.reserve,
    }
    if conn.execute(_MOVE, moved).rowcount != 1:
        raise WriteConflict(f"the account of {account.customer} changed meanwhile")


def _store_postings(conn: Connection, provider: str, customer: str, by: str, new: Sequence[Posting]) -> None:
    links = provider_chain.append_links(
        conn, provider, provider_chain.LEDGER, [encode_booking(customer, by, posting) for posting in new]
    )
    placed = list(zip(links, new, strict=True))
    conn.execute(_ADD_POSTING, [_posting_row(provider, customer, link, posting) for link, posting in placed])
    conn.execute(
        _ADD_ENTRY,
        [
            {"provider": provider, "seq": link.seq, "account": account, "customer": customer, "amount": amount}
            for link, posting in placed
            for account, amount in account_changes(posting).items()
        ],
    )


def account_changes(posting: Posting) -> dict[LedgerAccount, int]:
    """What a posting adds to each account it touches."""
    return {entry.account: posting.moved_on(entry.account) for entry in posting.entries}


def _posting_row(provider: str, customer: str, link: ChainLink, posting: Posting) -> dict[str, object]:
    return {
        "provider": provider,
        "seq": link.seq,
        "customer": customer,
        "kind": link.fact.kind,
        "at": link.fact.at,
        "recorded_at": link.fact.recorded_at,
        "by_actor": link.fact.by,
        "subscription": posting.subscription or None,
        "once": booking_name(posting),
        "body": link.fact.body,
        "prev_hash": link.prev_hash,
        "hash": link.hash,
    }


def _sum_balances(rows: sa.Result[str, int]) -> Balances:
    sums = {account: amount for account, amount in rows}  # noqa: C416 - rows are tuples only to the eye
    return Balances(sums.get(LedgerAccount.BALANCE, 0), sums.get(LedgerAccount.RESERVE, 0))
