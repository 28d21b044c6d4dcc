"""Counters that slow strangers down: how often a key was tried since it last succeeded.

The caller decides limits and how long a stranger waits.
"""

import sqlalchemy as sa

from tenure.core.timeline import DAY, Instant
from tenure.store.dialects import per_dialect
from tenure.store.engine import Connection
from tenure.store.schema import throttles

PEACE = DAY
"""Seconds without a try after which earlier ones are forgotten."""
_LAST = (
    sa.select(throttles.c.count, throttles.c.began)
    .where(throttles.c.key == sa.bindparam("of"), throttles.c.began > sa.bindparam("since"))
    .order_by(throttles.c.began.desc())
    .limit(1)
)
_TURN = {"postgresql": sa.text("select pg_advisory_xact_lock(hashtextextended(:of, 0))")}
"""Each key is counted by one transaction after the other. The rows' own locks do not do that: a transaction that waited
for a row that was deleted and written again meanwhile would find none. SQLite has one writer."""
_FORGET = throttles.delete().where(throttles.c.key == sa.bindparam("of"))
_AGAIN = per_dialect(
    throttles,
    lambda insert: insert.on_conflict_do_update(index_elements=["key", "began"], set_={"count": throttles.c.count + 1}),
)
_COLLECT = throttles.delete().where(throttles.c.began.between(1, sa.bindparam("before") - 1))
"""Those of `rate_counters` began at 0."""


def count_tries(conn: Connection, key: str, now: Instant) -> tuple[int, Instant]:
    """(how many tries of `key` since it was last forgiven, when the last one was); a day of peace forgives too.

    No other transaction counts tries of `key` until this one ends.
    """
    _take_turn(conn, key)
    row = conn.execute(_LAST, {"of": key, "since": now - PEACE}).one_or_none()
    return (0, 0) if row is None else (row[0], row[1])


def add_try(conn: Connection, key: str, now: Instant) -> None:
    """Count one more try of `key`, at `now`."""
    count, _ = count_tries(conn, key, now)
    reset_counter(conn, key)
    conn.execute(_AGAIN[conn.dialect.name], {"key": key, "began": now, "count": count + 1})


def take_back(conn: Connection, key: str, now: Instant) -> None:
    """The last try was a good one: count one less."""
    count, last = count_tries(conn, key, now)
    reset_counter(conn, key)
    if count > 1:
        conn.execute(_AGAIN[conn.dialect.name], {"key": key, "began": last, "count": count - 1})


def reset_counter(conn: Connection, key: str) -> None:
    """Forget the tries of `key`; a try counted in the same moment counts after it, or is forgiven with the others."""
    _take_turn(conn, key)
    conn.execute(_FORGET, {"of": key})


def _take_turn(conn: Connection, key: str) -> None:
    turn = _TURN.get(conn.dialect.name)
    if turn is not None:
        conn.execute(turn, {"of": key})


def collect_old(conn: Connection, before: Instant) -> int:
    """Forget windows that began before that instant; how many counters."""
    return conn.execute(_COLLECT, {"before": before}).rowcount
