"""Lists as people look for things in them: with names, searched, sorted, page by page; the instants are `standings`'.

Every page is one statement over the projection; nothing here reads a history.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.projections import StandingFilter, StandingRow, filter_conditions, phase_at
from tenure.store.schema import accounts, customers, standings
from tenure.store.schema.columns import TEXT

NEVER = 2**62
"""Stands in a cursor for an instant that is missing."""
COUNTED_MOST = 10_000
"""Rows that are counted at most: one more says that there are more."""
GROUP = 5
"""Characters of a code's last group."""


class SubscriptionOrder(StrEnum):
    """By what a list of subscriptions is sorted; a later page begins after the last row's place and id."""

    ID = "id"
    NEWEST = "newest"
    DUE = "due"
    ENDS = "ends"
    CUSTOMER = "customer"
    DEVICES = "devices"


class CustomerOrder(StrEnum):
    """By what a list of customers is sorted."""

    ID = "id"
    NEWEST = "newest"
    NAME = "name"
    BALANCE = "balance"


class ListedSubscription(msgspec.Struct, frozen=True):
    """A subscription in a list, with its customer's name and its phase at the instant asked for."""

    standing: StandingRow
    customer_name: str
    phase: str


class ListedCustomer(msgspec.Struct, frozen=True):
    """A customer in a list with the figures of the account and how many subscriptions it has."""

    id: str
    name: str
    reference: str
    body: bytes
    created: Instant
    balance: int
    reserve: int
    credit_limit: int
    currency: str
    subscriptions: int


_Number = Annotated[int, msgspec.Meta(ge=-NEVER, le=NEVER)]
_Text = Annotated[str, msgspec.Meta(max_length=256, pattern=r"^[^\x00]*$")]


class ListPosition(msgspec.Struct, frozen=True):
    """Where the last page ended: by what it was sorted, the value there, and the id."""

    order: _Text
    value: _Number | _Text
    id: _Text

    def fits_order(self, order: SubscriptionOrder | CustomerOrder) -> bool:
        """Whether it is a place in a list sorted so."""
        return self.order == order and isinstance(self.value, str) == (order in _BY_TEXT)


STANDING = [standings.c[name] for name in StandingRow.__struct_fields__]
_BY_TEXT = frozenset(
    {SubscriptionOrder.ID, SubscriptionOrder.NEWEST, SubscriptionOrder.CUSTOMER, CustomerOrder.ID, CustomerOrder.NAME}
)
_JOINED = standings.join(customers, customers.c.id == standings.c.customer)
_KEYS: dict[SubscriptionOrder, tuple[sa.ColumnElement[Any], bool]] = {
    SubscriptionOrder.ID: (standings.c.subscription, False),
    SubscriptionOrder.NEWEST: (standings.c.subscription, True),
    SubscriptionOrder.DUE: (standings.c.due_at, False),
    SubscriptionOrder.ENDS: (standings.c.ended_at, False),
    SubscriptionOrder.CUSTOMER: (sa.func.lower(customers.c.name), False),
    SubscriptionOrder.DEVICES: (standings.c.devices, True),
}
_MAY_MISS = frozenset({SubscriptionOrder.DUE, SubscriptionOrder.ENDS})
"""Orders by an instant that may be missing; such rows come last, by id."""
_CUSTOMER_KEYS: dict[CustomerOrder, tuple[sa.ColumnElement[Any], bool]] = {
    CustomerOrder.ID: (customers.c.id, False),
    CustomerOrder.NEWEST: (customers.c.id, True),
    CustomerOrder.NAME: (sa.func.lower(customers.c.name), False),
    CustomerOrder.BALANCE: (accounts.c.balance, False),
}
_HAS = (
    sa.select(sa.func.count())
    .where(standings.c.customer == customers.c.id, standings.c.provider == customers.c.provider)
    .scalar_subquery()
)


def page(
    conn: Connection,
    provider: str,
    wanted: StandingFilter,
    words: str,
    now: Instant,
    order: SubscriptionOrder,
    after: ListPosition | None,
    limit: int,
) -> list[ListedSubscription]:
    """At most `limit` of the provider's subscriptions, sorted, those behind `after`; `words` as in
    `search_condition`."""
    mine = [standings.c.provider == provider, customers.c.provider == provider]
    rules = [*mine, *filter_conditions(wanted, now), *search_condition(provider, words)]
    key, descending = _KEYS[order]
    if order not in _MAY_MISS:
        return _select_rows(
            conn, [*rules, *_after_position(key, after, descending=descending)], now, key, limit, descending
        )
    # In two steps, because no index sorts what is missing behind what is there on both databases.
    found = []
    if after is None or after.value != NEVER:
        found = _select_rows(conn, [*rules, key.is_not(None), *_after_position(key, after)], now, key, limit)
        after = None
    if len(found) < limit:
        missing = [*rules, key.is_(None)] + ([standings.c.subscription > after.id] if after else [])
        found += _select_rows(conn, missing, now, standings.c.subscription, limit - len(found))
    return found


def count(conn: Connection, provider: str, wanted: StandingFilter, words: str, now: Instant) -> int:
    """How many subscriptions `page` would show on all its pages, counted up to `COUNTED_MOST` + 1."""
    rules = [standings.c.provider == provider, *filter_conditions(wanted, now), *search_condition(provider, words)]
    return _count_bounded(conn, sa.select(sa.literal(1)).select_from(standings).where(*rules))


def count_customers(conn: Connection, provider: str, words: str) -> int:
    """How many customers `customers_page` would show on all its pages, counted up to `COUNTED_MOST` + 1."""
    rules = [customers.c.provider == provider, *_name_condition(words, conn.dialect.name)]
    return _count_bounded(conn, sa.select(sa.literal(1)).select_from(customers).where(*rules))


def _count_bounded(conn: Connection, rows: sa.Select[Any]) -> int:
    """A list may be longer than anybody counts while others wait."""
    limited = rows.limit(COUNTED_MOST + 1).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(limited)).scalar_one())


def _select_rows(
    conn: Connection,
    rules: list[sa.ColumnElement[bool]],
    now: Instant,
    key: sa.ColumnElement[Any],
    limit: int,
    descending: bool = False,
) -> list[ListedSubscription]:
    found = (
        sa.select(*STANDING, customers.c.name, phase_at(now))
        .select_from(_JOINED)
        .where(*rules)
        .order_by(*_sort_columns(key, standings.c.subscription, descending=descending))
        .limit(limit)
    )
    return [read_listed(row) for row in conn.execute(found)]


def read_listed(row: Sequence[Any]) -> ListedSubscription:
    """A row of `STANDING`, name and phase."""
    return ListedSubscription(StandingRow(*row[:-2]), row[-2], row[-1])


def place_of(one: ListedSubscription, order: SubscriptionOrder) -> ListPosition:
    """Where a page that ends with `one` ends."""
    row = one.standing
    values: dict[SubscriptionOrder, int | str] = {
        SubscriptionOrder.ID: row.subscription,
        SubscriptionOrder.NEWEST: row.subscription,
        SubscriptionOrder.DUE: NEVER if row.due_at is None else row.due_at,
        SubscriptionOrder.ENDS: NEVER if row.ended_at is None else row.ended_at,
        SubscriptionOrder.CUSTOMER: one.customer_name,
        SubscriptionOrder.DEVICES: row.devices,
    }
    return ListPosition(order, values[order], row.subscription)


def customers_page(
    conn: Connection, provider: str, words: str, order: CustomerOrder, after: ListPosition | None, limit: int
) -> list[ListedCustomer]:
    """At most `limit` customers, sorted, those behind `after`; `words` is part of a name, a reference, an address."""
    key, descending = _CUSTOMER_KEYS[order]
    found = (
        sa.select(
            customers.c.id,
            customers.c.name,
            sa.func.coalesce(customers.c.reference, ""),
            customers.c.body,
            customers.c.created,
            accounts.c.balance,
            accounts.c.reserve,
            accounts.c.credit_limit,
            accounts.c.currency,
            _HAS,
        )
        .select_from(customers.join(accounts, accounts.c.customer == customers.c.id))
        .where(customers.c.provider == provider, *_name_condition(words, conn.dialect.name))
        .where(*_after_position(key, after, customers.c.id, descending=descending))
        .order_by(*_sort_columns(key, customers.c.id, descending=descending))
        .limit(limit)
    )
    return [ListedCustomer(*row) for row in conn.execute(found)]


def customer_place(one: ListedCustomer, order: CustomerOrder) -> ListPosition:
    """Where a page that ends with `one` ends."""
    values: dict[CustomerOrder, int | str] = {
        CustomerOrder.ID: one.id,
        CustomerOrder.NEWEST: one.id,
        CustomerOrder.NAME: one.name,
        CustomerOrder.BALANCE: one.balance,
    }
    return ListPosition(order, values[order], one.id)


def search_condition(provider: str, words: str) -> list[sa.ColumnElement[bool]]:
    """Part of the customer's name or reference, the beginning of an id, or a code's last group; empty: anything."""
    if not words:
        return []
    rows = standings.c
    whose = sa.select(customers.c.id).where(
        customers.c.provider == provider,
        sa.or_(_contains_words(customers.c.name, words), _contains_words(customers.c.reference, words)),
    )
    kinds: list[sa.ColumnElement[bool]] = [rows.customer.in_(whose)]
    low = words.lower()
    if low.startswith("sub_"):
        kinds.append(sa.and_(rows.subscription >= low, rows.subscription < low + "~"))
    if low.startswith("cus_"):
        kinds.append(rows.customer == low)
    if len(words) == GROUP:
        kinds.append(rows.last_group == words.upper())
    # One question for each, so that each is answered by its own index.
    each = [sa.select(rows.subscription).where(rows.provider == provider, kind) for kind in kinds]
    return [rows.subscription.in_(sa.union(*each))]


def _name_condition(words: str, dialect: str) -> list[sa.ColumnElement[bool]]:
    if not words:
        return []
    body: Any = customers.c.body
    as_text = sa.cast(body, sa.Text) if dialect == "sqlite" else sa.func.convert_from(body, "UTF8")
    # Addresses are lower case in the body's JSON; what is asked for is quoted as JSON would quote it.
    inside = msgspec.json.encode(words.lower()).decode()[1:-1]
    known = [
        _contains_words(customers.c.name, words),
        _contains_words(customers.c.reference, words),
        customers.c.id == words.lower(),
    ]
    if "@" in words:
        known.append(sa.func.lower(as_text).contains(inside, autoescape=True))
    return [sa.or_(*known)]


def _contains_words(column: Any, words: str) -> sa.ColumnElement[bool]:
    # SQLite lowers ASCII only, so what is written exactly so is found in any script.
    exact = column.contains(words, autoescape=True)
    return sa.or_(exact, sa.func.lower(column).contains(words.lower(), autoescape=True))


def _after_position(
    key: sa.ColumnElement[Any],
    after: ListPosition | None,
    name: sa.ColumnElement[str] = standings.c.subscription,
    *,
    descending: bool = False,
) -> list[sa.ColumnElement[bool]]:
    if after is None:
        return []
    further = name < after.id if descending else name > after.id
    if key is name:
        return [further]
    # As the column's text: lowered by the same rules, or a page would begin where the last one did not end.
    value: Any = sa.func.lower(sa.literal(after.value, TEXT)) if isinstance(after.value, str) else after.value
    # The first rule says nothing new: it is the one that an index understands.
    if descending:
        return [key <= value, sa.or_(key < value, further)]
    return [key >= value, sa.or_(key > value, further)]


def _sort_columns(
    key: sa.ColumnElement[Any], name: sa.ColumnElement[str], *, descending: bool
) -> list[sa.ColumnElement[Any]]:
    columns = [key, name] if key is not name else [name]
    return [each.desc() if descending else each.asc() for each in columns]
