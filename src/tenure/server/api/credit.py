"""The operation that sets a customer's credit limit, with a preview of what a raised one pays for at once."""

from typing import Any

from tenure.core.refusals import RefusalCode
from tenure.http.auth import AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.server import credit
from tenure.server.api.fields import Id, Minor
from tenure.server.api.money import ToppedUp, topped_up
from tenure.server.api.operations import NOTHING_SEEN, ServerOperations, TenantChange
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.store import accounts, tenants
from tenure.store.engine import Connection

WRITE = AccessRule(credit.SCOPE, PROVIDER_STAFF)


class CreditLimitBody(RequestBody, frozen=True, kw_only=True):
    """How far the balance may go below zero, and why."""

    credit_limit: Minor
    why: OptionalLine = ""


_REFUSALS = (RefusalCode.LEDGER_DRIFT,)


class CreditOperations(ServerOperations):
    """The operation on credit limits."""

    @operation_at("PUT", "/v1/customers/{customer}/credit-limit", WRITE, refusals=_REFUSALS)
    async def set_credit_limit(
        self, request: TenantChange, customer: Id, body: CreditLimitBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[ToppedUp]:
        """Sets how far a customer's balance may go below zero; what a raised limit covers is paid at once.

        Lowered below what is used it stops new charges and takes nothing back.
        """

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            # First, so that two who have seen the same cannot both go on.
            accounts.lock_account(conn, tenant.id, customer)
            row = tenants.get_customer(conn, tenant.id, customer)
            accept(None if row is None else if_match.refuse_mismatch(entity_tag(row.version)))
            stopped = bool(self._context.stopped_money)
            done = accept(credit.set_limit(conn, tenant, customer, body.credit_limit, body.why, stopped=stopped))
            return json_response(topped_up(done))

        return await self._write_as(request, work)
