"""The state in PostgreSQL: the same functions through `run_sync`; several processes may write.

Single jobs have a transaction each, side by side, because the database itself commits them in groups; only sets go
through the batcher, where the round trips would cost most. The sole module that knows the driver.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Concatenate

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.batch import CAPACITY, MOST, WriteBatcher
from tenure.store.engine import Answer, Connection, DatabaseUnavailable, Item, P, T, Told, WriteConflict
from tenure.store.prepare import Upgrade, prepare_database

ATTEMPTS = 3
RACES = frozenset({"40001", "40P01", "55P03", "23505"})
"""SQLSTATEs of serialization failure, deadlock, lock timeout and unique violation: another process was first."""
TIMEOUTS = {"timeout": 5, "command_timeout": 60}
"""Seconds for a connection to stand, and for one statement."""
_SETTINGS = {"lock_timeout": "5000", "idle_in_transaction_session_timeout": "60000", "timezone": "UTC"}


class PostgresDatabase:
    """`engine.Database` on a PostgreSQL database; made by `open_postgres`."""

    def __init__(self, engine: AsyncEngine, connections: int, capacity: int, most: int) -> None:
        self._engine = engine
        self._writers = ConnectionPool(engine, connections)
        self._readers = ConnectionPool(
            engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True), connections
        )
        self._sets = _SetTransactions(engine)
        self._batcher = WriteBatcher(self._sets, capacity, most)
        self._running: set[asyncio.Task[object]] = set()
        self._capacity = capacity
        self._closed = False

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `engine.Database.read`."""
        with _named_faults():
            async with self._readers.acquire() as connection:
                return await connection.run_sync(lambda conn: fn(conn, *args, **kwargs))

    async def write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """See `engine.Database.write`."""
        return await self._submit_job(lambda conn: fn(conn, *args, **kwargs), keep=True)

    async def dry_run(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """See `engine.Database.dry_run`."""
        return await self._submit_job(lambda conn: fn(conn, *args, **kwargs), keep=False)

    async def submit_set(
        self, handler: Callable[[Connection, Sequence[Item]], Sequence[Answer]], item: Item
    ) -> Answer | Refused:
        """See `engine.Database.submit_set`."""
        answer: Answer | Refused = await self._batcher.run_item(handler, item)
        return answer

    def post_to_set(
        self, handler: Callable[[Connection, Sequence[Item]], Sequence[Answer]], item: Item, told: Told[Answer]
    ) -> Refused | None:
        """See `engine.Database.post_to_set`."""
        return self._batcher.post_item(handler, item, told)

    async def close(self) -> None:
        """See `engine.Database.close`."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._batcher.close()
        for held in (self._writers, self._readers, self._sets):
            await held.close()
        await self._engine.dispose()

    async def _submit_job(self, work: Callable[[Connection], T], *, keep: bool) -> T | Refused:
        if self._closed or len(self._running) >= self._capacity:
            return Refused(RefusalCode.SERVER_BUSY, "The store takes no more work at the moment.")
        # A caller who goes away must not tear a COMMIT in two: the job runs on without him.
        task = asyncio.create_task(self._run_with_retry(work, keep=keep))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _run_with_retry(self, work: Callable[[Connection], T], *, keep: bool) -> T | Refused:
        """Where another process was first the function runs again: it reads again and decides again."""
        for attempt in range(ATTEMPTS):
            try:
                with _named_faults():
                    return await self._run_once(work, keep=keep)
            except WriteConflict:
                if attempt == ATTEMPTS - 1:
                    raise
            except sa.exc.DBAPIError as fault:
                if not _was_raced(fault):
                    raise
        return Refused(RefusalCode.SERVER_BUSY, "Others were first each time.")

    async def _run_once(self, work: Callable[[Connection], T], *, keep: bool) -> T:
        async with self._writers.acquire() as connection:
            outcome = await connection.run_sync(work)
            if keep and not isinstance(outcome, Refused):
                await connection.commit()
            return outcome


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
            connection = self._free.pop() if self._free else await self._engine.connect()
            try:
                yield connection
            finally:
                await self._give_back(connection)

    async def close(self) -> None:
        """Close the free connections; they are used no more."""
        while self._free:
            await self._free.pop().close()

    async def _give_back(self, connection: AsyncConnection) -> None:
        try:
            await connection.rollback()
        except Exception:
            await connection.invalidate()  # whatever was open in it, the database rolls back
            await connection.close()
        else:
            self._free.append(connection)


class _SetTransactions:
    """`batch.TransactionRunner` on a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def apply(self, work: Callable[[Connection], None]) -> None:
        if self._connection is None:
            self._connection = await self._engine.connect()
        await self._connection.run_sync(work)

    async def commit(self) -> None:
        if self._connection is not None:
            await self._connection.commit()

    async def rollback(self) -> None:
        await self.close()  # a broken transaction is rare, and a fresh connection the surest end of it

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close()
            except Exception:
                await connection.invalidate()

    def savepoint(self, connection: Connection, statement: str) -> None:
        connection.exec_driver_sql(statement)

    def raced(self, fault: Exception) -> bool:
        return _was_raced(fault)


async def open_postgres(
    url: str,
    upgrade: Upgrade | None = None,
    *,
    schema: str = "public",
    connections: int = 8,
    capacity: int = CAPACITY,
    most: int = MOST,
) -> PostgresDatabase | Refused:
    """The database at `url` (`postgresql://…`), its tables in `schema`, made if need be; see `prepare_database`.

    Refuses `already_exists` when the schema holds something else or is of another Tenure, `server_busy` when the
    database cannot be reached.
    """
    settings = {**_SETTINGS, "search_path": schema}
    engine = create_async_engine(
        sa.make_url(url).set(drivername="postgresql+asyncpg"),
        connect_args={**TIMEOUTS, "server_settings": settings},
        poolclass=NullPool,  # `ConnectionPool` keeps them
    )
    try:
        with _named_faults():
            async with engine.connect() as connection:
                refused = await connection.run_sync(prepare_database, upgrade)
                if refused is None:
                    await connection.commit()
    except DatabaseUnavailable as fault:
        refused = Refused(RefusalCode.SERVER_BUSY, f"The database cannot be reached: {fault}.")
    if refused is not None:
        await engine.dispose()
        return refused
    return PostgresDatabase(engine, connections, capacity, most)


def _was_raced(fault: Exception) -> bool:
    """Whether the database says that another process was first."""
    return isinstance(fault, sa.exc.DBAPIError) and getattr(fault.orig, "sqlstate", "") in RACES


@contextmanager
def _named_faults() -> Iterator[None]:
    """A database that cannot be reached is `DatabaseUnavailable`; mistakes of ours stay what they are."""
    try:
        yield
    except (OSError, sa.exc.InterfaceError, sa.exc.OperationalError) as fault:
        raise DatabaseUnavailable(str(fault)) from fault
    except sa.exc.DBAPIError as fault:
        if fault.connection_invalidated:
            raise DatabaseUnavailable(str(fault)) from fault
        raise
