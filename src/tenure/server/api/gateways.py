"""How a provider is paid: what its customers are told, and the secret by which its gateway proves payments."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.timeline import DAY, Instant
from tenure.http.auth import AccessRule
from tenure.http.body_types import Lines, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import payment_requests
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.operations import (
    NOTHING_SEEN,
    AnyChange,
    ServerOperations,
    TenantChange,
    TenantPost,
    TenantQuery,
)
from tenure.server.api.payments import BOOK, READ
from tenure.server.context import Tenant
from tenure.server.views import optional_rfc3339
from tenure.store import payments
from tenure.store.engine import Connection
from tenure.store.payments import PaymentGateway
from tenure.store.users import TeamPlace

SECRETS = AccessRule("tokens:write", BOOK.kinds)
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
    async def read_payment_settings(self, request: TenantQuery) -> ApiResponse[PaymentSettingsView]:
        """Reads how the provider is paid."""
        return await self._read_as(request, lambda conn, tenant: _settings_view(payments.get_gateway(conn, tenant.id)))

    @operation_at("PUT", "/v1/payment-settings", BOOK)
    async def change_payment_settings(
        self, request: TenantChange, body: PaymentSettings, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[PaymentSettingsView]:
        """Changes what customers are told and how long requests are open."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            gateway = payments.get_gateway(conn, tenant.id)
            changed = msgspec.structs.replace(gateway, instructions=body.instructions, request_days=body.request_days)
            accept(if_match.refuse_mismatch(entity_tag(gateway.version)))
            detail = f"requests are open for {format_count(body.request_days, 'day')}"
            saved = payments.save_gateway(conn, changed)
            _record_audit(conn, saved, request, "payment_settings_changed", detail, tenant.real)
            return _settings_view(saved)

        return await self._write_as(request, work)

    @operation_at("POST", "/v1/payment-settings/rotate-secret", SECRETS, status=201)
    async def rotate_gateway_secret(self, request: TenantPost, at_once: bool = False) -> ApiResponse[SecretView]:
        """Gives the payment gateway a new secret, in this answer only; the one before holds for a day more.

        `at_once`: the one before is good for nothing from now on, as when it leaked.
        """

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            secret = "pgs_" + base64.b32encode(self._context.draw(32)).decode().rstrip("=").lower()
            sealed = self._context.safe.encrypt(secret.encode(), payment_requests.secret_purpose(tenant.id))
            gateway = payments.get_gateway(conn, tenant.id)
            until = None if gateway.secret is None or at_once else tenant.real + OVERLAP
            changed = msgspec.structs.replace(
                gateway,
                secret=sealed,
                secret_since=tenant.now,
                old_secret=None if until is None else gateway.secret,
                old_until=until,
            )
            saved = payments.save_gateway(conn, changed)
            said = "at once" if at_once else ""
            _record_audit(conn, saved, request, "gateway_secret_rotated", said, tenant.real)
            shown = "" if request.dry_run else secret
            return json_response(SecretView(secret=shown, old_until=optional_rfc3339(until)), 201)

        return await self._write_as(request, work, secret=True)


def _record_audit(
    conn: Connection, saved: PaymentGateway, request: AnyChange, what: str, detail: str, real: Instant
) -> None:
    place, state = TeamPlace(saved.provider), payments.gateway_state(saved)
    record_audit(conn, place, request, what, detail, real, about=saved.provider, state=state)


def _settings_view(gateway: PaymentGateway) -> ApiResponse[PaymentSettingsView]:
    view = copy_fields(PaymentSettingsView, gateway, gateway_since=optional_rfc3339(gateway.secret_since))
    return json_response(view, etag=entity_tag(gateway.version))
