"""Customers of a provider: made known, read, changed; the list of them is `lists`'."""

from typing import Any

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Line, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.server.api.fields import Email, Id, Minor
from tenure.server.context import Context, tenant_of
from tenure.server.roles import DESK
from tenure.server.values import Customer
from tenure.store import accounts, ids, people
from tenure.store.engine import Connection

READ = Rule("customers:read", DESK)
WRITE = Rule("customers:write", DESK)
NOTHING_SEEN = IfMatch()


class NewCustomer(Body, frozen=True, kw_only=True):
    """A customer; `reference` is the provider's own name for it."""

    name: Line
    reference: OptionalLine = ""
    email: Email = ""
    credit_limit: Minor = 0


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer."""

    id: str
    name: str
    reference: str
    email: str
    created: str


class Customers:
    """The operations on customers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_customer(
        self, caller: Principal, ticket: Ticket, body: NewCustomer, provider: Id | None = None, dry_run: bool = False
    ) -> Answer[CustomerView] | Refused:
        """Makes a customer known, with an empty account."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            name = ids.new("cus", real)
            value = Customer(
                id=name,
                provider=tenant.id,
                name=body.name,
                reference=body.reference,
                email=body.email,
                credit_limit=body.credit_limit,
            )
            row = people.Customer(
                name, tenant.id, body.name, body.reference or None, msgspec.json.encode(value), 1, tenant.now
            )
            added = people.add_customer(conn, row)
            if isinstance(added, Refused):
                return added
            currency = tenant.provider.currency
            accounts.open_account(conn, tenant.id, name, currency, tenant.now, body.credit_limit)
            return made(customer_view(added), 201, etag=etag(1))

        answer: Answer[CustomerView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def read_customer(
        self, caller: Principal, customer: Id, provider: Id | None = None
    ) -> Answer[CustomerView] | Refused:
        """Reads a customer."""

        def work(conn: Connection, real: Instant) -> people.Customer | Refused | None:
            tenant = tenant_of(conn, caller, provider, real)
            return tenant if isinstance(tenant, Refused) else people.customer(conn, tenant.id, customer)

        found = await self._context.read(work)
        if found is None:
            return Refused(Code.NOT_FOUND, field="customer")
        return found if isinstance(found, Refused) else made(customer_view(found), etag=etag(found.version))

    async def change_customer(
        self,
        caller: Principal,
        customer: Id,
        body: NewCustomer,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[CustomerView] | Refused:
        """Changes a customer."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            row = people.customer(conn, tenant.id, customer)
            if row is None:
                return Refused(Code.NOT_FOUND, field="customer")
            refused = if_match.refusal(etag(row.version))
            if refused is not None:
                return refused
            limited = accounts.set_credit_limit(conn, tenant.id, customer, body.credit_limit)
            if isinstance(limited, Refused):
                return limited
            value = msgspec.structs.replace(
                msgspec.json.decode(row.body, type=Customer),
                name=body.name,
                reference=body.reference,
                email=body.email,
                credit_limit=body.credit_limit,
            )
            changed = msgspec.structs.replace(
                row, name=body.name, reference=body.reference or None, body=msgspec.json.encode(value)
            )
            written = people.change_customer(conn, changed, row.version)
            if isinstance(written, Refused):
                return written
            accounts.hurry(conn, tenant.id, customer, tenant.now)
            return made(customer_view(written), etag=etag(written.version))

        answer: Answer[CustomerView] | Refused = await self._context.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each, taken = "/v1/customers/{customer}", [Code.ALREADY_EXISTS]
        return (
            operation("POST", "/v1/customers", WRITE, self.create_customer, status=201, refusals=taken),
            operation("GET", each, READ, self.read_customer),
            operation("PUT", each, WRITE, self.change_customer, refusals=[*taken, Code.INSUFFICIENT_BALANCE]),
        )


def customer_view(row: people.Customer) -> CustomerView:
    """A customer as shown."""
    value = msgspec.json.decode(row.body, type=Customer)
    return CustomerView(
        id=row.id, name=row.name, reference=row.reference or "", email=value.email, created=rfc3339(row.created)
    )
