"""Webhooks as a source of deliveries: what happened becomes deliveries, the silent are given up.

When they are sent is decided by the engine (`http.outgoing.delivery_worker`): each webhook has one try at a time in
this process; rows are claimed, so that another process does not try them too.
"""

import asyncio
import logging
import ssl
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.outgoing import signing
from tenure.http.outgoing.delivery_errors import DeliveryErrorCause
from tenure.http.outgoing.delivery_worker import DeliveryWorker, WorkerPace
from tenure.http.outgoing.resting import FAULT_PAUSE, RestingReceivers
from tenure.http.outgoing.retry_schedule import Jitter, why_given_up
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.outgoing.signing import SigningSecret
from tenure.http.timestamps import format_rfc3339
from tenure.server.context import ServerContext
from tenure.server.keyring import NoSigningKeyError
from tenure.server.messages import backoff
from tenure.server.messages.catalog import WEBHOOK_DISABLED, WEBHOOK_TEST, matches_filters
from tenure.server.messages.staff_recipients import staff_addresses
from tenure.store import deliveries, emails, outbox, tenants, webhooks
from tenure.store.deliveries import DELIVERED, FAILED, WAITING, DeliveryAttempt, WebhookDelivery
from tenure.store.engine import Connection, WriteConflict
from tenure.store.sealed import AnswerCipher
from tenure.store.webhooks import WebhookRow
from tenure.wire.keys import Purpose, Signer

AT_ONCE = 50
"""Webhooks of one look, but for those that it skips."""
NOTES_AT_ONCE = 100
WEBHOOKS_AT_ONCE = 16
BATCH = 8
CLAIM = 180
"""Seconds for which no other worker takes a claimed batch: longer than every try in it may take."""
LOGGER = "tenure.server.webhooks"
CLIENT = "tenure.http.outgoing.webhook_client"
SECRETS = "webhook"
"""What the secrets of webhooks are sealed for."""

UNSIGNED = SendOutcome(
    fault="not sent: its secrets cannot be opened, because this server's key for them is another",
    cause=DeliveryErrorCause.OWN_COMPUTER,
)
"""What cannot be signed is not sent: the receiver would take it for a stranger's."""

_log = logging.getLogger(LOGGER)


class WebhookPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is sent: `type`, `timestamp`, `data` as Standard Webhooks has them, and the place in the feed."""

    type: str
    timestamp: str
    provider: str
    seq: int | None
    subscription: str | None
    since: str
    data: msgspec.Raw


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery claimed for a webhook, with what proves it."""

    item: WebhookDelivery
    hook: WebhookRow
    secrets: tuple[SigningSecret, ...]
    signer: Signer | None


class WebhookSource:
    """The feed as deliveries to webhooks; a receiver is a provider's webhook (both ids)."""

    def __init__(self, context: ServerContext, trust: ssl.SSLContext) -> None:
        self._context, self._trust = context, trust
        self._resting = RestingReceivers()

    async def collect_events(self) -> int:
        """See `DeliverySource`."""
        behind = await self._context.db.read(webhooks.webhooks_behind, AT_ONCE + len(self._resting))
        return sum([await self._collect_for(hook) for hook in self._resting.skip_resting(behind)])

    async def _collect_for(self, hook: tuple[str, str]) -> bool:
        """Whether one webhook came on; a fault of its own must not keep the feed from all the others."""
        try:
            done = await self._context.db.write(fan_out, *hook, self._context.clock())
        except WriteConflict:  # another process serves it
            return False
        except Exception as fault:
            self.log_fault(hook, fault)
            self._resting.leave_alone(hook, FAULT_PAUSE)
            return False
        return not isinstance(done, Refused)

    async def find_due(self, more: int) -> list[tuple[str, str]]:
        """See `DeliverySource`."""
        return await self._context.db.read(deliveries.due, self._context.clock(), AT_ONCE + more)

    async def claim_messages(self, receiver: tuple[str, str]) -> list[ClaimedDelivery]:
        """See `DeliverySource`."""
        found = await self._context.db.write(self._claim_deliveries, *receiver, self._context.clock())
        return found if isinstance(found, list) else []

    async def send_message(self, message: ClaimedDelivery) -> SendOutcome:
        """See `DeliverySource`."""
        one, hook = message.item, message.hook
        if not message.secrets:
            return UNSIGNED
        sent = signing.signature_headers(
            message_id(one), one.body, message.secrets, message.signer, self._context.clock()
        )
        client = await load_client()
        reply: SendOutcome = await client.post_webhook(hook.url, sent, one.body, self._context.reach, self._trust)
        if not reply.was_accepted:
            _log.info("webhook %s: delivery %s failed: %s", hook.id, one.id, reply.fault)
        return reply

    async def record_attempt(self, message: ClaimedDelivery, outcome: SendOutcome, draw: float) -> Refused | None:
        """See `DeliverySource`."""
        return await self._context.db.write(self._record_reply, message.item, outcome, self._context.clock(), draw)

    async def release_messages(self, messages: Sequence[ClaimedDelivery]) -> None:
        """See `DeliverySource`."""
        if messages:
            await self._context.db.write(_release_claims, messages, self._context.clock())

    def log_fault(self, receiver: tuple[str, str], fault: Exception) -> None:
        """See `DeliverySource`."""
        _log.error("webhook %s could not be served; it is tried again", receiver[1], exc_info=fault)

    def _claim_deliveries(self, conn: Connection, provider: str, webhook: str, now: Instant) -> list[ClaimedDelivery]:
        hook, tenant = webhooks.get_webhook(conn, provider, webhook), tenants.get_provider(conn, provider)
        if hook is None or tenant is None or hook.disabled is not None:
            return []
        many = 1 if hook.failing_since is not None else BATCH
        items = deliveries.claim(conn, provider, webhook, now, now + CLAIM, many)
        secrets = signing.secrets_at(open_secrets(self._context.safe, hook), now)
        signer = signer_of(self._context, now, sandbox=tenant.sandbox)
        return [ClaimedDelivery(each, hook, secrets, signer) for each in items]

    def _record_reply(
        self, conn: Connection, one: WebhookDelivery, reply: SendOutcome, now: Instant, draw: float
    ) -> None:
        hook = webhooks.get_webhook(conn, one.provider, one.webhook)
        if hook is None:
            return  # deleted meanwhile, and this delivery with it
        came = outcome_of(one, reply, now, draw)
        deliveries.record_attempt(conn, one, came, now)
        if reply.is_own_fault and came.again is not None:
            deliveries.put_off(conn, one, came.again)
        since = now if one.seq is None else hook.failing_since or now
        if reply.was_accepted:
            webhooks.mark_working(conn, hook)
        elif why := why_given_up(reply, since, now, one.tries + 1):
            self._give_up(conn, hook, why, now)
        elif one.seq is not None and not reply.is_own_fault:
            webhooks.mark_failing(conn, hook, now)

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


async def load_client() -> ModuleType:
    """What webhooks are sent with, loaded when the first one goes out: for that the loop has no time."""
    return sys.modules[CLIENT] if CLIENT in sys.modules else await asyncio.to_thread(import_module, CLIENT)


def webhook_worker(context: ServerContext, trust: ssl.SSLContext, jitter: Jitter) -> DeliveryWorker:
    """The webhooks' part of the background work."""
    return DeliveryWorker(WebhookSource(context, trust), WorkerPace(at_once=WEBHOOKS_AT_ONCE), jitter, LOGGER)


def fan_out(conn: Connection, provider: str, webhook: str, now: Instant) -> int:
    """The next part of the feed as deliveries for one webhook; how many. Raises Conflict when another was first."""
    hook = webhooks.get_webhook(conn, provider, webhook)
    notes = [] if hook is None else outbox.notes_after(conn, provider, hook.seq, NOTES_AT_ONCE)
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


def outcome_of(one: WebhookDelivery, reply: SendOutcome, now: Instant, draw: float) -> DeliveryAttempt:
    """What a reply means for a delivery; a test is tried once."""
    if reply.was_accepted:
        return DeliveryAttempt(state=DELIVERED, status=reply.status, answer=reply.answer)
    again = None if one.seq is None or reply.cause == DeliveryErrorCause.GONE else _next_try(one, reply, now, draw)
    return DeliveryAttempt(
        state=FAILED if again is None else WAITING,
        status=reply.status,
        answer=reply.answer,
        fault=reply.fault,
        again=again,
        counts=not reply.is_own_fault,
    )


def _next_try(one: WebhookDelivery, reply: SendOutcome, now: Instant, draw: float) -> Instant | None:
    if reply.is_own_fault:
        return backoff.next_own_try(one.created, now, draw)
    return backoff.next_webhook_try(one.tries + 1, now, reply.retry_after, draw)


def open_secrets(safe: AnswerCipher, hook: WebhookRow) -> tuple[SigningSecret, ...]:
    """A webhook's secrets, newest first; none when they cannot be opened."""
    opened = safe.decrypt(hook.secrets, SECRETS)
    return () if opened is None else msgspec.json.decode(opened, type=tuple[SigningSecret, ...])


def seal_secrets(safe: AnswerCipher, secrets: tuple[SigningSecret, ...]) -> bytes:
    """Secrets as they are stored."""
    return safe.encrypt(msgspec.json.encode(secrets), SECRETS)


def signer_of(context: ServerContext, now: Instant, *, sandbox: bool) -> Signer | None:
    """The server's key for webhooks; None when it has none, and messages carry the HMAC alone."""
    try:
        return context.keys.signer_for(Purpose.WEBHOOK, "*", now, sandbox=sandbox)
    except NoSigningKeyError:
        return None


def _release_claims(conn: Connection, claimed: Sequence[ClaimedDelivery], now: Instant) -> None:
    for each in claimed:
        deliveries.release(conn, each.item, now)
