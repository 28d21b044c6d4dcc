"""What was delivered to a webhook, trying it again, and a test event [spec: messages]."""

from typing import Any

import msgspec

from tenure.http.auth import AccessRule
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantPost, TenantQuery
from tenure.server.context import Tenant
from tenure.server.messages.catalog import WEBHOOK_TEST
from tenure.server.messages.webhook_worker import test_payload
from tenure.server.roles import PROVIDER_STAFF
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
    async def list_deliveries(self, request: TenantQuery, webhook: Id, paging: PageRequest) -> ResultPage[DeliveryView]:
        """Lists what was, and is to be, delivered to a webhook, newest first; kept for 30 days."""

        def rows(conn: Connection, tenant: Tenant, before: str, most: int) -> list[DeliveryView]:
            find_webhook(conn, tenant, webhook)
            found = deliveries.page(conn, tenant.id, webhook, before or deliveries.LAST, most)
            return [delivery_view(each) for each in found]

        return await self._list_as(request, paging, rows)

    @operation_at("POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/replay", WRITE, status=201)
    async def replay_delivery(self, request: TenantPost, webhook: Id, delivery: Id) -> ApiResponse[DeliveryView]:
        """Delivers a message once more, under the same `webhook-id`, so that a receiver knows it again."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            find_webhook(conn, tenant, webhook)
            one = require_found(deliveries.delivery(conn, tenant.id, webhook, delivery), "delivery")
            hook, origin, real = (one.provider, one.webhook), one.replay_of or one.id, tenant.real
            again = deliveries.add_delivery(conn, hook, one.seq, one.kind, one.body, real, replay_of=origin)
            place, said = TeamPlace(one.provider), f"{webhook}: {delivery}"
            record_audit(conn, place, request, "delivery_repeated", said, real)
            return json_response(delivery_view(again), 201)

        return await self._write_as(request, work)

    @operation_at("POST", "/v1/webhooks/{webhook}/test", WRITE, status=201)
    async def test_webhook(self, request: TenantPost, webhook: Id) -> ApiResponse[DeliveryView]:
        """Sends a test event, once; what came of it is in the list of deliveries a moment later."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            find_webhook(conn, tenant, webhook)
            payload = test_payload(tenant.id, tenant.now)
            one = deliveries.add_delivery(conn, (tenant.id, webhook), None, WEBHOOK_TEST, payload, tenant.real)
            record_audit(conn, TeamPlace(tenant.id), request, "webhook_tested", webhook, tenant.real)
            return json_response(delivery_view(one), 201)

        return await self._write_as(request, work)


def find_webhook(conn: Connection, tenant: Tenant, webhook: str) -> WebhookRow:
    """The tenant's webhook; raises RefusedError with `not_found` for a foreign one, like for an unknown one."""
    return require_found(webhooks.get_webhook(conn, tenant.id, webhook), "webhook")


def delivery_view(one: WebhookDelivery) -> DeliveryView:
    """A delivery as shown."""
    return copy_fields(DeliveryView, one, body=msgspec.Raw(one.body))
