"""Order requests: what a customer asks its provider to order, where it may not order by itself (M2).

Accepting one is an order that names it (`POST /v1/subscriptions`, `order_request`), with preview and plan as always.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import Line, OptionalLine, RequestBody
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server import order_requests as asking
from tenure.server import ordering
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Devices, Id
from tenure.server.context import ServerOperations, Tenant, tenant_of
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
Work = Callable[[Connection, Tenant, Instant], OrderRequest | Refused]


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


class _AuditNote(NamedTuple):
    """What stands in the audit log, and from where it was done."""

    what: str
    address: Address


_CLOSED = (RefusalCode.ORDER_REQUEST_CLOSED,)
_ASKED = (RefusalCode.NOT_FOUND, RefusalCode.UNKNOWN_PLAN, RefusalCode.ORDER_REQUESTS_OPEN)


class OrderRequestOperations(ServerOperations):
    """The operations on order requests."""

    @operation_at("POST", "/v1/order-requests", WRITE, status=201, refusals=_ASKED)
    async def request_order(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: NewOrderRequest,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[OrderRequestView] | Refused:
        """Asks the provider for an order; nothing is sold by it."""

        def work(conn: Connection, tenant: Tenant, real: Instant) -> OrderRequest | Refused:
            return asking.request_order(conn, tenant, body.customer, body.offer, body.devices, body.note, real)

        return await self._change_request(
            caller, ticket, _AuditNote("order_requested", address), provider, dry_run, work, status=201
        )

    @operation_at("GET", "/v1/order-requests", READ, refusals=[RefusalCode.NOT_FOUND])
    async def list_order_requests(
        self,
        caller: Principal,
        paging: PageRequest,
        provider: Id | None = None,
        customer: Id | None = None,
        state: State | None = None,
    ) -> ResultPage[OrderRequestView] | Refused:
        """Lists order requests, narrowed to a customer or a state."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, tenant: Tenant) -> list[OrderRequestView] | Refused:
            whose = tenant.narrow_to(customer)
            if isinstance(whose, Refused):
                return whose
            rows = order_requests.page(conn, tenant.id, whose, state, after or "", paging.limit + 1)
            return [_request_view(conn, each) for each in rows]

        found = await self._context.read_as(caller, provider, work)
        if isinstance(found, Refused):
            return found
        return cut_page(found, paging.limit, lambda each: each.id)

    @operation_at("GET", "/v1/order-requests/{order_request}", READ)
    async def read_order_request(
        self, caller: Principal, order_request: Id, provider: Id | None = None
    ) -> OrderRequestView | Refused:
        """Reads an order request."""

        def work(conn: Connection, tenant: Tenant) -> OrderRequestView | Refused:
            found = asking.find_request(conn, tenant, order_request)
            return found if isinstance(found, Refused) else _request_view(conn, found)

        return await self._context.read_as(caller, provider, work)

    @operation_at("POST", "/v1/order-requests/{order_request}/withdraw", WRITE, refusals=_CLOSED)
    async def withdraw_order_request(
        self,
        caller: Principal,
        order_request: Id,
        ticket: IdempotentRequest,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[OrderRequestView] | Refused:
        """Withdraws an order request that is still open."""

        def work(conn: Connection, tenant: Tenant, real: Instant) -> OrderRequest | Refused:
            request = asking.lock_request(conn, tenant, order_request)
            return (
                request
                if isinstance(request, Refused)
                else asking.close_request(conn, request, withdrawn_at=tenant.now)
            )

        return await self._change_request(
            caller, ticket, _AuditNote("order_request_withdrawn", address), provider, dry_run, work
        )

    @operation_at("POST", "/v1/order-requests/{order_request}/decline", DECLINE, refusals=_CLOSED)
    async def decline_order_request(
        self,
        caller: Principal,
        order_request: Id,
        ticket: IdempotentRequest,
        body: DecliningBody,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[OrderRequestView] | Refused:
        """Declines an order request that is still open, with the reason that its customer reads."""

        def work(conn: Connection, tenant: Tenant, real: Instant) -> OrderRequest | Refused:
            request = asking.lock_request(conn, tenant, order_request)
            if isinstance(request, Refused):
                return request
            return asking.close_request(conn, request, declined_at=tenant.now, reason=body.reason)

        return await self._change_request(
            caller, ticket, _AuditNote("order_request_declined", address), provider, dry_run, work
        )

    async def _change_request(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        noted: _AuditNote,
        provider: str | None,
        dry_run: bool,
        then: Work,
        status: int = 200,
    ) -> ApiResponse[OrderRequestView] | Refused:
        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            request = tenant if isinstance(tenant, Refused) else then(conn, tenant, real)
            if isinstance(request, Refused):
                return request
            place = TeamPlace(request.provider, request.customer)
            record_audit(conn, place, caller, noted.address, noted.what, request.id, real)
            return json_response(_request_view(conn, request), status)

        return await self._context.run_once(ticket, dry_run, work)


def _request_view(conn: Connection, request: OrderRequest) -> OrderRequestView:
    state: Any = request.current_state
    return OrderRequestView(
        id=request.id,
        customer=request.customer,
        customer_name=request.customer_name,
        offer=request.offer,
        offer_name=ordering.offer_name(conn, request.provider, request.offer),
        devices=request.devices,
        note=request.note,
        by=request.by_actor,
        state=state,
        created=format_rfc3339(request.created),
        closed=optional_rfc3339(request.ordered_at or request.declined_at or request.withdrawn_at),
        subscription=request.subscription,
        reason=request.reason,
    )
