"""`tenure products` and `tenure plans`: what the vendor makes, and the ways in which it is licensed."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import SELLING, Ended, noun, verb

PRODUCT = (Column("Product", "id"), Column("Name", "name"), Column("Since", "created", "moment"))
PLAN = (
    Column("Plan", "id"),
    Column("Name", "name"),
    Column("Product", "product"),
    Column("Kind", "kind"),
    Column("Period", "period"),
    Column("Features", "features", "list"),
    Column("After the end", "base_features", "list"),
    Column("From version", "min_version"),
    Column("Devices from", "min_devices", "count"),
    Column("to", "max_devices", "count"),
    Column("Sites", "max_sites", "count"),
    Column("Begins", "start"),
    Column("Trial", "trial"),
)
_SHORT = tuple(column for column in PLAN if column.heading not in ("After the end", "Sites", "Begins", "Trial"))

ProductId = Annotated[str, Parameter(help="The product's id, chosen by you: lower case, digits, `_ . -`.")]
PlanId = Annotated[str, Parameter(help="The plan's id, chosen by you: lower case, digits, `_ . -`.")]
Features = Annotated[tuple[str, ...], Parameter(name="--feature", help="A feature in force; repeat for more.")]
Base = Annotated[tuple[str, ...], Parameter(name="--base-feature", help="A feature that stays after the end.")]
Version = Annotated[str, Parameter(help="The lowest application version that may activate, such as 12.0.")]
Least = Annotated[int | None, Parameter(help="The least number of devices sold.")]
Most = Annotated[int | None, Parameter(help="The greatest number of devices sold.")]
Sites = Annotated[int | None, Parameter(help="How many sites may share one subscription.")]

_PRODUCTS = noun("products", "Products: list, show, add, change.", SELLING)
_PLANS = noun("plans", "Plans: list, add, show, change.", SELLING)


def add(app: App) -> None:
    """Add `tenure products` and `tenure plans`."""
    app.command(_PRODUCTS)
    app.command(_PLANS)


@verb(_PRODUCTS, "list", READING, example="tenure products list")
def list_products(desk: Desk, *, limit: Limit = None) -> Ended:
    """List products."""
    return desk.listed("/v1/products", _products, {}, limit=limit, tenant=False)


@verb(_PRODUCTS, "add", CREATING, example="tenure products add suite 'Harbour Suite'")
def add_product(
    desk: Desk,
    product: ProductId,
    name: Annotated[str, Parameter(help="Its name.")],
) -> Ended:
    """Add a product (the vendor only)."""
    sending = Sending(method="POST", path="/v1/products", body={"id": product, "name": name}, tenant=False)
    return desk.write(sending, _product)


@verb(_PRODUCTS, "show", READING, example="tenure products show suite")
def show_product(desk: Desk, product: ProductId) -> Ended:
    """Show one product."""
    return desk.shown(path("/v1/products/{product}", product=product), _product, tenant=False)


@verb(_PRODUCTS, "change", CHANGING, example="tenure products change suite 'Harbour Suite 2'")
def change_product(
    desk: Desk, product: ProductId, name: Annotated[str, Parameter(help="Its name from now on.")]
) -> Ended:
    """Give a product another name (the vendor only); its id never changes."""
    where = path("/v1/products/{product}", product=product)
    return desk.write(Sending(method="PUT", path=where, body={"name": name}, tenant=False), _product)


@verb(_PLANS, "list", READING, example="tenure plans list")
def list_plans(desk: Desk, *, limit: Limit = None) -> Ended:
    """List plans."""
    return desk.listed("/v1/plans", _plans, {}, limit=limit, tenant=False)


@verb(_PLANS, "show", READING, example="tenure plans show suite-pro")
def show_plan(desk: Desk, plan: PlanId) -> Ended:
    """Show one plan."""
    return desk.shown(path("/v1/plans/{plan}", plan=plan), _plan, tenant=False)


@verb(
    _PLANS,
    "add",
    CREATING,
    example="tenure plans add suite-pro 'Suite Pro' --product suite --feature scan --period P1Y",
)
def add_plan(
    desk: Desk,
    plan: PlanId,
    name: Annotated[str, Parameter(help="Its name.")],
    *,
    product: Annotated[str, Parameter(help="The product it licenses.")],
    feature: Features,
    period: Annotated[str, Parameter(help="How long one period is, ISO 8601: P1Y, P1M, P30D.")] = "P1Y",
    kind: Annotated[
        Literal["limited", "unlimited"], Parameter(help="Ends unless renewed, or renews itself from the balance.")
    ] = "limited",
    start: Annotated[
        Literal["at_order", "at_first_activation"], Parameter(help="When the term of an order begins.")
    ] = "at_order",
    trial: Annotated[str, Parameter(help="How long it may be tried, such as P14D.")] = "",
    base_feature: Base = (),
    min_version: Version = "",
    min_devices: Least = None,
    max_devices: Most = None,
    max_sites: Sites = None,
) -> Ended:
    """Add a plan (the vendor only); product, kind, period and begin never change."""
    body = _terms(name, feature, base_feature, min_version, min_devices, max_devices, max_sites)
    body |= {"id": plan, "product": product, "kind": kind, "period": period, "start": start}
    if trial:
        body["trial"] = trial
    return desk.write(Sending(method="POST", path="/v1/plans", body=body, tenant=False), _plan)


@verb(_PLANS, "change", CHANGING, example="tenure plans change suite-pro 'Suite Pro' --feature scan --min-version 13.0")
def change_plan(
    desk: Desk,
    plan: PlanId,
    name: Annotated[str, Parameter(help="Its name.")],
    *,
    feature: Features,
    base_feature: Base = (),
    min_version: Version = "",
    min_devices: Least = None,
    max_devices: Most = None,
    max_sites: Sites = None,
) -> Ended:
    """Replace what a plan grants from now on; running periods keep what they began with."""
    body = _terms(name, feature, base_feature, min_version, min_devices, max_devices, max_sites)
    return desk.write(Sending(method="PUT", path=path("/v1/plans/{plan}", plan=plan), body=body, tenant=False), _plan)


def _terms(
    name: str,
    features: tuple[str, ...],
    base_features: tuple[str, ...],
    min_version: str,
    min_devices: int | None,
    max_devices: int | None,
    max_sites: int | None,
) -> dict[str, Any]:
    given = {
        "min_version": min_version or None,
        "min_devices": min_devices,
        "max_devices": max_devices,
        "max_sites": max_sites,
    }
    body: dict[str, Any] = {"name": name, "features": features, "base_features": base_features}
    return body | {field: value for field, value in given.items() if value is not None}


def _product(screen: Screen, value: Any) -> None:
    screen.card(value, PRODUCT)


def _products(screen: Screen, items: Any) -> None:
    screen.table(items, PRODUCT, "There are no products yet.")


def _plans(screen: Screen, items: Any) -> None:
    screen.table(items, _SHORT, "There are no plans yet.")


def _plan(screen: Screen, value: Any) -> None:
    screen.card(value, PLAN)
