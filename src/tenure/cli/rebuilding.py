"""`tenure rebuild`: lists and due dates computed anew from facts, in one transaction; the old ones stay until then."""

from collections.abc import Callable
from pathlib import Path

from tenure.cli.state import unfit
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.server import books, sweep
from tenure.server.setup import DATABASE
from tenure.store import audit, people, subscriptions
from tenure.store.engine import Connection
from tenure.store.lite import open_lite

AT_ONCE = 200


async def rebuild(folder: Path, now: Instant, progress: Callable[[int], None]) -> int | Refused:
    """How many subscriptions were computed anew; `progress` hears the count so far.

    Refuses `not_found` where there is no server, `server_busy` while it runs.
    """
    refused = unfit(folder / DATABASE)
    db = refused if refused is not None else open_lite(folder / DATABASE)
    if isinstance(db, Refused):
        return db
    try:
        return await db.write(_all, now, progress)
    finally:
        await db.close()


def _all(conn: Connection, real: Instant, progress: Callable[[int], None]) -> int:
    audit.drop_projections(conn)
    count = 0
    for provider, now in _clocks(conn, real):
        # What is due is everything that was dropped; what is computed anew is due later, or never.
        while due := subscriptions.due(conn, now, AT_ONCE, provider):
            for tenant, name in due:
                _one(conn, tenant, name, now)
            count += len(due)
            progress(count)
    return count


def _one(conn: Connection, provider: str, name: str, now: Instant) -> None:
    sub = books.subscription(conn, provider, name)
    if sub is None:
        subscriptions.look_again(conn, provider, name, None)
        return
    # Whoever forgets when to look again must tell what came true since the last look; each is told once.
    sweep.announce(conn, sub, now)
    books.project(conn, sub, now)


def _clocks(conn: Connection, real: Instant) -> list[tuple[str, Instant]]:
    """Every provider with its own now."""
    after, clocks = "", list[tuple[str, Instant]]()
    while page := people.list_providers(conn, after, AT_ONCE):
        clocks += [(each.id, each.clock.read(real) if each.clock else real) for each in page]
        after = page[-1].id
    return clocks
