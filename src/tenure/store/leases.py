"""Every lease signed, as the words that the rule *Giving back* asks about [spec: giving-back]; the latest with its
bytes."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
import sqlalchemy as sa

from tenure.core.business.commands import OutstandingLease
from tenure.core.timeline import Instant
from tenure.store.clocks import by_clock
from tenure.store.dialects import PreparedUpdate
from tenure.store.engine import Connection
from tenure.store.schema import leases

PRESENT, SUCCESSOR = "present", "successor"


class SignedLease(msgspec.Struct, frozen=True):
    """One lease: `until` is the last instant it grants plan features for, `digest` the SHA-256 of its bytes."""

    site: str
    epoch: int
    serial: int
    slot: str
    provider: str
    subscription: str
    revision: int
    signed_at: Instant
    until: Instant
    contact_until: Instant
    digest: bytes
    body: bytes | None
    """Kept for the latest of its slot only."""
    acked_at: Instant | None = None


_LEASE = [leases.c[name] for name in SignedLease.__struct_fields__]
_ADD = leases.insert()
_ADD_MANY = PreparedUpdate(leases.insert().values({name: sa.bindparam(name) for name in SignedLease.__struct_fields__}))
_STRIP = (
    leases.update()
    .where(leases.c.site == sa.bindparam("of"), leases.c.slot == sa.bindparam("in_slot"), leases.c.body.is_not(None))
    .values(body=None)
)
_STRIP_ONE = PreparedUpdate(
    leases.update()
    .where(*(leases.c[name] == sa.bindparam(name) for name in ("site", "epoch", "serial", "slot")))
    .values(body=sa.null())
)
_LATEST = (
    sa.select(*_LEASE)
    .where(leases.c.site == sa.bindparam("of"), leases.c.slot == sa.bindparam("in_slot"))
    .order_by(leases.c.epoch.desc(), leases.c.serial.desc())
    .limit(1)
)
_OF_SITE = (
    sa.select(leases.c.serial)
    .where(leases.c.site == sa.bindparam("of"), leases.c.digest == sa.bindparam("named"))
    .limit(1)
)
_ACK = PreparedUpdate(
    leases.update()
    .where(
        leases.c.site == sa.bindparam("of"),
        # All but the last condition are answered by the key alone: a site may have many leases.
        leases.c.epoch <= sa.bindparam("in_epoch"),
        sa.or_(
            leases.c.epoch < sa.bindparam("in_epoch"),
            sa.and_(leases.c.serial > sa.bindparam("after"), leases.c.serial <= sa.bindparam("number")),
        ),
        leases.c.acked_at.is_(None),
    )
    .values(acked_at=sa.bindparam("now"))
)
_WORDS = (
    sa.select(leases.c.subscription, leases.c.site, leases.c.revision, leases.c.until, leases.c.acked_at)
    .where(leases.c.subscription.in_(sa.bindparam("of", expanding=True)), leases.c.provider == sa.bindparam("tenant"))
    .order_by(leases.c.subscription, leases.c.site, leases.c.epoch, leases.c.serial)
)
_REPLACE_TOKEN = (
    leases.update()
    .where(leases.c.site == sa.bindparam("of"), leases.c.digest == sa.bindparam("was"))
    .values(digest=sa.bindparam("now_is"), body=sa.case((leases.c.body.is_(None), None), else_=sa.bindparam("new")))
)
_KEY = (leases.c.site, leases.c.epoch, leases.c.serial, leases.c.slot)
_OVER = by_clock(
    sa.select(*_KEY)
    .where(leases.c.body.is_(None), leases.c.contact_until < sa.bindparam("before"))
    .limit(sa.bindparam("most")),
    leases.c.provider,
)
_OF_MANY = leases.c.site.in_(sa.bindparam("of", expanding=True))
_ENDS = sa.select(leases.c.site, sa.func.max(leases.c.contact_until)).where(_OF_MANY).group_by(leases.c.site)
_FORGET = leases.delete().where(_OF_MANY)
_LATER = leases.alias("later")
_REPLACED = leases.delete().where(
    _OF_MANY,
    leases.c.body.is_(None),
    leases.c.contact_until < sa.bindparam("before"),
    sa.exists().where(
        _LATER.c.site == leases.c.site,
        _LATER.c.subscription == leases.c.subscription,
        _LATER.c.acked_at.is_not(None),
        sa.or_(
            _LATER.c.epoch > leases.c.epoch,
            sa.and_(_LATER.c.epoch == leases.c.epoch, _LATER.c.serial > leases.c.serial),
        ),
    ),
)


def add_lease(conn: Connection, lease: SignedLease, newest: SignedLease | None = None) -> None:
    """A lease just signed; earlier ones of its slot keep their figures and lose their bytes.

    `newest`: the one before it in its slot, where that has been read already: it alone has bytes.
    """
    if newest is not None:
        _STRIP_ONE.run(conn, [newest])
    else:
        conn.execute(_STRIP, {"of": lease.site, "in_slot": lease.slot})
    conn.execute(_ADD, msgspec.structs.asdict(lease))


def add_many(conn: Connection, signed: Sequence[tuple[SignedLease, SignedLease]]) -> None:
    """As `add_lease`, each with the one before it, which has bytes."""
    _STRIP_ONE.run(conn, [newest for _, newest in signed])
    _ADD_MANY.run(conn, [lease for lease, _ in signed])


def latest_lease(conn: Connection, site: str, slot: str = PRESENT) -> SignedLease | None:
    """The lease last signed for a slot of the site."""
    row = conn.execute(_LATEST, {"of": site, "in_slot": slot}).one_or_none()
    return None if row is None else SignedLease(*row)


def is_of(conn: Connection, site: str, digest: bytes) -> bool:
    """Whether a lease with this digest was signed for the site, in whatever slot, and is not collected yet."""
    return conn.execute(_OF_SITE, {"of": site, "named": digest}).one_or_none() is not None


class Acknowledgment(msgspec.Struct, frozen=True, gc=False):
    """That a site has shown at `now` that it holds the lease of that epoch and number."""

    of: str
    in_epoch: int
    number: int
    now: Instant
    after: int = 0
    """The number up to which those of the epoch are known to be acknowledged."""


def mark_acknowledged(conn: Connection, shown: Sequence[Acknowledgment]) -> None:
    """The leases shown, and all before them, are acknowledged, each once."""
    _ACK.run(conn, shown)


def replace_token(conn: Connection, site: str, was: bytes, digest: bytes, body: bytes) -> None:
    """The lease of the site with the digest `was` says the same under another key: these are its bytes now."""
    conn.execute(_REPLACE_TOKEN, {"of": site, "was": was, "now_is": digest, "new": body})


def outstanding_leases(
    conn: Connection, provider: str, subscriptions: Sequence[str]
) -> dict[str, tuple[OutstandingLease, ...]]:
    """What each site still has in its hands, without amnesties, by subscription of the provider that has any."""
    found: dict[str, tuple[OutstandingLease, ...]] = {}
    rows = conn.execute(_WORDS, {"of": list(subscriptions), "tenant": provider})
    for (name, site), group in groupby(rows, key=lambda row: (row[0], row[1])):
        found[name] = (*found.get(name, ()), _outstanding_lease(site, [row[2:] for row in group]))
    return found


def collect_ended(conn: Connection, before: Instant, most: int, clock: str | None) -> int:
    """Forget at most so many leases that ended before that instant and are not the latest of their slot; how many.

    `clock`: as in `clocks`.
    """
    over = _OVER[clock is not None].subquery()
    keys = sa.select(*(over.c[column.name] for column in _KEY))
    asked = {"before": before, "most": most, "tenant": clock}
    return conn.execute(leases.delete().where(sa.tuple_(*_KEY).in_(keys)), asked).rowcount


def lease_ends(conn: Connection, wanted: Sequence[str]) -> dict[str, Instant]:
    """When the last lease of each of those sites that has one ends."""
    return {row[0]: row[1] for row in conn.execute(_ENDS, {"of": list(wanted)})}


def collect_replaced(conn: Connection, wanted: Sequence[str], before: Instant) -> None:
    """Forget leases of those sites that ended before that instant and of which a later one was acknowledged.

    What that one's acknowledgment proves is more than theirs did (rule *Giving back*).
    """
    conn.execute(_REPLACED, {"of": list(wanted), "before": before})


def forget_leases(conn: Connection, over: Sequence[str]) -> None:
    """Forget every lease of those sites."""
    if over:
        conn.execute(_FORGET, {"of": list(over)})


def _outstanding_lease(site: str, signed: Sequence[tuple[int, Instant, Instant | None]]) -> OutstandingLease:
    """A lease counts until a later one is acknowledged: the last acknowledged one and those after it may be in use."""
    acks = tuple((revision, acked) for revision, _, acked in signed if acked is not None)
    held = signed[max(len(acks) - 1, 0) :]
    return OutstandingLease(site=site, until=max(until for _, until, _ in held), acks=acks)
