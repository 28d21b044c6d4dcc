"""Counters of rate limits that several processes charge: per key, when its whole burst is free again.

They stand beside the counters of tries (`throttle`), under a `began` of 0, which those never have. The database's clock
dates them, so that processes on several computers agree. Which limits there are is the API's to say.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import throttles

RateKey = tuple[str, str]
_CHARGE = sa.text(
    "with clock (ms) as materialized (select (extract(epoch from clock_timestamp()) * 1000)::bigint)"
    " insert into throttles (key, began, count)"
    " select k, 0, ms + cost from unnest(cast(:keys as text[]), cast(:costs as bigint[])) as spent (k, cost), clock"
    " order by k"  # one order for all processes: none waits for another in a circle
    " on conflict (key, began) do update set count = excluded.count"
    " + greatest(throttles.count - (select ms from clock), 0)"
    " returning key, count - (select ms from clock)"
)
_COLLECT = throttles.delete().where(throttles.c.began == 0, throttles.c.count < sa.bindparam("before"))


def charge_counters(conn: Connection, spent: Mapping[RateKey, float]) -> dict[RateKey, float]:
    """Add what was spent, seconds by key; what all processes owe together of those keys now. PostgreSQL alone."""
    keys = {f"rate\n{limit}\n{who}": (limit, who) for limit, who in spent}
    costs = [round(spent[key] * 1000) for key in keys.values()]
    rows = conn.execute(_CHARGE, {"keys": list(keys), "costs": costs})
    return {keys[name]: owed / 1000 for name, owed in rows}


def collect_paid(conn: Connection, now: Instant) -> int:
    """Forget counters whose bursts are free again; how many."""
    return conn.execute(_COLLECT, {"before": now * 1000}).rowcount
