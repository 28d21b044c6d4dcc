"""Whom a change of policy reaches: open subscriptions counted by plan, and the first ones that come to feel it."""

import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.projections import phase_at
from tenure.store.schema import customers, standings
from tenure.store.search import STANDING, ListedSubscription, read_listed

TRIAL = "trial"
_ROW = standings.c
_JOINED = standings.join(customers, customers.c.id == _ROW.customer)


def by_plan(conn: Connection, provider: str, now: Instant) -> dict[tuple[str, bool], int]:
    """How many subscriptions go on, by plan and whether they are on trial."""
    trial = _ROW.kind == TRIAL
    found = sa.select(_ROW.plan, trial, sa.func.count()).where(*_is_open(provider, now)).group_by(_ROW.plan, trial)
    return {(plan, bool(tried)): count for plan, tried, count in conn.execute(found)}


def customers_of(conn: Connection, provider: str, plans: list[str], now: Instant) -> int:
    """How many customers have one of them."""
    rules = (*_is_open(provider, now), _ROW.plan.in_(plans))
    return conn.scalar(sa.select(sa.func.count(sa.distinct(_ROW.customer))).where(*rules)) or 0


def count_shorter_grace(conn: Connection, provider: str, kind: tuple[str, bool], grace: int, now: Instant) -> int:
    """How many running ones on this plan (on trial or not) have less than `grace` seconds after what is paid for.

    Those whose next period is reserved are not among them; those who bought ahead are.
    """
    plan, trial = kind
    less = _ROW.ended_at - _ROW.paid_until < grace
    rules = (*_is_open(provider, now), _ROW.plan == plan, (_ROW.kind == TRIAL) == trial, _ROW.reserved == 0, less)
    return conn.scalar(sa.select(sa.func.count()).where(*rules)) or 0


def first_reached(
    conn: Connection, provider: str, plans: list[str], now: Instant, limit: int
) -> list[ListedSubscription]:
    """At most `limit` of those on these plans: whose next period begins first, then those not begun."""
    found = (
        sa.select(*STANDING, customers.c.name, phase_at(now))
        .select_from(_JOINED)
        .where(*_is_open(provider, now), _ROW.plan.in_(plans))
        .order_by(_ROW.due_at.is_(None), _ROW.due_at, _ROW.subscription)
        .limit(limit)
    )
    return [read_listed(row) for row in conn.execute(found)]


def _is_open(provider: str, now: Instant) -> tuple[sa.ColumnElement[bool], ...]:
    over = sa.and_(_ROW.ended_at.is_not(None), _ROW.ended_at <= now)
    return (_ROW.provider == provider, ~over, _ROW.canceled_at.is_(None))
