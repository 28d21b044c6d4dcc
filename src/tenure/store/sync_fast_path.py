"""The hot path's read and write: what decides whether a synchronization brings anything new, many sites at a time.

One query tells what of a site's row, its subscription, its account and its provider matters; one statement keeps what
a mere contact changes, which is nothing that is indexed or refers to another row. Whether anything is new is decided in
`core.answering.unchanged`, which asks for the columns as they are.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.answering.unchanged import SiteKnowledge
from tenure.core.timeline import Instant
from tenure.store.dialects import PreparedSelect, PreparedUpdate
from tenure.store.engine import Connection
from tenure.store.schema import accounts, providers, sites, subscriptions
from tenure.store.tenants import ProviderClock


class SiteSnapshot(SiteKnowledge, frozen=True, gc=False):
    """A site as the hot path sees it; fields that `sites.SiteRow` has, too, are those."""

    id: str
    product: str
    thumbprint: str
    token_count: int
    last_request: str
    pace: bytes
    clock_at: Instant | None
    clock_set: Instant | None
    clock_rate: int | None

    @property
    def is_sandbox(self) -> bool:
        """Whether its provider's time is a sandbox's."""
        return self.clock_at is not None

    def provider_now(self, real: Instant) -> Instant:
        """Its provider's time at the real instant."""
        if self.clock_at is None:
            return real
        return ProviderClock(self.clock_at, self.clock_set or 0, self.clock_rate or 0).now_at(real)


class SiteUpdate(msgspec.Struct, frozen=True, gc=False):
    """What a contact that brought nothing new changes of a site; the fields are those of `sites.SiteRow`."""

    id: str
    token: bytes
    token_count: int
    last_request: str
    answer: bytes
    last_contact: Instant
    next_sync: Instant | None
    last_path: str
    last_trigger: str
    acked_serial: int


_ELSEWHERE: dict[str, sa.Column[Any]] = {
    "present_revision": subscriptions.c.revision,
    "next_due": accounts.c.next_due,
    "clock_at": providers.c.clock_at,
    "clock_set": providers.c.clock_set,
    "clock_rate": providers.c.clock_rate,
}
"""What of a snapshot is not of the site's own row."""
_COLUMNS = [_ELSEWHERE[name] if name in _ELSEWHERE else sites.c[name] for name in SiteSnapshot.__struct_fields__]
_AT_HAND = PreparedSelect(
    sa.select(*_COLUMNS)
    .join_from(sites, subscriptions, subscriptions.c.id == sites.c.subscription)
    .join(accounts, accounts.c.customer == subscriptions.c.customer)
    .join(providers, providers.c.id == sites.c.provider)
    # In the order of ids, so that two processes never wait for each other in a circle.
    .order_by(sites.c.id)
    .with_for_update(of=sites),
    among=sites.c.id,
)
_SAVE = PreparedUpdate(
    sites.update()
    .where(sites.c.id == sa.bindparam("id"))
    .values({name: sa.bindparam(name) for name in SiteUpdate.__struct_fields__ if name != "id"})
)
_KEY = PreparedSelect(sa.select(sites.c.jwk), among=sites.c.id)
_ANSWER = PreparedSelect(sa.select(sites.c.answer), among=sites.c.id)


def at_hand(conn: Connection, wanted: Iterable[str]) -> dict[str, SiteSnapshot]:
    """Lock the sites of those ids, by id: no other transaction changes them before this one ends. Unknown ones are left
    out."""
    found = (SiteSnapshot(*row) for row in _AT_HAND.run(conn, wanted))
    return {each.id: each for each in found}


def save_updates(conn: Connection, contacted: Sequence[SiteUpdate]) -> None:
    """What those sites have become by a contact that brought nothing new."""
    _SAVE.run(conn, contacted)


def key_of(conn: Connection, site: str) -> bytes | None:
    """The public key of the site as JWK, of any provider: nothing is told before it has proven a signature."""
    return next((row[0] for row in _KEY.run(conn, [site])), None)


def last_answer(conn: Connection, site: str) -> bytes:
    """The stored answer to the site's last request."""
    return next((row[0] for row in _ANSWER.run(conn, [site])), b"")
