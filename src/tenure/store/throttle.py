"""Counters that slow strangers down: how often a key was tried in its window of time. Limits are the caller's."""

import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.either import either
from tenure.store.engine import Connection
from tenure.store.schema import throttles

_HIT = either(
    throttles,
    lambda insert: (
        insert.values(key=sa.bindparam("key"), began=sa.bindparam("began"), count=1)
        .on_conflict_do_update(index_elements=["key", "began"], set_={"count": throttles.c.count + 1})
        .returning(throttles.c.count)
    ),
)
_COUNT = sa.select(throttles.c.count).where(
    throttles.c.key == sa.bindparam("of"), throttles.c.began == sa.bindparam("window")
)
_COLLECT = throttles.delete().where(throttles.c.began < sa.bindparam("before"))


def hit(conn: Connection, key: str, now: Instant, window: int) -> int:
    """Count one more try of `key` in the window of that many seconds that `now` falls into; how many there were."""
    count: int = conn.execute(_HIT[conn.dialect.name], {"key": key, "began": now - now % window}).scalar_one()
    return count


def count(conn: Connection, key: str, now: Instant, window: int) -> int:
    """How many tries there were in the present window."""
    return conn.scalar(_COUNT, {"of": key, "window": now - now % window}) or 0


def collect(conn: Connection, before: Instant) -> int:
    """Forget windows that began before that instant; how many counters."""
    return conn.execute(_COLLECT, {"before": before}).rowcount
