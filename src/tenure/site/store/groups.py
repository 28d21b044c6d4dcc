"""Groups of managed devices and what each does by itself; a device of no group is unassigned [spec: distribution]."""

import msgspec

from tenure.site.store.set_memo import forget_row, read_once
from tenure.site.store.sql import join_sql
from tenure.site.store.writer import Connection

DEFAULT = "default"
"""Where devices enroll when their token names no other."""
UNASSIGNED = ""


class DeviceGroup(msgspec.Struct, frozen=True):
    """One group with its devices."""

    name: str
    automatic: bool
    """Whether its devices get seats by themselves."""
    devices: int = 0
    counted: int = 0
    waiting: int = 0


_COUNTS = (
    "select count(*), coalesce(sum(counted), 0), coalesce(sum(state = 'waiting'), 0) from devices"
    " where grp = ? and not (state = 'removed' and counted = 0)"
)


def ensure_group(conn: Connection, name: str) -> None:
    """A group that is named for the first time distributes by itself."""
    if name != UNASSIGNED and _find_policy(conn, name) is None:
        conn.execute("insert into groups values (?, 1) on conflict do nothing", (name,))
        forget_row(conn, ("group", name))


def is_automatic(conn: Connection, name: str) -> bool:
    """Whether devices of the group get seats by themselves; unassigned ones never do."""
    return name != UNASSIGNED and _find_policy(conn, name) is not False


def _find_policy(conn: Connection, name: str) -> bool | None:
    """Whether the group distributes by itself, read once for all its devices in a set; None: it is not there yet."""

    def read() -> bool | None:
        row = conn.execute("select automatic from groups where name = ?", (name,)).fetchone()
        return None if row is None else bool(row[0])

    return read_once(conn, ("group", name), read)


def put(conn: Connection, name: str, *, automatic: bool) -> None:
    """The group with this policy, made if need be."""
    forget_row(conn, ("group", name))
    conn.execute(
        "insert into groups values (?, ?) on conflict (name) do update set automatic = excluded.automatic",
        (name, int(automatic)),
    )


def delete(conn: Connection, name: str) -> bool:
    """Whether there was such a group; its devices are unassigned from now on."""
    forget_row(conn, ("group", name))
    conn.execute("update devices set grp = '' where grp = ?", (name,))
    return conn.execute("delete from groups where name = ?", (name,)).rowcount == 1


def get_group(conn: Connection, name: str) -> DeviceGroup | None:
    """One group with its counts; None where there is none."""
    row = conn.execute("select name, automatic from groups where name = ?", (name,)).fetchone()
    return None if row is None else _count_devices(conn, row[0], bool(row[1]))


def page(conn: Connection, after: str, limit: int) -> list[DeviceGroup]:
    """Up to `limit` groups whose names come after `after`."""
    rows = conn.execute(
        join_sql("select name, automatic from groups where name > ? order by name limit ?+0"), (after, limit)
    )
    return [_count_devices(conn, name, bool(by_itself)) for name, by_itself in rows.fetchall()]


def count_unassigned(conn: Connection) -> DeviceGroup:
    """The devices that belong to no group."""
    return _count_devices(conn, UNASSIGNED, by_itself=False)


def _count_devices(conn: Connection, name: str, by_itself: bool) -> DeviceGroup:
    return DeviceGroup(name, by_itself, *conn.execute(_COUNTS, (name,)).fetchone())
