"""The operation that sets a customer's credit limit, with a preview of what a raised one pays for at once."""

from typing import Any

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.server import credit
from tenure.server.api.fields import Id, Minor
from tenure.server.api.money import ToppedUp, topped_up
from tenure.server.context import ServerOperations, tenant_of
from tenure.server.roles import PROVIDER_STAFF
from tenure.store import accounts, tenants
from tenure.store.engine import Connection

WRITE = AccessRule(credit.SCOPE, PROVIDER_STAFF)
NOTHING_SEEN = IfMatch()


class CreditLimitBody(RequestBody, frozen=True, kw_only=True):
    """How far the balance may go below zero, and why."""

    credit_limit: Minor
    why: OptionalLine = ""


_REFUSALS = (RefusalCode.LEDGER_DRIFT,)


class CreditOperations(ServerOperations):
    """The operation on credit limits."""

    @operation_at("PUT", "/v1/customers/{customer}/credit-limit", WRITE, refusals=_REFUSALS)
    async def set_credit_limit(
        self,
        caller: Principal,
        customer: Id,
        body: CreditLimitBody,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[ToppedUp] | Refused:
        """Sets how far a customer's balance may go below zero; what a raised limit covers is paid at once.

        Lowered below what is used it stops new charges and takes nothing back.
        """

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            accounts.lock_account(
                conn, tenant.id, customer
            )  # first, so that two who have seen the same cannot both go on
            row = tenants.get_customer(conn, tenant.id, customer)
            refused = None if row is None else if_match.refuse_mismatch(entity_tag(row.version))
            if refused is not None:
                return refused
            stopped = bool(self._context.stopped_money)
            done = credit.set_limit(conn, tenant, customer, body.credit_limit, body.why, stopped=stopped)
            return done if isinstance(done, Refused) else json_response(topped_up(done))

        return await self._context.write_tx(dry_run, work)
