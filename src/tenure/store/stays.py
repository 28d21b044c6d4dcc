"""Stays of ephemeral applications as rows: one for each coming and its going [spec: ephemeral].

What a day's fact says of them is decided in `core.ephemeral`; here they are written, found, and forgotten.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from tenure.core.subscription.ephemeral import EphemeralStay
from tenure.core.timeline import Instant
from tenure.store.clocks import by_clock
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import stays

_STAY = [stays.c[name] for name in EphemeralStay.__struct_fields__]
_OF = (stays.c.provider == sa.bindparam("tenant"), stays.c.subscription == sa.bindparam("which"))
_PUT = upsert(stays, "subscription", "site", "came")
_PRESENT = sa.select(*_STAY).where(
    *_OF, stays.c.site == sa.bindparam("of"), stays.c.until > sa.bindparam("now")
)  # fmt: skip
_OPEN = sa.or_(
    sa.and_(stays.c.counted == 0, stays.c.came < sa.bindparam("over")),
    sa.and_(stays.c.counted == 1, stays.c.until < sa.bindparam("over")),
)
_DUE = by_clock(
    sa.select(stays.c.provider, stays.c.subscription)
    .distinct()
    .where(_OPEN)
    .order_by(stays.c.provider, stays.c.subscription)
    .limit(sa.bindparam("most")),
    stays.c.provider,
)
_UNCOUNTED = sa.select(*_STAY).where(*_OF, _OPEN)
_COUNTED = (
    stays.update()
    .where(*_OF, stays.c.site == sa.bindparam("of"), stays.c.came == sa.bindparam("since"))
    .values(counted=sa.bindparam("now_counted"))
)
_KEY = (stays.c.subscription, stays.c.site, stays.c.came)
_OVER = by_clock(
    sa.select(*_KEY).where(stays.c.counted == 2, stays.c.until < sa.bindparam("before")).limit(sa.bindparam("most")),
    stays.c.provider,
)


def save_stay(conn: Connection, provider: str, subscription: str, stay: EphemeralStay) -> None:
    """The stay as it is from now on."""
    row = {"provider": provider, "subscription": subscription, **msgspec.structs.asdict(stay)}
    conn.execute(_PUT[conn.dialect.name], row)


def open_stay(conn: Connection, provider: str, subscription: str, site: str, now: Instant) -> EphemeralStay | None:
    """The stay of the application that is not over."""
    asked = {"tenant": provider, "which": subscription, "of": site, "now": now}
    row = conn.execute(_PRESENT, asked).first()
    return None if row is None else _read_stay(row)


def stays_due(conn: Connection, over: Instant, most: int, clock: str | None) -> list[tuple[str, str]]:
    """(provider, subscription) of at most so many where something before `over` is not in a fact yet.

    `clock`: as in `clocks`.
    """
    asked = {"over": over, "most": most, "tenant": clock}
    return [(provider, name) for provider, name in conn.execute(_DUE[clock is not None], asked)]


def uncounted_stays(conn: Connection, provider: str, subscription: str, over: Instant) -> list[EphemeralStay]:
    """The stays of which something before `over` is not in a fact yet."""
    asked = {"tenant": provider, "which": subscription, "over": over}
    return [_read_stay(row) for row in conn.execute(_UNCOUNTED, asked)]


def mark_counted(conn: Connection, provider: str, subscription: str, counted: Sequence[EphemeralStay]) -> None:
    """Of these stays as much is in a fact as they say."""
    if counted:
        names = {"tenant": provider, "which": subscription}
        rows = [names | {"of": each.site, "since": each.came, "now_counted": each.counted} for each in counted]
        conn.execute(_COUNTED, rows)


def collect_counted(conn: Connection, before: Instant, most: int, clock: str | None) -> int:
    """Forget at most so many that were over before that instant and are in facts; how many."""
    over = _OVER[clock is not None].subquery()
    keys = sa.select(over.c.subscription, over.c.site, over.c.came)
    asked = {"before": before, "most": most, "tenant": clock}
    return conn.execute(stays.delete().where(sa.tuple_(*_KEY).in_(keys)), asked).rowcount


def _read_stay(row: Sequence[object]) -> EphemeralStay:
    return EphemeralStay(**dict(zip(EphemeralStay.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]  # columns are fields
