"""The epoch that a restore opens (spec 3.4): every lease signed from then on carries at least that one.

A restored server has forgotten serials that it gave; what it signs in a later epoch is newer than all of them.
"""

import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import meta

NAME = "epoch_floor"

_FLOOR = sa.select(meta.c.value).where(meta.c.key == NAME)


def floor(conn: Connection) -> Instant:
    """The least epoch of what is signed now; 0 for a server that was never restored."""
    return int(conn.scalar(_FLOOR) or 0)
