"""Seat conflicts that are open: when the limit falls below use, and to what ([spec: seat-conflict], B11)."""

import msgspec

from tenure.core.timeline import Instant
from tenure.site.store.writer import Connection


class OpenConflict(msgspec.Struct, frozen=True):
    """One product's conflict."""

    at: Instant
    """When the lower limit begins."""
    most: int
    """What may count here from then on."""
    told: int
    """Days before `at` at which people were reminded last."""


def get_conflict(conn: Connection, product: str) -> OpenConflict | None:
    """The open one; None when there is none."""
    row = conn.execute("select at, most, told from conflicts where product = ?", (product,)).fetchone()
    return None if row is None else OpenConflict(*row)


def set_conflict(conn: Connection, product: str, conflict: OpenConflict | None) -> None:
    """What is open now; None closes it."""
    if conflict is None:
        conn.execute("delete from conflicts where product = ?", (product,))
        return
    conn.execute(
        "insert or replace into conflicts values (?, ?, ?, ?)", (product, conflict.at, conflict.most, conflict.told)
    )
