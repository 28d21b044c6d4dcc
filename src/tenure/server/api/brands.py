"""How a provider shows itself to its customers: on the portal, in mails, and on what leases say to applications."""

from typing import Any

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.fields import Id
from tenure.server.api.operations import NOTHING_SEEN, CallerChange, ServerOperations
from tenure.server.api.providers import READ_PROVIDERS, BrandBody, note_provider
from tenure.server.context import tenant_of
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import ProviderValue
from tenure.store import tenants
from tenure.store.engine import Connection

WRITE = AccessRule("policy:write", PROVIDER_STAFF)


class BrandOperations(ServerOperations):
    """The operations on a provider's brand."""

    @operation_at("GET", "/v1/providers/{provider}/brand", READ_PROVIDERS)
    async def read_brand(self, caller: Principal, provider: Id) -> ApiResponse[BrandBody]:
        """Reads how the provider shows itself."""
        return await self._read(lambda conn, real: _brand_view(_find_provider(conn, caller, provider, real)))

    @operation_at("PUT", "/v1/providers/{provider}/brand", WRITE)
    async def change_brand(
        self, request: CallerChange, provider: Id, body: BrandBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[BrandBody]:
        """Changes how the provider shows itself: pages and mails at once, applications with their next contact."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any]:
            found = _find_provider(conn, request.caller, provider, real)
            accept(if_match.refuse_mismatch(entity_tag(found.version)))
            value = msgspec.structs.replace(
                msgspec.json.decode(found.body, type=ProviderValue),
                brand=msgspec.convert(msgspec.to_builtins(body), Brand),
            )
            changed = msgspec.structs.replace(found, body=msgspec.json.encode(value))
            written = accept(tenants.change_provider(conn, changed, found.version))
            note_provider(conn, request, "brand_changed", written, body.name, real)
            return _brand_view(written)

        return await self._write(request, work)


def _find_provider(conn: Connection, caller: Principal, named: str, real: Instant) -> tenants.ProviderRow:
    tenant = accept(tenant_of(conn, caller, named, real))
    return require_found(tenants.get_provider(conn, tenant.id), "provider")


def _brand_view(row: tenants.ProviderRow) -> ApiResponse[Any]:
    brand = msgspec.json.decode(row.body, type=ProviderValue).brand
    return json_response(msgspec.convert(msgspec.to_builtins(brand), BrandBody), etag=entity_tag(row.version))
