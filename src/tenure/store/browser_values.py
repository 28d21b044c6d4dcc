"""What portals keep for browsers so that any process of a portal serves any request: sessions, answers, unsent forms.

Every value is sealed by the portal with a secret that only the browser has; here it is bytes under a digest, with
bounds of number, size and time. What a value says is the portal's.
"""

from enum import StrEnum
from typing import Final

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import DAY, HOUR, Instant
from tenure.store.dialects import upsert, whole_sum
from tenure.store.engine import Connection
from tenure.store.schema import browser_values

HALF_HOUR: Final = HOUR // 2


class BrowserValueKind(StrEnum):
    """What a value is."""

    SESSION = "session"
    PAGE = "page"
    FORM = "form"


class ValueBounds(msgspec.Struct, frozen=True, kw_only=True):
    """How many values and bytes one owner has of a kind, and for how many seconds, without use and at most."""

    most: int
    octets: int
    idle: int
    life: int


BOUNDS: Final = {
    BrowserValueKind.SESSION: ValueBounds(most=50, octets=4 * 1024 * 1024, idle=12 * HOUR, life=14 * DAY),
    BrowserValueKind.PAGE: ValueBounds(most=40, octets=8 * 1024 * 1024, idle=HALF_HOUR, life=HALF_HOUR),
    BrowserValueKind.FORM: ValueBounds(most=40, octets=1024 * 1024, idle=HALF_HOUR, life=HALF_HOUR),
}
"""Owners of sessions and pages have signed in. Forms are strangers', so all of them together are bounded as well."""
FORMS_MOST, FORMS_OCTETS = 2_000, 8 * 1024 * 1024
LARGEST: Final = 256 * 1024
"""Bytes of one value."""
NOTED_EVERY: Final = 60
"""Seconds: the last use is written down no more often, since it is a write."""


class BrowserValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value; `browser` names all that one browser has, so that it is forgotten at once."""

    digest: bytes
    kind: str
    owner: str
    browser: bytes
    sealed: bytes
    created: Instant
    last_use: Instant

    def is_over(self, now: Instant) -> bool:
        """Whether it has ended at `now`."""
        bounds = BOUNDS[BrowserValueKind(self.kind)]
        return now >= self.last_use + bounds.idle or now >= self.created + bounds.life


_VALUE = sa.select(*[browser_values.c[name] for name in BrowserValue.__struct_fields__])
_BY_DIGEST = _VALUE.where(browser_values.c.digest == sa.bindparam("of"))
_KEEP = upsert(browser_values, "digest")
_CHANGE = (
    browser_values.update()
    .where(browser_values.c.digest == sa.bindparam("of"))
    .values(sealed=sa.bindparam("to"), size=sa.bindparam("octets"))
)
_USED = browser_values.update().where(browser_values.c.digest == sa.bindparam("of")).values(last_use=sa.bindparam("at"))
_FORGET = browser_values.delete().where(browser_values.c.browser == sa.bindparam("of"))
_COLLECT = browser_values.delete().where(
    browser_values.c.kind == sa.bindparam("which"),
    sa.or_(browser_values.c.last_use <= sa.bindparam("idle"), browser_values.c.created <= sa.bindparam("old")),
)


def _make_room(*among: sa.ColumnElement[bool]) -> sa.Delete:
    """Deletes the oldest of these values, beyond so many and so many bytes."""
    order = (browser_values.c.created.desc(), browser_values.c.digest.desc())
    ranked = (
        sa.select(
            browser_values.c.digest,
            sa.func.row_number().over(order_by=order).label("place"),
            whole_sum(browser_values.c.size, {"order_by": order}).label("octets"),
        )
        .where(*among)
        .subquery()
    )
    beyond = sa.or_(ranked.c.place > sa.bindparam("most"), ranked.c.octets > sa.bindparam("octets"))
    return browser_values.delete().where(browser_values.c.digest.in_(sa.select(ranked.c.digest).where(beyond)))


_OF_KIND = browser_values.c.kind == sa.bindparam("which")
_OF_OWNER = browser_values.c.owner == sa.bindparam("whose")
_BOUND_OWNER, _BOUND_KIND = _make_room(_OF_KIND, _OF_OWNER), _make_room(_OF_KIND)


def keep_value(conn: Connection, new: BrowserValue) -> None:
    """Kept from now on; the owner's oldest of that kind make room. Kept twice it is there once."""
    conn.execute(_KEEP[conn.dialect.name], {**msgspec.structs.asdict(new), "size": len(new.sealed)})
    bounds = BOUNDS[BrowserValueKind(new.kind)]
    held = {"which": new.kind, "whose": new.owner, "most": bounds.most, "octets": bounds.octets}
    conn.execute(_BOUND_OWNER, held)
    if new.kind == BrowserValueKind.FORM:
        conn.execute(_BOUND_KIND, {"which": new.kind, "most": FORMS_MOST, "octets": FORMS_OCTETS})


def find_value(conn: Connection, digest: bytes, now: Instant) -> BrowserValue | None:
    """The value of that digest, unless it has ended at `now`."""
    row = conn.execute(_BY_DIGEST, {"of": digest}).one_or_none()
    found = None if row is None else BrowserValue(**row._mapping)
    return None if found is None or found.is_over(now) else found


def note_use(conn: Connection, digest: bytes, now: Instant) -> None:
    """Note a request; callers do so every `NOTED_EVERY` seconds."""
    conn.execute(_USED, {"of": digest, "at": now})


def change_value(conn: Connection, digest: bytes, sealed: bytes) -> bool:
    """Another value under the same digest; False when there is none any more, as after signing out elsewhere."""
    return conn.execute(_CHANGE, {"of": digest, "to": sealed, "octets": len(sealed)}).rowcount == 1


def forget_browser(conn: Connection, browser: bytes) -> int:
    """Everything of that browser is gone at once; how many values."""
    return conn.execute(_FORGET, {"of": browser}).rowcount


def collect(conn: Connection, now: Instant) -> int:
    """Forget what has ended; how many."""
    return sum(
        conn.execute(_COLLECT, {"which": kind, "idle": now - bounds.idle, "old": now - bounds.life}).rowcount
        for kind, bounds in BOUNDS.items()
    )
