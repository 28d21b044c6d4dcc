"""Accounts of prepaid money: one row per customer, the unit of lock and settlement [spec: settlement]; postings:
`ledger`."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.dialects import PreparedSelect
from tenure.store.engine import Connection
from tenure.store.schema import accounts, providers, sites, subscriptions


class AccountRow(msgspec.Struct, frozen=True):
    """A customer's money with its provider, minor units; `available` is what can be spent."""

    customer: str
    provider: str
    currency: str
    credit_limit: int = 0
    balance: int = 0
    reserve: int = 0
    settled_at: Instant = 0
    next_due: Instant | None = None
    version: int = 1

    @property
    def available(self) -> int:
        """Balance and credit limit together."""
        return self.balance + self.credit_limit


_COLUMNS = [accounts.c[name] for name in AccountRow.__struct_fields__]
_MINE = (accounts.c.customer == sa.bindparam("of"), accounts.c.provider == sa.bindparam("tenant"))
_GET = sa.select(*_COLUMNS).where(*_MINE)
_LOCK = _GET.with_for_update()
_LOCK_UNCLAIMED = _GET.with_for_update(skip_locked=True)
_LOCK_OF_SITES = PreparedSelect(
    sa.select(accounts.c.customer)
    .join_from(accounts, subscriptions, subscriptions.c.customer == accounts.c.customer)
    .join(sites, sites.c.subscription == subscriptions.c.id)
    # In the order of ids, so that two processes never wait for each other in a circle.
    .order_by(accounts.c.customer)
    .with_for_update(of=accounts),
    among=sites.c.id,
)
_ADD = accounts.insert()
_SETTLED = accounts.update().where(*_MINE).values(settled_at=sa.bindparam("until"), next_due=sa.bindparam("due"))
_MARK_DUE = (
    accounts.update()
    .where(*_MINE, sa.or_(accounts.c.next_due.is_(None), accounts.c.next_due > sa.bindparam("due")))
    .values(next_due=sa.bindparam("due"))
)
_MARK_ALL_DUE = (
    accounts.update()
    .where(
        accounts.c.provider == sa.bindparam("tenant"),
        sa.or_(accounts.c.next_due.is_(None), accounts.c.next_due > sa.bindparam("due")),
    )
    .values(next_due=sa.bindparam("due"))
)
_LIMIT = accounts.update().where(*_MINE).values(credit_limit=sa.bindparam("limit"), version=accounts.c.version + 1)
_DUE = (
    sa.select(accounts.c.provider, accounts.c.customer)
    .where(accounts.c.next_due <= sa.bindparam("now"))
    .order_by(accounts.c.next_due, accounts.c.customer)
    .limit(sa.bindparam("most"))
)
_DUE_HERE = _DUE.where(accounts.c.provider.not_in(sa.select(providers.c.id).where(providers.c.sandbox == 1)))
_DUE_OF = _DUE.where(accounts.c.provider == sa.bindparam("tenant"))


def open_account(conn: Connection, provider: str, customer: str, currency: str, now: Instant) -> AccountRow:
    """An empty account without credit, settled up to `now`, for a customer who has none yet."""
    account = AccountRow(customer, provider, currency, settled_at=now)
    conn.execute(_ADD, msgspec.structs.asdict(account))
    return account


def get_account(conn: Connection, provider: str, customer: str) -> AccountRow | None:
    """The account as it is."""
    row = conn.execute(_GET, {"of": customer, "tenant": provider}).one_or_none()
    return None if row is None else AccountRow(*row)


def lock_account(conn: Connection, provider: str, customer: str) -> AccountRow | None:
    """Lock the account: no other transaction changes it before this one ends."""
    row = conn.execute(_LOCK, {"of": customer, "tenant": provider}).one_or_none()
    return None if row is None else AccountRow(*row)


def lock_of_sites(conn: Connection, wanted: Sequence[str]) -> frozenset[str] | None:
    """Lock the accounts that pay for what those sites use; their customers. None on SQLite, where one transaction
    writes at a time and nothing is to be locked."""
    if conn.dialect.name == "sqlite":
        return None
    return frozenset(row[0] for row in _LOCK_OF_SITES.run(conn, wanted))


def lock_unclaimed(conn: Connection, provider: str, customer: str) -> AccountRow | None:
    """As `lock_account`, but None at once where another transaction has it: for work that processes share."""
    row = conn.execute(_LOCK_UNCLAIMED, {"of": customer, "tenant": provider}).one_or_none()
    return None if row is None else AccountRow(*row)


def set_credit_limit(conn: Connection, provider: str, customer: str, limit: int) -> None:
    """How far the balance may go below zero from now on; a balance that is lower already stays as it is."""
    conn.execute(_LIMIT, {"of": customer, "tenant": provider, "limit": limit})


def mark_settled(conn: Connection, provider: str, customer: str, until: Instant, next_due: Instant | None) -> None:
    """Everything up to `until` is booked; look again at `next_due` (None: never by itself)."""
    conn.execute(_SETTLED, {"of": customer, "tenant": provider, "until": until, "due": next_due})


def mark_due(conn: Connection, provider: str, customer: str, due: Instant) -> None:
    """Look again at `due` at the latest."""
    conn.execute(_MARK_DUE, {"of": customer, "tenant": provider, "due": due})


def mark_all_due(conn: Connection, provider: str, due: Instant) -> None:
    """Look again at every account of the provider at `due` at the latest."""
    conn.execute(_MARK_ALL_DUE, {"tenant": provider, "due": due})


def due_accounts(conn: Connection, now: Instant, limit: int, provider: str | None = None) -> list[tuple[str, str]]:
    """At most `limit` pairs (provider, customer) with something to settle by `now`, longest due first.

    Without `provider` over all but sandboxes, whose clocks are their own: name the sandbox and give its now.
    """
    if provider is None:
        return [(tenant, customer) for tenant, customer in conn.execute(_DUE_HERE, {"now": now, "most": limit})]
    rows = conn.execute(_DUE_OF, {"now": now, "most": limit, "tenant": provider})
    return [(tenant, customer) for tenant, customer in rows]
