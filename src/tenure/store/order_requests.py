"""Orders that customers ask their provider for; instants, never states. The order itself is the subscription's."""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import customers, order_requests


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer would like to have ordered, and how that ended."""

    id: str
    provider: str
    customer: str
    offer: str
    devices: int
    note: str
    by_actor: str
    created: Instant
    ordered_at: Instant | None = None
    declined_at: Instant | None = None
    withdrawn_at: Instant | None = None
    subscription: str | None = None
    """What was ordered."""
    reason: str = ""
    """Why it was declined."""
    customer_name: str = ""
    """What the customer is called now: read with the row, not kept in it."""

    @property
    def current_state(self) -> str:
        """`asked`, `ordered`, `declined` or `withdrawn`: what its instants mean."""
        if self.ordered_at is not None:
            return "ordered"
        if self.declined_at is not None:
            return "declined"
        return "asked" if self.withdrawn_at is None else "withdrawn"


_KEPT = tuple(name for name in OrderRequest.__struct_fields__ if name != "customer_name")
_NAMES = (*_KEPT, "customer_name")
_WHOSE = sa.and_(customers.c.id == order_requests.c.customer, customers.c.provider == order_requests.c.provider)
_REQUEST = sa.select(*[*(order_requests.c[name] for name in _KEPT), customers.c.name]).join_from(
    order_requests, customers, _WHOSE
)
_GET = _REQUEST.where(order_requests.c.id == sa.bindparam("of"), order_requests.c.provider == sa.bindparam("tenant"))
_SAVE = upsert(order_requests, "id")


def save(conn: Connection, request: OrderRequest) -> None:
    """A new request, or the same one as it is now."""
    conn.execute(_SAVE[conn.dialect.name], {name: getattr(request, name) for name in _KEPT})


def get(conn: Connection, provider: str, request: str) -> OrderRequest | None:
    """The provider's request of that id; a caller that changes it locks its account first, then reads it."""
    row = conn.execute(_GET, {"of": request, "tenant": provider}).one_or_none()
    return None if row is None else _read_request(row)


def page(
    conn: Connection, provider: str, customer: str | None, state: str | None, after: str, limit: int
) -> list[OrderRequest]:
    """At most `limit` requests with ids after `after`, of one customer or all, in one state or any."""
    rules = [order_requests.c.provider == provider, order_requests.c.id > after]
    if customer is not None:
        rules.append(order_requests.c.customer == customer)
    if state is not None:
        rules.append(_is_ended() == state)
    return [
        _read_request(row) for row in conn.execute(_REQUEST.where(*rules).order_by(order_requests.c.id).limit(limit))
    ]


def _read_request(row: sa.Row[tuple[object, ...]]) -> OrderRequest:
    return msgspec.convert(dict(zip(_NAMES, row, strict=True)), OrderRequest)


def _is_ended() -> sa.ColumnElement[str]:
    row = order_requests.c
    return sa.case(
        (row.ordered_at.is_not(None), "ordered"),
        (row.declined_at.is_not(None), "declined"),
        (row.withdrawn_at.is_not(None), "withdrawn"),
        else_=sa.literal("asked"),
    )
