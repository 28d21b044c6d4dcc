"""What is remembered of the database itself."""

import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import meta

_FLOOR = sa.select(meta.c.value).where(meta.c.key == "epoch_floor")


def epoch_floor(conn: Connection) -> Instant:
    """The epoch that the last restore opened; 0 when there was none."""
    return int(conn.scalar(_FLOOR) or 0)
