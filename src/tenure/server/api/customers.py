"""Customers of a provider: made known, read, changed; the list of them is `lists`', their credit limit `credit`'s."""

from typing import Any

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Line, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.server import credit
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Email, Id, Minor
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.roles import DESK
from tenure.server.values import Customer
from tenure.store import accounts, ids, people
from tenure.store.engine import Connection
from tenure.store.persons import Place

READ = Rule("customers:read", DESK)
WRITE = Rule("customers:write", DESK)
NOTHING_SEEN = IfMatch()


class NewCustomer(Body, frozen=True, kw_only=True):
    """A customer; `reference` is the provider's own name for it.

    `credit_limit`, which takes `money:write`, stays as it is when it is left out.
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


class Customers:
    """The operations on customers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_customer(
        self,
        caller: Principal,
        ticket: Ticket,
        body: NewCustomer,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[CustomerView] | Refused:
        """Makes a customer known, with an empty account."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            name = ids.new("cus", real)
            value = Customer(id=name, provider=tenant.id, name=body.name, reference=body.reference, email=body.email)
            row = people.Customer(
                name, tenant.id, body.name, body.reference or None, msgspec.json.encode(value), 1, tenant.now
            )
            added = people.add_customer(conn, row)
            if isinstance(added, Refused):
                return added
            accounts.open_account(conn, tenant.id, name, tenant.provider.currency, tenant.now)
            _note(conn, caller, address, "customer_created", added, real)
            return self._limited(conn, caller, tenant, added, body.credit_limit) or _shown(conn, tenant, added.id, 201)

        answer: Answer[CustomerView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def read_customer(
        self, caller: Principal, customer: Id, provider: Id | None = None
    ) -> Answer[CustomerView] | Refused:
        """Reads a customer."""

        def work(conn: Connection, tenant: Tenant) -> Answer[Any] | Refused:
            return _shown(conn, tenant, customer)

        found: Answer[CustomerView] | Refused = await self._context.read_as(caller, provider, work)
        return found

    async def change_customer(
        self,
        caller: Principal,
        customer: Id,
        body: NewCustomer,
        address: Address,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[CustomerView] | Refused:
        """Changes a customer; a credit limit that is left out stays as it is."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            accounts.lock(conn, tenant.id, customer)  # first of all: whoever sets the limit locks in this order, too
            row = people.customer(conn, tenant.id, customer)
            if row is None:
                return Refused(Code.NOT_FOUND, field="customer")
            refused = if_match.refusal(etag(row.version))
            if refused is not None:
                return refused
            value = msgspec.structs.replace(
                msgspec.json.decode(row.body, type=Customer),
                name=body.name,
                reference=body.reference,
                email=body.email,
            )
            changed = msgspec.structs.replace(
                row, name=body.name, reference=body.reference or None, body=msgspec.json.encode(value)
            )
            written = people.change_customer(conn, changed, row.version)
            if isinstance(written, Refused):
                return written
            _note(conn, caller, address, "customer_changed", written, real)
            return self._limited(conn, caller, tenant, written, body.credit_limit) or _shown(conn, tenant, customer)

        answer: Answer[CustomerView] | Refused = await self._context.write(dry_run, work)
        return answer

    def _limited(
        self, conn: Connection, caller: Principal, tenant: Tenant, row: people.Customer, limit: int | None
    ) -> Refused | None:
        """Set the limit that came with the customer, unless none came or it is that already."""
        account = accounts.lock(conn, tenant.id, row.id)
        if limit is None or account is None or limit == account.credit_limit:
            return None
        refused = credit.may_not_lend(caller)
        stopped = bool(self._context.stopped_money)
        done = refused or credit.set_limit(conn, tenant, row.id, limit, "", stopped=stopped)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each, taken = "/v1/customers/{customer}", [Code.ALREADY_EXISTS, Code.LEDGER_DRIFT]
        return (
            operation("POST", "/v1/customers", WRITE, self.create_customer, status=201, refusals=taken),
            operation("GET", each, READ, self.read_customer),
            operation("PUT", each, WRITE, self.change_customer, refusals=taken),
        )


def _note(
    conn: Connection, caller: Principal, address: Address, what: str, row: people.Customer, real: Instant
) -> None:
    place = Place(row.provider)
    note(
        conn,
        place,
        caller,
        address,
        what,
        f"{row.id}: {row.name}",
        real,
        about=row.id,
        state=people.customer_state(row),
    )


def _shown(conn: Connection, tenant: Tenant, customer: str, status: int = 200) -> Answer[Any] | Refused:
    row, account = people.customer(conn, tenant.id, customer), accounts.account(conn, tenant.id, customer)
    if row is None or account is None:
        return Refused(Code.NOT_FOUND, field="customer")
    return made(customer_view(row, account), status, etag=etag(row.version))


def customer_view(row: people.Customer, account: accounts.Account) -> CustomerView:
    """A customer as shown."""
    value = msgspec.json.decode(row.body, type=Customer)
    return CustomerView(
        id=row.id,
        name=row.name,
        reference=row.reference or "",
        email=value.email,
        currency=account.currency,
        credit_limit=account.credit_limit,
        created=rfc3339(row.created),
    )
