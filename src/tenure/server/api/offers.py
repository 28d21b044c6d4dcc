"""What a provider sells: offers."""

from typing import Annotated, Any

import msgspec

from tenure.core.pricing import Band, check_bands, known_currency
from tenure.core.refusals import Code, Refused
from tenure.core.terms import Kind, Settlement
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import books
from tenure.server.api.fields import Currency, Id, Slug
from tenure.server.context import Context, tenant_of
from tenure.server.roles import DESK
from tenure.server.values import Offer
from tenure.store import ids, people
from tenure.store.catalogue import OFFERS, Item, Stamp
from tenure.store.engine import Connection

READ = Rule("catalogue:read")
WRITE = Rule("policy:write", DESK)
NOTHING_SEEN = IfMatch()
_SELLING = (Code.UNKNOWN_PLAN, Code.AUTOMATIC_NEEDS_PREPAID)


class BandBody(Body, frozen=True, kw_only=True):
    """Up to `up_to` devices (absent: no end) each one costs `unit` minor units per period."""

    unit: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
    up_to: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class NewOffer(Body, frozen=True, kw_only=True):
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


class Offers:
    """The operations on offers and policy."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_offer(
        self, caller: Principal, ticket: Ticket, body: NewOffer, provider: Id | None = None, dry_run: bool = False
    ) -> Answer[OfferView] | Refused:
        """Offers a plan for sale."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            name = ids.new("off", real)
            offer = _new_offer(conn, name, tenant.provider, body)
            if isinstance(offer, Refused):
                return offer
            item = Item(name, tenant.id, body.plan, msgspec.json.encode(offer), 1, tenant.now)
            added = OFFERS.add(conn, item, Stamp(tenant.by, tenant.now))
            return added if isinstance(added, Refused) else made(offer_view(added), 201, etag=etag(1))

        answer: Answer[OfferView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def list_offers(
        self, caller: Principal, paging: Paging, provider: Id | None = None
    ) -> Page[OfferView] | Refused:
        """Lists offers."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[Item] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            return OFFERS.page(conn, tenant.id, after or "", paging.limit + 1, withdrawn=False)

        found = await self._context.read(work)
        if isinstance(found, Refused):
            return found
        return cut_page(map(offer_view, found), paging.limit, lambda each: each.id)

    async def withdraw_offer(
        self,
        caller: Principal,
        offer: Id,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Refused | None:
        """Sells it no more; who has it keeps it."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            item = OFFERS.get(conn, tenant.id, offer)
            if item is None:
                return Refused(Code.NOT_FOUND, field="offer")
            refused = if_match.refusal(etag(item.version))
            if refused is not None:
                return refused
            gone = OFFERS.withdraw(conn, tenant.id, offer, item.version, Stamp(tenant.by, tenant.now))
            return gone if isinstance(gone, Refused) else made(None)

        done = await self._context.write(dry_run, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/offers", READ, self.list_offers),
            operation("POST", "/v1/offers", WRITE, self.create_offer, status=201, refusals=_SELLING),
            operation("DELETE", "/v1/offers/{offer}", WRITE, self.withdraw_offer),
        )


def _new_offer(conn: Connection, name: str, provider: people.Provider, body: NewOffer) -> Offer | Refused:
    plan = books.plan_of(conn, body.plan)
    if plan is None:
        return Refused(Code.UNKNOWN_PLAN, f"The vendor has no plan {body.plan}.", "plan")
    if plan.kind is Kind.UNLIMITED and body.settlement is Settlement.EXTERNAL:
        return Refused(Code.AUTOMATIC_NEEDS_PREPAID, "Unlimited plans are always prepaid.", "settlement")
    bands = tuple(Band(each.up_to, each.unit) for each in body.bands)
    refused = known_currency(body.currency) or check_bands(bands)
    if refused is not None:
        return refused
    if body.currency != provider.currency:  # balances have no other [spec: ledger]
        return Refused(Code.FIELD_INVALID, f"This provider's balances are in {provider.currency}.", "currency")
    return Offer(
        id=name,
        provider=provider.id,
        plan=body.plan,
        currency=body.currency,
        bands=bands,
        settlement=body.settlement,
        name=body.name,
        code_in_mail=body.code_in_mail,
    )


def offer_view(item: Item) -> OfferView:
    """An offer as shown."""
    offer = msgspec.json.decode(item.body, type=Offer)
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
