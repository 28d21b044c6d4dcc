"""The state in PostgreSQL: the same functions through `run_sync`; several processes may write.

Single jobs have a transaction each, side by side, because the database itself commits them in groups; only sets go
through the batcher, where the round trips would cost most. Connections and faults are `postgres_pool`'s,
`postgres_connection`'s and `postgres_faults`'s.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Concatenate

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import postgres_connection
from tenure.store.batch import ATTEMPTS, CAPACITY, MOST, RACES, WriteBatcher
from tenure.store.copying import is_copy_unfinished
from tenure.store.engine import Answer, Connection, DatabaseUnavailable, Item, Later, P, T, Told, WriteConflict
from tenure.store.postgres_checks import explain_fault, refuse_server
from tenure.store.postgres_faults import driver_fault, named_faults, was_raced
from tenure.store.postgres_listener import NewsListener
from tenure.store.postgres_pool import ConnectionPool, SetTransactions
from tenure.store.postgres_target import SETTING, PostgresTarget
from tenure.store.prepare import Upgrade, prepare_database

UNFINISHED = "A move into it was not finished: repeat `tenure database move`, which goes on where it was."


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
        self._sets = SetTransactions(engine)
        self._batcher = WriteBatcher(self._sets, capacity, most)
        self._running: set[asyncio.Task[object]] = set()
        self._capacity = capacity
        self._closed = False

    is_shared = True
    """See `engine.Database`."""

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `engine.Database.read`."""
        for _ in range(RACES):
            try:
                return await self._read_once(lambda conn: fn(conn, *args, **kwargs))
            except sa.exc.DBAPIError as fault:
                if not was_raced(fault):
                    raise
        raise DatabaseUnavailable("others were first each time")

    async def _read_once(self, work: Callable[[Connection], T]) -> T:
        with named_faults(writes=False):
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
                with named_faults():
                    return await self._run_once(work, keep=keep)
            except WriteConflict:
                conflicts += 1
                if conflicts == ATTEMPTS:
                    raise
            except sa.exc.DBAPIError as fault:
                if not was_raced(fault):
                    raise
        return Refused(RefusalCode.SERVER_BUSY, "Others were first each time.")

    async def _run_once(self, work: Callable[[Connection], T], *, keep: bool) -> T:
        async with self._writers.acquire() as connection:
            outcome = await connection.run_sync(work)
            if keep and not isinstance(outcome, Refused):
                await connection.commit()
            return outcome


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
    engine = postgres_connection.create_engine(target)
    try:
        refused = await _prepare(engine, target, upgrade, make=make, copying=copying, now=now)
    except (OSError, sa.exc.DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        refused = explain_fault(driver_fault(fault), target)
    if refused is not None:
        await engine.dispose()
        return msgspec.structs.replace(refused, field=SETTING, detail=f"{refused.detail} It is {target.name}.")
    listener = NewsListener(lambda: postgres_connection.connect_driver(target), target.schema, deaf=not target.listens)
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
            if attempt == RACES - 1 or not was_raced(fault):
                raise
    return None
