"""How a provider is paid: what its customers are told, and the secret by which its gateway proves payments."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import Lines, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.server import payment_requests
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.payments import BOOK, READ
from tenure.server.context import ServerOperations, tenant_of
from tenure.server.views import optional_rfc3339
from tenure.store import payments
from tenure.store.engine import Connection
from tenure.store.payments import PaymentGateway
from tenure.store.users import TeamPlace

SECRETS = AccessRule("tokens:write", BOOK.kinds)
NOTHING_SEEN = IfMatch()
OVERLAP = DAY
"""Time to give the new secret to the gateway; a secret that leaked is worth nothing once it was rotated twice."""
RequestDays = Annotated[int, msgspec.Meta(ge=1, le=365)]


class PaymentSettings(RequestBody, frozen=True, kw_only=True):
    """What customers are told, and for how many days a request is open."""

    instructions: Lines = ""
    request_days: RequestDays = 30


class PaymentSettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """How the provider is paid; whether its gateway has a secret, never which."""

    instructions: str
    request_days: int
    gateway_since: str | None


class SecretView(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway's new secret, shown once; the one before holds until `old_until`."""

    secret: str
    old_until: str | None


class GatewayOperations(ServerOperations):
    """The operations on how a provider is paid."""

    @operation_at("GET", "/v1/payment-settings", READ)
    async def read_payment_settings(
        self, caller: Principal, provider: Id | None = None
    ) -> ApiResponse[PaymentSettingsView] | Refused:
        """Reads how the provider is paid."""

        def work(conn: Connection, real: Instant) -> ApiResponse[PaymentSettingsView] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            return tenant if isinstance(tenant, Refused) else _settings_view(payments.get_gateway(conn, tenant.id))

        return await self._context.read_tx(work)

    @operation_at("PUT", "/v1/payment-settings", BOOK)
    async def change_payment_settings(
        self,
        caller: Principal,
        body: PaymentSettings,
        address: Address,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[PaymentSettingsView] | Refused:
        """Changes what customers are told and how long requests are open."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            gateway = payments.get_gateway(conn, tenant.id)
            changed = msgspec.structs.replace(gateway, instructions=body.instructions, request_days=body.request_days)
            refused = if_match.refuse_mismatch(entity_tag(gateway.version))
            if refused is not None:
                return refused
            detail = f"requests are open for {format_count(body.request_days, 'day')}"
            saved = payments.save_gateway(conn, changed)
            _record_audit(conn, saved, caller, address, "payment_settings_changed", detail, real)
            return _settings_view(saved)

        return await self._context.write_tx(dry_run, work)

    @operation_at("POST", "/v1/payment-settings/rotate-secret", SECRETS, status=201)
    async def rotate_gateway_secret(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        address: Address,
        provider: Id | None = None,
        at_once: bool = False,
        dry_run: bool = False,
    ) -> ApiResponse[SecretView] | Refused:
        """Gives the payment gateway a new secret, in this answer only; the one before holds for a day more.

        `at_once`: the one before is good for nothing from now on, as when it leaked.
        """

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            secret = "pgs_" + base64.b32encode(self._context.draw(32)).decode().rstrip("=").lower()
            sealed = self._context.safe.encrypt(secret.encode(), payment_requests.secret_purpose(tenant.id))
            gateway = payments.get_gateway(conn, tenant.id)
            until = None if gateway.secret is None or at_once else real + OVERLAP
            changed = msgspec.structs.replace(
                gateway,
                secret=sealed,
                secret_since=tenant.now,
                old_secret=None if until is None else gateway.secret,
                old_until=until,
            )
            saved = payments.save_gateway(conn, changed)
            _record_audit(conn, saved, caller, address, "gateway_secret_rotated", "at once" if at_once else "", real)
            return json_response(SecretView(secret="" if dry_run else secret, old_until=optional_rfc3339(until)), 201)

        return await self._context.run_once(ticket, dry_run, work, secret=True)


def _record_audit(
    conn: Connection, saved: PaymentGateway, caller: Principal, address: Address, what: str, detail: str, real: Instant
) -> None:
    place, about = TeamPlace(saved.provider), saved.provider
    record_audit(conn, place, caller, address, what, detail, real, about=about, state=payments.gateway_state(saved))


def _settings_view(gateway: PaymentGateway) -> ApiResponse[PaymentSettingsView]:
    view = PaymentSettingsView(
        instructions=gateway.instructions,
        request_days=gateway.request_days,
        gateway_since=optional_rfc3339(gateway.secret_since),
    )
    return json_response(view, etag=entity_tag(gateway.version))
