"""What a new lease of a site reads and writes where nothing else is new, many sites at a time.

One query tells what of a site, its subscription, its account and its newest lease matters; each kind of write is one
statement for all sites. Whether nothing else is new, and what the lease says, is decided in `server.plain_lease`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store import accounts, leases
from tenure.store import sites as site_rows
from tenure.store.chain import ChainPosition
from tenure.store.dialects import PreparedSelect
from tenure.store.engine import Connection
from tenure.store.leases import PRESENT, Acknowledgment, SignedLease
from tenure.store.schema import accounts as account_table
from tenure.store.schema import leases as lease_table
from tenure.store.schema import places, sites, subscriptions
from tenure.store.sites import SiteRow


class LeaseGround(msgspec.Struct, frozen=True, gc=False):
    """What a lease is signed from."""

    site: SiteRow
    head: ChainPosition
    """Where the history of its subscription ends."""
    next_due: Instant | None
    """When the account that pays has to be settled next."""
    newest: SignedLease
    """Its newest lease."""
    is_shared: bool
    """Whether others draw on the same pool of devices: another site, or an application on its own."""


class PlainLease(msgspec.Struct, frozen=True, gc=False):
    """What is written when a lease is signed."""

    before: SiteRow
    after: SiteRow
    lease: SignedLease
    newest: SignedLease
    """The one before it."""
    shown: Acknowledgment | None = None
    """That the site has shown to hold a lease for the first time."""


_SITE = tuple(sites.c[name] for name in SiteRow.__struct_fields__)
_LEASE = tuple(lease_table.c[name] for name in SignedLease.__struct_fields__)
_OTHER = sites.alias("other")
_SHARED = sa.or_(
    sa.exists().where(
        _OTHER.c.id != sites.c.id,
        sa.or_(_OTHER.c.subscription == sites.c.subscription, _OTHER.c.successor == sites.c.subscription),
    ),
    sa.exists().where(places.c.subscription == sites.c.subscription),
)
_GROUND = PreparedSelect(
    sa.select(
        *_SITE,
        subscriptions.c.customer,
        subscriptions.c.revision,
        subscriptions.c.head_hash,
        account_table.c.next_due,
        *_LEASE,
        _SHARED,
    )
    .join_from(
        sites,
        subscriptions,
        sa.and_(subscriptions.c.id == sites.c.subscription, subscriptions.c.provider == sites.c.provider),
    )
    .join(account_table, account_table.c.customer == subscriptions.c.customer)
    .join(
        lease_table,
        sa.and_(
            lease_table.c.site == sites.c.id,
            lease_table.c.epoch == sites.c.epoch,
            lease_table.c.serial == sites.c.serial,
            lease_table.c.slot == sa.literal_column(f"'{PRESENT}'"),
        ),
    )
    .order_by(sites.c.id),
    among=sites.c.id,
)
_SITE_END = len(_SITE)
_LEASE_BEGIN = _SITE_END + 4


def lease_grounds(conn: Connection, wanted: Iterable[str]) -> dict[str, LeaseGround]:
    """What leases of those sites, which the caller has locked, are signed from; their accounts are locked.

    Left out, because they have to be looked at: a site whose newest lease is not of its present numbers, and one whose
    subscription went to another customer meanwhile.
    """
    names = list(wanted)
    locked = accounts.lock_of_sites(conn, names)
    rows = _GROUND.run(conn, names)
    return {row[0]: _read_ground(row) for row in rows if locked is None or row[_SITE_END] in locked}


def _read_ground(row: Sequence[Any]) -> LeaseGround:
    _, revision, head, due = row[_SITE_END:_LEASE_BEGIN]
    return LeaseGround(
        SiteRow(*row[:_SITE_END]), ChainPosition(revision, head), due, SignedLease(*row[_LEASE_BEGIN:-1]), bool(row[-1])
    )


def save_leases(conn: Connection, signed: Sequence[PlainLease]) -> None:
    """Each lease recorded, the one before it without its bytes, its site as it is now, and what sites have shown."""
    leases.add_many(conn, [(each.lease, each.newest) for each in signed])
    site_rows.save_all_after(conn, [(each.before, each.after) for each in signed])
    leases.mark_acknowledged(conn, [each.shown for each in signed if each.shown is not None])
