"""What a provider sells: offers."""

from typing import Annotated, Any

import msgspec

from tenure.core.pricing import Band, check_bands, known_currency
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import Settlement, SubscriptionKind
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.idempotency import IdempotentRequest
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.server import account_repository
from tenure.server.api.fields import Currency, Id, Slug
from tenure.server.context import ServerOperations, tenant_of
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import OfferValue
from tenure.store import ids, tenants
from tenure.store.catalog import OFFERS, CatalogItem, WriteStamp
from tenure.store.engine import Connection

READ = AccessRule("catalog:read")
WRITE = AccessRule("policy:write", PROVIDER_STAFF)
NOTHING_SEEN = IfMatch()
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
    async def create_offer(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: NewOffer,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[OfferView] | Refused:
        """Offers a plan for sale."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            name = ids.new_id("off", real)
            offer = _new_offer(conn, name, tenant.provider, body)
            if isinstance(offer, Refused):
                return offer
            item = CatalogItem(name, tenant.id, body.plan, msgspec.json.encode(offer), 1, tenant.now)
            added = OFFERS.add(conn, item, WriteStamp(tenant.by, tenant.now))
            return added if isinstance(added, Refused) else json_response(offer_view(added), 201, etag=entity_tag(1))

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("GET", "/v1/offers", READ)
    async def list_offers(
        self, caller: Principal, paging: PageRequest, provider: Id | None = None
    ) -> ResultPage[OfferView] | Refused:
        """Lists offers."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[CatalogItem] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            return OFFERS.page(conn, tenant.id, after or "", paging.limit + 1, withdrawn=False)

        found = await self._context.read_tx(work)
        if isinstance(found, Refused):
            return found
        return cut_page(map(offer_view, found), paging.limit, lambda each: each.id)

    @operation_at("DELETE", "/v1/offers/{offer}", WRITE)
    async def withdraw_offer(
        self,
        caller: Principal,
        offer: Id,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Refused | None:
        """Sells it no more; who has it keeps it."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            item = OFFERS.get(conn, tenant.id, offer)
            if item is None:
                return Refused(RefusalCode.NOT_FOUND, field="offer")
            refused = if_match.refuse_mismatch(entity_tag(item.version))
            if refused is not None:
                return refused
            gone = OFFERS.withdraw(conn, tenant.id, offer, item.version, WriteStamp(tenant.by, tenant.now))
            return gone if isinstance(gone, Refused) else json_response(None)

        done = await self._context.write_tx(dry_run, work)
        return done if isinstance(done, Refused) else None


def _new_offer(conn: Connection, name: str, provider: tenants.ProviderRow, body: NewOffer) -> OfferValue | Refused:
    plan = account_repository.plan_of(conn, body.plan)
    if plan is None:
        return Refused(RefusalCode.UNKNOWN_PLAN, f"The vendor has no plan {body.plan}.", "plan")
    if plan.kind is SubscriptionKind.UNLIMITED and body.settlement is Settlement.EXTERNAL:
        return Refused(RefusalCode.AUTOMATIC_NEEDS_PREPAID, "Unlimited plans are always prepaid.", "settlement")
    bands = tuple(Band(each.up_to, each.unit) for each in body.bands)
    refused = known_currency(body.currency) or check_bands(bands)
    if refused is not None:
        return refused
    if body.currency != provider.currency:  # balances have no other [spec: ledger]
        return Refused(RefusalCode.FIELD_INVALID, f"This provider's balances are in {provider.currency}.", "currency")
    return OfferValue(
        id=name,
        provider=provider.id,
        plan=body.plan,
        currency=body.currency,
        bands=bands,
        settlement=body.settlement,
        name=body.name,
        code_in_mail=body.code_in_mail,
    )


def offer_view(item: CatalogItem) -> OfferView:
    """An offer as shown."""
    offer = msgspec.json.decode(item.body, type=OfferValue)
    return OfferView(
        id=offer.id,
        plan=offer.plan,
        name=offer.name,
        currency=offer.currency,
        bands=offer.bands,
        settlement=offer.settlement,
        code_in_mail=offer.code_in_mail,
        withdrawn=item.withdrawn is not None,
    )
