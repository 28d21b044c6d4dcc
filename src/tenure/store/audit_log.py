"""Who signed in, who was refused, and who changed customers, users, tokens and settings: each team's, newest first.

The log is forgotten when it is old. What touches money, service or identity (`CHAINED`) is also a link of the tenant's
chain `records`, which is kept for good: who, what, about whom, and a digest of what stood there afterwards, without
names and addresses of users.
"""

import hashlib

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store import ids, provider_chain
from tenure.store.chain import StoredFact
from tenure.store.engine import Connection
from tenure.store.schema import audit
from tenure.store.users import TeamPlace

SIGNED_IN = "signed_in"
CHAINED = frozenset(
    {
        "customer_created", "customer_changed", "provider_created", "provider_changed", "brand_changed",
        "payment_settings_changed", "gateway_secret_rotated", "sandbox_clock_set",
        "signed_in", "password_reset_asked", "payment_requested",
        "token_made", "token_withdrawn", "role_changed", "user_removed", "invited", "invitation_withdrawn", "joined",
        "password_changed", "password_reset", "second_factor_set", "second_factor_removed", "account_made",
        "account_removed",
    }
)  # fmt: skip
"""Events that are chained, too, because money, service or a user's rights depend on them."""


class AuditEvent(msgspec.Struct, frozen=True):
    """What a user or a token did: `who` is its id, `name` the name that users know it by, as of then."""

    what: str
    who: str = ""
    name: str = ""
    kind: str = ""
    address: str = ""
    detail: str = ""
    about: str = ""
    """Id of what was changed; of no use in the log, but in the chain."""
    state: bytes = b""
    """What stands there from now on: the chain keeps its digest, so that an edit with SQL is found."""


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An audit event as the chain keeps it; digests in lower-case hexadecimal, empty for nothing."""

    customer: str | None
    about: str
    detail: str
    state: str


class AuditEntry(msgspec.Struct, frozen=True):
    """An audit event as stored; `seq` and `id` say in which order."""

    id: str
    seq: int
    provider: str | None
    customer: str | None
    at: Instant
    who: str
    name: str
    kind: str
    address: str
    what: str
    detail: str


_EVENT_FIELDS = ("what", "who", "name", "kind", "address", "detail")
_ENTRY = sa.select(*[audit.c[name] for name in AuditEntry.__struct_fields__])
_PAGE = (
    _ENTRY.where(
        audit.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=audit.c.provider.type)),
        sa.tuple_(audit.c.seq, audit.c.id) < sa.tuple_(sa.bindparam("seq"), sa.bindparam("id")),
    )
    .order_by(audit.c.seq.desc(), audit.c.id.desc())
    .limit(sa.bindparam("most"))
)
_PLACES = (
    sa.select(audit.c.address)
    .distinct()
    .where(audit.c.who == sa.bindparam("of"), audit.c.what == SIGNED_IN, audit.c.at >= sa.bindparam("since"))
)
_INSTANTS = (
    sa.select(audit.c.at)
    .where(
        audit.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=audit.c.provider.type)),
        audit.c.customer.is_not_distinct_from(sa.bindparam("whose", type_=audit.c.customer.type)),
        audit.c.what == sa.bindparam("of"),
        audit.c.at > sa.bindparam("since"),
    )
    .order_by(audit.c.at.desc())
    .limit(sa.bindparam("most"))
)
_COLLECT = audit.delete().where(audit.c.at < sa.bindparam("before"))
_NEXT = sa.select(sa.func.coalesce(sa.func.max(audit.c.seq), 0) + 1)
_LAST = (2**62, "")
"""After every entry."""


def record_event(conn: Connection, place: TeamPlace, event: AuditEvent, now: Instant) -> None:
    """Keep what was done, for the team it concerns; `now` is real time."""
    row = {name: getattr(event, name) for name in _EVENT_FIELDS}
    row |= {"id": ids.new_id("aud", now), "seq": conn.scalar(_NEXT), "at": now}
    row |= {"provider": place.provider, "customer": place.customer}
    conn.execute(audit.insert(), row)
    if event.what in CHAINED:
        chained = RecordedEvent(
            customer=place.customer,
            about=event.about,
            detail=state_digest(event.detail.encode()),
            state=state_digest(event.state),
        )
        fact = StoredFact(event.what, now, now, event.who, msgspec.json.encode(chained))
        provider_chain.append_record(conn, place.provider or provider_chain.VENDOR, provider_chain.RECORDS, fact)


def state_digest(state: bytes) -> str:
    """SHA-256 in hexadecimal; empty for nothing."""
    return hashlib.sha256(state).hexdigest() if state else ""


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; None and empty narrow nothing."""

    customer: str | None = None
    """Those about that customer's team."""
    who: str = ""
    """A user's or token's id, or a part of its name as of then, in upper or lower case."""
    what: tuple[str, ...] = ()
    """Kinds of events."""
    since: Instant | None = None
    until: Instant | None = None
    """Excluded."""


ALL = AuditFilter()


def entries_before(
    conn: Connection,
    provider: str | None,
    wanted: AuditFilter = ALL,
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """At most `limit` entries of the provider (None: the vendor's own), newest first, from before (seq, id) `before`.

    Only those that are `wanted`.
    """
    seq, name = before or _LAST
    asked = {"tenant": provider, "seq": seq, "id": name, "most": limit}
    return [AuditEntry(*row) for row in conn.execute(_PAGE.where(*_filter_conditions(wanted)), asked)]


def _filter_conditions(wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.customer is not None:
        found.append(audit.c.customer == wanted.customer)
    if wanted.who:
        named = sa.func.lower(audit.c.name).contains(wanted.who.lower(), autoescape=True)
        found.append(sa.or_(audit.c.who == wanted.who, named))
    if wanted.what:
        found.append(audit.c.what.in_(wanted.what))
    if wanted.since is not None:
        found.append(audit.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(audit.c.at < wanted.until)
    return found


def event_instants(conn: Connection, place: TeamPlace, what: str, since: Instant, most: int) -> list[Instant]:
    """When that was done in the team after `since`, newest first, at most so many."""
    asked = {"tenant": place.provider, "whose": place.customer, "of": what, "since": since, "most": most}
    return list(conn.scalars(_INSTANTS, asked))


def signed_in_from(conn: Connection, who: str, since: Instant) -> list[str]:
    """The addresses from which that user has signed in since then, as far as is remembered."""
    return list(conn.scalars(_PLACES, {"of": who, "since": since}))


def collect_old(conn: Connection, before: Instant) -> int:
    """Forget what was done before that instant; how many."""
    return conn.execute(_COLLECT, {"before": before}).rowcount
