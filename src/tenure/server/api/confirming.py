"""Confirming payments made outside the prepaid balance: on one subscription, or one payment for several
[spec: external-payments]."""

from typing import Annotated, Any

import msgspec

from tenure.core.business.command_table import ROWS
from tenure.core.refusals import Refused
from tenure.core.subscription.fold import Subscription
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import confirming
from tenure.server.api.actions import ALWAYS, ReasonBody
from tenure.server.api.fields import Id, OutcomeHash, Reference
from tenure.server.api.operations import NOTHING_SEEN, ServerOperations, TenantPost
from tenure.server.api.payments import BOOK
from tenure.server.confirming import PaidLine
from tenure.server.context import Tenant
from tenure.server.subscription_views import OutcomeView
from tenure.store.engine import Connection

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
        self, request: TenantPost, subscription: Id, body: PaymentBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[OutcomeView]:
        """Confirms a payment made outside the prepaid balance, and does what it pays for.

        The same reference with the same figures again changes nothing.
        """

        def check(sub: Subscription) -> Refused | None:
            return if_match.refuse_mismatch(entity_tag(sub.revision))

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            line = copy_fields(PaidLine, body, subscription=subscription, check=check)
            (view,) = self._confirm_lines(conn, tenant, body, (line,))
            return json_response(view, etag=entity_tag(view.subscription.revision))

        return await self._write_as(request, work)

    @operation_at("POST", "/v1/confirmed-payments", BOOK, refusals=_REFUSALS)
    async def confirm_payments(self, request: TenantPost, body: PaymentOfSeveral) -> ApiResponse[ConfirmedView]:
        """Confirms one payment for several subscriptions: everything it pays for, or nothing."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            lines = tuple(copy_fields(PaidLine, one) for one in body.lines)
            views = self._confirm_lines(conn, tenant, body, lines)
            return json_response(ConfirmedView(reference=body.reference, lines=views))

        return await self._write_as(request, work)

    def _confirm_lines(
        self, conn: Connection, tenant: Tenant, body: PaymentBody | PaymentOfSeveral, lines: tuple[PaidLine, ...]
    ) -> tuple[OutcomeView, ...]:
        self._refuse_stopped_money()
        return accept(confirming.confirm_payment(conn, tenant, body.reference, lines, body.why))
