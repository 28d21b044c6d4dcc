"""What `tenure database` does to the state: steps of the schema, and a new epoch after PostgreSQL was restored."""

import asyncio

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server.state_place import StatePlace, open_state
from tenure.store import meta
from tenure.store.engine import Connection
from tenure.store.migrate import upgrade_schema
from tenure.store.prepare import Upgrade, schema_version
from tenure.store.schema import HEAD


class SchemaUpgrade(msgspec.Struct, frozen=True):
    """What an upgrade did, or would do."""

    before: str
    after: str
    dry_run: bool


def upgrade_state(place: StatePlace, *, dry_run: bool) -> SchemaUpgrade | Refused:
    """The schema at `HEAD`, in one transaction; refuses what cannot be opened, and a newer one."""
    steps: list[str] = []

    def upgrade(connection: sa.Connection) -> Refused | None:
        steps.append(schema_version(connection))
        if dry_run:
            return Refused(RefusalCode.NOTHING_TO_CHANGE)  # rolls back, and is told below as what it is
        upgrade_schema(connection)
        return None

    opened = asyncio.run(_open_and_close(place, upgrade))
    if isinstance(opened, Refused) and not (dry_run and steps):
        return opened
    return SchemaUpgrade(steps[0] if steps else HEAD, HEAD, dry_run)


async def _open_and_close(place: StatePlace, upgrade: Upgrade) -> Refused | None:
    db = await open_state(place, upgrade)
    if isinstance(db, Refused):
        return db
    await db.close()
    return None


def open_epoch(place: StatePlace, now: Instant) -> Instant | Refused:
    """The epoch that was opened, above every one seen; refuses a SQLite file, whose restore does this by itself."""
    target = place.find_target()
    if isinstance(target, Refused):
        return target
    if target is None:
        told = "The state is in a SQLite file: `tenure restore FILE` puts a backup in place and opens the epoch."
        return Refused(RefusalCode.FIELD_INVALID, told, "database")
    return asyncio.run(_write_epoch(place, now))


async def _write_epoch(place: StatePlace, now: Instant) -> Instant | Refused:
    db = await open_state(place)
    if isinstance(db, Refused):
        return db

    def work(conn: Connection) -> Instant | Refused:
        return meta.claim_alone(conn) or meta.open_epoch(conn, now)

    try:
        return await db.write(work)
    finally:
        await db.close()
