"""Confirming payments made outside the prepaid balance: on one subscription, or one payment for several
[spec: external-payments]."""

from typing import Annotated, Any

import msgspec

from tenure.core.business.command_table import ROWS
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.idempotency import IdempotentRequest
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.server import confirming
from tenure.server.api.actions import ALWAYS, ReasonBody
from tenure.server.api.fields import Id, OutcomeHash, Reference
from tenure.server.api.payments import BOOK
from tenure.server.confirming import PaidLine
from tenure.server.context import ServerOperations, tenant_of
from tenure.server.subscription_views import OutcomeView
from tenure.store.engine import Connection

NOTHING_SEEN = IfMatch()
Covers = Annotated[str, msgspec.Meta(pattern=r"^(order|renewal|raise)$(?!\n)")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class PaymentBody(ReasonBody, frozen=True, kw_only=True):
    """A payment that came outside the prepaid balance, under the provider's own reference."""

    reference: Reference
    covers: Covers
    devices: Count = 0


class PaidLineBody(RequestBody, frozen=True, kw_only=True):
    """What the payment covers on one subscription."""

    subscription: Id
    covers: Covers
    devices: Count = 0
    outcome_hash: OutcomeHash = ""


class PaymentOfSeveral(RequestBody, frozen=True, kw_only=True):
    """One payment for several subscriptions: all lines take effect, or none."""

    reference: Reference
    lines: Annotated[tuple[PaidLineBody, ...], msgspec.Meta(min_length=1, max_length=100)]
    why: OptionalLine = ""


class ConfirmedView(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment did, line by line; without facts and postings when it was confirmed before."""

    reference: str
    lines: tuple[OutcomeView, ...]


_REFUSALS = (*ALWAYS, *ROWS["confirm_payment"].refusals)


class ConfirmationOperations(ServerOperations):
    """The operations that confirm payments."""

    @operation_at("POST", "/v1/subscriptions/{subscription}/confirm-payment", BOOK, refusals=_REFUSALS)
    async def confirm_payment(
        self,
        caller: Principal,
        subscription: Id,
        ticket: IdempotentRequest,
        body: PaymentBody,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[OutcomeView] | Refused:
        """Confirms a payment made outside the prepaid balance, and does what it pays for.

        The same reference with the same figures again changes nothing.
        """
        line = PaidLine(
            subscription=subscription,
            covers=body.covers,
            devices=body.devices,
            outcome_hash=body.outcome_hash,
            check=lambda sub: if_match.refuse_mismatch(entity_tag(sub.revision)),
        )

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            views = self._confirm_lines(conn, caller, provider, real, body.reference, (line,), body.why)
            if isinstance(views, Refused):
                return views
            return json_response(views[0], etag=entity_tag(views[0].subscription.revision))

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("POST", "/v1/confirmed-payments", BOOK, refusals=_REFUSALS)
    async def confirm_payments(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: PaymentOfSeveral,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[ConfirmedView] | Refused:
        """Confirms one payment for several subscriptions: everything it pays for, or nothing."""
        lines = tuple(
            PaidLine(
                subscription=one.subscription, covers=one.covers, devices=one.devices, outcome_hash=one.outcome_hash
            )
            for one in body.lines
        )

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            views = self._confirm_lines(conn, caller, provider, real, body.reference, lines, body.why)
            return (
                views
                if isinstance(views, Refused)
                else json_response(ConfirmedView(reference=body.reference, lines=views))
            )

        return await self._context.run_once(ticket, dry_run, work)

    def _confirm_lines(
        self,
        conn: Connection,
        caller: Principal,
        provider: str | None,
        real: Instant,
        reference: str,
        lines: tuple[PaidLine, ...],
        why: str,
    ) -> tuple[OutcomeView, ...] | Refused:
        tenant = tenant_of(conn, caller, provider, real)
        if isinstance(tenant, Refused):
            return tenant
        if self._context.stopped_money:
            return Refused(RefusalCode.LEDGER_DRIFT)
        return confirming.confirm_payment(conn, tenant, reference, lines, why)
