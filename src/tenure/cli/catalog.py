"""`tenure products` and `tenure plans`: what the vendor makes, and the ways in which it is licensed."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING, make_option
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
Name = Annotated[str, Parameter(help="Its name.")]
Features = Annotated[tuple[str, ...], Parameter(name="--feature", help="A feature in force; repeat for more.")]
_TERMS = (
    make_option("base_feature", tuple[str, ...], "A feature that stays after the end.", ()),
    make_option("min_version", str, "The lowest application version that may activate, such as 12.0.", ""),
    make_option("min_devices", int | None, "The least number of devices sold.", None),
    make_option("max_devices", int | None, "The greatest number of devices sold.", None),
    make_option("max_sites", int | None, "How many sites may share one subscription.", None),
)

_PRODUCTS = add_noun("products", "Products: list, show, add, change.", SELLING)
_PLANS = add_noun("plans", "Plans: list, add, show, change.", SELLING)
add = add_words(_PRODUCTS, _PLANS)


@add_verb(_PRODUCTS, "list", READING, example="tenure products list")
def list_products(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List products."""
    return session.get_list(
        "/v1/products", show_table(PRODUCT, "There are no products yet."), limit=limit, tenant=False
    )


@add_verb(_PRODUCTS, "add", CREATING, example="tenure products add suite 'Harbour Suite'")
def add_product(
    session: CommandSession,
    product: ProductId,
    name: Name,
) -> CommandOutput:
    """Add a product (the vendor only)."""
    return session.post("/v1/products", show_card(PRODUCT), {"id": product, "name": name}, tenant=False)


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
    return session.put(where, show_card(PRODUCT), {"name": name}, tenant=False)


@add_verb(_PLANS, "list", READING, example="tenure plans list")
def list_plans(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List plans."""
    return session.get_list("/v1/plans", show_table(_SHORT, "There are no plans yet."), limit=limit, tenant=False)


@add_verb(_PLANS, "show", READING, example="tenure plans show suite-pro")
def show_plan(session: CommandSession, plan: PlanId) -> CommandOutput:
    """Show one plan."""
    return session.get_shown(fill_path("/v1/plans/{plan}", plan=plan), show_card(PLAN), tenant=False)


@add_verb(
    _PLANS,
    "add",
    CREATING,
    also=_TERMS,
    example="tenure plans add suite-pro 'Suite Pro' --product suite --feature scan --period P1Y",
)
def add_plan(
    session: CommandSession,
    plan: PlanId,
    name: Name,
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
    **terms: Any,
) -> CommandOutput:
    """Add a plan (the vendor only); product, kind, period and begin never change."""
    body = _plan_terms(name, feature, **terms)
    body |= {"id": plan, "product": product, "kind": kind, "period": period, "start": start}
    if trial:
        body["trial"] = trial
    return session.post("/v1/plans", show_card(PLAN), body, tenant=False)


@add_verb(
    _PLANS,
    "change",
    CHANGING,
    also=_TERMS,
    example="tenure plans change suite-pro 'Suite Pro' --feature scan --min-version 13.0",
)
def change_plan(session: CommandSession, plan: PlanId, name: Name, *, feature: Features, **terms: Any) -> CommandOutput:
    """Replace what a plan grants from now on; running periods keep what they began with."""
    body, where = _plan_terms(name, feature, **terms), fill_path("/v1/plans/{plan}", plan=plan)
    return session.put(where, show_card(PLAN), body, tenant=False)


def _plan_terms(
    name: str,
    features: tuple[str, ...],
    *,
    base_feature: tuple[str, ...] = (),
    min_version: str = "",
    **most: int | None,
) -> dict[str, Any]:
    """`_TERMS` as the API takes them; those not given are left to it."""
    given = {"min_version": min_version or None, **most}
    body: dict[str, Any] = {"name": name, "features": features, "base_features": base_feature}
    return body | {field: value for field, value in given.items() if value is not None}
