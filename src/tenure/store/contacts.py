"""What a synchronisation has to know beside the site's own row, for many sites in one query: the hot path's second read.

Whether anything has changed since the last lease shows in two figures: the history's length, and when the account has
to be settled next.
"""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.people import SandboxClock
from tenure.store.schema import accounts, providers, sites, subscriptions


class Around(msgspec.Struct, frozen=True):
    """The present revision of the site's subscription, its account's next due instant, and its provider's clock."""

    revision: int
    next_due: Instant | None
    clock: SandboxClock | None


_AROUND = (
    sa.select(
        sites.c.id,
        subscriptions.c.revision,
        accounts.c.next_due,
        providers.c.clock_at,
        providers.c.clock_set,
        providers.c.clock_rate,
    )
    .join_from(sites, subscriptions, subscriptions.c.id == sites.c.subscription)
    .join(accounts, accounts.c.customer == subscriptions.c.customer)
    .join(providers, providers.c.id == sites.c.provider)
    .where(sites.c.id.in_(sa.bindparam("of", expanding=True)))
)


def around(conn: Connection, wanted: Iterable[str]) -> dict[str, Around]:
    """What surrounds each of those sites, by id; unknown ones are left out."""
    return {
        name: Around(revision, due, None if at is None else SandboxClock(at, was_set or 0, rate or 0))
        for name, revision, due, at, was_set, rate in conn.execute(_AROUND, {"of": list(wanted)})
    }
