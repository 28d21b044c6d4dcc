"""What is remembered of the database itself."""

import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import meta, sites

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
