"""Asking for an order: what a customer may where the policy does not let it order by itself.

Everything runs inside one transaction of the caller; the account's lock guards its requests, too.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server.context import Tenant
from tenure.server.ordering import terms_for
from tenure.store import accounts, ids, order_requests, outbox
from tenure.store.engine import Connection
from tenure.store.order_requests import OrderRequest

OPEN_AT_MOST = 20
"""Requests that a customer can have open at a time."""


class OrderRequestEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the feed says of an order request."""

    order_request: str
    customer: str
    offer: str
    devices: int


def request_order(
    conn: Connection, tenant: Tenant, customer: str, offer: str, devices: int, note: str, real: Instant
) -> OrderRequest | Refused:
    """A new request. Refuses `not_found`, `unknown_plan`, `order_requests_open`."""
    if not tenant.may_see(customer) or accounts.lock_account(conn, tenant.id, customer) is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    agreed = terms_for(conn, tenant, offer, devices)
    if isinstance(agreed, Refused):
        return agreed
    if len(order_requests.page(conn, tenant.id, customer, "asked", "", OPEN_AT_MOST)) >= OPEN_AT_MOST:
        return Refused(RefusalCode.ORDER_REQUESTS_OPEN)
    request = OrderRequest(
        id=ids.new_id("orq", real),
        provider=tenant.id,
        customer=customer,
        offer=offer,
        devices=devices,
        note=note,
        by_actor=tenant.by,
        created=tenant.now,
    )
    order_requests.save(conn, request)
    told = OrderRequestEvent(order_request=request.id, customer=customer, offer=offer, devices=devices)
    outbox.add_note(conn, tenant.id, "order.requested", None, tenant.now, tenant.now, msgspec.json.encode(told))
    return order_requests.get(conn, tenant.id, request.id) or request


def find_request(conn: Connection, tenant: Tenant, name: str) -> OrderRequest | Refused:
    """The request, if it is the tenant's to see."""
    request = order_requests.get(conn, tenant.id, name)
    if request is None or not tenant.may_see(request.customer):
        return Refused(RefusalCode.NOT_FOUND, field="order_request")
    return request


def lock_request(conn: Connection, tenant: Tenant, name: str, customer: str = "") -> OrderRequest | Refused:
    """Lock the request: no other transaction closes it before this one ends.

    Refuses `not_found`, also when it is not `customer`'s, and `order_request_closed`.
    """
    seen = find_request(conn, tenant, name)
    if isinstance(seen, Refused):
        return seen
    if customer and seen.customer != customer:
        return Refused(RefusalCode.NOT_FOUND, field="order_request")
    accounts.lock_account(conn, tenant.id, seen.customer)
    now = find_request(conn, tenant, name)
    if isinstance(now, OrderRequest) and now.current_state != "asked":
        return Refused(RefusalCode.ORDER_REQUEST_CLOSED, field="order_request")
    return now


def close_request(conn: Connection, request: OrderRequest, **how: Instant | str) -> OrderRequest:
    """The request as it ended: one of its instants, and what belongs to it."""
    after = msgspec.structs.replace(request, **how)
    order_requests.save(conn, after)
    return after
