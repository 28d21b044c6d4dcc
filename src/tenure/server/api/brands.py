"""How a provider shows itself to its customers: on the portal, in mails, and on what leases say to applications."""

from typing import Any

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.providers import READ_PROVIDERS, BrandBody
from tenure.server.context import ServerOperations, tenant_of
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import ProviderValue
from tenure.store import tenants
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

WRITE = AccessRule("policy:write", PROVIDER_STAFF)
NOTHING_SEEN = IfMatch()


class BrandOperations(ServerOperations):
    """The operations on a provider's brand."""

    @operation_at("GET", "/v1/providers/{provider}/brand", READ_PROVIDERS)
    async def read_brand(self, caller: Principal, provider: Id) -> ApiResponse[BrandBody] | Refused:
        """Reads how the provider shows itself."""

        def work(conn: Connection, real: Instant) -> ApiResponse[BrandBody] | Refused:
            found = _find_provider(conn, caller, provider, real)
            return found if isinstance(found, Refused) else _brand_view(found)

        return await self._context.read_tx(work)

    @operation_at("PUT", "/v1/providers/{provider}/brand", WRITE)
    async def change_brand(
        self,
        caller: Principal,
        provider: Id,
        body: BrandBody,
        address: Address,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> ApiResponse[BrandBody] | Refused:
        """Changes how the provider shows itself: pages and mails at once, applications with their next contact."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            found = _find_provider(conn, caller, provider, real)
            if isinstance(found, Refused):
                return found
            refused = if_match.refuse_mismatch(entity_tag(found.version))
            if refused is not None:
                return refused
            value = msgspec.structs.replace(
                msgspec.json.decode(found.body, type=ProviderValue),
                brand=msgspec.convert(msgspec.to_builtins(body), Brand),
            )
            changed = msgspec.structs.replace(found, body=msgspec.json.encode(value))
            written = tenants.change_provider(conn, changed, found.version)
            if isinstance(written, Refused):
                return written
            state = tenants.provider_state(written)
            record_audit(
                conn,
                TeamPlace(found.id),
                caller,
                address,
                "brand_changed",
                body.name,
                real,
                about=found.id,
                state=state,
            )
            return _brand_view(written)

        return await self._context.write_tx(dry_run, work)


def _find_provider(conn: Connection, caller: Principal, named: str, real: Instant) -> tenants.ProviderRow | Refused:
    tenant = tenant_of(conn, caller, named, real)
    found = tenant if isinstance(tenant, Refused) else tenants.get_provider(conn, tenant.id)
    return Refused(RefusalCode.NOT_FOUND, field="provider") if found is None else found


def _brand_view(row: tenants.ProviderRow) -> ApiResponse[Any]:
    brand = msgspec.json.decode(row.body, type=ProviderValue).brand
    return json_response(msgspec.convert(msgspec.to_builtins(brand), BrandBody), etag=entity_tag(row.version))
