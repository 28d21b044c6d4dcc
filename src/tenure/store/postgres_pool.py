"""Connections that are kept between transactions, and replaced where the database has ended them or is at fault.

What is done in a transaction, and how often it is tried, is left to `postgres` and `batch`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tenure.store.engine import Connection
from tenure.store.postgres_execution import open_connection
from tenure.store.postgres_faults import is_of_server, name_fault, was_raced
from tenure.store.transaction_memo import begin_memo, forget_reads


class ConnectionPool:
    """At most so many connections, kept between uses: checking one out of a pool costs as much as a query."""

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        self._engine = engine
        self._free: list[AsyncConnection] = []
        self._turns = asyncio.Semaphore(most)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[AsyncConnection]:
        """A connection for one transaction; what is not committed in the block is rolled back."""
        async with self._turns:
            connection = await self._take_living() or await open_connection(self._engine)
            try:
                await connection.run_sync(begin_memo)
                yield connection
            except Exception as fault:
                if is_of_server(fault):
                    await _discard(connection)
                raise
            finally:
                await self._give_back(connection)

    async def _take_living(self) -> AsyncConnection | None:
        """One that is free; those that ended meanwhile (a restart of the database) are forgotten."""
        while self._free:
            connection = self._free.pop()
            if not _is_gone(connection):
                return connection
            await _discard(connection)
        return None

    async def close(self) -> None:
        """Close the free connections; they are used no more."""
        while self._free:
            await self._free.pop().close()

    async def _give_back(self, connection: AsyncConnection) -> None:
        try:
            await connection.rollback()
        except Exception:  # one that cannot roll back serves no other transaction
            await _discard(connection)
        else:
            self._free.append(connection)


async def _discard(connection: AsyncConnection) -> None:
    """Whatever was open in it, the database rolls back."""
    if not connection.closed:
        await connection.invalidate()
        await connection.close()


class SetTransactions:
    """`batch.TransactionRunner` on a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._is_doubtful = False
        """Whether the database was at fault on this connection: another one may reach one that works."""

    async def apply(self, work: Callable[[Connection], None]) -> None:
        """See `TransactionRunner`."""
        if self._connection is not None and (self._is_doubtful or _is_gone(self._connection)):
            await self.close()
        if self._connection is None:
            self._connection = await open_connection(self._engine)
        await self._connection.run_sync(begin_memo)
        await self._connection.run_sync(work)

    async def commit(self) -> None:
        """See `TransactionRunner`."""
        if self._connection is not None:
            await self._connection.commit()

    async def rollback(self) -> None:
        """See `TransactionRunner`."""
        if self._connection is not None:
            try:
                await self._connection.rollback()
            except Exception:  # a fresh connection is the surest end of a transaction that cannot be ended
                await self.close()

    async def close(self) -> None:
        """Let the connection go; the next transaction makes another one."""
        connection, self._connection, self._is_doubtful = self._connection, None, False
        if connection is not None:
            try:
                await connection.close()
            except Exception:  # it is lost already, and is only forgotten
                await connection.invalidate()

    def savepoint(self, connection: Connection, statement: str) -> None:
        """See `TransactionRunner`."""
        connection.exec_driver_sql(statement)
        if statement.startswith("rollback"):
            forget_reads(connection)

    def raced(self, fault: Exception) -> bool:
        """See `TransactionRunner`."""
        return was_raced(fault)

    def name_fault(self, fault: Exception) -> Exception:
        """See `TransactionRunner`; after a fault of the database another connection is made."""
        named = name_fault(fault)
        self._is_doubtful = self._is_doubtful or named is not fault
        return named


def _is_gone(connection: AsyncConnection) -> bool:
    """Whether the database has ended it, as far as that is known here."""
    known = connection.sync_connection
    if known is None or known.closed or known.invalidated:
        return True
    driver: Any = known.connection.driver_connection
    return bool(driver.is_closed())
