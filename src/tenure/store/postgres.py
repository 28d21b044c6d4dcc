"""The state in PostgreSQL: the same functions through `run_sync`; several processes may write.

Single jobs have a transaction each, side by side, because the database itself commits them in groups; only sets go
through the batcher, where the round trips would cost most. The sole module that knows the driver.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Concatenate

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.batch import ATTEMPTS, CAPACITY, MOST, RACES, WriteBatcher
from tenure.store.copying import is_copy_unfinished
from tenure.store.engine import Answer, Connection, DatabaseUnavailable, Item, Later, P, T, Told, WriteConflict
from tenure.store.postgres_checks import explain_fault, refuse_server
from tenure.store.postgres_listener import NewsListener
from tenure.store.postgres_target import SETTING, PostgresTarget
from tenure.store.prepare import Upgrade, prepare_database
from tenure.store.transaction_memo import begin_memo, forget_reads

UNFINISHED = "A move into it was not finished: repeat `tenure database move`, which goes on where it was."
RACED = frozenset({"40001", "40P01", "55P03", "23505"})
"""SQLSTATEs of serialization failure, deadlock, lock timeout and unique violation: another process was first."""
READ_ONLY, SERVER_FAULTS = "25006", ("08", "53", "57")
"""SQLSTATE of a write to a standby; classes of a lost connection, of missing room, and of a server that stops."""
CONNECT_SECONDS, STATEMENT_SECONDS = 5, 60
"""For a connection to stand, and for one statement."""
_SETTINGS = {"lock_timeout": "5000", "idle_in_transaction_session_timeout": "60000", "timezone": "UTC"}


class PostgresDatabase:
    """`engine.Database` on a PostgreSQL database; made by `open_postgres`."""

    def __init__(
        self,
        engine: AsyncEngine,
        listener: NewsListener,
        connections: int,
        capacity: int,
        most: int,
        isolation: Any = None,
    ) -> None:
        """`isolation`: of every transaction; None: what PostgreSQL does by itself, and one moment for each read."""
        if isolation:
            engine = engine.execution_options(isolation_level=isolation)
        self._engine, self._listener = engine, listener
        self._writers = ConnectionPool(engine, connections)
        self._readers = ConnectionPool(
            engine.execution_options(isolation_level=isolation or "REPEATABLE READ", postgresql_readonly=True),
            connections,
        )
        self._sets = _SetTransactions(engine)
        self._batcher = WriteBatcher(self._sets, capacity, most)
        self._running: set[asyncio.Task[object]] = set()
        self._capacity = capacity
        self._closed = False

    is_shared = True
    """See `engine.Database`."""

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `engine.Database.read`."""
        for _ in range(RACES - 1):
            try:
                return await self._read_once(lambda conn: fn(conn, *args, **kwargs))
            except sa.exc.DBAPIError as fault:
                if not _was_raced(fault):
                    raise
        return await self._read_once(lambda conn: fn(conn, *args, **kwargs))

    async def _read_once(self, work: Callable[[Connection], T]) -> T:
        with _named_faults():
            async with self._readers.acquire() as connection:
                return await connection.run_sync(work)

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
        self, handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]], item: Item, owner: str = ""
    ) -> Answer | Refused:
        """See `engine.Database.submit_set`."""
        answer: Answer | Refused = await self._batcher.run_item(handler, item, owner)
        return answer

    def post_to_set(
        self,
        handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]],
        item: Item,
        told: Told,
        owner: str = "",
    ) -> Refused | None:
        """See `engine.Database.post_to_set`."""
        return self._batcher.post_item(handler, item, told, owner)

    async def wait_for_news(self, seconds: float) -> None:
        """See `engine.Database.wait_for_news`."""
        await self._listener.wait(seconds)

    async def release_idle(self) -> None:
        """See `engine.Database.release_idle`."""
        await self._listener.close()
        for held in (self._writers, self._readers, self._sets):
            await held.close()

    async def close(self) -> None:
        """See `engine.Database.close`."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._batcher.close()
        await self.release_idle()
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
        conflicts = 0
        for _ in range(RACES):
            try:
                with _named_faults():
                    return await self._run_once(work, keep=keep)
            except WriteConflict:
                conflicts += 1
                if conflicts == ATTEMPTS:
                    raise
            except sa.exc.DBAPIError as fault:
                if _state_of(fault) == READ_ONLY:  # it has become a standby since it was connected
                    raise DatabaseUnavailable(str(fault)) from fault
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
            connection = await self._take_living() or await self._engine.connect()
            try:
                await connection.run_sync(begin_memo)
                yield connection
            except Exception as fault:
                if _is_of_server(fault) or _state_of(fault) == READ_ONLY:
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
        except Exception:
            await _discard(connection)
        else:
            self._free.append(connection)


async def _discard(connection: AsyncConnection) -> None:
    """Whatever was open in it, the database rolls back."""
    if not connection.closed:
        await connection.invalidate()
        await connection.close()


class _SetTransactions:
    """`batch.TransactionRunner` on a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def apply(self, work: Callable[[Connection], None]) -> None:
        if self._connection is not None and _is_gone(self._connection):
            await self.close()
        if self._connection is None:
            self._connection = await self._engine.connect()
        await self._connection.run_sync(begin_memo)
        await self._connection.run_sync(work)

    async def commit(self) -> None:
        if self._connection is not None:
            await self._connection.commit()

    async def rollback(self) -> None:
        if self._connection is not None:
            try:
                await self._connection.rollback()
            except Exception:  # a fresh connection is the surest end of a transaction that cannot be ended
                await self.close()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close()
            except Exception:
                await connection.invalidate()

    def savepoint(self, connection: Connection, statement: str) -> None:
        connection.exec_driver_sql(statement)
        if statement.startswith("rollback"):
            forget_reads(connection)

    def raced(self, fault: Exception) -> bool:
        return _was_raced(fault)


async def open_postgres(
    target: PostgresTarget,
    upgrade: Upgrade | None = None,
    *,
    make: bool = True,
    copying: bool = False,
    now: int | None = None,
    capacity: int = CAPACITY,
    most: int = MOST,
) -> PostgresDatabase | Refused:
    """The database that `target` names; see `prepare_database` for `make` and `upgrade`, `copying` for its name.

    Refuses `database_unreachable`, `database_unusable` for what `postgres_checks` or
    `prepare_database` find unfit. `now`, in unix seconds, is compared with the server's clock.
    """
    engine = create_engine(target)
    try:
        refused = await _prepare(engine, target, upgrade, make=make, copying=copying, now=now)
    except (OSError, sa.exc.DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        refused = explain_fault(_driver_fault(fault), target)
    if refused is not None:
        await engine.dispose()
        return msgspec.structs.replace(refused, field=SETTING, detail=f"{refused.detail} It is {target.name}.")
    listener = NewsListener(lambda: _connect(target), target.schema, deaf=not target.listens)
    return PostgresDatabase(engine, listener, target.connections, capacity, most, target.isolation)


async def _prepare(
    engine: AsyncEngine, target: PostgresTarget, upgrade: Upgrade | None, *, make: bool, copying: bool, now: int | None
) -> Refused | None:
    """Why the database cannot be used, or None; again where other processes that start were first."""

    def work(connection: Connection) -> Refused | None:
        refused = refuse_server(connection, target.schema, now, make=make)
        if refused is not None:
            return refused
        unfit = prepare_database(connection, upgrade, make=make)
        if unfit is not None:
            return Refused(RefusalCode.DATABASE_UNUSABLE, unfit.detail)
        if not copying and is_copy_unfinished(connection):
            return Refused(RefusalCode.DATABASE_UNUSABLE, UNFINISHED)
        return None

    for attempt in range(RACES):
        try:
            async with engine.connect() as connection:
                refused = await connection.run_sync(work)
                if refused is None:
                    await connection.commit()
                return refused
        except sa.exc.DBAPIError as fault:
            if attempt == RACES - 1 or not _was_raced(fault):
                raise
    return None


def create_engine(target: PostgresTarget) -> AsyncEngine:
    """Makes connections to `target`; nothing is connected yet."""

    async def connect() -> Any:
        return await _connect(target)

    # `ConnectionPool` keeps the connections.
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)


async def _connect(target: PostgresTarget) -> Any:
    """The driver's own connection."""
    return await asyncpg.connect(
        host=list(target.hosts),
        port=list(target.ports),
        user=target.user,
        password=target.password,
        passfile=target.passfile,
        database=target.database,
        ssl=target.tls or False,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={**_SETTINGS, "search_path": target.schema, "application_name": "tenure"},
        # Of several hosts the one that takes writes is looked for; a single one that does not is told as that.
        target_session_attrs="primary" if len(target.hosts) > 1 else "any",
    )


def _is_gone(connection: AsyncConnection) -> bool:
    """Whether the database has ended it, as far as that is known here."""
    known = connection.sync_connection
    if known is None or known.closed or known.invalidated:
        return True
    driver: Any = known.connection.driver_connection
    return bool(driver.is_closed())


def _driver_fault(fault: BaseException) -> BaseException:
    """The driver's own exception, behind those that SQLAlchemy wraps it in."""
    while isinstance(fault, sa.exc.DBAPIError) and fault.orig is not None:
        fault = fault.orig
    return fault.__cause__ if isinstance(fault.__cause__, asyncpg.PostgresError) else fault


def _was_raced(fault: Exception) -> bool:
    """Whether the database says that another process was first."""
    return isinstance(fault, sa.exc.DBAPIError) and getattr(fault.orig, "sqlstate", "") in RACED


def _is_of_server(fault: BaseException) -> bool:
    """Whether the server, not the statement, is at fault: it stops, say, or has no room."""
    return _state_of(fault)[:2] in SERVER_FAULTS


def _state_of(fault: BaseException) -> str:
    return str(getattr(getattr(fault, "orig", None), "sqlstate", None) or "")


@contextmanager
def _named_faults() -> Iterator[None]:
    """A database that cannot be reached is `DatabaseUnavailable`; mistakes of ours stay what they are."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:  # no connection could be made
        raise DatabaseUnavailable(str(fault)) from fault
    except (sa.exc.InterfaceError, sa.exc.OperationalError) as fault:
        raise DatabaseUnavailable(str(fault)) from fault
    except sa.exc.DBAPIError as fault:
        if fault.connection_invalidated or _is_of_server(fault):
            raise DatabaseUnavailable(str(fault)) from fault
        raise
