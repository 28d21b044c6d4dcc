"""Takes the feed to webhooks: what happened becomes deliveries, deliveries are tried, the silent are given up.

Each webhook has one try at a time in this process; rows are claimed, so that another process does not try them too.
"""

import asyncio
import logging
import ssl
from contextlib import suppress

import msgspec

from tenure.core.timeline import Instant
from tenure.http.outgoing import signing
from tenure.http.outgoing.drain import drain_tasks
from tenure.http.outgoing.jitter import Jitter
from tenure.http.outgoing.webhook_client import WebhookReply, post_webhook
from tenure.http.timestamps import format_rfc3339
from tenure.server.context import ServerContext
from tenure.server.keyring import NoSigningKeyError
from tenure.server.messages import backoff
from tenure.server.messages.attempt_log import record_persistently
from tenure.server.messages.catalog import WEBHOOK_DISABLED, WEBHOOK_TEST, matches_filters
from tenure.server.messages.staff_recipients import staff_addresses
from tenure.store import deliveries, emails, outbox, tenants, webhooks
from tenure.store.deliveries import DELIVERED, FAILED, WAITING, DeliveryAttempt, WebhookDelivery
from tenure.store.engine import Connection, WriteConflict
from tenure.store.webhooks import WebhookRow
from tenure.wire.keys import Purpose, Signer

AT_ONCE = 100
WEBHOOKS_AT_ONCE = 16
BATCH = 8
CLAIM = 180
"""Seconds for which no other worker takes a claimed batch: longer than every try in it may take."""
GONE = 410

_log = logging.getLogger("tenure.server.webhooks")


class WebhookPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is sent: `type`, `timestamp`, `data` as Standard Webhooks has them, and the place in the feed."""

    type: str
    timestamp: str
    provider: str
    seq: int | None
    subscription: str | None
    since: str
    data: msgspec.Raw


class DeliveryBatch(msgspec.Struct, frozen=True):
    """Deliveries claimed for one webhook, with what proves them."""

    hook: WebhookRow
    secrets: tuple[bytes, ...]
    signer: Signer | None
    items: tuple[WebhookDelivery, ...]


class WebhookWorker:
    """The webhooks' part of the background work."""

    def __init__(self, context: ServerContext, trust: ssl.SSLContext, jitter: Jitter) -> None:
        self._context, self._trust, self._jitter = context, trust, jitter
        self._turns = asyncio.Semaphore(WEBHOOKS_AT_ONCE)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def once(self) -> int:
        """One look: the feed becomes deliveries, what is due is being tried when this returns; how much was found.

        A slow webhook does not delay the others: one that is being served is left alone.
        """
        behind = await self._context.db.read(webhooks.webhooks_behind)
        for hook in behind:
            with suppress(WriteConflict):  # another process serves it
                await self._context.db.write(fan_out, hook.provider, hook.id, self._context.clock())
        due = await self._context.db.read(deliveries.due, self._context.clock())
        free = [(provider, webhook) for provider, webhook in due if webhook not in self._busy]
        for provider, webhook in free:
            self._busy[webhook] = asyncio.create_task(self._serve_webhook(provider, webhook))
        return len(behind) + len(free)

    async def settle(self) -> None:
        """Until everything that is being tried has come to an end."""
        await asyncio.gather(*self._busy.values())

    async def close(self) -> None:
        """Let the tries under way come to an end, begin no others."""
        self._closing = True
        await drain_tasks(list(self._busy.values()))

    async def _serve_webhook(self, provider: str, webhook: str) -> None:
        try:
            await self._serve_in_turn(provider, webhook)
        except Exception:  # one receiver's fault must not end the deliveries to all the others
            _log.exception("webhook %s could not be served; it is tried again", webhook)
        finally:
            del self._busy[webhook]

    async def _serve_in_turn(self, provider: str, webhook: str) -> None:
        async with self._turns:
            batch = await self._context.db.write(self._claim_deliveries, provider, webhook, self._context.clock())
            if not isinstance(batch, DeliveryBatch):
                return
            for place, one in enumerate(batch.items):
                if not await self._try_delivery(batch, one) or self._closing:
                    # It may be down: the rest is not thrown after it, but tried one by one.
                    await self._context.db.write(_release_claims, batch.items[place + 1 :], self._context.clock())
                    return

    def _claim_deliveries(self, conn: Connection, provider: str, webhook: str, now: Instant) -> DeliveryBatch | None:
        hook, tenant = webhooks.get_webhook(conn, provider, webhook), tenants.get_provider(conn, provider)
        if hook is None or tenant is None or hook.disabled is not None:
            return None
        many = 1 if hook.failing_since is not None else BATCH
        items = deliveries.claim(conn, provider, webhook, now, now + CLAIM, many)
        secrets = [each.key for each in hook.open_secrets(self._context.safe) if each.until is None or now < each.until]
        return DeliveryBatch(hook, tuple(secrets), signer_of(self._context, now, sandbox=tenant.sandbox), tuple(items))

    async def _try_delivery(self, batch: DeliveryBatch, one: WebhookDelivery) -> bool:
        """Whether it was taken; what came of it is on record when this returns."""
        sent = signing.signature_headers(message_id(one), one.body, batch.secrets, batch.signer, self._context.clock())
        reply = await post_webhook(batch.hook.url, sent, one.body, self._context.reach, self._trust)
        if not reply.was_accepted:
            _log.info("webhook %s: delivery %s failed: %s", batch.hook.id, one.id, reply.fault)
        now, draw = self._context.clock(), self._jitter()
        await record_persistently(self._context.db, self._record_attempt, one, reply, now, draw)
        return reply.was_accepted

    def _record_attempt(
        self, conn: Connection, one: WebhookDelivery, reply: WebhookReply, now: Instant, draw: float
    ) -> None:
        hook = webhooks.get_webhook(conn, one.provider, one.webhook)
        if hook is None:
            return  # deleted meanwhile, and this delivery with it
        deliveries.record_attempt(conn, one, outcome_of(one, reply, now, draw), now)
        if reply.was_accepted:
            webhooks.mark_working(conn, hook)
        elif reply.status == GONE:
            self._give_up(conn, hook, "It answered 410: it is gone for good.", now)
        elif one.seq is not None:
            webhooks.mark_failing(conn, hook, now)
            if hook.failing_since is not None and now - hook.failing_since >= backoff.WEBHOOK_BACKOFF:
                self._give_up(
                    conn, hook, f"It took nothing since {format_rfc3339(hook.failing_since)}: {reply.fault}.", now
                )

    def _give_up(self, conn: Connection, hook: WebhookRow, why: str, now: Instant) -> None:
        tenant = tenants.get_provider(conn, hook.provider)
        if tenant is None or not webhooks.disable_webhook(conn, hook, why, now):
            return
        _log.warning("webhook %s of %s is disabled: %s", hook.id, hook.provider, why)
        here = tenant.clock.now_at(now) if tenant.clock else now
        told = {"webhook": hook.id, "url": hook.url, "reason": why}
        outbox.add_note(conn, hook.provider, WEBHOOK_DISABLED, None, here, here, msgspec.json.encode(told))
        link = f"{self._context.portal_url}/webhooks/{hook.id}" if self._context.portal_url else ""
        values = {"url": hook.url, "reason": why, "provider": tenant.name, "link": link}
        for address in staff_addresses(conn, hook.provider):
            emails.add_email(conn, self._context.safe, hook.provider, address, "webhook_disabled", values, now)


def fan_out(conn: Connection, provider: str, webhook: str, now: Instant) -> int:
    """The next part of the feed as deliveries for one webhook; how many. Raises Conflict when another was first."""
    hook = webhooks.get_webhook(conn, provider, webhook)
    notes = [] if hook is None else outbox.notes_after(conn, provider, hook.seq, AT_ONCE)
    if hook is None or hook.disabled is not None or not notes:
        return 0
    wanted = [each for each in notes if matches_filters(hook.events, each.kind)]
    for each in wanted:
        deliveries.add_delivery(conn, (provider, webhook), each.seq, each.kind, event_payload(each), now)
    if not webhooks.mark_served(conn, hook, notes[-1].seq):
        raise WriteConflict("another process has served this webhook")
    return len(wanted)


def event_payload(told: outbox.OutboxNote) -> bytes:
    """The body that is sent, at every try the same."""
    return msgspec.json.encode(
        WebhookPayload(
            type=told.kind,
            timestamp=format_rfc3339(told.created),
            provider=told.provider,
            seq=told.seq,
            subscription=told.subscription,
            since=format_rfc3339(told.since),
            data=msgspec.Raw(told.body),
        )
    )


def test_payload(provider: str, now: Instant) -> bytes:
    """The body of a test event."""
    at = format_rfc3339(now)
    return msgspec.json.encode(
        WebhookPayload(
            type=WEBHOOK_TEST, timestamp=at, provider=provider, seq=None, subscription=None, since=at,
            data=msgspec.Raw(b'{"message":"It works."}'),
        )
    )  # fmt: skip


def message_id(one: WebhookDelivery) -> str:
    """The id under which a receiver knows a message again: the same at every try and every replay."""
    own = one.replay_of or one.id
    return f"evt_{one.provider.partition('_')[2]}_{one.seq}" if one.seq is not None else f"evt_{own.partition('_')[2]}"


def outcome_of(one: WebhookDelivery, reply: WebhookReply, now: Instant, draw: float) -> DeliveryAttempt:
    """What a reply means for a delivery; a test is tried once."""
    if reply.was_accepted:
        return DeliveryAttempt(state=DELIVERED, status=reply.status, answer=reply.excerpt)
    final = one.seq is None or reply.status == GONE
    again = None if final else backoff.next_webhook_try(one.tries + 1, now, reply.retry_after, draw)
    return DeliveryAttempt(
        state=FAILED if again is None else WAITING,
        status=reply.status,
        answer=reply.excerpt,
        fault=reply.fault,
        again=again,
    )


def signer_of(context: ServerContext, now: Instant, *, sandbox: bool) -> Signer | None:
    """The server's key for webhooks; None when it has none, and messages carry the HMAC alone."""
    try:
        return context.keys.signer_for(Purpose.WEBHOOK, "*", now, sandbox=sandbox)
    except NoSigningKeyError:
        return None


def _release_claims(conn: Connection, items: tuple[WebhookDelivery, ...], now: Instant) -> None:
    for one in items:
        deliveries.release(conn, one, now)
