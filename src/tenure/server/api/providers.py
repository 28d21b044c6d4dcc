"""Providers: whom the vendor sells through."""

from typing import Annotated, Any

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.policy.rules import Role
from tenure.core.pricing import known_currency
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Currency, Id, OptionalTitle, Title
from tenure.server.context import ServerOperations
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import ProviderValue
from tenure.store import ids, tenants
from tenure.store.engine import Connection
from tenure.store.tenants import ProviderClock
from tenure.store.users import TeamPlace

VENDOR_ONLY = frozenset({Role.VENDOR})
READ_PROVIDERS = AccessRule("providers:read", PROVIDER_STAFF)
WRITE_PROVIDERS = AccessRule("providers:write", VENDOR_ONLY)
NOTHING_SEEN = IfMatch()


class BrandBody(RequestBody, frozen=True, kw_only=True):
    """How the provider shows itself."""

    name: OptionalTitle = ""
    logo: Annotated[str, msgspec.Meta(max_length=512, pattern=r"^(https://[!-~]+)?$(?!\n)")] = ""
    color: Annotated[str, msgspec.Meta(max_length=7, pattern=r"^(#[0-9a-fA-F]{6})?$(?!\n)")] = ""
    support: OptionalLine = ""
    renew_url: Annotated[str, msgspec.Meta(max_length=512, pattern=r"^(https?://[!-~]+)?$(?!\n)")] = ""


class NewProvider(RequestBody, frozen=True, kw_only=True):
    """A service provider; a sandbox has a clock of its own and worthless signatures (B5)."""

    name: Title
    currency: Currency
    sandbox: bool = False
    brand: BrandBody = BrandBody()


class ProviderBody(RequestBody, frozen=True, kw_only=True):
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


_TAKEN = [RefusalCode.ALREADY_EXISTS]


class ProviderOperations(ServerOperations):
    """The operations on providers."""

    @operation_at("POST", "/v1/providers", WRITE_PROVIDERS, status=201, refusals=_TAKEN)
    async def create_provider(
        self, caller: Principal, ticket: IdempotentRequest, body: NewProvider, address: Address, dry_run: bool = False
    ) -> ApiResponse[ProviderView] | Refused:
        """Makes a provider known."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any] | Refused:
            refused = known_currency(body.currency)
            if refused is not None:
                return refused
            name = ids.new_id("prv", now)
            brand = msgspec.convert(msgspec.to_builtins(body.brand), Brand)
            value = ProviderValue(id=name, name=body.name, currency=body.currency, sandbox=body.sandbox, brand=brand)
            clock = ProviderClock(now, now, 1) if body.sandbox else None
            row = tenants.ProviderRow(
                name, body.name, body.sandbox, body.currency, msgspec.json.encode(value), 1, now, clock=clock
            )
            added = tenants.add_provider(conn, row)
            if isinstance(added, Refused):
                return added
            detail = f"{name}: {body.name}"
            record_audit(
                conn,
                TeamPlace(name),
                caller,
                address,
                "provider_created",
                detail,
                now,
                about=name,
                state=tenants.provider_state(added),
            )
            return json_response(provider_view(added, now), 201, etag=entity_tag(1))

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("GET", "/v1/providers", READ_PROVIDERS)
    async def list_providers(self, caller: Principal, paging: PageRequest) -> ResultPage[ProviderView] | Refused:
        """Lists providers: all of them for the vendor, its own for a provider."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, now: Instant) -> list[ProviderView]:
            if caller.provider:
                mine = tenants.get_provider(conn, caller.provider)
                return [] if mine is None else [provider_view(mine, now)]
            found = tenants.list_providers(conn, after or "", paging.limit + 1)
            return [provider_view(each, now) for each in found]

        return cut_page(await self._context.read_tx(work), paging.limit, lambda each: each.id)

    @operation_at("GET", "/v1/providers/{provider}", READ_PROVIDERS)
    async def read_provider(self, caller: Principal, provider: Id) -> ApiResponse[ProviderView] | Refused:
        """Reads a provider: any of them for the vendor, its own for a provider."""

        def work(conn: Connection, now: Instant) -> ApiResponse[ProviderView] | Refused:
            row = _find_provider(conn, caller, provider)
            return (
                row
                if isinstance(row, Refused)
                else json_response(provider_view(row, now), etag=entity_tag(row.version))
            )

        return await self._context.read_tx(work)

    @operation_at("PUT", "/v1/providers/{provider}", WRITE_PROVIDERS, refusals=_TAKEN)
    async def update_provider(
        self,
        caller: Principal,
        provider: Id,
        body: ProviderBody,
        address: Address,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[ProviderView] | Refused:
        """Gives a provider another name; currency and kind never change, for money and keys hang on them."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any] | Refused:
            row = _find_provider(conn, caller, provider)
            if isinstance(row, Refused):
                return row
            refused = if_match.refuse_mismatch(entity_tag(row.version))
            if refused is not None:
                return refused
            value = msgspec.structs.replace(msgspec.json.decode(row.body, type=ProviderValue), name=body.name)
            changed = msgspec.structs.replace(row, name=body.name, body=msgspec.json.encode(value))
            written = tenants.change_provider(conn, changed, row.version)
            if isinstance(written, Refused):
                return written
            detail, state = f"{row.name} is now {body.name}", tenants.provider_state(written)
            record_audit(
                conn, TeamPlace(row.id), caller, address, "provider_changed", detail, now, about=row.id, state=state
            )
            return json_response(provider_view(written, now), etag=entity_tag(written.version))

        return await self._context.write_tx(dry_run, work)


def _find_provider(conn: Connection, caller: Principal, provider: str) -> tenants.ProviderRow | Refused:
    """The provider if the caller may know of it: foreign ones do not exist for a provider."""
    row = tenants.get_provider(conn, provider) if caller.provider in (None, "", provider) else None
    return Refused(RefusalCode.NOT_FOUND, field="provider") if row is None else row


def provider_view(row: tenants.ProviderRow, real: Instant) -> ProviderView:
    """A provider as shown."""
    value = msgspec.json.decode(row.body, type=ProviderValue)
    now = row.clock.now_at(real) if row.clock else real
    return ProviderView(
        id=row.id,
        name=row.name,
        currency=row.currency,
        sandbox=row.sandbox,
        brand=value.brand,
        now=format_rfc3339(now),
        created=format_rfc3339(row.created),
    )
