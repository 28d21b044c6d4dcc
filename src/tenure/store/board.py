"""What an operator must look at today, counted and listed for one provider by a handful of statements over projections.

Rows hold instants; what they mean at `now` is asked here, and decided nowhere else than in the timeline they came from.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.policy.bounds import ABSOLUTE
from tenure.core.timeline import DAY, Instant, Phase
from tenure.store.dialects import whole_sum
from tenure.store.engine import Connection
from tenure.store.projections import phase_at
from tenure.store.schema import accounts, customers, standings
from tenure.store.search import STANDING, ListedSubscription, read_listed


class BoardQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose board, at which instant, how far ahead and back, and at most how many rows of each list."""

    provider: str
    now: Instant
    until: Instant
    """Up to here things fall due and balances run out."""
    since: Instant
    """Failures before this instant are not shown any more."""
    most: int


class BoardList(msgspec.Struct, frozen=True):
    """One list of the board: how many rows there are, what they cost together, and the first of them."""

    count: int
    amount: int
    rows: tuple[ListedSubscription, ...]


class ShortBalance(msgspec.Struct, frozen=True):
    """A customer whose balance does not cover what falls due by itself: minor units, and from when on."""

    customer: str
    name: str
    available: int
    needed: int
    first_due: Instant
    until: Instant
    """The first due instant that the balance does not reach, the oldest due being paid first."""

    @property
    def missing_amount(self) -> int:
        """What must come in so that everything can be paid."""
        return self.needed - self.available


LONGEST_GRACE = (ABSOLUTE["grace_days"].maximum or 0) * DAY
"""A subscription in grace was paid until at most so many seconds ago: an index finds it among all that ended."""
_ROW = standings.c
_OPEN = sa.or_(_ROW.ended_at.is_(None), _ROW.ended_at > sa.bindparam("now"))
_MINE = _ROW.provider == sa.bindparam("tenant")


def _list_conditions() -> dict[str, tuple[list[sa.ColumnElement[bool]], list[sa.ColumnElement[Any]]]]:
    now: sa.ColumnElement[int] = sa.bindparam("now", type_=_ROW.price.type)
    until: sa.ColumnElement[int] = sa.bindparam("until", type_=_ROW.price.type)
    since: sa.ColumnElement[int] = sa.bindparam("since", type_=_ROW.price.type)
    return {
        "due": ([_ROW.due_at > now, _ROW.due_at <= until, _OPEN], [_ROW.due_at]),
        "grace": (
            [_ROW.paid_until <= now, _ROW.paid_until > now - LONGEST_GRACE, _ROW.ended_at > now, ~_is_paused(now)],
            [_ROW.ended_at],
        ),
        "failed": ([_ROW.failed_at >= since], [_ROW.failed_at.desc()]),
        "pending": ([_ROW.active_from.is_(None), _OPEN], [_ROW.ordered_at]),
    }


def _is_paused(now: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    over = sa.and_(_ROW.paused_until.is_not(None), _ROW.paused_until <= now)
    return sa.and_(_ROW.paused_from.is_not(None), _ROW.paused_from <= now, ~over)


_PARTS = _list_conditions()
PARTS = tuple(_PARTS)
_COUNTS = {
    name: sa.select(sa.func.count(), sa.func.coalesce(whole_sum(_ROW.price), 0)).where(_MINE, *rules)
    for name, (rules, _) in _PARTS.items()
}
_JOINED = standings.join(customers, customers.c.id == _ROW.customer)
_WANTING = (
    _MINE,
    _ROW.automatic == 1,
    _ROW.reserved == 0,
    _ROW.price > 0,
    _ROW.due_at <= sa.bindparam("until"),
    _OPEN,
)
_NEEDS = (
    sa.select(
        _ROW.customer.label("customer"),
        whole_sum(_ROW.price).label("needed"),
        sa.func.min(_ROW.due_at).label("first_due"),
    )
    .where(*_WANTING)
    .group_by(_ROW.customer)
    .subquery()
)
_AVAILABLE = accounts.c.balance + accounts.c.credit_limit
_SHORT = (
    sa.select(
        _NEEDS.c.customer,
        _AVAILABLE,
        _NEEDS.c.needed,
        _NEEDS.c.first_due,
        sa.func.count().over(),
        whole_sum(_NEEDS.c.needed - _AVAILABLE, {}),
    )
    .where(
        accounts.c.customer == _NEEDS.c.customer,
        accounts.c.provider == sa.bindparam("tenant"),
        _NEEDS.c.needed > _AVAILABLE,
    )
    .order_by(_NEEDS.c.first_due, _NEEDS.c.customer)
)
_DUES = (
    sa.select(_ROW.customer, _ROW.due_at, _ROW.price)
    .where(*_WANTING, _ROW.customer.in_(sa.bindparam("whose", expanding=True)))
    .order_by(_ROW.customer, _ROW.due_at, _ROW.subscription)
)
_MONEY = sa.select(
    sa.func.count(),
    sa.func.coalesce(whole_sum(accounts.c.balance), 0),
    sa.func.coalesce(whole_sum(accounts.c.reserve), 0),
).where(accounts.c.provider == sa.bindparam("tenant"))


def board_list(conn: Connection, name: str, asked: BoardQuery) -> BoardList:
    """The list `due`, `grace`, `failed` or `pending`."""
    rules, order = _PARTS[name]
    given = {"tenant": asked.provider, "now": asked.now, "until": asked.until, "since": asked.since}
    used = _matching(given, _COUNTS[name])
    count, amount = conn.execute(_COUNTS[name], used).one()
    rows = (
        sa.select(*STANDING, customers.c.name, phase_at(asked.now))
        .select_from(_JOINED)
        .where(_MINE, *rules)
        .order_by(*order, _ROW.subscription)
        .limit(asked.most)
    )
    return BoardList(count, amount, tuple(read_listed(row) for row in conn.execute(rows, used)))


def running_out(conn: Connection, asked: BoardQuery) -> tuple[int, int, tuple[ShortBalance, ...]]:
    """(how many customers, what is missing altogether, the first of them, soonest due first)."""
    given = {"tenant": asked.provider, "now": asked.now, "until": asked.until}
    rows = conn.execute(_SHORT.limit(asked.most), given).all()
    if not rows:
        return 0, 0, ()
    reach = _runs_out_at(conn, {row[0]: row[1] for row in rows}, given)
    names = _customer_names(conn, asked.provider, [row[0] for row in rows])
    shorts = (
        ShortBalance(customer, names[customer], available, needed, first, reach.get(customer, first))
        for customer, available, needed, first, _, _ in rows
    )
    return rows[0][4], rows[0][5], tuple(shorts)


def count_phases(conn: Connection, provider: str, now: Instant) -> dict[str, int]:
    """How many subscriptions are in each phase, counted in one index."""
    phase = phase_at(now).label("phase")
    found = conn.execute(sa.select(phase, sa.func.count()).where(_ROW.provider == provider).group_by(phase))
    return {str(each): 0 for each in Phase} | {name: count for name, count in found}  # noqa: C416 - rows, not pairs


def money_totals(conn: Connection, provider: str) -> tuple[int, int, int]:
    """(customers, what their balances come to, what is reserved), minor units."""
    customers_count, balance, reserve = conn.execute(_MONEY, {"tenant": provider}).one()
    return customers_count, balance, reserve


def _runs_out_at(conn: Connection, available: dict[str, int], given: dict[str, Any]) -> dict[str, Instant]:
    """By customer, the first due instant at which what fell due so far exceeds the balance."""
    found: dict[str, Instant] = {}
    left = dict(available)
    if not left:
        return found
    for customer, due_at, price in conn.execute(_DUES, {**given, "whose": list(left)}):
        left[customer] -= price
        if left[customer] < 0 and due_at is not None:
            found.setdefault(customer, due_at)
    return found


def _customer_names(conn: Connection, provider: str, wanted: list[str]) -> dict[str, str]:
    rows = sa.select(customers.c.id, customers.c.name).where(
        customers.c.provider == provider, customers.c.id.in_(wanted)
    )
    return {name: called for name, called in conn.execute(rows)}  # noqa: C416 - rows, not pairs


def _matching(given: dict[str, Any], statement: Any) -> dict[str, Any]:
    """Those of `given` that the statement asks for."""
    asked = statement.compile().params
    return {name: value for name, value in given.items() if name in asked}
