"""The mode `PORTABLE=1`: databases that speak PostgreSQL and spread over computers, played by PostgreSQL itself.

Every transaction is serializable, every fifth commit fails as if it had met another one, and there is no LISTEN.
"""

import os
import random
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from tenure.store import postgres_connection
from tenure.store.postgres_target import PostgresTarget

ON = bool(os.environ.get("PORTABLE"))
SHARE = 0.2
FAILED = [0]
"""How many commits were let fail."""
_dice = random.Random(11)  # noqa: S311 - of a test


class SerializationFailure(Exception):
    """What the driver raises for SQLSTATE 40001."""

    sqlstate = "40001"


def changed(target: PostgresTarget) -> PostgresTarget:
    """The target as the mode wants it."""
    return replace(target, isolation="SERIALIZABLE", listens=False) if ON else target


def _fail_at_times(connection: sa.Connection) -> None:
    if _dice.random() < SHARE:
        FAILED[0] += 1
        connection.connection.rollback()  # a commit that fails has ended the transaction
        raise sa.exc.DBAPIError("COMMIT", {}, SerializationFailure("could not serialize access"))


def make_shaken(target: PostgresTarget) -> AsyncEngine:
    """Connections to `target`, of whose commits some fail."""
    engine = _make(target)
    sa.event.listen(engine.sync_engine, "commit", _fail_at_times)
    return engine


_make = postgres_connection.create_engine
if ON:
    postgres_connection.create_engine = make_shaken
