"""Providers: whom the vendor sells through."""

from typing import Annotated, Any

import msgspec

from tenure.core.lease import Brand
from tenure.core.policy import Role
from tenure.core.pricing import known_currency
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Currency, Id, OptionalTitle, Title
from tenure.server.context import Context
from tenure.server.roles import DESK
from tenure.server.values import Provider
from tenure.store import ids, people
from tenure.store.engine import Connection
from tenure.store.people import SandboxClock
from tenure.store.persons import Place

VENDOR_ONLY = frozenset({Role.VENDOR})
READ_PROVIDERS = Rule("providers:read", DESK)
WRITE_PROVIDERS = Rule("providers:write", VENDOR_ONLY)
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


class ProviderBody(Body, frozen=True, kw_only=True):
    """What the vendor may change of a provider: id, currency and kind never change; the brand is the provider's own."""

    name: Title


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider."""

    id: str
    name: str
    currency: str
    sandbox: bool
    brand: Brand
    now: str
    """Its clock; a sandbox's own."""
    created: str


class Providers:
    """The operations on providers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_provider(
        self, caller: Principal, ticket: Ticket, body: NewProvider, address: Address, dry_run: bool = False
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
            if isinstance(added, Refused):
                return added
            detail = f"{name}: {body.name}"
            note(
                conn,
                Place(name),
                caller,
                address,
                "provider_created",
                detail,
                now,
                about=name,
                state=people.provider_state(added),
            )
            return made(provider_view(added, now), 201, etag=etag(1))

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

    async def read_provider(self, caller: Principal, provider: Id) -> Answer[ProviderView] | Refused:
        """Reads a provider: any of them for the vendor, its own for a provider."""

        def work(conn: Connection, now: Instant) -> Answer[ProviderView] | Refused:
            row = _named(conn, caller, provider)
            return row if isinstance(row, Refused) else made(provider_view(row, now), etag=etag(row.version))

        return await self._context.read(work)

    async def update_provider(
        self,
        caller: Principal,
        provider: Id,
        body: ProviderBody,
        address: Address,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[ProviderView] | Refused:
        """Gives a provider another name; currency and kind never change, for money and keys hang on them."""

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            row = _named(conn, caller, provider)
            if isinstance(row, Refused):
                return row
            refused = if_match.refusal(etag(row.version))
            if refused is not None:
                return refused
            value = msgspec.structs.replace(msgspec.json.decode(row.body, type=Provider), name=body.name)
            changed = msgspec.structs.replace(row, name=body.name, body=msgspec.json.encode(value))
            written = people.change_provider(conn, changed, row.version)
            if isinstance(written, Refused):
                return written
            detail, state = f"{row.name} is now {body.name}", people.provider_state(written)
            note(conn, Place(row.id), caller, address, "provider_changed", detail, now, about=row.id, state=state)
            return made(provider_view(written, now), etag=etag(written.version))

        answer: Answer[ProviderView] | Refused = await self._context.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each, taken = "/v1/providers", [Code.ALREADY_EXISTS]
        return (
            operation("GET", each, READ_PROVIDERS, self.list_providers),
            operation("POST", each, WRITE_PROVIDERS, self.create_provider, status=201, refusals=taken),
            operation("GET", each + "/{provider}", READ_PROVIDERS, self.read_provider),
            operation("PUT", each + "/{provider}", WRITE_PROVIDERS, self.update_provider, refusals=taken),
        )


def _named(conn: Connection, caller: Principal, provider: str) -> people.Provider | Refused:
    """The provider if the caller may know of it: foreign ones do not exist for a provider."""
    row = people.provider(conn, provider) if caller.provider in (None, "", provider) else None
    return Refused(Code.NOT_FOUND, field="provider") if row is None else row


def provider_view(row: people.Provider, real: Instant) -> ProviderView:
    """A provider as shown."""
    value = msgspec.json.decode(row.body, type=Provider)
    now = row.clock.read(real) if row.clock else real
    return ProviderView(
        id=row.id,
        name=row.name,
        currency=row.currency,
        sandbox=row.sandbox,
        brand=value.brand,
        now=rfc3339(now),
        created=rfc3339(row.created),
    )
