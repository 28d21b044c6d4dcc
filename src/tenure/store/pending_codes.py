"""Activation codes that wait to be shown once, sealed; who may be shown one is the server's to say.

A row stays when its code is gone: it says when that was, and whether the order's offer lets codes go by mail.
"""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import waiting_codes
from tenure.store.sealed import AnswerCipher


class WaitingCode(msgspec.Struct, frozen=True, kw_only=True):
    """The newest code of a subscription as it waits; `sealed` is empty once it was shown or `until` has passed."""

    subscription: str
    provider: str
    last_group: str
    sealed: bytes
    in_mail: int
    created: Instant
    until: Instant
    shown_at: Instant | None = None

    def current_state(self, now: Instant) -> str:
        """`waiting`, `shown` or `expired` at `now`, real time."""
        if self.shown_at is not None:
            return "shown"
        return "waiting" if now < self.until else "expired"

    def reveal_code(self, safe: AnswerCipher) -> str | None:
        """The code; None when it is gone or was sealed with another key."""
        code = safe.decrypt(self.sealed, _seal_purpose(self.subscription)) if self.sealed else None
        return None if code is None else code.decode()


_NAMES = WaitingCode.__struct_fields__
_GET = sa.select(*[waiting_codes.c[name] for name in _NAMES]).where(
    waiting_codes.c.subscription == sa.bindparam("of"), waiting_codes.c.provider == sa.bindparam("tenant")
)
_PUT = upsert(waiting_codes, "subscription")
_SHOW = (
    waiting_codes.update()
    .where(
        waiting_codes.c.subscription == sa.bindparam("of"),
        waiting_codes.c.provider == sa.bindparam("tenant"),
        waiting_codes.c.shown_at.is_(None),
        waiting_codes.c.sealed == sa.bindparam("seen"),
    )
    .values(sealed=b"", shown_at=sa.bindparam("now"))
)
_WIPE = (
    waiting_codes.update()
    .where(waiting_codes.c.until <= sa.bindparam("now"), sa.func.length(waiting_codes.c.sealed) > 0)
    .values(sealed=b"")
)


def seal_code(safe: AnswerCipher, subscription: str, code: str) -> bytes:
    """The code as it waits: it opens for no other subscription."""
    return safe.encrypt(code.encode(), _seal_purpose(subscription))


def save_code(conn: Connection, code: WaitingCode) -> None:
    """In place of the subscription's code before it, which is worth nothing any more."""
    conn.execute(_PUT[conn.dialect.name], msgspec.structs.asdict(code))


def get_code(conn: Connection, provider: str, subscription: str) -> WaitingCode | None:
    """What waits, or waited, for the provider's subscription."""
    row = conn.execute(_GET, {"of": subscription, "tenant": provider}).one_or_none()
    return None if row is None else WaitingCode(**dict(zip(_NAMES, row, strict=True)))


def mark_shown(conn: Connection, code: WaitingCode, now: Instant) -> bool:
    """It is shown now, and gone; False when another request was first."""
    asked = {"of": code.subscription, "tenant": code.provider, "seen": code.sealed, "now": now}
    return conn.execute(_SHOW, asked).rowcount == 1


def forget_expired(conn: Connection, now: Instant) -> int:
    """Forget codes that no user came for in time; how many."""
    return conn.execute(_WIPE, {"now": now}).rowcount


def _seal_purpose(subscription: str) -> str:
    return f"activation code of {subscription}"
