"""The connection on which a process hears of changes by others (LISTEN), and which tells that a server runs.

Nothing depends on it: who waits is woken after his time anyway and looks for himself. A database that knows no LISTEN
is asked as often as if there were no news.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from tenure.store.meta import CHANNEL, SERVING

ANSWER_SECONDS = 5
_log = logging.getLogger("tenure.store")


class NewsListener:
    """Waits for notifications of one schema; connects when it is first waited for, and again after a loss."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], schema: str, *, deaf: bool = False) -> None:
        """`deaf`: the database knows no LISTEN, or it is not to be used."""
        self._connect, self._schema = connect, schema
        self._connection: Any = None
        self._news = asyncio.Event()
        self._deaf = deaf

    async def wait(self, seconds: float) -> None:
        """Until there is news, or so long."""
        await self._listen()
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            await connection.close()

    async def _listen(self) -> None:
        if await self._still_stands():
            return
        connection: Any = None
        try:
            connection = await self._connect()
            await self._begin_hearing(connection)
            if await connection.fetchval(f"select {SERVING}"):
                self._connection = connection
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pass  # it is tried again with the next wait, as where a command has the state for itself at the moment
        finally:
            if connection is not None and self._connection is not connection:
                connection.terminate()

    async def _still_stands(self) -> bool:
        """Whether the connection does; asked, since one that is idle may be lost without a word, its lock with it."""
        if self._connection is None or self._connection.is_closed():
            return False
        try:
            await self._connection.execute("select 1", timeout=ANSWER_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection.terminate()
            return False
        return True

    async def _begin_hearing(self, connection: Any) -> None:
        if self._deaf:
            return
        try:
            await connection.add_listener(CHANNEL, self._hear)
        except asyncpg.exceptions.FeatureNotSupportedError:
            _log.info("the database knows no LISTEN: it is asked twice a second instead")
            self._deaf = True

    def _hear(self, _connection: Any, _process: int, _channel: str, schema: str) -> None:
        if schema == self._schema:
            self._news.set()
