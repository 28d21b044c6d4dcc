"""The places that standalone applications take of a subscription's devices, counted without reading each
[spec: places].

A place counts while a signed word of it may run, and beyond that while its application's silence is waited for. What a
place is, and when it is given back, is decided in `core.subscription.occupied_place`.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from tenure.core.answering.coming_limits import PlaceUser
from tenure.core.subscription.occupied_place import CountRule, OccupiedPlace
from tenure.core.timeline import Instant
from tenure.store.clocks import by_clock
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import places, sites

_NAMES = OccupiedPlace.__struct_fields__
_PLACE = [places.c[name] for name in _NAMES]
_PUT = upsert(places, "site", "subscription")
_OF_SITE = sa.select(*_PLACE).where(places.c.site == sa.bindparam("of")).order_by(places.c.subscription)
_OF_SITES = sa.select(*_PLACE).where(places.c.site.in_(sa.bindparam("of", expanding=True)))
_DROP = places.delete().where(places.c.site == sa.bindparam("of"), places.c.subscription == sa.bindparam("which"))
_FORGET = places.delete().where(places.c.site.in_(sa.bindparam("of", expanding=True)))
_THERE = (
    places.c.provider == sa.bindparam("tenant"),
    places.c.subscription == sa.bindparam("which"),
    places.c.site != sa.bindparam("but"),
)
_RUNS = sa.or_(
    places.c.until > sa.bindparam("now"),
    sa.and_(
        places.c.waits == 1,
        places.c.site.not_in(sa.bindparam("struck", expanding=True)),
        sa.or_(
            sa.func.coalesce(sites.c.last_contact, 0) > sa.bindparam("heard_since"),
            sites.c.epoch < sa.bindparam("restored"),
        ),
    ),
)
_COUNT = sa.select(sa.func.count()).select_from(places.join(sites, sites.c.id == places.c.site)).where(*_THERE, _RUNS)
_USERS = (
    sa.select(
        places.c.site,
        places.c.since,
        places.c.until,
        sites.c.ephemeral,
        sa.func.coalesce(sites.c.last_contact, 0).label("heard"),
    )
    .join_from(places, sites, sites.c.id == places.c.site)
    .where(*_THERE, _RUNS)
    .order_by(places.c.since, places.c.site)
)
_LAPSED = (
    sa.select(*_PLACE)
    .join_from(places, sites, sites.c.id == places.c.site)
    .where(*_THERE, sa.not_(_RUNS), places.c.until > sa.bindparam("moved_from"))
)
_HOLDS = (
    sa.select(sa.func.count())
    .select_from(places.join(sites, sites.c.id == places.c.site))
    .where(*_THERE, _RUNS, places.c.site == sa.bindparam("of"))
)
_OVER = (
    sa.select(places.c.site)
    .join_from(places, sites, sites.c.id == places.c.site)
    .where(*_THERE, sa.not_(_RUNS), places.c.until <= sa.bindparam("moved_from"))
    .order_by(places.c.site)
    .limit(sa.bindparam("most"))
)
_LAPSED_IN = by_clock(
    sa.select(places.c.provider, places.c.subscription)
    .distinct()
    .where(places.c.until <= sa.bindparam("moved_from"), places.c.subscription > sa.bindparam("after"))
    .order_by(places.c.subscription)
    .limit(sa.bindparam("most")),
    places.c.provider,
)


def save_place(conn: Connection, place: OccupiedPlace) -> None:
    """The place as it is from now on."""
    conn.execute(_PUT[conn.dialect.name], msgspec.structs.asdict(place))


def free_place(conn: Connection, site: str, subscription: str) -> None:
    """The place is free."""
    conn.execute(_DROP, {"of": site, "which": subscription})


def of_site(conn: Connection, site: str) -> list[OccupiedPlace]:
    """Every place that the application may go by, in subscriptions of any provider."""
    return [_read_place(row) for row in conn.execute(_OF_SITE, {"of": site})]


def of_sites(conn: Connection, wanted: Sequence[str]) -> list[OccupiedPlace]:
    """Every place of those applications."""
    return [_read_place(row) for row in conn.execute(_OF_SITES, {"of": list(wanted)})] if wanted else []


def count_places(conn: Connection, provider: str, subscription: str, by: CountRule) -> int:
    """How many places of the provider's subscription are taken, amnesties aside."""
    found: int = conn.execute(_COUNT, _place_query(provider, subscription, by)).scalar_one()
    return found


def place_users(conn: Connection, provider: str, subscription: str, by: CountRule) -> list[PlaceUser]:
    """Whose places of the provider's subscription are taken, the first to come first; amnesties aside."""
    asked = _place_query(provider, subscription, by)
    return [PlaceUser(**row._mapping) for row in conn.execute(_USERS, asked)]


def holds_place(conn: Connection, provider: str, subscription: str, site: str, by: CountRule) -> bool:
    """Whether the application's own place there still counts, amnesties aside."""
    asked = _place_query(provider, subscription, by) | {"of": site, "but": ""}
    return bool(conn.execute(_HOLDS, asked).scalar_one())


def lapsed_places(
    conn: Connection, provider: str, subscription: str, by: CountRule, moved_from: Instant
) -> list[OccupiedPlace]:
    """Places that do not count but for an amnesty: their words were over after `moved_from`."""
    asked = _place_query(provider, subscription, by) | {"moved_from": moved_from}
    return [_read_place(row) for row in conn.execute(_LAPSED, asked)]


def lapsed_in(conn: Connection, moved_from: Instant, after: str, most: int, clock: str | None) -> list[tuple[str, str]]:
    """(provider, subscription) of at most so many, by id after `after`, with words that were over by `moved_from`.

    `clock`: as in `clocks`.
    """
    asked = {"moved_from": moved_from, "after": after, "most": most, "tenant": clock}
    return [(provider, name) for provider, name in conn.execute(_LAPSED_IN[clock is not None], asked)]


def collect_lapsed(
    conn: Connection, provider: str, subscription: str, by: CountRule, moved_from: Instant, most: int
) -> int:
    """Forget at most so many places that do not count and cannot by any amnesty: over by `moved_from`; how many."""
    asked = _place_query(provider, subscription, by) | {"moved_from": moved_from, "most": most}
    over = [site for (site,) in conn.execute(_OVER, asked)]
    for site in over:
        free_place(conn, site, subscription)
    return len(over)


def forget_places(conn: Connection, over: Sequence[str]) -> None:
    """Forget every place of those applications."""
    if over:
        conn.execute(_FORGET, {"of": list(over)})


def _place_query(provider: str, subscription: str, by: CountRule) -> dict[str, object]:
    return {"tenant": provider, "which": subscription, **msgspec.structs.asdict(by)}


def _read_place(row: Sequence[object]) -> OccupiedPlace:
    return OccupiedPlace(**dict(zip(_NAMES, row, strict=True)))  # type: ignore[arg-type]  # the columns are the fields
