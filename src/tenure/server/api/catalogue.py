"""Products and plans: what the vendor makes, and the ways in which it is licensed."""

from typing import Annotated, Any

import msgspec

from tenure.core.periods import format_duration
from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.terms import Kind, Start
from tenure.core.timeline import Instant
from tenure.core.versions import parse_version
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Line
from tenure.http.idempotency import Ticket
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.fields import Digits, Features, Period, Slug, duration
from tenure.server.context import Context
from tenure.server.values import Floor, Plan, Product
from tenure.store.catalogue import PLANS, PRODUCTS, Item, Stamp
from tenure.store.chronicle import VENDOR
from tenure.store.engine import Connection

READ = Rule("catalogue:read")
WRITE = Rule("catalogue:write", frozenset({Role.VENDOR}))
NOTHING_SEEN = IfMatch()
LEASE_ROOM = 3_700
"""Bytes that a plan's features and its name may fill in a lease, which has 8 KiB in all and repeats the features in
each coming span."""
MOST_FEATURES = 128
_PLANNING = (Code.ALREADY_EXISTS, Code.NOT_FOUND, Code.VERSION_UNREADABLE)
Version = Annotated[str, msgspec.Meta(max_length=64)]


class NewProduct(Body, frozen=True, kw_only=True):
    """A product of the vendor."""

    id: Slug
    name: Line


class ProductBody(Body, frozen=True, kw_only=True):
    """What may change of a product: its id never does."""

    name: Line


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """A product."""

    id: str
    name: str
    created: str


class PlanBody(Body, frozen=True, kw_only=True):
    """A way in which a product is licensed; device range, sites and version are bounds for every order."""

    name: Line
    features: Features
    base_features: Features = ()
    min_version: Digits | None = None
    """The lowest application version that may activate (M13)."""
    min_devices: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    max_devices: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1_000_000
    max_sites: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 5


class NewPlan(PlanBody, frozen=True, kw_only=True):
    """A plan; product, kind, period and start never change."""

    id: Slug
    product: Slug
    kind: Kind
    period: Period
    start: Start = Start.AT_ORDER
    trial: Period | None = None


class FloorView(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` on no version below `version` activates; empty: every version does."""

    since: str
    version: str


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """A plan."""

    id: str
    product: str
    name: str
    kind: Kind
    period: str
    features: tuple[str, ...]
    base_features: tuple[str, ...]
    min_version: str
    min_devices: int
    max_devices: int
    max_sites: int
    start: Start
    trial: str | None
    floors: tuple[FloorView, ...]
    """Every lowest version that was ever set, oldest first; the last one holds."""
    created: str


class Catalogue:
    """The operations on products and plans."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_product(
        self, caller: Principal, ticket: Ticket, body: NewProduct, dry_run: bool = False
    ) -> Answer[ProductView] | Refused:
        """Makes a product known."""

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            product = Product(id=body.id, name=body.name)
            item = Item(body.id, VENDOR, "", msgspec.json.encode(product), 1, now)
            added = PRODUCTS.add(conn, item, Stamp(caller.by, now))
            return added if isinstance(added, Refused) else made(product_view(added), 201, etag=etag(1))

        answer: Answer[ProductView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def list_products(self, paging: Paging) -> Page[ProductView] | Refused:
        """Lists products."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        found = await self._context.read(
            lambda conn, now: PRODUCTS.page(conn, VENDOR, after or "", paging.limit + 1, withdrawn=False)
        )
        return cut_page(map(product_view, found), paging.limit, lambda each: each.id)

    async def read_product(self, product: Slug) -> Answer[ProductView] | Refused:
        """Reads a product."""
        item = await self._context.read(lambda conn, now: PRODUCTS.get(conn, VENDOR, product))
        if item is None:
            return Refused(Code.NOT_FOUND, field="product")
        return made(product_view(item), etag=etag(item.version))

    async def update_product(
        self,
        caller: Principal,
        product: Slug,
        body: ProductBody,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[ProductView] | Refused:
        """Gives a product another name; its id, which leases and applications carry, never changes."""

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            item = PRODUCTS.get(conn, VENDOR, product)
            if item is None:
                return Refused(Code.NOT_FOUND, field="product")
            refused = if_match.refusal(etag(item.version))
            if refused is not None:
                return refused
            changed = msgspec.json.encode(Product(id=product, name=body.name))
            written = PRODUCTS.change(conn, VENDOR, product, item.version, changed, Stamp(caller.by, now))
            if isinstance(written, Refused):
                return written
            return made(product_view(written), etag=etag(written.version))

        answer: Answer[ProductView] | Refused = await self._context.write(dry_run, work)
        return answer

    async def create_plan(
        self, caller: Principal, ticket: Ticket, body: NewPlan, dry_run: bool = False
    ) -> Answer[PlanView] | Refused:
        """Makes a plan known."""

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            if PRODUCTS.get(conn, VENDOR, body.product) is None:
                return Refused(Code.NOT_FOUND, f"There is no product {body.product}.", "product")
            plan = _new_plan(body, now)
            if isinstance(plan, Refused):
                return plan
            item = Item(plan.id, VENDOR, plan.product, msgspec.json.encode(plan), 1, now)
            added = PLANS.add(conn, item, Stamp(caller.by, now))
            return added if isinstance(added, Refused) else made(plan_view(added), 201, etag=etag(1))

        answer: Answer[PlanView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def list_plans(self, paging: Paging) -> Page[PlanView] | Refused:
        """Lists plans."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        found = await self._context.read(
            lambda conn, now: PLANS.page(conn, VENDOR, after or "", paging.limit + 1, withdrawn=False)
        )
        return cut_page(map(plan_view, found), paging.limit, lambda each: each.id)

    async def read_plan(self, plan: Slug) -> Answer[PlanView] | Refused:
        """Reads a plan."""
        item = await self._context.read(lambda conn, now: PLANS.get(conn, VENDOR, plan))
        return Refused(Code.NOT_FOUND, field="plan") if item is None else made(plan_view(item), etag=etag(item.version))

    async def update_plan(
        self, caller: Principal, plan: Slug, body: PlanBody, if_match: IfMatch = NOTHING_SEEN, dry_run: bool = False
    ) -> Answer[PlanView] | Refused:
        """Changes a plan.

        New activations follow at once; running periods keep what they began with.
        """

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            item = PLANS.get(conn, VENDOR, plan)
            if item is None:
                return Refused(Code.NOT_FOUND, field="plan")
            refused = if_match.refusal(etag(item.version)) or _unsound(body)
            if refused is not None:
                return refused
            changed = _changed(msgspec.json.decode(item.body, type=Plan), body, now)
            stamp = Stamp(caller.by, now)
            written = PLANS.change(conn, VENDOR, plan, item.version, msgspec.json.encode(changed), stamp)
            if isinstance(written, Refused):
                return written
            return made(plan_view(written), etag=etag(written.version))

        answer: Answer[PlanView] | Refused = await self._context.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/products", READ, self.list_products),
            operation("POST", "/v1/products", WRITE, self.create_product, status=201, refusals=[Code.ALREADY_EXISTS]),
            operation("GET", "/v1/products/{product}", READ, self.read_product),
            operation("PUT", "/v1/products/{product}", WRITE, self.update_product),
            operation("GET", "/v1/plans", READ, self.list_plans),
            operation("POST", "/v1/plans", WRITE, self.create_plan, status=201, refusals=_PLANNING),
            operation("GET", "/v1/plans/{plan}", READ, self.read_plan),
            operation("PUT", "/v1/plans/{plan}", WRITE, self.update_plan, refusals=[Code.VERSION_UNREADABLE]),
        )


def _unsound(body: PlanBody) -> Refused | None:
    if body.min_devices > body.max_devices:
        return Refused(Code.FIELD_INVALID, "The least number of devices exceeds the greatest.", "min_devices")
    if _room(body) > LEASE_ROOM or len({*body.features, *body.base_features}) > MOST_FEATURES:
        return Refused(Code.FIELD_INVALID, "So many features, or such long names, do not fit into a lease.", "features")
    if body.min_version is not None:
        version = parse_version(body.min_version, "min_version")
        if isinstance(version, Refused):
            return version
    return None


def _room(body: PlanBody) -> int:
    """Bytes of a lease: running, coming and grace spans and the lease itself name all features, others the base; the
    plan's name stands there once."""
    whole, base = ((*body.features, *body.base_features), body.base_features)
    features = 4 * len(msgspec.json.encode(whole)) + 3 * len(msgspec.json.encode(base))
    return features + len(msgspec.json.encode(body.name))


def _new_plan(body: NewPlan, now: Instant) -> Plan | Refused:
    if (refused := _unsound(body)) is not None:
        return refused
    period = duration(body.period, "period")
    if isinstance(period, Refused):
        return period
    trial = duration(body.trial, "trial") if body.trial is not None else None
    if isinstance(trial, Refused):
        return trial
    return Plan(
        id=body.id,
        product=body.product,
        name=body.name,
        kind=body.kind,
        period=period,
        features=body.features,
        base_features=body.base_features,
        floors=(Floor(now, body.min_version),) if body.min_version else (),
        min_devices=body.min_devices,
        max_devices=body.max_devices,
        max_sites=body.max_sites,
        start=body.start,
        trial=trial,
    )


def _changed(plan: Plan, body: PlanBody, now: Instant) -> Plan:
    floors = plan.floors
    if (body.min_version or "") != plan.floor:
        floors = (*floors, Floor(now, body.min_version or ""))
    return msgspec.structs.replace(
        plan,
        name=body.name,
        features=body.features,
        base_features=body.base_features,
        floors=floors,
        min_devices=body.min_devices,
        max_devices=body.max_devices,
        max_sites=body.max_sites,
    )


def product_view(item: Item) -> ProductView:
    """A product as shown."""
    product = msgspec.json.decode(item.body, type=Product)
    return ProductView(id=product.id, name=product.name, created=rfc3339(item.created))


def plan_view(item: Item) -> PlanView:
    """A plan as shown."""
    plan = msgspec.json.decode(item.body, type=Plan)
    return PlanView(
        id=plan.id,
        product=plan.product,
        name=plan.name,
        kind=plan.kind,
        period=format_duration(plan.period),
        features=plan.features,
        base_features=plan.base_features,
        min_version=plan.floor,
        min_devices=plan.min_devices,
        max_devices=plan.max_devices,
        max_sites=plan.max_sites,
        start=plan.start,
        trial=None if plan.trial is None else format_duration(plan.trial),
        floors=tuple(FloorView(since=rfc3339(each.since), version=each.version) for each in plan.floors),
        created=rfc3339(item.created),
    )
