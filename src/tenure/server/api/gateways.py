"""How a provider is paid: what its customers are told, and the secret by which its gateway proves payments."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Lines
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.operations import Operation, operation
from tenure.server import paying
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Id
from tenure.server.api.payments import BOOK, READ
from tenure.server.context import Context, tenant_of
from tenure.server.views import shown
from tenure.store import payments
from tenure.store.engine import Connection
from tenure.store.payments import Gateway
from tenure.store.persons import Place

SECRETS = Rule("tokens:write", BOOK.kinds)
NOTHING_SEEN = IfMatch()
OVERLAP = DAY
"""Time to give the new secret to the gateway; a secret that leaked is worth nothing once it was rotated twice."""
RequestDays = Annotated[int, msgspec.Meta(ge=1, le=365)]


class PaymentSettings(Body, frozen=True, kw_only=True):
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


class Gateways:
    """The operations on how a provider is paid."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_payment_settings(
        self, caller: Principal, provider: Id | None = None
    ) -> Answer[PaymentSettingsView] | Refused:
        """Reads how the provider is paid."""

        def work(conn: Connection, real: Instant) -> Answer[PaymentSettingsView] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            return tenant if isinstance(tenant, Refused) else _settings(payments.gateway(conn, tenant.id))

        return await self._context.read(work)

    async def change_payment_settings(
        self,
        caller: Principal,
        body: PaymentSettings,
        address: Address,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[PaymentSettingsView] | Refused:
        """Changes what customers are told and how long requests are open."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            gateway = payments.gateway(conn, tenant.id)
            changed = msgspec.structs.replace(gateway, instructions=body.instructions, request_days=body.request_days)
            refused = if_match.refusal(etag(gateway.version))
            if refused is not None:
                return refused
            detail = f"requests are open for {format_count(body.request_days, 'day')}"
            saved = payments.save_gateway(conn, changed)
            _note(conn, saved, caller, address, "payment_settings_changed", detail, real)
            return _settings(saved)

        answer: Answer[PaymentSettingsView] | Refused = await self._context.write(dry_run, work)
        return answer

    async def rotate_gateway_secret(
        self,
        caller: Principal,
        ticket: Ticket,
        address: Address,
        provider: Id | None = None,
        at_once: bool = False,
        dry_run: bool = False,
    ) -> Answer[SecretView] | Refused:
        """Gives the payment gateway a new secret, in this answer only; the one before holds for a day more.

        `at_once`: the one before is good for nothing from now on, as when it leaked.
        """

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            secret = "pgs_" + base64.b32encode(self._context.draw(32)).decode().rstrip("=").lower()
            sealed = self._context.safe.close(secret.encode(), paying.purpose(tenant.id))
            gateway = payments.gateway(conn, tenant.id)
            until = None if gateway.secret is None or at_once else real + OVERLAP
            changed = msgspec.structs.replace(
                gateway,
                secret=sealed,
                secret_since=tenant.now,
                old_secret=None if until is None else gateway.secret,
                old_until=until,
            )
            saved = payments.save_gateway(conn, changed)
            _note(conn, saved, caller, address, "gateway_secret_rotated", "at once" if at_once else "", real)
            return made(SecretView(secret="" if dry_run else secret, old_until=shown(until)), 201)

        answer: Answer[SecretView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/payment-settings", READ, self.read_payment_settings),
            operation("PUT", "/v1/payment-settings", BOOK, self.change_payment_settings),
            operation(
                "POST", "/v1/payment-settings/rotate-secret", SECRETS, self.rotate_gateway_secret, status=201
            ),
        )  # fmt: skip


def _note(
    conn: Connection, saved: Gateway, caller: Principal, address: Address, what: str, detail: str, real: Instant
) -> None:
    place, about = Place(saved.provider), saved.provider
    note(conn, place, caller, address, what, detail, real, about=about, state=payments.gateway_state(saved))


def _settings(gateway: Gateway) -> Answer[PaymentSettingsView]:
    view = PaymentSettingsView(
        instructions=gateway.instructions,
        request_days=gateway.request_days,
        gateway_since=shown(gateway.secret_since),
    )
    return made(view, etag=etag(gateway.version))
