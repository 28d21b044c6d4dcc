"""Providers: whom the vendor sells through."""

from typing import Annotated, Any

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.policy.rules import Role
from tenure.core.pricing import known_currency
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Currency, Id, OptionalTitle, Title
from tenure.server.api.operations import NOTHING_SEEN, AnyChange, CallerChange, CallerPost, ServerOperations
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import ProviderValue
from tenure.store import ids, tenants
from tenure.store.engine import Connection
from tenure.store.tenants import ProviderClock
from tenure.store.users import TeamPlace

VENDOR_ONLY = frozenset({Role.VENDOR})
READ_PROVIDERS = AccessRule("providers:read", PROVIDER_STAFF)
WRITE_PROVIDERS = AccessRule("providers:write", VENDOR_ONLY)


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
    async def create_provider(self, request: CallerPost, body: NewProvider) -> ApiResponse[ProviderView]:
        """Makes a provider known."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            accept(known_currency(body.currency))
            name = ids.new_id("prv", now)
            brand = msgspec.convert(msgspec.to_builtins(body.brand), Brand)
            value = ProviderValue(id=name, name=body.name, currency=body.currency, sandbox=body.sandbox, brand=brand)
            clock = ProviderClock(now, now, 1) if body.sandbox else None
            row = tenants.ProviderRow(
                name, body.name, body.sandbox, body.currency, msgspec.json.encode(value), 1, now, clock=clock
            )
            added = accept(tenants.add_provider(conn, row))
            note_provider(conn, request, "provider_created", added, f"{name}: {body.name}", now)
            return json_response(provider_view(added, now), 201, etag=entity_tag(1))

        return await self._write(request, work)

    @operation_at("GET", "/v1/providers", READ_PROVIDERS)
    async def list_providers(self, caller: Principal, paging: PageRequest) -> ResultPage[ProviderView]:
        """Lists providers: all of them for the vendor, its own for a provider."""

        def rows(conn: Connection, now: Instant, after: str, most: int) -> list[ProviderView]:
            if caller.provider:
                mine = tenants.get_provider(conn, caller.provider)
                return [] if mine is None else [provider_view(mine, now)]
            return [provider_view(each, now) for each in tenants.list_providers(conn, after, most)]

        return await self._list(paging, rows)

    @operation_at("GET", "/v1/providers/{provider}", READ_PROVIDERS)
    async def read_provider(self, caller: Principal, provider: Id) -> ApiResponse[ProviderView]:
        """Reads a provider: any of them for the vendor, its own for a provider."""

        def work(conn: Connection, now: Instant) -> ApiResponse[ProviderView]:
            row = _find_provider(conn, caller, provider)
            return json_response(provider_view(row, now), etag=entity_tag(row.version))

        return await self._read(work)

    @operation_at("PUT", "/v1/providers/{provider}", WRITE_PROVIDERS, refusals=_TAKEN)
    async def update_provider(
        self, request: CallerChange, provider: Id, body: ProviderBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[ProviderView]:
        """Gives a provider another name; currency and kind never change, for money and keys hang on them."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            row = _find_provider(conn, request.caller, provider)
            accept(if_match.refuse_mismatch(entity_tag(row.version)))
            value = msgspec.structs.replace(msgspec.json.decode(row.body, type=ProviderValue), name=body.name)
            changed = msgspec.structs.replace(row, name=body.name, body=msgspec.json.encode(value))
            written = accept(tenants.change_provider(conn, changed, row.version))
            note_provider(conn, request, "provider_changed", written, f"{row.name} is now {body.name}", now)
            return json_response(provider_view(written, now), etag=entity_tag(written.version))

        return await self._write(request, work)


def _find_provider(conn: Connection, caller: Principal, provider: str) -> tenants.ProviderRow:
    """The provider if the caller may know of it: foreign ones do not exist for a provider."""
    known = caller.provider in (None, "", provider)
    return require_found(tenants.get_provider(conn, provider) if known else None, "provider")


def note_provider(
    conn: Connection, request: AnyChange, what: str, row: tenants.ProviderRow, detail: str, now: Instant
) -> None:
    """Keep in the provider's audit what was done with it, and what stands of it now."""
    state = tenants.provider_state(row)
    record_audit(conn, TeamPlace(row.id), request, what, detail, now, about=row.id, state=state)


def provider_view(row: tenants.ProviderRow, real: Instant) -> ProviderView:
    """A provider as shown."""
    value = msgspec.json.decode(row.body, type=ProviderValue)
    now = row.clock.now_at(real) if row.clock else real
    return copy_fields(ProviderView, row, brand=value.brand, now=format_rfc3339(now))
