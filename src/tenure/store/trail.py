"""Who signed in, who was refused, and who changed people, tokens and policies: each team's own, newest first.

Business has its own histories (`facts`, `chronicle`); this is about access, and is forgotten when it is old.
"""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store import ids
from tenure.store.engine import Connection
from tenure.store.persons import Place
from tenure.store.schema import audit

SIGNED_IN = "signed_in"


class Deed(msgspec.Struct, frozen=True):
    """What somebody did: `who` is a person's or a token's id, `name` what people know it by, as of then."""

    what: str
    who: str = ""
    name: str = ""
    kind: str = ""
    address: str = ""
    detail: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A deed as kept; `seq` and `id` say in which order."""

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


_ENTRY = sa.select(*[audit.c[name] for name in Entry.__struct_fields__])
_PAGE = (
    _ENTRY.where(
        audit.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=audit.c.provider.type)),
        sa.tuple_(audit.c.seq, audit.c.id) < sa.tuple_(sa.bindparam("seq"), sa.bindparam("id")),
    )
    .order_by(audit.c.seq.desc(), audit.c.id.desc())
    .limit(sa.bindparam("most"))
)
_OF_CUSTOMER = _PAGE.where(audit.c.customer == sa.bindparam("whose"))
_PLACES = (
    sa.select(audit.c.address)
    .distinct()
    .where(audit.c.who == sa.bindparam("of"), audit.c.what == SIGNED_IN, audit.c.at >= sa.bindparam("since"))
)
_COLLECT = audit.delete().where(audit.c.at < sa.bindparam("before"))
_NEXT = sa.select(sa.func.coalesce(sa.func.max(audit.c.seq), 0) + 1)
_LAST = (2**62, "")
"""After every entry."""


def put(conn: Connection, place: Place, deed: Deed, now: Instant) -> None:
    """Keep what was done, for the team it concerns; `now` is real time."""
    row = msgspec.structs.asdict(deed)
    row |= {"id": ids.new("aud", now), "seq": conn.scalar(_NEXT), "at": now}
    row |= {"provider": place.provider, "customer": place.customer}
    conn.execute(audit.insert(), row)


def page(
    conn: Connection,
    provider: str | None,
    customer: str | None = None,
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[Entry]:
    """At most `limit` entries of the provider (None: the vendor's own), newest first, from before (seq, id) `before`.

    With `customer` only those about that customer's team.
    """
    seq, name = before or _LAST
    asked = {"tenant": provider, "seq": seq, "id": name, "most": limit}
    if customer is None:
        return [Entry(*row) for row in conn.execute(_PAGE, asked)]
    return [Entry(*row) for row in conn.execute(_OF_CUSTOMER, asked | {"whose": customer})]


def signed_in_from(conn: Connection, who: str, since: Instant) -> list[str]:
    """The addresses from which that person has signed in since then, as far as is remembered."""
    return list(conn.scalars(_PLACES, {"of": who, "since": since}))


def collect(conn: Connection, before: Instant) -> int:
    """Forget what was done before that instant; how many."""
    return conn.execute(_COLLECT, {"before": before}).rowcount
