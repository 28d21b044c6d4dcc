"""Counters of rate limits that several processes charge: per key, when its whole burst is free again.

They stand beside the counters of tries (`throttle`), under a `began` of 0, which those never have. The database's clock
dates them, so that processes on several computers agree. Which limits there are is the API's to say.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa

from tenure.store.engine import Connection
from tenure.store.schema import throttles

RateKey = tuple[str, str]
SET_BACK: Final = 5_000
"""Milliseconds; a database's clock that shows so much less than before was set back, or is another computer's."""


class OwedSeconds(NamedTuple):
    """What all processes together have spent."""

    by_key: dict[RateKey, float]
    """Seconds until the whole burst of a key is free again."""
    clock: int
    """The database's clock, milliseconds."""


_CHARGE = sa.text(
    "with clock (ms) as materialized (select (extract(epoch from clock_timestamp()) * 1000)::bigint)"
    " insert into throttles (key, began, count)"
    " select k, 0, ms + cost from unnest(cast(:keys as text[]), cast(:costs as bigint[])) as spent (k, cost), clock"
    " order by k"  # one order for all processes: none waits for another in a circle
    " on conflict (key, began) do update set count = excluded.count"
    " + greatest(throttles.count - (select ms from clock), 0)"
    " returning key, count - (select ms from clock), (select ms from clock)"
)
_ALL = throttles.delete().where(throttles.c.began == 0)
_PAID = _ALL.where(throttles.c.count < sa.text("extract(epoch from clock_timestamp()) * 1000"))


def charge_counters(conn: Connection, spent: Mapping[RateKey, float], seen: int = 0) -> OwedSeconds:
    """Add what was spent, seconds by key; what is owed of those keys now. PostgreSQL alone.

    `seen`: the database's clock at the last charge. Where it was set back since then all counters begin again: they
    would say that callers owe the time by which it was.
    """
    keys = {f"rate\n{limit}\n{who}": (limit, who) for limit, who in spent}
    asked = {"keys": list(keys), "costs": [round(spent[key] * 1000) for key in keys.values()]}
    rows = conn.execute(_CHARGE, asked).all()
    if any(clock < seen - SET_BACK for *_, clock in rows):
        conn.execute(_ALL)
        rows = conn.execute(_CHARGE, asked).all()
    return OwedSeconds({keys[name]: owed / 1000 for name, owed, _ in rows}, max((row[2] for row in rows), default=0))


def collect_paid(conn: Connection) -> int:
    """Forget counters whose bursts are free again, by the clock that dated them; how many. None on SQLite."""
    return conn.execute(_PAID).rowcount if conn.dialect.name == "postgresql" else 0
