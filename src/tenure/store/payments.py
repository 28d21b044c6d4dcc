"""What customers are to pay: requests with the reference a payer quotes, and how a provider is paid (its gateway).

Instants, never states; the money itself is `ledger`'s.
"""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import customers, gateways, payment_requests

STATES = ("asked", "booked", "withdrawn", "expired")


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is to pay, minor units; `paid` is what came."""

    id: str
    provider: str
    customer: str
    subscription: str | None
    reference: str
    amount: int
    note: str
    by_actor: str
    created: Instant
    expires: Instant
    withdrawn_at: Instant | None = None
    booked_at: Instant | None = None
    booked_as: str | None = None
    """The provider's reference under which the payment was booked."""
    paid: int = 0
    customer_name: str = ""
    """What the customer is called now: read with the row, not kept in it."""

    def current_state(self, now: Instant) -> str:
        """`asked`, `booked`, `withdrawn` or `expired`: what its instants mean at `now`."""
        if self.booked_at is not None:
            return "booked"
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "expired" if self.expires <= now else "asked"


class PaymentGateway(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider is paid: words for its customers, how long a request is open, a sealed secret for its gateway."""

    provider: str
    instructions: str = ""
    request_days: int = 30
    secret: bytes | None = None
    secret_since: Instant | None = None
    version: int = 0
    old_secret: bytes | None = None
    """The secret before, which also holds until `old_until`, real time."""
    old_until: Instant | None = None

    def valid_secrets(self, real: Instant) -> tuple[bytes, ...]:
        """The sealed secrets that hold at `real`, newest first."""
        old = self.old_secret if self.old_until is not None and real < self.old_until else None
        return tuple(each for each in (self.secret, old) if each is not None)


_KEPT = tuple(name for name in PaymentRequest.__struct_fields__ if name != "customer_name")
_NAMES = (*_KEPT, "customer_name")
_WHOSE = sa.and_(customers.c.id == payment_requests.c.customer, customers.c.provider == payment_requests.c.provider)
_REQUEST = sa.select(*[*(payment_requests.c[name] for name in _KEPT), customers.c.name]).join_from(
    payment_requests, customers, _WHOSE
)
_MINE = payment_requests.c.provider == sa.bindparam("tenant")
_GET = _REQUEST.where(payment_requests.c.id == sa.bindparam("of"), _MINE)
_BY_REFERENCE = _REQUEST.where(payment_requests.c.reference == sa.bindparam("quoted"), _MINE)
_SAVE = upsert(payment_requests, "id")
_GATEWAY = sa.select(*[gateways.c[name] for name in PaymentGateway.__struct_fields__]).where(
    gateways.c.provider == sa.bindparam("tenant")
)
_SAVE_GATEWAY = upsert(gateways, "provider")


def save(conn: Connection, request: PaymentRequest) -> None:
    """A new request, or the same one as it is now."""
    conn.execute(_SAVE[conn.dialect.name], {name: getattr(request, name) for name in _KEPT})


def get(conn: Connection, provider: str, request: str) -> PaymentRequest | None:
    """The provider's request of that id; a caller that changes it locks its account first, then reads it."""
    row = conn.execute(_GET, {"of": request, "tenant": provider}).one_or_none()
    return None if row is None else PaymentRequest(**dict(zip(_NAMES, row, strict=True)))


def by_reference(conn: Connection, provider: str, reference: str) -> PaymentRequest | None:
    """The provider's request that a payer quotes so."""
    row = conn.execute(_BY_REFERENCE, {"quoted": reference, "tenant": provider}).one_or_none()
    return None if row is None else PaymentRequest(**dict(zip(_NAMES, row, strict=True)))


def page(
    conn: Connection, provider: str, customer: str | None, state: str | None, now: Instant, after: str, limit: int
) -> list[PaymentRequest]:
    """At most `limit` requests with ids after `after`, of one customer or all, in one state or any."""
    rules = [payment_requests.c.provider == provider, payment_requests.c.id > after]
    if customer is not None:
        rules.append(payment_requests.c.customer == customer)
    if state is not None:
        rules.append(_state_at(now) == state)
    found = _REQUEST.where(*rules).order_by(payment_requests.c.id).limit(limit)
    return [PaymentRequest(**dict(zip(_NAMES, row, strict=True))) for row in conn.execute(found)]


def get_gateway(conn: Connection, provider: str) -> PaymentGateway:
    """How the provider is paid; the defaults while it has said nothing."""
    row = conn.execute(_GATEWAY, {"tenant": provider}).one_or_none()
    if row is None:
        return PaymentGateway(provider=provider)
    return PaymentGateway(**dict(zip(PaymentGateway.__struct_fields__, row, strict=True)))


def save_gateway(conn: Connection, changed: PaymentGateway) -> PaymentGateway:
    """In place of what was there, one version on."""
    after = msgspec.structs.replace(changed, version=changed.version + 1)
    conn.execute(_SAVE_GATEWAY[conn.dialect.name], msgspec.structs.asdict(after))
    return after


def gateway_state(gateway: PaymentGateway) -> bytes:
    """How the provider is paid, for the chain: secrets as they are sealed."""
    sealed = (gateway.secret or b"", gateway.old_secret or b"")
    return msgspec.json.encode(
        (gateway.provider, gateway.instructions, gateway.request_days, gateway.old_until, *sealed)
    )


def _state_at(now: Instant) -> sa.ColumnElement[str]:
    row = payment_requests.c
    return sa.case(
        (row.booked_at.is_not(None), "booked"),
        (row.withdrawn_at.is_not(None), "withdrawn"),
        (row.expires <= now, "expired"),
        else_=sa.literal("asked"),
    )
