"""`tenure products` and `tenure plans`: what the vendor makes, and the ways in which it is licensed."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.api import CliRequest
from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, show_card, show_table
from tenure.cli.registration import SELLING, add_noun, add_verb, add_words
from tenure.cli.screen import TableColumn
from tenure.http.client.api_exchange import fill_path

PRODUCT = (TableColumn("Product", "id"), TableColumn("Name", "name"), TableColumn("Since", "created", "moment"))
PLAN = (
    TableColumn("Plan", "id"),
    TableColumn("Name", "name"),
    TableColumn("Product", "product"),
    TableColumn("Kind", "kind"),
    TableColumn("Period", "period"),
    TableColumn("Features", "features", "list"),
    TableColumn("After the end", "base_features", "list"),
    TableColumn("From version", "min_version"),
    TableColumn("Devices from", "min_devices", "count"),
    TableColumn("to", "max_devices", "count"),
    TableColumn("Sites", "max_sites", "count"),
    TableColumn("Begins", "start"),
    TableColumn("Trial", "trial"),
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

_PRODUCTS = add_noun("products", "Products: list, show, add, change.", SELLING)
_PLANS = add_noun("plans", "Plans: list, add, show, change.", SELLING)
add = add_words(_PRODUCTS, _PLANS)


@add_verb(_PRODUCTS, "list", READING, example="tenure products list")
def list_products(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List products."""
    return session.get_list(
        "/v1/products", show_table(PRODUCT, "There are no products yet."), {}, limit=limit, tenant=False
    )


@add_verb(_PRODUCTS, "add", CREATING, example="tenure products add suite 'Harbour Suite'")
def add_product(
    session: CommandSession,
    product: ProductId,
    name: Annotated[str, Parameter(help="Its name.")],
) -> CommandOutput:
    """Add a product (the vendor only)."""
    sending = CliRequest(method="POST", path="/v1/products", body={"id": product, "name": name}, tenant=False)
    return session.write(sending, show_card(PRODUCT))


@add_verb(_PRODUCTS, "show", READING, example="tenure products show suite")
def show_product(session: CommandSession, product: ProductId) -> CommandOutput:
    """Show one product."""
    return session.get_shown(fill_path("/v1/products/{product}", product=product), show_card(PRODUCT), tenant=False)


@add_verb(_PRODUCTS, "change", CHANGING, example="tenure products change suite 'Harbour Suite 2'")
def change_product(
    session: CommandSession, product: ProductId, name: Annotated[str, Parameter(help="Its name from now on.")]
) -> CommandOutput:
    """Give a product another name (the vendor only); its id never changes."""
    where = fill_path("/v1/products/{product}", product=product)
    return session.write(CliRequest(method="PUT", path=where, body={"name": name}, tenant=False), show_card(PRODUCT))


@add_verb(_PLANS, "list", READING, example="tenure plans list")
def list_plans(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List plans."""
    return session.get_list("/v1/plans", show_table(_SHORT, "There are no plans yet."), {}, limit=limit, tenant=False)


@add_verb(_PLANS, "show", READING, example="tenure plans show suite-pro")
def show_plan(session: CommandSession, plan: PlanId) -> CommandOutput:
    """Show one plan."""
    return session.get_shown(fill_path("/v1/plans/{plan}", plan=plan), show_card(PLAN), tenant=False)


@add_verb(
    _PLANS,
    "add",
    CREATING,
    example="tenure plans add suite-pro 'Suite Pro' --product suite --feature scan --period P1Y",
)
def add_plan(
    session: CommandSession,
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
) -> CommandOutput:
    """Add a plan (the vendor only); product, kind, period and begin never change."""
    body = _plan_terms(name, feature, base_feature, min_version, min_devices, max_devices, max_sites)
    body |= {"id": plan, "product": product, "kind": kind, "period": period, "start": start}
    if trial:
        body["trial"] = trial
    return session.write(CliRequest(method="POST", path="/v1/plans", body=body, tenant=False), show_card(PLAN))


@add_verb(
    _PLANS, "change", CHANGING, example="tenure plans change suite-pro 'Suite Pro' --feature scan --min-version 13.0"
)
def change_plan(
    session: CommandSession,
    plan: PlanId,
    name: Annotated[str, Parameter(help="Its name.")],
    *,
    feature: Features,
    base_feature: Base = (),
    min_version: Version = "",
    min_devices: Least = None,
    max_devices: Most = None,
    max_sites: Sites = None,
) -> CommandOutput:
    """Replace what a plan grants from now on; running periods keep what they began with."""
    body = _plan_terms(name, feature, base_feature, min_version, min_devices, max_devices, max_sites)
    return session.write(
        CliRequest(method="PUT", path=fill_path("/v1/plans/{plan}", plan=plan), body=body, tenant=False),
        show_card(PLAN),
    )


def _plan_terms(
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
