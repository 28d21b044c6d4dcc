"""`tenure rebuild`: lists and due dates computed again from facts, in one transaction; the old ones stay
until then."""

from collections.abc import Callable

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.server import account_repository, sweep
from tenure.server.state_place import StatePlace, open_state
from tenure.store import integrity, meta, subscriptions, tenants
from tenure.store.engine import Connection

AT_ONCE = 200


async def rebuild_projections(place: StatePlace, now: Instant, progress: Callable[[int], None]) -> int | Refused:
    """How many subscriptions were computed again; `progress` hears the count so far.

    Refuses `not_found` where there is no server, `server_busy` while it runs.
    """
    db = await open_state(place)
    if isinstance(db, Refused):
        return db
    try:
        return await db.write(_rebuild_all, now, progress)
    finally:
        await db.close()


def _rebuild_all(conn: Connection, real: Instant, progress: Callable[[int], None]) -> int | Refused:
    running = meta.claim_alone(conn)
    if running is not None:
        return running
    integrity.drop_projections(conn)
    count = 0
    for provider, now in _provider_clocks(conn, real):
        # What is due is everything that was dropped; what is computed again is due later, or never.
        while due := subscriptions.due_subscriptions(conn, now, AT_ONCE, provider):
            for tenant, name in due:
                _rebuild_one(conn, tenant, name, now)
            count += len(due)
            progress(count)
    return count


def _rebuild_one(conn: Connection, provider: str, name: str, now: Instant) -> None:
    sub = account_repository.load_subscription(conn, provider, name)
    if sub is None:
        subscriptions.look_again(conn, provider, name, None)
        return
    # A rebuild forgets the next due instants, so it must announce what has become true since the last settlement; each
    # is told once.
    sweep.announce_phase(conn, sub, now)
    account_repository.project_subscription(conn, sub, now)


def _provider_clocks(conn: Connection, real: Instant) -> list[tuple[str, Instant]]:
    """Every provider with its own now."""
    after, clocks = "", list[tuple[str, Instant]]()
    while page := tenants.list_providers(conn, after, AT_ONCE):
        clocks += [(each.id, each.clock.now_at(real) if each.clock else real) for each in page]
        after = page[-1].id
    return clocks
