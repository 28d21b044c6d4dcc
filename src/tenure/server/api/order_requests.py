"""Order requests: what a customer asks its provider to order, where it may not order by itself (M2).

Accepting one is an order that names it (`POST /v1/subscriptions`, `order_request`), with preview and plan as always.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tenure.core.refusals import RefusalCode
from tenure.http.auth import AccessRule
from tenure.http.body_types import Line, OptionalLine, RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import order_requests as asking
from tenure.server import ordering
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Devices, Id
from tenure.server.api.operations import ServerOperations, TenantPost, TenantQuery
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.views import optional_rfc3339
from tenure.store import order_requests
from tenure.store.engine import Connection
from tenure.store.order_requests import OrderRequest
from tenure.store.users import TeamPlace

READ = AccessRule("subscriptions:read")
WRITE = AccessRule("subscriptions:write")
DECLINE = AccessRule("subscriptions:write", PROVIDER_STAFF)

State = Literal["asked", "ordered", "declined", "withdrawn"]


class NewOrderRequest(RequestBody, frozen=True, kw_only=True):
    """An order that a customer wishes for; the provider's staff may enter one that it was asked for by telephone."""

    customer: Id
    offer: Id
    devices: Devices
    note: OptionalLine = ""


class DecliningBody(RequestBody, frozen=True, kw_only=True):
    """Why it is not ordered; the customer reads it."""

    reason: Line


class OrderRequestView(msgspec.Struct, frozen=True, kw_only=True):
    """An order request and how it ended."""

    id: str
    customer: str
    customer_name: str
    offer: str
    offer_name: str
    """The offer's own name, else its plan's; also of an offer that is not on sale any more."""
    devices: int
    note: str
    by: str
    state: State
    created: str
    closed: str | None
    subscription: str | None
    """What was ordered."""
    reason: str
    """Why it was declined."""


_CLOSED = (RefusalCode.ORDER_REQUEST_CLOSED,)
_ASKED = (RefusalCode.NOT_FOUND, RefusalCode.UNKNOWN_PLAN, RefusalCode.ORDER_REQUESTS_OPEN)


class OrderRequestOperations(ServerOperations):
    """The operations on order requests."""

    @operation_at("POST", "/v1/order-requests", WRITE, status=201, refusals=_ASKED)
    async def request_order(self, request: TenantPost, body: NewOrderRequest) -> ApiResponse[OrderRequestView]:
        """Asks the provider for an order; nothing is sold by it."""

        def work(conn: Connection, tenant: Tenant) -> OrderRequest:
            wished = (body.customer, body.offer, body.devices, body.note)
            return accept(asking.request_order(conn, tenant, *wished, tenant.real))

        return await self._change_request(request, "order_requested", work, 201)

    @operation_at("GET", "/v1/order-requests", READ, refusals=[RefusalCode.NOT_FOUND])
    async def list_order_requests(
        self, request: TenantQuery, paging: PageRequest, customer: Id | None = None, state: State | None = None
    ) -> ResultPage[OrderRequestView]:
        """Lists order requests, narrowed to a customer or a state."""

        def rows(conn: Connection, tenant: Tenant, after: str, most: int) -> list[OrderRequestView]:
            whose = accept(tenant.narrow_to(customer))
            found = order_requests.page(conn, tenant.id, whose, state, after, most)
            return [_request_view(conn, each) for each in found]

        return await self._list_as(request, paging, rows)

    @operation_at("GET", "/v1/order-requests/{order_request}", READ)
    async def read_order_request(self, request: TenantQuery, order_request: Id) -> OrderRequestView:
        """Reads an order request."""

        def work(conn: Connection, tenant: Tenant) -> OrderRequestView:
            return _request_view(conn, accept(asking.find_request(conn, tenant, order_request)))

        return await self._read_as(request, work)

    @operation_at("POST", "/v1/order-requests/{order_request}/withdraw", WRITE, refusals=_CLOSED)
    async def withdraw_order_request(self, request: TenantPost, order_request: Id) -> ApiResponse[OrderRequestView]:
        """Withdraws an order request that is still open."""

        def work(conn: Connection, tenant: Tenant) -> OrderRequest:
            found = accept(asking.lock_request(conn, tenant, order_request))
            return accept(asking.close_request(conn, found, withdrawn_at=tenant.now))

        return await self._change_request(request, "order_request_withdrawn", work)

    @operation_at("POST", "/v1/order-requests/{order_request}/decline", DECLINE, refusals=_CLOSED)
    async def decline_order_request(
        self, request: TenantPost, order_request: Id, body: DecliningBody
    ) -> ApiResponse[OrderRequestView]:
        """Declines an order request that is still open, with the reason that its customer reads."""

        def work(conn: Connection, tenant: Tenant) -> OrderRequest:
            found = accept(asking.lock_request(conn, tenant, order_request))
            return accept(asking.close_request(conn, found, declined_at=tenant.now, reason=body.reason))

        return await self._change_request(request, "order_request_declined", work)

    async def _change_request(
        self,
        request: TenantPost,
        what: str,
        change: Callable[[Connection, Tenant], OrderRequest],
        status: int = 200,
    ) -> ApiResponse[OrderRequestView]:
        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            changed = change(conn, tenant)
            record_audit(conn, TeamPlace(changed.provider, changed.customer), request, what, changed.id, tenant.real)
            return json_response(_request_view(conn, changed), status)

        return await self._write_as(request, work)


def _request_view(conn: Connection, request: OrderRequest) -> OrderRequestView:
    return copy_fields(
        OrderRequestView,
        request,
        offer_name=ordering.offer_name(conn, request.provider, request.offer),
        by=request.by_actor,
        state=request.current_state,
        closed=optional_rfc3339(request.ordered_at or request.declined_at or request.withdrawn_at),
    )
