"""Addresses that providers want to be told at: how far each was served, since when it fails, its sealed secrets."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import deliveries, outbox_heads, webhooks


class WebhookRow(msgspec.Struct, frozen=True):
    """One address; `seq` is the last number of the feed that became deliveries, `disabled` when it was given up."""

    id: str
    provider: str
    url: str
    events: tuple[str, ...]
    note: str
    secrets: bytes
    seq: int
    created: Instant
    failing_since: Instant | None = None
    disabled: Instant | None = None
    reason: str = ""
    version: int = 1


_WEBHOOK = sa.select(*[webhooks.c[name] for name in WebhookRow.__struct_fields__])
_MINE = webhooks.c.provider == sa.bindparam("tenant")
_ONE = (webhooks.c.id == sa.bindparam("of"), _MINE)
_GET = _WEBHOOK.where(*_ONE)
_PAGE = _WEBHOOK.where(_MINE, webhooks.c.id > sa.bindparam("after")).order_by(webhooks.c.id).limit(sa.bindparam("most"))
_COUNT = sa.select(sa.func.count()).select_from(webhooks).where(_MINE)
_DELETE = webhooks.delete().where(*_ONE)
_FORGET = deliveries.delete().where(
    deliveries.c.webhook == sa.bindparam("of"), deliveries.c.provider == sa.bindparam("tenant")
)
_CHANGE = (
    webhooks.update()
    .where(*_ONE, webhooks.c.version == sa.bindparam("seen"))
    .values(
        url=sa.bindparam("new_url"),
        events=sa.bindparam("new_events"),
        note=sa.bindparam("new_note"),
        secrets=sa.bindparam("new_secrets"),
        failing_since=sa.bindparam("new_failing"),
        disabled=sa.bindparam("new_disabled"),
        reason=sa.bindparam("new_reason"),
        version=webhooks.c.version + 1,
    )
)
_BEHIND = (
    sa.select(webhooks.c.provider, webhooks.c.id)
    .join(outbox_heads, outbox_heads.c.provider == webhooks.c.provider)
    .where(webhooks.c.disabled.is_(None), outbox_heads.c.seq > webhooks.c.seq)
    .order_by(webhooks.c.id)
    .limit(sa.bindparam("most"))
)
_SERVED = webhooks.update().where(*_ONE, webhooks.c.seq == sa.bindparam("from_seq")).values(seq=sa.bindparam("to_seq"))
_FAILING = webhooks.update().where(*_ONE, webhooks.c.failing_since.is_(None)).values(failing_since=sa.bindparam("now"))
_WELL = webhooks.update().where(*_ONE, webhooks.c.failing_since.is_not(None)).values(failing_since=None)
_DISABLE = (
    webhooks.update()
    .where(*_ONE, webhooks.c.disabled.is_(None))
    .values(disabled=sa.bindparam("now"), reason=sa.bindparam("why"), version=webhooks.c.version + 1)
)
_DISABLED = sa.select(sa.func.count()).select_from(webhooks).where(webhooks.c.disabled.is_not(None))


def add(conn: Connection, new: WebhookRow, most: int) -> WebhookRow | Refused:
    """One more webhook; refuses `already_exists` when the provider has `most` of them."""
    if (conn.scalar(_COUNT, {"tenant": new.provider}) or 0) >= most:
        return Refused(RefusalCode.ALREADY_EXISTS, f"A provider has at most {most} webhooks.")
    row = msgspec.structs.asdict(new) | {"events": msgspec.json.encode(new.events).decode()}
    conn.execute(webhooks.insert(), row)
    return new


def get_webhook(conn: Connection, provider: str, webhook_id: str) -> WebhookRow | None:
    """The provider's webhook of that id."""
    row = conn.execute(_GET, {"of": webhook_id, "tenant": provider}).one_or_none()
    return None if row is None else _read_webhook(row)


def page(conn: Connection, provider: str, after: str = "", limit: int = 50) -> list[WebhookRow]:
    """At most `limit` webhooks of the provider with ids after `after`."""
    rows = conn.execute(_PAGE, {"tenant": provider, "after": after, "most": limit})
    return [_read_webhook(row) for row in rows]


def change(conn: Connection, changed: WebhookRow, seen: int) -> WebhookRow | Refused:
    """Address, filter, note, secrets and standing in place of version `seen`; refuses `version_stale`."""
    new = {
        "of": changed.id, "tenant": changed.provider, "seen": seen, "new_url": changed.url,
        "new_events": msgspec.json.encode(changed.events).decode(), "new_note": changed.note,
        "new_secrets": changed.secrets, "new_failing": changed.failing_since, "new_disabled": changed.disabled,
        "new_reason": changed.reason,
    }  # fmt: skip
    if conn.execute(_CHANGE, new).rowcount != 1:
        return Refused(RefusalCode.VERSION_STALE)
    return msgspec.structs.replace(changed, version=seen + 1)


def delete(conn: Connection, provider: str, webhook_id: str) -> bool:
    """It is gone, with everything still to be delivered to it; whether there was one."""
    asked = {"of": webhook_id, "tenant": provider}
    conn.execute(_FORGET, asked)
    return conn.execute(_DELETE, asked).rowcount == 1


def webhooks_behind(conn: Connection, limit: int = 50) -> list[tuple[str, str]]:
    """At most `limit` pairs (provider, webhook) of all working webhooks whose feed has gone on since they were last
    served; nothing of them is read, so that one that cannot be read keeps the feed from no other."""
    return [(provider, webhook) for provider, webhook in conn.execute(_BEHIND, {"most": limit})]


def mark_served(conn: Connection, hook: WebhookRow, seq: int) -> bool:
    """The feed up to `seq` has become deliveries; False when another process was first."""
    asked = {"of": hook.id, "tenant": hook.provider, "from_seq": hook.seq, "to_seq": seq}
    return conn.execute(_SERVED, asked).rowcount == 1


def mark_failing(conn: Connection, hook: WebhookRow, now: Instant) -> None:
    """It fails, since now unless it did before."""
    conn.execute(_FAILING, {"of": hook.id, "tenant": hook.provider, "now": now})


def mark_working(conn: Connection, hook: WebhookRow) -> None:
    """It has taken something, so it is not failing."""
    conn.execute(_WELL, {"of": hook.id, "tenant": hook.provider})


def disable_webhook(conn: Connection, hook: WebhookRow, why: str, now: Instant) -> bool:
    """It is told nothing any more; whether this call is the one that did it."""
    asked = {"of": hook.id, "tenant": hook.provider, "why": why, "now": now}
    return conn.execute(_DISABLE, asked).rowcount == 1


def count_disabled(conn: Connection) -> int:
    """How many webhooks of all providers are given up."""
    return conn.scalar(_DISABLED) or 0


def _read_webhook(row: Sequence[Any]) -> WebhookRow:
    found = WebhookRow(*row)
    return msgspec.structs.replace(found, events=tuple(msgspec.json.decode(row[3])))
