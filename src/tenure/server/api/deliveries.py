"""What was delivered to a webhook, trying it again, and a test event [spec: messages]."""

from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.context import ServerOperations, Tenant, tenant_of
from tenure.server.messages.catalog import WEBHOOK_TEST
from tenure.server.messages.webhook_worker import test_payload
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.views import optional_rfc3339
from tenure.store import deliveries, webhooks
from tenure.store.deliveries import WebhookDelivery
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace
from tenure.store.webhooks import WebhookRow

READ = AccessRule("messages:read", PROVIDER_STAFF)
WRITE = AccessRule("messages:write", PROVIDER_STAFF)


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One message to a webhook and what came of the last try."""

    id: str
    seq: int | None
    kind: str
    state: str
    """`waiting`, `delivered` or `failed`."""
    created: str
    tries: int
    tried: str | None
    due: str | None
    status: int | None
    answer: str
    """The beginning of the receiver's answer."""
    fault: str
    replay_of: str | None
    body: msgspec.Raw


class DeliveryOperations(ServerOperations):
    """The operations on what is told to webhooks."""

    @operation_at("GET", "/v1/webhooks/{webhook}/deliveries", READ)
    async def list_deliveries(
        self, caller: Principal, webhook: Id, paging: PageRequest, provider: Id | None = None
    ) -> ResultPage[DeliveryView] | Refused:
        """Lists what was, and is to be, delivered to a webhook, newest first; kept for 30 days."""
        before = paging.after_key(str)
        if isinstance(before, Refused):
            return before

        def work(conn: Connection, real: Instant) -> list[DeliveryView] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            found = deliveries.page(conn, opened[0].id, webhook, before or deliveries.LAST, paging.limit + 1)
            return [delivery_view(each) for each in found]

        found = await self._context.read_tx(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    @operation_at("POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/replay", WRITE, status=201)
    async def replay_delivery(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        webhook: Id,
        delivery: Id,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[DeliveryView] | Refused:
        """Delivers a message once more, under the same `webhook-id`, so that a receiver knows it again."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            one = deliveries.delivery(conn, opened[0].id, webhook, delivery)
            if one is None:
                return Refused(RefusalCode.NOT_FOUND, field="delivery")
            hook = (one.provider, one.webhook)
            origin = one.replay_of or one.id
            again = deliveries.add_delivery(conn, hook, one.seq, one.kind, one.body, real, replay_of=origin)
            record_audit(
                conn, TeamPlace(one.provider), caller, address, "delivery_repeated", f"{webhook}: {delivery}", real
            )
            return json_response(delivery_view(again), 201)

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("POST", "/v1/webhooks/{webhook}/test", WRITE, status=201)
    async def test_webhook(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        webhook: Id,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[DeliveryView] | Refused:
        """Sends a test event, once; what came of it is in the list of deliveries a moment later."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            opened = webhook_of(conn, caller, provider, webhook, real)
            if isinstance(opened, Refused):
                return opened
            tenant = opened[0]
            one = deliveries.add_delivery(
                conn, (tenant.id, webhook), None, WEBHOOK_TEST, test_payload(tenant.id, tenant.now), real
            )
            record_audit(conn, TeamPlace(tenant.id), caller, address, "webhook_tested", webhook, real)
            return json_response(delivery_view(one), 201)

        return await self._context.run_once(ticket, dry_run, work)


def webhook_of(
    conn: Connection, caller: Principal, named: str | None, webhook: str, real: Instant
) -> tuple[Tenant, WebhookRow] | Refused:
    """The tenant and its webhook; a foreign one is `not_found`, like an unknown one."""
    tenant = tenant_of(conn, caller, named, real)
    if isinstance(tenant, Refused):
        return tenant
    hook = webhooks.get_webhook(conn, tenant.id, webhook)
    return Refused(RefusalCode.NOT_FOUND, field="webhook") if hook is None else (tenant, hook)


def delivery_view(one: WebhookDelivery) -> DeliveryView:
    """A delivery as shown."""
    return DeliveryView(
        id=one.id,
        seq=one.seq,
        kind=one.kind,
        state=one.state,
        created=format_rfc3339(one.created),
        tries=one.tries,
        tried=optional_rfc3339(one.tried),
        due=optional_rfc3339(one.due),
        status=one.status,
        answer=one.answer,
        fault=one.fault,
        replay_of=one.replay_of,
        body=msgspec.Raw(one.body),
    )
