"""Customers of a provider: made known, read, changed; the list of them is `lists`', their credit limit `credit`'s."""

from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import Line, OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import credit
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Email, Id, Minor
from tenure.server.api.operations import (
    NOTHING_SEEN,
    AnyChange,
    ServerOperations,
    TenantChange,
    TenantPost,
    TenantQuery,
)
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import CustomerValue
from tenure.store import accounts, ids, tenants
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

READ = AccessRule("customers:read", PROVIDER_STAFF)
WRITE = AccessRule("customers:write", PROVIDER_STAFF)


class NewCustomer(RequestBody, frozen=True, kw_only=True):
    """A customer; `reference` is the provider's own name for it.

    `credit_limit`, which takes `money:write_tx`, stays as it is when it is left out.
    """

    name: Line
    reference: OptionalLine = ""
    email: Email = ""
    credit_limit: Minor | None = None


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer."""

    id: str
    name: str
    reference: str
    email: str
    currency: str
    credit_limit: int
    """How far the balance may go below zero, minor units."""
    created: str


_TAKEN = [RefusalCode.ALREADY_EXISTS, RefusalCode.LEDGER_DRIFT]


class CustomerOperations(ServerOperations):
    """The operations on customers."""

    @operation_at("POST", "/v1/customers", WRITE, status=201, refusals=_TAKEN)
    async def create_customer(self, request: TenantPost, body: NewCustomer) -> ApiResponse[CustomerView]:
        """Makes a customer known, with an empty account."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            name = ids.new_id("cus", tenant.real)
            value = CustomerValue(
                id=name, provider=tenant.id, name=body.name, reference=body.reference, email=body.email
            )
            row = tenants.CustomerRow(
                name, tenant.id, body.name, body.reference or None, msgspec.json.encode(value), 1, tenant.now
            )
            added = accept(tenants.add_customer(conn, row))
            accounts.open_account(conn, tenant.id, name, tenant.provider.currency, tenant.now)
            _record_audit(conn, request, "customer_created", added, tenant.real)
            self._set_limit(conn, request.caller, tenant, added, body.credit_limit)
            return _customer_view(conn, tenant, added.id, 201)

        return await self._write_as(request, work)

    @operation_at("GET", "/v1/customers/{customer}", READ)
    async def read_customer(self, request: TenantQuery, customer: Id) -> ApiResponse[CustomerView]:
        """Reads a customer."""
        return await self._read_as(request, lambda conn, tenant: _customer_view(conn, tenant, customer))

    @operation_at("PUT", "/v1/customers/{customer}", WRITE, refusals=_TAKEN)
    async def change_customer(
        self, request: TenantChange, customer: Id, body: NewCustomer, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[CustomerView]:
        """Changes a customer; a credit limit that is left out stays as it is."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            # First of all: `credit.set_limit` locks in this order, too.
            accounts.lock_account(conn, tenant.id, customer)
            row = require_found(tenants.get_customer(conn, tenant.id, customer), "customer")
            accept(if_match.refuse_mismatch(entity_tag(row.version)))
            value = msgspec.structs.replace(
                msgspec.json.decode(row.body, type=CustomerValue),
                name=body.name,
                reference=body.reference,
                email=body.email,
            )
            changed = msgspec.structs.replace(
                row, name=body.name, reference=body.reference or None, body=msgspec.json.encode(value)
            )
            written = accept(tenants.change_customer(conn, changed, row.version))
            _record_audit(conn, request, "customer_changed", written, tenant.real)
            self._set_limit(conn, request.caller, tenant, written, body.credit_limit)
            return _customer_view(conn, tenant, customer)

        return await self._write_as(request, work)

    def _set_limit(
        self, conn: Connection, caller: Principal, tenant: Tenant, row: tenants.CustomerRow, limit: int | None
    ) -> None:
        """Set the limit that came with the customer, unless none came or it is that already."""
        account = accounts.lock_account(conn, tenant.id, row.id)
        if limit is None or account is None or limit == account.credit_limit:
            return
        accept(credit.may_not_lend(caller))
        accept(credit.set_limit(conn, tenant, row.id, limit, "", stopped=bool(self._context.stopped_money)))


def _record_audit(conn: Connection, request: AnyChange, what: str, row: tenants.CustomerRow, real: Instant) -> None:
    place, state = TeamPlace(row.provider), tenants.customer_state(row)
    record_audit(conn, place, request, what, f"{row.id}: {row.name}", real, about=row.id, state=state)


def _customer_view(conn: Connection, tenant: Tenant, customer: str, status: int = 200) -> ApiResponse[Any]:
    row = require_found(tenants.get_customer(conn, tenant.id, customer), "customer")
    account = require_found(accounts.get_account(conn, tenant.id, customer), "customer")
    return json_response(customer_view(row, account), status, etag=entity_tag(row.version))


def customer_view(row: tenants.CustomerRow, account: accounts.AccountRow) -> CustomerView:
    """A customer as shown."""
    email = msgspec.json.decode(row.body, type=CustomerValue).email
    return copy_fields(
        CustomerView,
        row,
        reference=row.reference or "",
        email=email,
        currency=account.currency,
        credit_limit=account.credit_limit,
    )
