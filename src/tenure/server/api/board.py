"""The provider's board: what falls due, is in grace, failed to renew, runs out of money or waits for a code (B13)."""

from typing import Annotated

import msgspec

from tenure.core.timeline import DAY
from tenure.http.auth import AccessRule
from tenure.http.operation_groups import operation_at
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server import account_repository
from tenure.server.api.lists import ListedSubscriptionView, listed_view
from tenure.server.api.operations import ServerOperations, TenantQuery
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.store import board
from tenure.store.board import PARTS, BoardList, BoardQuery, ShortBalance
from tenure.store.engine import Connection

READ = AccessRule("subscriptions:read", PROVIDER_STAFF)
FAILED_DAYS = 60
"""Days for which a failed renewal stays on the board."""

Ahead = Annotated[int, msgspec.Meta(ge=1, le=366, description="How many days ahead.")]
Most = Annotated[int, msgspec.Meta(ge=1, le=100, description="Rows of each list at most.")]


class ShortView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer whose balance does not cover what falls due by itself; minor units."""

    customer: str
    customer_name: str
    available: int
    needed: int
    missing: int
    until: str
    """The first due date that the balance does not reach."""


class CountView(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are of one list, and what their next periods cost together (running out: what is missing)."""

    count: int
    amount: int


class TotalsView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, counted; money in minor units of `currency`."""

    subscriptions: int
    customers: int
    phases: dict[str, int]
    currency: str
    balance: int
    reserve: int
    due: CountView
    grace: CountView
    failed: CountView
    running_out: CountView
    pending: CountView


class BoardView(msgspec.Struct, frozen=True, kw_only=True):
    """The board at one instant; each list shows its first rows, `totals` how many there are."""

    as_of: str
    until: str
    """Up to here things fall due and balances run out."""
    due: tuple[ListedSubscriptionView, ...]
    grace: tuple[ListedSubscriptionView, ...]
    failed: tuple[ListedSubscriptionView, ...]
    running_out: tuple[ShortView, ...]
    pending: tuple[ListedSubscriptionView, ...]
    totals: TotalsView


class BoardOperations(ServerOperations):
    """The operation on the board."""

    @operation_at("GET", "/v1/board", READ)
    async def read_board(self, request: TenantQuery, days: Ahead = 30, limit: Most = 20) -> BoardView:
        """What an operator should look at now: due, in grace, failed, running out of money, not activated."""
        return await self._read_as(request, lambda conn, tenant: _load_board(conn, tenant, days, limit))


def _load_board(conn: Connection, tenant: Tenant, days: int, limit: int) -> BoardView:
    now = tenant.now
    asked = BoardQuery(provider=tenant.id, now=now, until=now + days * DAY, since=now - FAILED_DAYS * DAY, most=limit)
    parts = {name: board.board_list(conn, name, asked) for name in PARTS}
    short_count, missing, shorts = board.running_out(conn, asked)
    phases = board.count_phases(conn, tenant.id, now)
    customers, balance, reserve = board.money_totals(conn, tenant.id)
    totals = TotalsView(
        subscriptions=sum(phases.values()),
        customers=customers,
        phases=phases,
        currency=tenant.provider.currency,
        balance=balance,
        reserve=reserve,
        running_out=CountView(count=short_count, amount=missing),
        **{name: CountView(count=one.count, amount=one.amount) for name, one in parts.items()},
    )
    return BoardView(
        as_of=format_rfc3339(now),
        until=format_rfc3339(asked.until),
        running_out=tuple(map(short_view, shorts)),
        totals=totals,
        **{name: _board_rows(conn, one) for name, one in parts.items()},
    )


def _board_rows(conn: Connection, one: BoardList) -> tuple[ListedSubscriptionView, ...]:
    names = account_repository.plan_names(conn, (each.standing.plan for each in one.rows))
    return tuple(listed_view(each, names) for each in one.rows)


def short_view(one: ShortBalance) -> ShortView:
    """See `ShortView`."""
    return copy_fields(ShortView, one, customer_name=one.name, missing=one.missing_amount)
