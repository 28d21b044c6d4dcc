"""Products and plans: what the vendor makes, and the ways in which it is licensed."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec

from tenure.core.periods import format_duration
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import SubscriptionKind, TermStart
from tenure.core.timeline import Instant
from tenure.core.versions import parse_version
from tenure.http.auth import AccessRule
from tenure.http.body_types import Line, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server.api.fields import Digits, Features, Period, Slug, duration_field
from tenure.server.api.operations import NOTHING_SEEN, CallerChange, CallerPost, ServerOperations
from tenure.server.values import MinVersion, PlanValue, ProductValue
from tenure.store.catalog import PLANS, PRODUCTS, CatalogItem, ItemStore, WriteStamp
from tenure.store.engine import Connection
from tenure.store.provider_chain import VENDOR

T = TypeVar("T")
READ = AccessRule("catalog:read")
WRITE = AccessRule("catalog:write", frozenset({Role.VENDOR}))
LEASE_ROOM = 3_700
"""Bytes that a plan's features and its name may fill in a lease, which has 8 KiB in all and repeats the features in
each coming span."""
MOST_FEATURES = 128
_PLANNING = (RefusalCode.ALREADY_EXISTS, RefusalCode.NOT_FOUND, RefusalCode.VERSION_UNREADABLE)
Version = Annotated[str, msgspec.Meta(max_length=64)]


class NewProduct(RequestBody, frozen=True, kw_only=True):
    """A product of the vendor."""

    id: Slug
    name: Line


class ProductBody(RequestBody, frozen=True, kw_only=True):
    """What may change of a product: its id never does."""

    name: Line


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """A product."""

    id: str
    name: str
    created: str


class PlanBody(RequestBody, frozen=True, kw_only=True):
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
    kind: SubscriptionKind
    period: Period
    start: TermStart = TermStart.AT_ORDER
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
    kind: SubscriptionKind
    period: str
    features: tuple[str, ...]
    base_features: tuple[str, ...]
    min_version: str
    min_devices: int
    max_devices: int
    max_sites: int
    start: TermStart
    trial: str | None
    floors: tuple[FloorView, ...]
    """Every lowest version that was ever set, oldest first; the last one holds."""
    created: str


class CatalogOperations(ServerOperations):
    """The operations on products and plans."""

    @operation_at("POST", "/v1/products", WRITE, status=201, refusals=[RefusalCode.ALREADY_EXISTS])
    async def create_product(self, request: CallerPost, body: NewProduct) -> ApiResponse[ProductView]:
        """Makes a product known."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            product = ProductValue(id=body.id, name=body.name)
            item = CatalogItem(body.id, VENDOR, "", msgspec.json.encode(product), 1, now)
            added = accept(PRODUCTS.add(conn, item, WriteStamp(request.caller.actor_name, now)))
            return json_response(product_view(added), 201, etag=entity_tag(1))

        return await self._write(request, work)

    @operation_at("GET", "/v1/products", READ)
    async def list_products(self, paging: PageRequest) -> ResultPage[ProductView]:
        """Lists products."""
        return await self._list(paging, partial(_rows, PRODUCTS, product_view))

    @operation_at("GET", "/v1/products/{product}", READ)
    async def read_product(self, product: Slug) -> ApiResponse[ProductView]:
        """Reads a product."""
        item = require_found(await self._read(lambda conn, now: PRODUCTS.get(conn, VENDOR, product)), "product")
        return json_response(product_view(item), etag=entity_tag(item.version))

    @operation_at("PUT", "/v1/products/{product}", WRITE)
    async def update_product(
        self, request: CallerChange, product: Slug, body: ProductBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[ProductView]:
        """Gives a product another name; its id, which leases and applications carry, never changes."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            item = require_found(PRODUCTS.get(conn, VENDOR, product), "product")
            accept(if_match.refuse_mismatch(entity_tag(item.version)))
            changed, stamp = ProductValue(id=product, name=body.name), WriteStamp(request.caller.actor_name, now)
            written = accept(PRODUCTS.change(conn, VENDOR, product, item.version, msgspec.json.encode(changed), stamp))
            return json_response(product_view(written), etag=entity_tag(written.version))

        return await self._write(request, work)

    @operation_at("POST", "/v1/plans", WRITE, status=201, refusals=_PLANNING)
    async def create_plan(self, request: CallerPost, body: NewPlan) -> ApiResponse[PlanView]:
        """Makes a plan known."""

        def work(conn: Connection, now: Instant) -> ApiResponse[Any] | Refused:
            if PRODUCTS.get(conn, VENDOR, body.product) is None:
                return Refused(RefusalCode.NOT_FOUND, f"There is no product {body.product}.", "product")
            plan = _new_plan(body, now)
            item = CatalogItem(plan.id, VENDOR, plan.product, msgspec.json.encode(plan), 1, now)
            added = accept(PLANS.add(conn, item, WriteStamp(request.caller.actor_name, now)))
            return json_response(plan_view(added), 201, etag=entity_tag(1))

        return await self._write(request, work)

    @operation_at("GET", "/v1/plans", READ)
    async def list_plans(self, paging: PageRequest) -> ResultPage[PlanView]:
        """Lists plans."""
        return await self._list(paging, partial(_rows, PLANS, plan_view))

    @operation_at("GET", "/v1/plans/{plan}", READ)
    async def read_plan(self, plan: Slug) -> ApiResponse[PlanView]:
        """Reads a plan."""
        item = require_found(await self._read(lambda conn, now: PLANS.get(conn, VENDOR, plan)), "plan")
        return json_response(plan_view(item), etag=entity_tag(item.version))

    @operation_at("PUT", "/v1/plans/{plan}", WRITE, refusals=[RefusalCode.VERSION_UNREADABLE])
    async def update_plan(
        self, request: CallerChange, plan: Slug, body: PlanBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[PlanView]:
        """Changes a plan.

        New activations follow at once; running periods keep what they began with.
        """

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            item = require_found(PLANS.get(conn, VENDOR, plan), "plan")
            accept(if_match.refuse_mismatch(entity_tag(item.version)))
            accept(_refuse_unsound(body))
            changed = _changed_plan(msgspec.json.decode(item.body, type=PlanValue), body, now)
            stamp = WriteStamp(request.caller.actor_name, now)
            written = accept(PLANS.change(conn, VENDOR, plan, item.version, msgspec.json.encode(changed), stamp))
            return json_response(plan_view(written), etag=entity_tag(written.version))

        return await self._write(request, work)


def _rows(
    items: ItemStore, view: Callable[[CatalogItem], T], conn: Connection, now: Instant, after: str, most: int
) -> list[T]:
    return [view(each) for each in items.page(conn, VENDOR, after, most, withdrawn=False)]


def _refuse_unsound(body: PlanBody) -> Refused | None:
    if body.min_devices > body.max_devices:
        return Refused(RefusalCode.FIELD_INVALID, "The least number of devices exceeds the greatest.", "min_devices")
    if _lease_bytes(body) > LEASE_ROOM or len({*body.features, *body.base_features}) > MOST_FEATURES:
        return Refused(
            RefusalCode.FIELD_INVALID, "So many features, or such long names, do not fit into a lease.", "features"
        )
    if body.min_version is not None:
        accept(parse_version(body.min_version, "min_version"))
    return None


def _lease_bytes(body: PlanBody) -> int:
    """Bytes of a lease: running, coming and grace spans and the lease itself name all features, others the base; the
    plan's name stands there once."""
    whole, base = ((*body.features, *body.base_features), body.base_features)
    features = 4 * len(msgspec.json.encode(whole)) + 3 * len(msgspec.json.encode(base))
    return features + len(msgspec.json.encode(body.name))


def _new_plan(body: NewPlan, now: Instant) -> PlanValue:
    accept(_refuse_unsound(body))
    return PlanValue(
        **_changeable(body),
        id=body.id,
        product=body.product,
        kind=body.kind,
        period=accept(duration_field(body.period, "period")),
        floors=(MinVersion(now, body.min_version),) if body.min_version else (),
        start=body.start,
        trial=None if body.trial is None else accept(duration_field(body.trial, "trial")),
    )


def _changed_plan(plan: PlanValue, body: PlanBody, now: Instant) -> PlanValue:
    floors = plan.floors
    if (body.min_version or "") != plan.min_version_at:
        floors = (*floors, MinVersion(now, body.min_version or ""))
    return msgspec.structs.replace(plan, floors=floors, **_changeable(body))


def _changeable(body: PlanBody) -> dict[str, Any]:
    """What may change of a plan, but for its lowest version, which is remembered."""
    return {name: getattr(body, name) for name in PlanBody.__struct_fields__ if name != "min_version"}


def product_view(item: CatalogItem) -> ProductView:
    """A product as shown."""
    product = msgspec.json.decode(item.body, type=ProductValue)
    return copy_fields(ProductView, product, created=format_rfc3339(item.created))


def plan_view(item: CatalogItem) -> PlanView:
    """A plan as shown."""
    plan = msgspec.json.decode(item.body, type=PlanValue)
    return copy_fields(
        PlanView,
        plan,
        period=format_duration(plan.period),
        min_version=plan.min_version_at,
        trial=None if plan.trial is None else format_duration(plan.trial),
        floors=tuple(copy_fields(FloorView, each) for each in plan.floors),
        created=format_rfc3339(item.created),
    )
