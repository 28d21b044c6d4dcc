"""Pairs of devices on the same hardware, as long as it is open what became of the older one; found by an index."""

from tenure.site.store.devices import DeviceRow, by_id
from tenure.site.store.sql import join_sql
from tenure.site.store.writer import Connection

OPEN = (
    "from devices as new join devices as old on old.id = new.twin"
    " where new.twin <> '' and not (new.state = 'removed' and new.counted = 0)"
)
"""A device that is removed and no longer counts is shown nowhere; a pair whose older device is gone is none."""


def duplicate_page(conn: Connection, after: int, limit: int) -> list[tuple[DeviceRow, DeviceRow]]:
    """Up to `limit` pairs (older, newer) beyond row `after` of the newer one, in the order in which those came."""
    wanted = join_sql("select old.id, new.id", OPEN, "and new.number > ? order by new.number limit ?+0")
    names = conn.execute(wanted, (after, limit)).fetchall()
    pairs = ((by_id(conn, old), by_id(conn, new)) for old, new in names)
    return [(old, new) for old, new in pairs if old is not None and new is not None]


def count_duplicates(conn: Connection) -> int:
    """How many pairs are open."""
    (found,) = conn.execute(join_sql("select count(*)", OPEN)).fetchone()
    return int(found)
