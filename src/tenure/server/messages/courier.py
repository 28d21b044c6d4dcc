"""Takes the feed to webhooks: what happened becomes deliveries, deliveries are tried, the silent are given up.

Each webhook has one try at a time in this process; rows are claimed, so that another process does not try them too.
"""

import asyncio
import logging
import ssl
from contextlib import suppress

import msgspec

from tenure.core.timeline import Instant
from tenure.http.instants import rfc3339
from tenure.http.outgoing import signing
from tenure.http.outgoing.chance import Chance
from tenure.http.outgoing.farewell import finish
from tenure.http.outgoing.posting import Reply, post
from tenure.server.context import Context
from tenure.server.keyring import NoSigningKeyError
from tenure.server.messages import backoff
from tenure.server.messages.catalogue import WEBHOOK_DISABLED, WEBHOOK_TEST, matches
from tenure.server.messages.desks import desk_addresses
from tenure.server.messages.noting import note
from tenure.store import deliveries, letters, outbox, people, webhooks
from tenure.store.deliveries import DELIVERED, FAILED, WAITING, Delivery, Tried
from tenure.store.engine import Conflict, Connection
from tenure.store.webhooks import Webhook
from tenure.wire.keys import Purpose, Signer

AT_ONCE = 100
WEBHOOKS_AT_ONCE = 16
BATCH = 8
CLAIM = 180
"""Seconds for which a batch is nobody else's: longer than every try in it may take."""
GONE = 410

_log = logging.getLogger("tenure.server.webhooks")


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is sent: `type`, `timestamp`, `data` as Standard Webhooks has them, and the place in the feed."""

    type: str
    timestamp: str
    provider: str
    seq: int | None
    subscription: str | None
    since: str
    data: msgspec.Raw


class Batch(msgspec.Struct, frozen=True):
    """Deliveries claimed for one webhook, with what proves them."""

    hook: Webhook
    secrets: tuple[bytes, ...]
    signer: Signer | None
    items: tuple[Delivery, ...]


class Courier:
    """The webhooks' part of the background work."""

    def __init__(self, context: Context, trust: ssl.SSLContext, chance: Chance) -> None:
        self._context, self._trust, self._chance = context, trust, chance
        self._turns = asyncio.Semaphore(WEBHOOKS_AT_ONCE)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def once(self) -> int:
        """One look: the feed becomes deliveries, what is due is being tried when this returns; how much was found.

        A slow webhook keeps nobody waiting: who is served already is left alone.
        """
        behind = await self._context.db.read(webhooks.behind)
        for hook in behind:
            with suppress(Conflict):  # another process serves it
                await self._context.db.write(fan_out, hook.provider, hook.id, self._context.clock())
        due = await self._context.db.read(deliveries.due, self._context.clock())
        free = [(provider, webhook) for provider, webhook in due if webhook not in self._busy]
        for provider, webhook in free:
            self._busy[webhook] = asyncio.create_task(self._serve(provider, webhook))
        return len(behind) + len(free)

    async def settle(self) -> None:
        """Until everything that is being tried has come to an end."""
        await asyncio.gather(*self._busy.values())

    async def close(self) -> None:
        """Let the tries under way come to an end, begin no others."""
        self._closing = True
        await finish(list(self._busy.values()))

    async def _serve(self, provider: str, webhook: str) -> None:
        try:
            await self._serve_in_turn(provider, webhook)
        except Exception:  # one receiver's mishap must not end the courier of all the others
            _log.exception("webhook %s could not be served; it is tried again", webhook)
        finally:
            del self._busy[webhook]

    async def _serve_in_turn(self, provider: str, webhook: str) -> None:
        async with self._turns:
            batch = await self._context.db.write(self._claim, provider, webhook, self._context.clock())
            if not isinstance(batch, Batch):
                return
            for place, one in enumerate(batch.items):
                if not await self._try(batch, one) or self._closing:
                    # It may be down: the rest is not thrown after it, but tried one by one.
                    await self._context.db.write(_release, batch.items[place + 1 :], self._context.clock())
                    return

    def _claim(self, conn: Connection, provider: str, webhook: str, now: Instant) -> Batch | None:
        hook, tenant = webhooks.webhook(conn, provider, webhook), people.provider(conn, provider)
        if hook is None or tenant is None or hook.disabled is not None:
            return None
        many = 1 if hook.failing_since is not None else BATCH
        items = deliveries.claim(conn, provider, webhook, now, now + CLAIM, many)
        secrets = [each.key for each in hook.opened(self._context.safe) if each.until is None or now < each.until]
        return Batch(hook, tuple(secrets), signer_of(self._context, now, sandbox=tenant.sandbox), tuple(items))

    async def _try(self, batch: Batch, one: Delivery) -> bool:
        """Whether it was taken; what came of it is on record when this returns."""
        sent = signing.headers(message_id(one), one.body, batch.secrets, batch.signer, self._context.clock())
        reply = await post(batch.hook.url, sent, one.body, self._context.reach, self._trust)
        if not reply.taken:
            _log.info("webhook %s: delivery %s failed: %s", batch.hook.id, one.id, reply.fault)
        now, draw = self._context.clock(), self._chance()
        await note(self._context.db, self._record, one, reply, now, draw)
        return reply.taken

    def _record(self, conn: Connection, one: Delivery, reply: Reply, now: Instant, draw: float) -> None:
        hook = webhooks.webhook(conn, one.provider, one.webhook)
        if hook is None:
            return  # deleted meanwhile, and this delivery with it
        deliveries.tried(conn, one, outcome_of(one, reply, now, draw), now)
        if reply.taken:
            webhooks.well(conn, hook)
        elif reply.status == GONE:
            self._give_up(conn, hook, "It answered 410: it is gone for good.", now)
        elif one.seq is not None:
            webhooks.failing(conn, hook, now)
            if hook.failing_since is not None and now - hook.failing_since >= backoff.WEBHOOK_PATIENCE:
                self._give_up(conn, hook, f"It took nothing since {rfc3339(hook.failing_since)}: {reply.fault}.", now)

    def _give_up(self, conn: Connection, hook: Webhook, why: str, now: Instant) -> None:
        tenant = people.provider(conn, hook.provider)
        if tenant is None or not webhooks.disable(conn, hook, why, now):
            return
        _log.warning("webhook %s of %s is disabled: %s", hook.id, hook.provider, why)
        here = tenant.clock.read(now) if tenant.clock else now
        told = {"webhook": hook.id, "url": hook.url, "reason": why}
        outbox.put(conn, hook.provider, WEBHOOK_DISABLED, None, here, here, msgspec.json.encode(told))
        link = f"{self._context.portal_url}/webhooks/{hook.id}" if self._context.portal_url else ""
        values = {"url": hook.url, "reason": why, "provider": tenant.name, "link": link}
        for address in desk_addresses(conn, hook.provider):
            letters.put(conn, self._context.safe, hook.provider, address, "webhook_disabled", values, now)


def fan_out(conn: Connection, provider: str, webhook: str, now: Instant) -> int:
    """The next part of the feed as deliveries for one webhook; how many. Raises Conflict when another was first."""
    hook = webhooks.webhook(conn, provider, webhook)
    notes = [] if hook is None else outbox.page(conn, provider, hook.seq, AT_ONCE)
    if hook is None or hook.disabled is not None or not notes:
        return 0
    wanted = [each for each in notes if matches(hook.events, each.kind)]
    for each in wanted:
        deliveries.put(conn, (provider, webhook), each.seq, each.kind, payload(each), now)
    if not webhooks.served(conn, hook, notes[-1].seq):
        raise Conflict("another process has served this webhook")
    return len(wanted)


def payload(told: outbox.Note) -> bytes:
    """The body that is sent, at every try the same."""
    return msgspec.json.encode(
        Payload(
            type=told.kind,
            timestamp=rfc3339(told.created),
            provider=told.provider,
            seq=told.seq,
            subscription=told.subscription,
            since=rfc3339(told.since),
            data=msgspec.Raw(told.body),
        )
    )


def trial(provider: str, now: Instant) -> bytes:
    """The body of a test event."""
    at = rfc3339(now)
    return msgspec.json.encode(
        Payload(
            type=WEBHOOK_TEST, timestamp=at, provider=provider, seq=None, subscription=None, since=at,
            data=msgspec.Raw(b'{"message":"It works."}'),
        )
    )  # fmt: skip


def message_id(one: Delivery) -> str:
    """The id under which a receiver knows a message again: the same at every try and every replay."""
    own = one.replay_of or one.id
    return f"evt_{one.provider.partition('_')[2]}_{one.seq}" if one.seq is not None else f"evt_{own.partition('_')[2]}"


def outcome_of(one: Delivery, reply: Reply, now: Instant, draw: float) -> Tried:
    """What a reply means for a delivery; a test is tried once."""
    if reply.taken:
        return Tried(state=DELIVERED, status=reply.status, answer=reply.excerpt)
    final = one.seq is None or reply.status == GONE
    again = None if final else backoff.next_webhook_try(one.tries + 1, now, reply.retry_after, draw)
    return Tried(
        state=FAILED if again is None else WAITING,
        status=reply.status,
        answer=reply.excerpt,
        fault=reply.fault,
        again=again,
    )


def signer_of(context: Context, now: Instant, *, sandbox: bool) -> Signer | None:
    """The server's key for webhooks; None when it has none, and messages carry the HMAC alone."""
    try:
        return context.keys.signer(Purpose.WEBHOOK, "*", now, sandbox=sandbox)
    except NoSigningKeyError:
        return None


def _release(conn: Connection, items: tuple[Delivery, ...], now: Instant) -> None:
    for one in items:
        deliveries.release(conn, one, now)
