"""Use by day: the most devices that counted on each day, and the latest number, by product and group [spec: events]."""

import msgspec

from tenure.core.timeline import DAY, Instant
from tenure.site.store.sql import all_conditions, join_sql
from tenure.site.store.writer import Connection

KEPT_DAYS = 800
"""Two years and a little, so that a year can be held against the one before."""


class DailyUse(msgspec.Struct, frozen=True):
    """One product's group on one day."""

    product: str
    day: int
    """Days since 1970-01-01 UTC."""
    group: str
    most: int
    latest: int


def note_use(conn: Connection, product: str, now: Instant) -> None:
    """Today's figures, from the devices that count now."""
    day = now // DAY
    counted = dict(
        conn.execute("select grp, count(*) from devices where product = ? and counted = 1 group by grp", (product,))
    )
    known = (row[0] for row in conn.execute("select grp from uses where product = ? and day = ?", (product, day)))
    figures = dict.fromkeys(known, 0) | counted
    conn.executemany(
        "insert into uses values (?, ?, ?, ?, ?) on conflict (product, day, grp) do update set"
        " most = max(most, excluded.most), latest = excluded.latest"
        " where most < excluded.most or latest <> excluded.latest",
        [(product, day, group, number, number) for group, number in figures.items()],
    )


def page(conn: Connection, product: str, group: str | None, since: int, until: int, limit: int) -> list[DailyUse]:
    """Up to `limit` rows of the days from `since` to before `until`, oldest first."""
    where: list[str] = ["day >= ?", "day < ?"]
    values: list[object] = [since, until]
    for condition, given in (("product = ?", product or None), ("grp = ?", group)):
        if given is not None:
            where.append(condition)
            values.append(given)
    statement = join_sql(
        "select product, day, grp, most, latest from uses",
        all_conditions(where),
        "order by day, product, grp limit ?+0",
    )
    return [DailyUse(*row) for row in conn.execute(statement, (*values, limit))]


def prune(conn: Connection, now: Instant) -> None:
    """Forget what is older than is kept."""
    conn.execute("delete from uses where day < ?", (now // DAY - KEPT_DAYS,))
