"""How a provider shows itself to its customers: on the portal, in mails, and on what leases say to applications."""

from typing import Any

import msgspec

from tenure.core.lease import Brand
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.inputs import Address
from tenure.http.operations import Operation, operation
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Id
from tenure.server.api.providers import READ_PROVIDERS, BrandBody
from tenure.server.context import Context, tenant_of
from tenure.server.roles import DESK
from tenure.server.values import Provider
from tenure.store import people
from tenure.store.engine import Connection
from tenure.store.persons import Place

WRITE = Rule("policy:write", DESK)
NOTHING_SEEN = IfMatch()


class Brands:
    """The operations on a provider's brand."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_brand(self, caller: Principal, provider: Id) -> Answer[BrandBody] | Refused:
        """Reads how the provider shows itself."""

        def work(conn: Connection, real: Instant) -> Answer[BrandBody] | Refused:
            found = _provider(conn, caller, provider, real)
            return found if isinstance(found, Refused) else _shown(found)

        return await self._context.read(work)

    async def change_brand(
        self,
        caller: Principal,
        provider: Id,
        body: BrandBody,
        address: Address,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[BrandBody] | Refused:
        """Changes how the provider shows itself: pages and mails at once, applications with their next contact."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            found = _provider(conn, caller, provider, real)
            if isinstance(found, Refused):
                return found
            refused = if_match.refusal(etag(found.version))
            if refused is not None:
                return refused
            value = msgspec.structs.replace(
                msgspec.json.decode(found.body, type=Provider),
                brand=msgspec.convert(msgspec.to_builtins(body), Brand),
            )
            changed = msgspec.structs.replace(found, body=msgspec.json.encode(value))
            written = people.change_provider(conn, changed, found.version)
            if isinstance(written, Refused):
                return written
            state = people.provider_state(written)
            note(conn, Place(found.id), caller, address, "brand_changed", body.name, real, about=found.id, state=state)
            return _shown(written)

        answer: Answer[BrandBody] | Refused = await self._context.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        one = "/v1/providers/{provider}/brand"
        return (
            operation("GET", one, READ_PROVIDERS, self.read_brand),
            operation("PUT", one, WRITE, self.change_brand),
        )


def _provider(conn: Connection, caller: Principal, named: str, real: Instant) -> people.Provider | Refused:
    tenant = tenant_of(conn, caller, named, real)
    found = tenant if isinstance(tenant, Refused) else people.provider(conn, tenant.id)
    return Refused(Code.NOT_FOUND, field="provider") if found is None else found


def _shown(row: people.Provider) -> Answer[Any]:
    brand = msgspec.json.decode(row.body, type=Provider).brand
    return made(msgspec.convert(msgspec.to_builtins(brand), BrandBody), etag=etag(row.version))
