"""What is to be told to webhooks, one row per message and address: claimed, tried, logged; how is the server's to say.

A row is claimed by moving `due` on before it is tried, so that two processes never try it at once, and one that dies
meanwhile loses nothing.
"""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store import ids
from tenure.store.due_times import FARTHEST, is_due
from tenure.store.engine import Connection
from tenure.store.schema import deliveries, webhooks

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


class WebhookDelivery(msgspec.Struct, frozen=True):
    """One message for one webhook; `seq` is None for a test, `status` and `answer` are of the last try."""

    id: str
    provider: str
    webhook: str
    seq: int | None
    kind: str
    body: bytes
    created: Instant
    due: Instant | None
    state: str = WAITING
    tries: int = 0
    tried: Instant | None = None
    status: int | None = None
    answer: str = ""
    fault: str = ""
    replay_of: str | None = None


class DeliveryAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one try; `again` is when the next one is due, None when there is none."""

    state: str
    status: int | None = None
    answer: str = ""
    fault: str = ""
    again: Instant | None = None
    counts: bool = True
    """Whether it was a try of the receiver; False where nothing could be sent."""


_DELIVERY = sa.select(*[deliveries.c[name] for name in WebhookDelivery.__struct_fields__])
_OF = (deliveries.c.webhook == sa.bindparam("hook"), deliveries.c.provider == sa.bindparam("tenant"))
_GET = _DELIVERY.where(deliveries.c.id == sa.bindparam("of"), *_OF)
_PAGE = (
    _DELIVERY.where(*_OF, deliveries.c.id < sa.bindparam("before"))
    .order_by(deliveries.c.id.desc())
    .limit(sa.bindparam("most"))
)
_DUE = (
    sa.select(deliveries.c.webhook, deliveries.c.provider)
    .join(webhooks, webhooks.c.id == deliveries.c.webhook)
    .where(is_due(deliveries.c.due), webhooks.c.disabled.is_(None))
    .group_by(deliveries.c.webhook, deliveries.c.provider)
    .order_by(sa.func.min(deliveries.c.due), deliveries.c.webhook)
    .limit(sa.bindparam("most"))
)
_DUE_OF = (
    _DELIVERY.where(*_OF, is_due(deliveries.c.due))
    .order_by(deliveries.c.due, deliveries.c.created, deliveries.c.seq, deliveries.c.id)
    .limit(sa.bindparam("most"))
)
_CLAIM = (
    deliveries.update()
    .where(deliveries.c.id == sa.bindparam("of"), deliveries.c.due == sa.bindparam("seen"))
    .values(due=sa.bindparam("until"))
)
_TRIED = (
    deliveries.update()
    .where(deliveries.c.id == sa.bindparam("of"), *_OF)
    .values(
        state=sa.bindparam("new_state"),
        due=sa.bindparam("new_due"),
        tries=deliveries.c.tries + sa.bindparam("counted"),
        tried=sa.bindparam("now"),
        status=sa.bindparam("new_status"),
        answer=sa.bindparam("new_answer"),
        fault=sa.bindparam("new_fault"),
    )
)
_RELEASE = (
    deliveries.update()
    .where(deliveries.c.id == sa.bindparam("of"), *_OF, deliveries.c.due == sa.bindparam("claimed"))
    .values(due=sa.bindparam("now"))
)
_PUT_OFF = deliveries.update().where(*_OF, deliveries.c.due < sa.bindparam("until")).values(due=sa.bindparam("until"))
_WAITING = sa.select(sa.func.count()).select_from(deliveries).where(deliveries.c.due.is_not(None))
_COLLECT = deliveries.delete().where(deliveries.c.created < sa.bindparam("before"), deliveries.c.due.is_(None))
LAST = "~"
"""Sorts after every id."""


def add_delivery(
    conn: Connection,
    hook: tuple[str, str],
    seq: int | None,
    kind: str,
    body: bytes,
    now: Instant,
    *,
    replay_of: str | None = None,
) -> WebhookDelivery:
    """One more message for `hook` (provider, webhook), due at once."""
    provider, webhook = hook
    new = WebhookDelivery(ids.new_id("dlv", now), provider, webhook, seq, kind, body, now, now, replay_of=replay_of)
    conn.execute(deliveries.insert(), msgspec.structs.asdict(new))
    return new


def delivery(conn: Connection, provider: str, webhook: str, delivery_id: str) -> WebhookDelivery | None:
    """The delivery of that id to the provider's webhook."""
    row = conn.execute(_GET, {"of": delivery_id, "hook": webhook, "tenant": provider}).one_or_none()
    return None if row is None else WebhookDelivery(*row)


def page(conn: Connection, provider: str, webhook: str, before: str = LAST, limit: int = 50) -> list[WebhookDelivery]:
    """At most `limit` deliveries to the provider's webhook, newest first, with ids before `before`."""
    asked = {"hook": webhook, "tenant": provider, "before": before, "most": limit}
    return [WebhookDelivery(*row) for row in conn.execute(_PAGE, asked)]


def due(conn: Connection, now: Instant, limit: int = 50) -> list[tuple[str, str]]:
    """At most `limit` pairs (provider, webhook) with something to deliver now, longest due first."""
    return [
        (provider, webhook)
        for webhook, provider in conn.execute(_DUE, {"now": now, "most": limit, "far": now + FARTHEST})
    ]


def claim(
    conn: Connection, provider: str, webhook: str, now: Instant, until: Instant, limit: int
) -> list[WebhookDelivery]:
    """Claim at most `limit` due deliveries to one webhook: no other worker tries them before `until`, their `due`."""
    asked = {"hook": webhook, "tenant": provider, "now": now, "most": limit, "far": now + FARTHEST}
    found = [WebhookDelivery(*row) for row in conn.execute(_DUE_OF, asked).all()]
    return [
        msgspec.structs.replace(each, due=until)
        for each in found
        if conn.execute(_CLAIM, {"of": each.id, "seen": each.due, "until": until}).rowcount == 1
    ]


def release(conn: Connection, one: WebhookDelivery, now: Instant) -> None:
    """A claimed delivery that was not tried is due again, unless it was put off meanwhile."""
    asked = {"of": one.id, "hook": one.webhook, "tenant": one.provider, "claimed": one.due, "now": now}
    conn.execute(_RELEASE, asked)


def put_off(conn: Connection, one: WebhookDelivery, until: Instant) -> None:
    """Nothing of what waits for the webhook of `one` is due before `until`."""
    conn.execute(_PUT_OFF, {"hook": one.webhook, "tenant": one.provider, "until": until})


def record_attempt(conn: Connection, one: WebhookDelivery, outcome: DeliveryAttempt, now: Instant) -> None:
    """What came of a try at `now`."""
    conn.execute(
        _TRIED,
        {
            "of": one.id, "hook": one.webhook, "tenant": one.provider, "now": now, "new_state": outcome.state,
            "counted": int(outcome.counts),
            "new_due": outcome.again, "new_status": outcome.status, "new_answer": outcome.answer,
            "new_fault": outcome.fault,
        },
    )  # fmt: skip


def count_waiting(conn: Connection) -> int:
    """How many deliveries of all providers are still to be made."""
    return conn.scalar(_WAITING) or 0


def collect(conn: Connection, before: Instant) -> int:
    """Forget finished deliveries made before that instant; how many."""
    return conn.execute(_COLLECT, {"before": before}).rowcount
