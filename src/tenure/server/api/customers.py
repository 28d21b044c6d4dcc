"""Customers of a provider: made known, read, changed; the list of them is `lists`', their credit limit `credit`'s."""

from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import Line, OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server import credit
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Email, Id, Minor
from tenure.server.context import ServerOperations, Tenant, tenant_of
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import CustomerValue
from tenure.store import accounts, ids, tenants
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

READ = AccessRule("customers:read", PROVIDER_STAFF)
WRITE = AccessRule("customers:write", PROVIDER_STAFF)
NOTHING_SEEN = IfMatch()


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
    async def create_customer(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: NewCustomer,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[CustomerView] | Refused:
        """Makes a customer known, with an empty account."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            name = ids.new_id("cus", real)
            value = CustomerValue(
                id=name, provider=tenant.id, name=body.name, reference=body.reference, email=body.email
            )
            row = tenants.CustomerRow(
                name, tenant.id, body.name, body.reference or None, msgspec.json.encode(value), 1, tenant.now
            )
            added = tenants.add_customer(conn, row)
            if isinstance(added, Refused):
                return added
            accounts.open_account(conn, tenant.id, name, tenant.provider.currency, tenant.now)
            _record_audit(conn, caller, address, "customer_created", added, real)
            return self._set_limit(conn, caller, tenant, added, body.credit_limit) or _customer_view(
                conn, tenant, added.id, 201
            )

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("GET", "/v1/customers/{customer}", READ)
    async def read_customer(
        self, caller: Principal, customer: Id, provider: Id | None = None
    ) -> ApiResponse[CustomerView] | Refused:
        """Reads a customer."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            return _customer_view(conn, tenant, customer)

        return await self._context.read_as(caller, provider, work)

    @operation_at("PUT", "/v1/customers/{customer}", WRITE, refusals=_TAKEN)
    async def change_customer(
        self,
        caller: Principal,
        customer: Id,
        body: NewCustomer,
        address: Address,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[CustomerView] | Refused:
        """Changes a customer; a credit limit that is left out stays as it is."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            # First of all: `credit.set_limit` locks in this order, too.
            accounts.lock_account(conn, tenant.id, customer)
            row = tenants.get_customer(conn, tenant.id, customer)
            if row is None:
                return Refused(RefusalCode.NOT_FOUND, field="customer")
            refused = if_match.refuse_mismatch(entity_tag(row.version))
            if refused is not None:
                return refused
            value = msgspec.structs.replace(
                msgspec.json.decode(row.body, type=CustomerValue),
                name=body.name,
                reference=body.reference,
                email=body.email,
            )
            changed = msgspec.structs.replace(
                row, name=body.name, reference=body.reference or None, body=msgspec.json.encode(value)
            )
            written = tenants.change_customer(conn, changed, row.version)
            if isinstance(written, Refused):
                return written
            _record_audit(conn, caller, address, "customer_changed", written, real)
            return self._set_limit(conn, caller, tenant, written, body.credit_limit) or _customer_view(
                conn, tenant, customer
            )

        return await self._context.write_tx(dry_run, work)

    def _set_limit(
        self, conn: Connection, caller: Principal, tenant: Tenant, row: tenants.CustomerRow, limit: int | None
    ) -> Refused | None:
        """Set the limit that came with the customer, unless none came or it is that already."""
        account = accounts.lock_account(conn, tenant.id, row.id)
        if limit is None or account is None or limit == account.credit_limit:
            return None
        refused = credit.may_not_lend(caller)
        stopped = bool(self._context.stopped_money)
        done = refused or credit.set_limit(conn, tenant, row.id, limit, "", stopped=stopped)
        return done if isinstance(done, Refused) else None


def _record_audit(
    conn: Connection, caller: Principal, address: Address, what: str, row: tenants.CustomerRow, real: Instant
) -> None:
    place = TeamPlace(row.provider)
    record_audit(
        conn,
        place,
        caller,
        address,
        what,
        f"{row.id}: {row.name}",
        real,
        about=row.id,
        state=tenants.customer_state(row),
    )


def _customer_view(conn: Connection, tenant: Tenant, customer: str, status: int = 200) -> ApiResponse[Any] | Refused:
    row, account = tenants.get_customer(conn, tenant.id, customer), accounts.get_account(conn, tenant.id, customer)
    if row is None or account is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    return json_response(customer_view(row, account), status, etag=entity_tag(row.version))


def customer_view(row: tenants.CustomerRow, account: accounts.AccountRow) -> CustomerView:
    """A customer as shown."""
    value = msgspec.json.decode(row.body, type=CustomerValue)
    return CustomerView(
        id=row.id,
        name=row.name,
        reference=row.reference or "",
        email=value.email,
        currency=account.currency,
        credit_limit=account.credit_limit,
        created=format_rfc3339(row.created),
    )
