"""What is remembered of the database itself."""

from typing import Final

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.store.dialects import insert_or_ignore, upsert
from tenure.store.engine import Connection
from tenure.store.schema import meta, sites

_VALUE = sa.select(meta.c.value).where(meta.c.key == sa.bindparam("of"))
_FIRST = insert_or_ignore(meta, "key")
_TAKEN_AT = sa.cast(meta.c.value, sa.BigInteger)
_CLAIM = (
    meta.update()
    .where(
        meta.c.key == sa.bindparam("of"),
        sa.or_(sa.bindparam("before") >= _TAKEN_AT, sa.bindparam("ahead") < _TAKEN_AT),
    )
    .values(value=sa.bindparam("now"))
)
STOPPED = "stopped_money"
CHANNEL = "tenure"
SERVING: Final = "pg_try_advisory_lock_shared(hashtext('tenure serves'), hashtext(current_schema()))"
"""Held by the connection on which a server hears news; `claim_alone` looks for it."""
_ALONE = sa.text("select pg_try_advisory_xact_lock(hashtext('tenure serves'), hashtext(current_schema()))")
_CLOCK = sa.text("select extract(epoch from clock_timestamp())::bigint")
_TELL = sa.text(f"select pg_notify('{CHANNEL}', current_schema())")
_GREATEST = sa.select(sa.func.max(sites.c.epoch))
_SET = upsert(meta, "key")
_LOOK_AT_EACH = sites.update().values(revision=0)
"""Every site's next synchronization is processed in full, so that it gets a lease of the new epoch."""
_FLOOR = sa.select(meta.c.value).where(meta.c.key == "epoch_floor")


def epoch_floor(conn: Connection) -> Instant:
    """The epoch that the last restore opened; 0 when there was none."""
    return int(conn.scalar(_FLOOR) or 0)


def open_epoch(conn: Connection, now: Instant) -> Instant:
    """A new epoch after a restore, above every one seen [spec: epoch]; every site gets a lease of it."""
    epoch = max(now, 1 + max(int(conn.scalar(_GREATEST) or 0), epoch_floor(conn)))
    conn.execute(_SET[conn.dialect.name], {"key": "epoch_floor", "value": str(epoch)})
    conn.execute(_LOOK_AT_EACH)
    return epoch


def claim_turn(conn: Connection, name: str, now: Instant, every: int) -> bool:
    """Whether this process does the work `name` now, which one of them does every so many seconds.

    A turn that was taken by a clock more than that ahead counts for nothing: it would keep everyone from the work.
    """
    conn.execute(_FIRST[conn.dialect.name], {"key": f"turn {name}", "value": "0"})
    asked = {"of": f"turn {name}", "before": now - every, "ahead": now + every, "now": str(now)}
    return conn.execute(_CLAIM, asked).rowcount == 1


def set_stopped_money(conn: Connection, customers: list[str]) -> None:
    """Tell all processes whose balances differ from their postings; none: money moves."""
    value = msgspec.json.encode(customers).decode()
    if conn.scalar(_VALUE, {"of": STOPPED}) != value:
        conn.execute(_SET[conn.dialect.name], {"key": STOPPED, "value": value})
        tell_processes(conn)


def stopped_money(conn: Connection) -> list[str] | None:
    """What was told last; None: no process has looked yet."""
    value = conn.scalar(_VALUE, {"of": STOPPED})
    return None if value is None else msgspec.json.decode(value, type=list[str])


def tell_processes(conn: Connection) -> None:
    """Wake the processes that wait for news, once this transaction is done; they look for themselves what it is."""
    if conn.dialect.name == "postgresql":
        conn.execute(_TELL)


def database_clock(conn: Connection) -> Instant:
    """What the database's own clock shows. PostgreSQL alone: SQLite goes by this computer's."""
    return int(conn.scalar(_CLOCK) or 0)


def claim_alone(conn: Connection) -> Refused | None:
    """That no server runs on this database until the transaction ends; refuses `folder_in_use`.

    A SQLite file is locked by its writer, so that this transaction could not have begun.
    """
    if conn.dialect.name != "postgresql" or conn.scalar(_ALONE):
        return None
    return Refused(RefusalCode.FOLDER_IN_USE, "A server runs on this database: stop every one of them first.", "folder")
