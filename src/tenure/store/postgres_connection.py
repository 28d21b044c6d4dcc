"""Makes connections to a PostgreSQL database: how the driver is called, once for transactions and for news alike."""

from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tenure.store.postgres_faults import forget_row
from tenure.store.postgres_target import PostgresTarget

CONNECT_SECONDS, STATEMENT_SECONDS = 5, 60
"""For a connection to stand, and for one statement."""
STATEMENTS_CACHED = 512
"""Statements that the driver keeps ready for a connection; the store has some three hundred."""
_SETTINGS = {"lock_timeout": "5000", "idle_in_transaction_session_timeout": "60000", "timezone": "UTC"}


def create_engine(target: PostgresTarget) -> AsyncEngine:
    """Makes connections to `target`; nothing is connected yet."""

    async def connect() -> Any:
        return await connect_driver(target)

    # `ConnectionPool` keeps the connections.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, poolclass=NullPool, hide_parameters=True
    )
    sa.event.listen(engine.sync_engine, "handle_error", forget_row)
    return engine


async def connect_driver(target: PostgresTarget) -> Any:
    """The driver's own connection."""
    try:
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
            server_settings={**_SETTINGS, "search_path": f'"{target.schema}"', "application_name": "tenure"},
            statement_cache_size=STATEMENTS_CACHED,
            # Of several hosts the one that takes writes is looked for; a single one that does not is told as that.
            target_session_attrs="primary" if len(target.hosts) > 1 else "any",
        )
    except asyncpg.InternalClientError as fault:  # an exception of no other kind: while a new primary is chosen, say
        raise ConnectionError(f"none of the hosts takes writes at the moment ({fault})") from fault
