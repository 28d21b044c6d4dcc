"""How a delivery worker ends: tries under way get a moment, so that they are recorded, and nothing new begins."""

import asyncio
from typing import Any

DRAIN_SECONDS = 5.0
"""Seconds that what is under way has to come to an end when the program stops."""


async def drain_tasks(tasks: list[asyncio.Task[Any]]) -> None:
    """Let `tasks` come to an end for a moment, then cancel what is left."""
    if tasks:
        _, left = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
