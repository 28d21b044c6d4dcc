"""Devices that were merged into another, by their keys: silence is no proof, so each may come back within a year."""

import msgspec

from tenure.core.timeline import DAY, Instant
from tenure.site.store.devices import DeviceRow
from tenure.site.store.set_memo import forget_row, read_once
from tenure.site.store.writer import Connection

KEPT = 365 * DAY


def keep_device(conn: Connection, device: DeviceRow, now: Instant) -> None:
    """Remembers `device`, whose row is deleted; what was kept for longer than a year is forgotten."""
    conn.execute("delete from struck where at < ?", (now - KEPT,))
    forget_row(conn, ("struck", device.product))
    body = msgspec.json.encode(device)
    conn.execute("insert or replace into struck values (?, ?, ?, ?)", (device.product, device.thumbprint, now, body))


def take_device(conn: Connection, product: str, thumbprint: str) -> DeviceRow | None:
    """The device that had this key, as it was when it was struck out; it is remembered no longer."""
    if not read_once(conn, ("struck", product), lambda: _has_any(conn, product)):
        return None
    row = conn.execute(
        "delete from struck where product = ? and thumbprint = ? returning body", (product, thumbprint)
    ).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=DeviceRow)


def _has_any(conn: Connection, product: str) -> bool:
    return conn.execute("select 1 from struck where product = ? limit 1", (product,)).fetchone() is not None
