"""What happened outside the server goes on record, though the store be busy: else it would be done a second time."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from tenure.core.refusals import Refused
from tenure.store.engine import Database

PAUSES = (0.1, 0.5, 2.0, 8.0)
"""Seconds between attempts; what is claimed stays so for longer than all of them."""

_log = logging.getLogger("tenure.server.messages")


async def record_persistently(database: Database, work: Callable[..., Any], *args: Any) -> None:
    """`work` of a connection and `args`, done; after the last attempt it is only logged that it was not."""
    for pause in (*PAUSES, None):
        refused = await database.write(work, *args)
        if not isinstance(refused, Refused):
            return
        if pause is not None:
            await asyncio.sleep(pause)
    _log.error("a sent message could not be recorded (%s); it may be sent again", refused.code)
