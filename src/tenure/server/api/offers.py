"""What a provider sells: offers."""

from typing import Annotated, Any

import msgspec

from tenure.core.pricing import Band, check_bands, known_currency
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import Settlement, SubscriptionKind
from tenure.http.auth import AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import account_repository
from tenure.server.api.fields import Currency, Id, Slug
from tenure.server.api.operations import NOTHING_SEEN, ServerOperations, TenantChange, TenantPost, TenantQuery
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import OfferValue
from tenure.store import ids, tenants
from tenure.store.catalog import OFFERS, CatalogItem, WriteStamp
from tenure.store.engine import Connection

READ = AccessRule("catalog:read")
WRITE = AccessRule("policy:write", PROVIDER_STAFF)
_SELLING = (RefusalCode.UNKNOWN_PLAN, RefusalCode.AUTOMATIC_NEEDS_PREPAID)


class BandBody(RequestBody, frozen=True, kw_only=True):
    """Up to `up_to` devices (absent: no end) each one costs `unit` minor units per period."""

    unit: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
    up_to: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class NewOffer(RequestBody, frozen=True, kw_only=True):
    """A plan for sale: its price by band of the whole quantity, net of tax."""

    plan: Slug
    currency: Currency
    bands: Annotated[tuple[BandBody, ...], msgspec.Meta(min_length=1, max_length=20)]
    settlement: Settlement = Settlement.PREPAID
    name: OptionalLine = ""
    code_in_mail: bool = False
    """Send the activation code itself by mail; else a link that shows it once after signing in."""


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """An offer."""

    id: str
    plan: str
    name: str
    currency: str
    bands: tuple[Band, ...]
    settlement: Settlement
    code_in_mail: bool
    withdrawn: bool


class OfferOperations(ServerOperations):
    """The operations on offers and policy."""

    @operation_at("POST", "/v1/offers", WRITE, status=201, refusals=_SELLING)
    async def create_offer(self, request: TenantPost, body: NewOffer) -> ApiResponse[OfferView]:
        """Offers a plan for sale."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            name = ids.new_id("off", tenant.real)
            offer = accept(_new_offer(conn, name, tenant.provider, body))
            item = CatalogItem(name, tenant.id, body.plan, msgspec.json.encode(offer), 1, tenant.now)
            added = accept(OFFERS.add(conn, item, WriteStamp(tenant.by, tenant.now)))
            return json_response(offer_view(added), 201, etag=entity_tag(1))

        return await self._write_as(request, work)

    @operation_at("GET", "/v1/offers", READ)
    async def list_offers(self, request: TenantQuery, paging: PageRequest) -> ResultPage[OfferView]:
        """Lists offers."""

        def rows(conn: Connection, tenant: Tenant, after: str, most: int) -> list[OfferView]:
            return [offer_view(each) for each in OFFERS.page(conn, tenant.id, after, most, withdrawn=False)]

        return await self._list_as(request, paging, rows)

    @operation_at("DELETE", "/v1/offers/{offer}", WRITE)
    async def withdraw_offer(self, request: TenantChange, offer: Id, if_match: IfMatch = NOTHING_SEEN) -> None:
        """Sells it no more; who has it keeps it."""

        def work(conn: Connection, tenant: Tenant) -> None:
            item = require_found(OFFERS.get(conn, tenant.id, offer), "offer")
            accept(if_match.refuse_mismatch(entity_tag(item.version)))
            accept(OFFERS.withdraw(conn, tenant.id, offer, item.version, WriteStamp(tenant.by, tenant.now)))

        await self._write_as(request, work)


def _new_offer(conn: Connection, name: str, provider: tenants.ProviderRow, body: NewOffer) -> OfferValue | Refused:
    plan = account_repository.plan_of(conn, body.plan)
    if plan is None:
        return Refused(RefusalCode.UNKNOWN_PLAN, f"The vendor has no plan {body.plan}.", "plan")
    if plan.kind is SubscriptionKind.UNLIMITED and body.settlement is Settlement.EXTERNAL:
        return Refused(RefusalCode.AUTOMATIC_NEEDS_PREPAID, "Unlimited plans are always prepaid.", "settlement")
    bands = tuple(Band(each.up_to, each.unit) for each in body.bands)
    accept(known_currency(body.currency) or check_bands(bands))
    if body.currency != provider.currency:  # balances have no other [spec: ledger]
        return Refused(RefusalCode.FIELD_INVALID, f"This provider's balances are in {provider.currency}.", "currency")
    return copy_fields(OfferValue, body, id=name, provider=provider.id, bands=bands)


def offer_view(item: CatalogItem) -> OfferView:
    """An offer as shown."""
    offer = msgspec.json.decode(item.body, type=OfferValue)
    return copy_fields(OfferView, offer, withdrawn=item.withdrawn is not None)
