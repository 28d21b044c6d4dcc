"""Sites as the server remembers them, whole; what most synchronizations need of one is in `sync_fast_path`
[spec: synchronization].

What a lease or an answer says, and whether a token is good, is decided elsewhere.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.clocks import by_clock
from tenure.store.dialects import PreparedUpdate
from tenure.store.engine import Connection
from tenure.store.schema import sites, standings


class SiteRow(msgspec.Struct, frozen=True):
    """One key's use of one product; digests, tokens and answers as bytes. `body` is the rest as JSON."""

    id: str
    provider: str
    customer: str
    product: str
    subscription: str
    thumbprint: str
    """RFC 7638 thumbprint of the site's key."""
    jwk: bytes
    state: str
    created: Instant
    name: str
    version: str
    token: bytes
    """The current state token."""
    successor: str | None = None
    body: bytes = b"{}"
    last_request: str = ""
    answer: bytes = b""
    """The stored answer to `last_request`."""
    serial: int = 0
    epoch: int = 0
    revision: int = 0
    acked_serial: int = 0
    lease_until: Instant = 0
    promised_until: Instant = 0
    """The last instant that a lease not acknowledged as replaced promises."""
    allotment: int = 0
    devices: int = 0
    devices_digest: str = ""
    last_contact: Instant | None = None
    next_sync: Instant | None = None
    forked_at: Instant | None = None
    token_count: int = 0
    """Number of the current state token."""
    last_path: str = ""
    """The way by which the last request came, as the site reports it."""
    last_trigger: str = ""
    pace: bytes = b""
    """What of the newest lease says how long nothing is new, in the form its maker chose; empty: look at the lease."""
    installation: str = "server"
    """`server` or `standalone`, as it was first activated."""
    ephemeral: int = 0
    """Whether it has short leases and is collected when the last one is over."""


_NAMES = SiteRow.__struct_fields__
_FIXED = frozenset({"id", "thumbprint", "product", "created", "installation", "ephemeral"})
_SITE = [sites.c[name] for name in _NAMES]
_ADD = sites.insert()
_BY_ID = sa.select(*_SITE).where(sites.c.id == sa.bindparam("of"))
_BY_IDS = sa.select(*_SITE).where(sites.c.id.in_(sa.bindparam("of", expanding=True))).order_by(sites.c.id)
_MINE = sites.c.provider == sa.bindparam("tenant")
_OF_TENANT = _BY_ID.where(_MINE)
_BY_KEY = sa.select(*_SITE).where(sites.c.thumbprint == sa.bindparam("key"), sites.c.product == sa.bindparam("what"))
# In the order of ids, so that two processes never wait for each other in a circle.
_LOCK_MANY = (
    sa.select(*_SITE).where(sites.c.id.in_(sa.bindparam("of", expanding=True))).order_by(sites.c.id).with_for_update()
)
_CHANGES = [name for name in _NAMES if name not in _FIXED]
_SAVE = PreparedUpdate(
    sites.update().where(sites.c.id == sa.bindparam("id")).values({name: sa.bindparam(name) for name in _CHANGES})
)
_BOUND = frozenset({"provider", "customer", "subscription", "successor", "jwk", "name"})
"""What refers to other rows or is indexed, or is known once: to write it costs more than to leave it."""
_SAVE_IN_PLACE = PreparedUpdate(
    sites.update()
    .where(sites.c.id == sa.bindparam("id"))
    .values({name: sa.bindparam(name) for name in _CHANGES if name not in _BOUND})
)
_bound_of = attrgetter(*sorted(_BOUND))
_KEEP_ANSWER = sites.update().where(sites.c.id == sa.bindparam("of")).values(answer=sa.bindparam("new"))
_PAGE = (
    sa.select(*_SITE).where(_MINE, sites.c.id > sa.bindparam("after")).order_by(sites.c.id).limit(sa.bindparam("most"))
)
_PAGE_OF = _PAGE.where(
    sa.or_(sites.c.subscription == sa.bindparam("of"), sites.c.successor == sa.bindparam("of")),
)
_SERVERS_OF = _PAGE_OF.where(sites.c.installation == "server")
_WAITING = (
    sa.select(sites.c.id)
    .where(_MINE, sites.c.subscription == sa.bindparam("of"), sites.c.successor.is_not(None))
    .order_by(sites.c.id)
)
_EPHEMERAL = by_clock(
    sa.select(sites.c.id)
    .where(sites.c.ephemeral == 1, sites.c.id > sa.bindparam("after"))
    .order_by(sites.c.id)
    .limit(sa.bindparam("most")),
    sites.c.provider,
)
_OF_MANY: sa.BindParameter[str] = sa.bindparam("of", expanding=True)
_PAID_ALONGSIDE = (
    sa.select(sites.c.id)
    .join_from(sites, standings, standings.c.subscription == sites.c.subscription)
    .where(
        standings.c.provider == sa.bindparam("tenant"),
        standings.c.customer == sa.bindparam("owner"),
        standings.c.automatic == 1,
        sites.c.revision != 0,
    )
    .order_by(sites.c.id)
    .with_for_update(of=sites)
)
_TELL_AGAIN = sites.update().where(sites.c.id.in_(_OF_MANY)).values(revision=0)
_FORGET_ONES = sites.delete().where(sites.c.id.in_(_OF_MANY))


def add(conn: Connection, new: SiteRow) -> None:
    """A site that has activated."""
    conn.execute(_ADD, msgspec.structs.asdict(new))


def tell_again(conn: Connection, provider: str, customer: str) -> None:
    """At their next contact, sites of what renews itself from the customer's balance are looked at as if changed."""
    found = conn.execute(_PAID_ALONGSIDE, {"tenant": provider, "owner": customer}).scalars().all()
    if found:
        conn.execute(_TELL_AGAIN, {"of": list(found)})


def by_id(conn: Connection, site: str) -> SiteRow | None:
    """The site of that id, of any provider: for messages that the site's own key has signed."""
    return _read_site(conn.execute(_BY_ID, {"of": site}).one_or_none())


def by_key(conn: Connection, thumbprint: str, product: str) -> SiteRow | None:
    """The site that uses the product under that key, of any provider: rule M10 binds the key, not the provider."""
    return _read_site(conn.execute(_BY_KEY, {"key": thumbprint, "what": product}).one_or_none())


def by_ids(conn: Connection, wanted: Sequence[str]) -> list[SiteRow]:
    """The sites of those ids, of any provider, in the order of ids."""
    return [SiteRow(*row) for row in conn.execute(_BY_IDS, {"of": list(wanted)})] if wanted else []


def of_tenant(conn: Connection, provider: str, site: str) -> SiteRow | None:
    """The provider's site of that id."""
    return _read_site(conn.execute(_OF_TENANT, {"of": site, "tenant": provider}).one_or_none())


def page(
    conn: Connection,
    provider: str,
    subscription: str | None = None,
    after: str = "",
    limit: int = 50,
    *,
    servers: bool = False,
) -> list[SiteRow]:
    """At most `limit` of the provider's sites with ids after `after`; those using or staging one subscription.

    `servers`: only administration servers of that subscription.
    """
    asked = {"tenant": provider, "after": after, "most": limit}
    if subscription is None:
        return [SiteRow(*row) for row in conn.execute(_PAGE, asked)]
    chosen = _SERVERS_OF if servers else _PAGE_OF
    return [SiteRow(*row) for row in conn.execute(chosen, asked | {"of": subscription})]


def sites_with_successor(conn: Connection, provider: str, subscription: str) -> list[str]:
    """Ids of the provider's sites that use the subscription and keep a successor ready."""
    return [row[0] for row in conn.execute(_WAITING, {"tenant": provider, "of": subscription})]


def lock_many(conn: Connection, wanted: Iterable[str]) -> dict[str, SiteRow]:
    """Lock the sites of those ids, by id: no other transaction changes them before this one ends. Unknown ones are left
    out."""
    names = list(wanted)
    return {row[0]: SiteRow(*row) for row in conn.execute(_LOCK_MANY, {"of": names})} if names else {}


def save_many(conn: Connection, changed: Sequence[SiteRow]) -> None:
    """What those sites have become; id, key, product and birth never change."""
    _SAVE.run(conn, changed)


def save_after(conn: Connection, before: SiteRow, after: SiteRow) -> None:
    """What a site has become that was `before` in this transaction."""
    save_all_after(conn, [(before, after)])


def save_all_after(conn: Connection, changed: Sequence[tuple[SiteRow, SiteRow]]) -> None:
    """What sites have become, each after what it was before in this transaction."""
    _SAVE_IN_PLACE.run(conn, [after for before, after in changed if _bound_of(before) == _bound_of(after)])
    _SAVE.run(conn, [after for before, after in changed if _bound_of(before) != _bound_of(after)])


def keep_answer(conn: Connection, site: str, answer: bytes) -> None:
    """The stored answer to the site's last request, in other bytes; all else stays."""
    conn.execute(_KEEP_ANSWER, {"of": site, "new": answer})


def ephemeral_sites(conn: Connection, after: str, most: int, clock: str | None) -> list[str]:
    """Ids of at most so many ephemeral applications, those after `after`; `clock`: as in `clocks`."""
    asked = {"after": after, "most": most, "tenant": clock}
    return list(conn.execute(_EPHEMERAL[clock is not None], asked).scalars())


def forget_sites(conn: Connection, over: Sequence[str]) -> None:
    """Forget those sites, to whose leases and places nothing refers any more."""
    if over:
        conn.execute(_FORGET_ONES, {"of": list(over)})


def _read_site(row: Sequence[Any] | None) -> SiteRow | None:
    return None if row is None else SiteRow(*row)
