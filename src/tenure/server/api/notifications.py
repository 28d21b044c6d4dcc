"""Payments as a provider's gateway reports them, signed with the gateway's secret [spec: external-payments]."""

from typing import Annotated, Any

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import PUBLIC
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.server import payment_requests
from tenure.server.api.fields import Amount, Currency, Id, Reference
from tenure.server.api.operations import ServerOperations
from tenure.server.api.payments import State
from tenure.server.context import Tenant
from tenure.server.payment_requests import GatewayNotification
from tenure.server.real_time import RealTime
from tenure.store import payments, tenants
from tenure.store.engine import Connection

BY_GATEWAY = "gateway"

Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="HMAC-SHA256, 64 hex digits.")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799, description="Unix seconds.")]


class NotificationBody(RequestBody, frozen=True, kw_only=True):
    """A payment as the provider's gateway reports it; `request` is the reference that the payer quoted."""

    provider: Id
    request: Reference
    amount: Amount
    currency: Currency
    reference: Reference
    """The gateway's own; under it the payment is booked once."""
    sent_at: Seconds
    """Within five minutes of the server's clock."""
    signature: Hex
    """Over `tenure-payment-1`, provider, request, amount, currency, reference, sent_at, joined by line feeds."""


class ReceivedView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a notification: booked now, or it was before."""

    reference: str
    booked: bool
    state: State


# Idempotent by the gateway's reference; a gateway reports payments and has no use for a dry run.
_EXEMPT = ("idempotency_key", "dry_run")
_REFUSALS = (
    RefusalCode.SIGNATURE_INVALID,
    RefusalCode.NOT_FOUND,
    RefusalCode.DUPLICATE_REFERENCE,
    RefusalCode.LEDGER_DRIFT,
)


class NotificationOperations(ServerOperations):
    """The operation that gateways call."""

    @operation_at("POST", "/v1/payment-notifications", PUBLIC, exempt=_EXEMPT, refusals=_REFUSALS)
    async def receive_payment_notification(self, body: NotificationBody) -> ReceivedView:
        """Takes a payment as the provider's gateway reports it, signed with the gateway's secret (HMAC-SHA256).

        Sent again it changes nothing. What was paid twice under two references is credited twice: it did come in.
        """
        told = msgspec.convert(msgspec.to_builtins(body) | {"signature": ""}, GatewayNotification)

        def work(conn: Connection, real: Instant) -> ReceivedView | Refused:
            gateway = payments.get_gateway(conn, body.provider)
            if not payment_requests.refuse_unproven(self._context, gateway, told, body.signature, real):
                return Refused(RefusalCode.SIGNATURE_INVALID, "Signature, secret or time are not right.")
            self._refuse_stopped_money()
            return _receive_payment(conn, told, real)

        return await self._write_public(work)


def _receive_payment(conn: Connection, told: GatewayNotification, real: Instant) -> ReceivedView | Refused:
    provider = tenants.get_provider(conn, told.provider)
    request = payments.by_reference(conn, told.provider, told.request)
    if provider is None or request is None:
        return Refused(RefusalCode.NOT_FOUND, "There is no payment request with this reference.", "request")
    if told.currency != provider.currency:
        return Refused(RefusalCode.FIELD_INVALID, f"This provider's balances are in {provider.currency}.", "currency")
    tenant = Tenant(provider, RealTime(real), Role.PROVIDER, BY_GATEWAY)
    asked = payment_requests.lock_request(conn, request)
    after, paid = accept(payment_requests.book_payment(conn, tenant, asked, told.amount, told.reference))
    state: Any = after.current_state(tenant.now)
    return ReceivedView(reference=told.reference, booked=bool(paid.postings), state=state)
