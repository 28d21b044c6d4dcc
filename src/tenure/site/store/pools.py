"""How many devices of a product count: one number beside the devices, so that claiming costs the same for any number.

The number equals the rows with `counted = 1`; only the functions here and in `devices` change either.
"""

import msgspec

from tenure.core.timeline import Instant
from tenure.site.store.set_memo import change_row, forget_row, read_once
from tenure.site.store.sql import join_sql
from tenure.site.store.writer import Connection


class ProductPool(msgspec.Struct, frozen=True):
    """What the site remembers of one product's devices as a whole."""

    counted: int
    epoch: int
    """Of the last lease seen; 0 before the first."""
    forked: bool
    """Whether a fork was open when it was last looked at."""
    adopting_until: Instant
    """Until then devices' own seats are adopted and none is new [spec: new-seats]."""
    told: bytes
    """What was announced last, as JSON of `background.LastAnnounced`."""
    stopped: bool
    """Whether distribution has stopped at the limit, and that was said."""
    subscription: str
    """The one whose lease ruled last; empty before the first."""
    waited: int = 0
    """Seconds of running, over the starts, for which new seats have waited for an answer of the server's."""
    waited_at: Instant = 0
    """When that was noted last."""


_COLUMNS = "counted, epoch, forked, adopting_until, told, stopped, subscription, waited, waited_at"


def ensure_pool(conn: Connection, product: str) -> None:
    """The row of a product that is kept here from now on."""
    forget_row(conn, ("pool", product))
    conn.execute("insert into pools (product) values (?) on conflict do nothing", (product,))


def get_pool(conn: Connection, product: str) -> ProductPool:
    """The product's pool; raises LookupError for a product that is not kept here."""
    return read_once(conn, ("pool", product), lambda: _read_pool(conn, product))


def _read_pool(conn: Connection, product: str) -> ProductPool:
    row = conn.execute(join_sql("select", _COLUMNS, "from pools where product = ?"), (product,)).fetchone()
    if row is None:
        raise LookupError(f"{product} is not kept here")
    return ProductPool(row[0], row[1], bool(row[2]), row[3], row[4], bool(row[5]), row[6], row[7], row[8])


def claim_place(conn: Connection, product: str, allowed: int) -> bool:
    """Count one device more if at most `allowed` then count: one statement, whatever the number of devices."""
    counted = conn.execute(
        "update pools set counted = counted + 1 where product = ? and counted < ?", (product, allowed)
    ).rowcount == 1  # fmt: skip
    if counted:
        change_row(conn, ("pool", product), _with_one_more)
    return counted


def _with_one_more(pool: ProductPool) -> ProductPool:
    return msgspec.structs.replace(pool, counted=pool.counted + 1)


def adopt_place(conn: Connection, product: str) -> None:
    """Count one device more whatever is allowed: it holds a seat that this site signed."""
    forget_row(conn, ("pool", product))
    conn.execute("update pools set counted = counted + 1 where product = ?", (product,))


def free_place(conn: Connection, product: str) -> None:
    """Count one device less."""
    forget_row(conn, ("pool", product))
    conn.execute("update pools set counted = counted - 1 where product = ? and counted > 0", (product,))


def noticed_epoch(conn: Connection, product: str, epoch: int, forked: bool, adopting_until: Instant) -> None:
    """What the present lease and the last answer say of the site's own history."""
    forget_row(conn, ("pool", product))
    conn.execute(
        "update pools set epoch = ?, forked = ?, adopting_until = ? where product = ?",
        (epoch, int(forked), adopting_until, product),
    )


def noticed_stopped(conn: Connection, product: str, *, stopped: bool) -> bool:
    """Whether that is new: distribution stopped at the limit, or goes on."""
    forget_row(conn, ("pool", product))
    return conn.execute(
        "update pools set stopped = ? where product = ? and stopped <> ?", (int(stopped), product, int(stopped))
    ).rowcount == 1  # fmt: skip


def noticed_subscription(conn: Connection, product: str, subscription: str) -> None:
    """Which subscription's lease rules."""
    forget_row(conn, ("pool", product))
    conn.execute("update pools set subscription = ? where product = ?", (subscription, product))


def noticed_wait(conn: Connection, product: str, waited: int, now: Instant) -> None:
    """For how long new seats have waited by now."""
    forget_row(conn, ("pool", product))
    conn.execute("update pools set waited = ?, waited_at = ? where product = ?", (waited, now, product))


def noticed_told(conn: Connection, product: str, told: bytes) -> None:
    """What was announced."""
    forget_row(conn, ("pool", product))
    conn.execute("update pools set told = ? where product = ?", (told, product))
