"""What is to be told: one gapless sequence per provider for mail, webhooks and the pull feed; nothing told twice.

Only a restore leaves a gap: what follows it has numbers that were never given before.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.dialects import insert_or_ignore, per_dialect
from tenure.store.engine import Connection
from tenure.store.schema import announcements, meta, outbox, outbox_heads


class OutboxNote(msgspec.Struct, frozen=True):
    """One thing to tell; `since` is when it became true, `created` when it was put down."""

    provider: str
    seq: int
    kind: str
    subscription: str | None
    since: Instant
    created: Instant
    body: bytes


EPOCH = 2**20
"""A restore lets every feed go on at its epoch (the Unix second at which it was opened) times this.

So a number is above every one ever given, also those that only the lost database knew, as long as less than a million
events happened in each second since the epoch before; and JSON's numbers hold it for three centuries.
"""

_BASE = sa.select(
    sa.func.coalesce(sa.func.max(sa.cast(meta.c.value, sa.BigInteger)), 0) * EPOCH + 1
).where(meta.c.key == "epoch_floor").scalar_subquery()  # fmt: skip


def _next_number(insert: Any) -> sa.Insert:
    kept, base = outbox_heads.c.seq, insert.excluded.seq
    further = {"seq": sa.case((kept >= base, kept + 1), else_=base)}
    new = insert.values(provider=sa.bindparam("provider"), seq=_BASE)
    built: sa.Insert = new.on_conflict_do_update(index_elements=["provider"], set_=further).returning(kept)
    return built


_NEXT = per_dialect(outbox_heads, _next_number)
_ADD = outbox.insert()
_ANNOUNCE = insert_or_ignore(announcements, "subscription", "kind", "since")
_PAGE = (
    sa.select(*[outbox.c[name] for name in OutboxNote.__struct_fields__])
    .where(outbox.c.provider == sa.bindparam("tenant"), outbox.c.seq > sa.bindparam("after"))
    .order_by(outbox.c.seq)
    .limit(sa.bindparam("most"))
)
_LAST = sa.select(outbox_heads.c.seq).where(outbox_heads.c.provider == sa.bindparam("tenant"))


def add_note(
    conn: Connection, provider: str, kind: str, subscription: str | None, since: Instant, now: Instant, body: bytes
) -> OutboxNote:
    """Put a note down under the provider's next number."""
    seq = conn.execute(_NEXT[conn.dialect.name], {"provider": provider}).scalar_one()
    note = OutboxNote(provider, seq, kind, subscription, since, now, body)
    conn.execute(_ADD, msgspec.structs.asdict(note))
    return note


def announce_once(
    conn: Connection, provider: str, kind: str, subscription: str, since: Instant, now: Instant, body: bytes
) -> OutboxNote | None:
    """Put it down unless this kind was announced for this subscription and instant before: then None."""
    new = is_first(conn, subscription, kind, since)
    return add_note(conn, provider, kind, subscription, since, now, body) if new else None


def is_first(conn: Connection, subscription: str, name: str, about: Instant) -> bool:
    """Whether `name` was never announced for this subscription and instant; from now on it was."""
    row = {"subscription": subscription, "kind": name, "since": about}
    return conn.execute(_ANNOUNCE[conn.dialect.name], row).rowcount == 1


def notes_after(conn: Connection, provider: str, after: int = 0, limit: int = 50) -> list[OutboxNote]:
    """At most `limit` notes of the provider after number `after`."""
    return [OutboxNote(*row) for row in conn.execute(_PAGE, {"tenant": provider, "after": after, "most": limit})]


def last_number(conn: Connection, provider: str) -> int:
    """The number of the provider's last note; 0 when there is none."""
    return conn.scalar(_LAST, {"tenant": provider}) or 0
