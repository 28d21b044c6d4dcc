"""Providers, their customers, and the tokens that programs sign requests with."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.lease import Brand
from tenure.core.policy import Role
from tenure.core.pricing import known_currency
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Line, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Currency, Email, Id, Minor, OptionalTitle, Title
from tenure.server.context import Context, tenant_of
from tenure.server.roles import SCOPES, usual
from tenure.server.values import Customer, Provider
from tenure.server.views import shown
from tenure.store import accounts, ids, people, tokens
from tenure.store.engine import Connection
from tenure.store.people import SandboxClock
from tenure.store.persons import Place

VENDOR_ONLY = frozenset({Role.VENDOR})
DESK = frozenset({Role.VENDOR, Role.PROVIDER})
READ_PROVIDERS = Rule("providers:read", DESK)
WRITE_PROVIDERS = Rule("providers:write", VENDOR_ONLY)
READ = Rule("customers:read", DESK)
WRITE = Rule("customers:write", DESK)
TOKENS = Rule("tokens:write", DESK)
NOTHING_SEEN = IfMatch()


class BrandBody(Body, frozen=True, kw_only=True):
    """How the provider shows itself."""

    name: OptionalTitle = ""
    logo: Annotated[str, msgspec.Meta(max_length=512, pattern=r"^(https://[!-~]+)?$(?!\n)")] = ""
    colour: Annotated[str, msgspec.Meta(max_length=7, pattern=r"^(#[0-9a-fA-F]{6})?$(?!\n)")] = ""
    support: OptionalLine = ""
    renew_url: Annotated[str, msgspec.Meta(max_length=512, pattern=r"^(https?://[!-~]+)?$(?!\n)")] = ""


class NewProvider(Body, frozen=True, kw_only=True):
    """A service provider; a sandbox has a clock of its own and worthless signatures (B5)."""

    name: Title
    currency: Currency
    sandbox: bool = False
    brand: BrandBody = BrandBody()


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider."""

    id: str
    name: str
    currency: str
    sandbox: bool
    brand: Brand
    now: str
    """Its clock; a sandbox's own."""


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


class NewToken(Body, frozen=True, kw_only=True):
    """A token for a program; it can do what its scopes say, for so many days."""

    name: Line
    role: Role = Role.PROVIDER
    customer: Id | None = None
    """For role `customer`: whose."""
    scopes: Annotated[tuple[str, ...], msgspec.Meta(max_length=32)] = ()
    """None given: all that the role may carry, but for what is about accounts (`people:…`, `audit:read`)."""
    days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] = 365


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token; the secret is shown once, in the answer that made it."""

    id: str
    name: str
    role: str
    customer: str | None
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    last_use: str | None
    token: str = ""


class People:
    """The operations on providers, customers and tokens."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_provider(
        self, caller: Principal, ticket: Ticket, body: NewProvider, dry_run: bool = False
    ) -> Answer[ProviderView] | Refused:
        """Makes a provider known."""

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            refused = known_currency(body.currency)
            if refused is not None:
                return refused
            name = ids.new("prv", now)
            brand = msgspec.convert(msgspec.to_builtins(body.brand), Brand)
            value = Provider(id=name, name=body.name, currency=body.currency, sandbox=body.sandbox, brand=brand)
            clock = SandboxClock(now, now, 1) if body.sandbox else None
            row = people.Provider(
                name, body.name, body.sandbox, body.currency, msgspec.json.encode(value), 1, now, clock=clock
            )
            added = people.add_provider(conn, row)
            return added if isinstance(added, Refused) else made(provider_view(added, now), 201, etag=etag(1))

        answer: Answer[ProviderView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def list_providers(self, caller: Principal, paging: Paging) -> Page[ProviderView] | Refused:
        """Lists providers: all of them for the vendor, its own for a provider."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, now: Instant) -> list[ProviderView]:
            if caller.provider:
                mine = people.provider(conn, caller.provider)
                return [] if mine is None else [provider_view(mine, now)]
            found = people.list_providers(conn, after or "", paging.limit + 1)
            return [provider_view(each, now) for each in found]

        return cut_page(await self._context.read(work), paging.limit, lambda each: each.id)

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

    async def create_token(
        self,
        caller: Principal,
        ticket: Ticket,
        body: NewToken,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[TokenView] | Refused:
        """Makes a token; its secret is in this answer only."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            refused = _unsound_token(conn, caller, body, provider)
            if refused is not None:
                return refused
            secret, row = new_token(self._context, body, caller.provider or provider, real)
            tokens.add_token(conn, row)
            note(conn, Place(row.provider, row.customer), caller, address, "token_made", f"{row.id}: {row.name}", real)
            # What a rehearsal shows must not look like something that works.
            return made(msgspec.structs.replace(token_view(row), token="" if dry_run else secret), 201)

        answer: Answer[TokenView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    async def list_tokens(
        self, caller: Principal, paging: Paging, provider: Id | None = None
    ) -> Page[TokenView] | Refused:
        """Lists tokens, without their secrets."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        if caller.provider and provider and provider != caller.provider:
            return Refused(Code.NOT_FOUND, field="provider")
        owner = caller.provider or provider
        found = await self._context.read(
            lambda conn, now: tokens.list_tokens(conn, owner, after or "", paging.limit + 1)
        )
        return cut_page(map(token_view, found), paging.limit, lambda each: each.id)

    async def withdraw_token(
        self, caller: Principal, token: Id, address: Address, provider: Id | None = None, dry_run: bool = False
    ) -> Refused | None:
        """Withdraws a token: it is good for nothing from now on."""
        if caller.provider and provider and provider != caller.provider:
            return Refused(Code.NOT_FOUND, field="provider")
        owner = caller.provider or provider

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            gone = tokens.withdraw_token(conn, owner, token, now)
            if isinstance(gone, Refused):
                return gone
            note(
                conn,
                Place(gone.provider, gone.customer),
                caller,
                address,
                "token_withdrawn",
                f"{gone.id}: {gone.name}",
                now,
            )
            return made(None)

        done = await self._context.write(dry_run, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        taken = [Code.ALREADY_EXISTS]
        return (
            operation("GET", "/v1/providers", READ_PROVIDERS, self.list_providers),
            operation(
                "POST", "/v1/providers", WRITE_PROVIDERS, self.create_provider, status=201, refusals=taken
            ),
            operation("POST", "/v1/customers", WRITE, self.create_customer, status=201, refusals=taken),
            operation("GET", "/v1/customers/{customer}", READ, self.read_customer),
            operation(
                "PUT", "/v1/customers/{customer}", WRITE, self.change_customer,
                refusals=[Code.ALREADY_EXISTS, Code.INSUFFICIENT_BALANCE],
            ),
            operation("GET", "/v1/tokens", TOKENS, self.list_tokens),
            operation("POST", "/v1/tokens", TOKENS, self.create_token, status=201),
            operation("DELETE", "/v1/tokens/{token}", TOKENS, self.withdraw_token),
        )  # fmt: skip


def _unsound_token(conn: Connection, caller: Principal, body: NewToken, provider: str | None) -> Refused | None:
    owner = caller.provider or provider
    if caller.provider and provider and provider != caller.provider:
        return Refused(Code.NOT_FOUND, field="provider")
    if body.role not in SCOPES or (body.role is Role.VENDOR) != (owner is None):
        return Refused(Code.FIELD_INVALID, "A provider's tokens are for `provider` or `customer`.", "role")
    if (body.role is Role.CUSTOMER) != (body.customer is not None):
        return Refused(Code.FIELD_INVALID, "Name the customer for role `customer`, and for no other.", "customer")
    if owner is not None and people.provider(conn, owner) is None:
        return Refused(Code.NOT_FOUND, field="provider")
    if body.customer is not None and people.customer(conn, owner or "", body.customer) is None:
        return Refused(Code.NOT_FOUND, field="customer")
    allowed = set(SCOPES[body.role])
    unknown = [scope for scope in body.scopes if scope not in allowed]
    if unknown:
        return Refused(Code.FIELD_INVALID, f"This role cannot carry the scope {unknown[0][:64]!a}.", "scopes")
    beyond = [scope for scope in body.scopes or usual(body.role) if scope not in caller.scopes]
    if beyond and caller.kind is not Role.VENDOR:
        return Refused(Code.ACTION_NOT_PERMITTED, f"Your own token does not carry {beyond[0]}.", "scopes")
    return None


def new_token(context: Context, body: NewToken, provider: str | None, now: Instant) -> tuple[str, tokens.Token]:
    """A fresh secret `tnr_…` of 256 random bits, and the row that knows only its digest."""
    secret = "tnr_" + base64.b32encode(context.draw(32)).decode().rstrip("=").lower()
    row = tokens.Token(
        digest=context.keys.token_digest(secret),
        id=ids.new("tok", now),
        provider=provider,
        customer=body.customer,
        role=body.role,
        scopes=body.scopes or usual(body.role),
        name=body.name,
        created=now,
        expires=now + body.days * DAY,
    )
    return secret, row


def provider_view(row: people.Provider, real: Instant) -> ProviderView:
    """A provider as shown."""
    value = msgspec.json.decode(row.body, type=Provider)
    now = row.clock.read(real) if row.clock else real
    return ProviderView(
        id=row.id, name=row.name, currency=row.currency, sandbox=row.sandbox, brand=value.brand, now=rfc3339(now)
    )


def customer_view(row: people.Customer) -> CustomerView:
    """A customer as shown."""
    value = msgspec.json.decode(row.body, type=Customer)
    return CustomerView(
        id=row.id, name=row.name, reference=row.reference or "", email=value.email, created=rfc3339(row.created)
    )


def token_view(row: tokens.Token) -> TokenView:
    """A token as shown: never its secret."""
    return TokenView(
        id=row.id,
        name=row.name,
        role=row.role,
        customer=row.customer,
        scopes=row.scopes,
        created=rfc3339(row.created),
        expires=shown(row.expires),
        last_use=shown(row.last_use),
    )
