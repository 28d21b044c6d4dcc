"""`tenure subscriptions`: what was bought, how it stands, why, and its history."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli import outcome
from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.exporting import Out, exported
from tenure.cli.kinds import Limit, Subscription, end
from tenure.cli.options import CREATING, READING
from tenure.cli.problems import Failed
from tenure.cli.show import Column, Screen, money
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb

LISTED = (
    Column("Subscription", "id"),
    Column("Customer", "customer_name"),
    Column("Plan", "plan_name"),
    Column("Kind", "kind"),
    Column("Devices", "devices", "count"),
    Column("Phase", "phase"),
    Column("Paid until", "paid_until", "when"),
    Column("Automatic", "auto", "yes"),
    Column("Ends", "ends_at", "moment"),
    Column("Cancelled", "cancelled_at", "moment"),
    Column("Code ends in", "code_last_group"),
)
DETAILS = (
    *outcome.STANDING,
    Column("Settlement", "terms.settlement"),
    Column("Features", "terms.features", "list"),
    Column("After the end", "terms.base_features", "list"),
    Column("From version", "terms.min_version"),
    Column("Ordered", "ordered_at", "moment"),
    Column("So since", "since", "moment"),
    Column("Next change", "next_change", "moment"),
    Column("Grace until", "grace_until", "when"),
    Column("Ends", "ends_at", "moment"),
    Column("Cancelled", "cancelled_at", "moment"),
    Column("As of", "as_of", "moment"),
)
SITE = (
    Column("Site", "id"),
    Column("Name", "name"),
    Column("Version", "version"),
    Column("Role", "role"),
    Column("Since", "since", "moment"),
    Column("Allotment", "allotment", "count"),
    Column("Forked", "forked", "yes"),
    Column("Lost", "lost", "yes"),
)
CODE = (Column("Code", "id"), Column("Ends in", "last_group"), Column("State", "state"))
HOLD = (
    Column("Hold by", "owner"),
    Column("Reason", "reason"),
    Column("Since", "since", "moment"),
    Column("Until", "until", "end"),
)
PERIOD = (
    Column("Paid from", "since", "moment"),
    Column("until", "until", "moment"),
    Column("Devices", "devices", "count"),
    Column("Cost", "cost", "money:currency"),
    Column("Reserved only", "reserved", "yes"),
)
CONFLICT = (
    Column("From", "at", "moment"),
    Column("Devices ordered", "limit", "count"),
    Column("May be protected", "most", "count"),
    Column("Behind administration servers", "servers", "count"),
    Column("Applications that stay", "stay", "count"),
    Column("Applications that go", "go", "count"),
)
APPLICATION = (
    Column("Application", "site"),
    Column("Name", "name"),
    Column("Since", "since", "moment"),
    Column("Last contact", "last_contact", "moment"),
    Column("Silent", "silent", "yes"),
    Column("Stops", "goes", "yes"),
)
FACT = (
    Column("No.", "seq", "count"),
    Column("Fact", "kind"),
    Column("What changed", "detail"),
    Column("At", "at", "moment"),
    Column("Recorded", "recorded_at", "moment"),
    Column("By", "by_name"),
    Column("Hash", "hash"),
)

_APP = noun(
    "subscriptions",
    "Subscriptions: list, export, show, timeline, explain, history, code, seat-conflict.",
    CUSTOMERS_SIDE,
)


def add(app: App) -> None:
    """Add `tenure subscriptions`."""
    app.command(_APP)


Of = Annotated[str, Parameter(help="Of this customer only.")]
OfProduct = Annotated[str, Parameter(help="Of this product only.")]
OfPlan = Annotated[str, Parameter(help="On this plan only.")]
InPhase = Annotated[
    Literal["pending", "active", "grace", "paused", "ended"] | None, Parameter(help="In this phase only.")
]
About = Annotated[str, Parameter(help="Part of the customer's name or reference, an id, or a code's last group.")]
DueBy = Annotated[str, Parameter(help="Whose next period falls due up to this day, which is included.")]
Automatic = Annotated[bool | None, Parameter(help="Paid from the balance without anybody asking, or by hand.")]
Sorted = Annotated[
    Literal["id", "newest", "due", "ends", "customer", "devices"], Parameter(help="By what the list is sorted.")
]


@verb(_APP, "list", READING, example="tenure subscriptions list --phase grace --sort due")
def list_subscriptions(
    desk: Desk,
    *,
    customer: Of = "",
    product: OfProduct = "",
    plan: OfPlan = "",
    phase: InPhase = None,
    about: About = "",
    due_by: DueBy = "",
    auto: Automatic = None,
    sort: Sorted = "id",
    limit: Limit = None,
) -> Ended:
    """List subscriptions."""
    query = _query(customer, product, plan, phase, about, due_by, auto, sort)
    return query if isinstance(query, Failed) else desk.listed("/v1/subscriptions", _table, query, limit=limit)


@verb(_APP, "export", READING, example="tenure subscriptions export --out subscriptions.csv")
def export_subscriptions(
    desk: Desk,
    *,
    out: Out,
    customer: Of = "",
    product: OfProduct = "",
    plan: OfPlan = "",
    phase: InPhase = None,
    about: About = "",
    due_by: DueBy = "",
    auto: Automatic = None,
    sort: Sorted = "id",
) -> Ended:
    """Write the same list to a CSV file for a spreadsheet: money in minor units, and as people write it."""
    query = _query(customer, product, plan, phase, about, due_by, auto, sort)
    return query if isinstance(query, Failed) else exported(desk, "/v1/subscriptions.csv", query, out)


def _query(
    customer: str,
    product: str,
    plan: str,
    phase: str | None,
    about: str,
    due_by: str,
    auto: bool | None,
    sort: str,
) -> dict[str, str | int | bool | None] | Failed:
    due = end(due_by, "due_by") if due_by else None
    if isinstance(due, Failed):
        return due
    return {
        "customer": customer or None,
        "product": product or None,
        "plan": plan or None,
        "phase": phase,
        "q": about or None,
        "due_before": due,
        "auto": None if auto is None else str(auto).lower(),
        "sort": None if sort == "id" else sort,
    }


@verb(_APP, "show", READING, example="tenure subscriptions show sub_…")
def show_subscription(desk: Desk, subscription: Subscription) -> Ended:
    """Show one subscription with everything that belongs to it and what may be done."""
    return desk.shown(path("/v1/subscriptions/{subscription}", subscription=subscription), _details)


@verb(_APP, "timeline", READING, example="tenure subscriptions timeline sub_…")
def show_timeline(desk: Desk, subscription: Subscription) -> Ended:
    """Show everything that has held and will hold if nobody does anything."""
    where = path("/v1/subscriptions/{subscription}/timeline", subscription=subscription)
    return desk.shown(where, lambda screen, spans: screen.table(outcome.with_renewals(spans, "why"), outcome.SPAN))


@verb(_APP, "explain", READING, example="tenure subscriptions explain sub_…")
def explain_subscription(desk: Desk, subscription: Subscription) -> Ended:
    """Explain why it is as it is, until when, what follows, and who can change it."""
    return desk.shown(path("/v1/subscriptions/{subscription}/explain", subscription=subscription), explained)


@verb(_APP, "seat-conflict", READING, example="tenure subscriptions seat-conflict sub_…")
def show_seat_conflict(desk: Desk, subscription: Subscription) -> Ended:
    """Show which applications stop when fewer devices are ordered than are in use, in the order in which they go."""
    return desk.shown(path("/v1/subscriptions/{subscription}/seat-conflict", subscription=subscription), _conflict)


@verb(_APP, "code", CREATING, example="tenure subscriptions code sub_…")
def show_code(desk: Desk, subscription: Subscription) -> Ended:
    """Show the newest activation code, this once: afterwards nobody can be shown it."""
    where = path("/v1/subscriptions/{subscription}/code", subscription=subscription)
    return desk.write(Sending(method="POST", path=where), _code)


@verb(_APP, "history", READING, example="tenure subscriptions history sub_…")
def show_history(desk: Desk, subscription: Subscription, *, limit: Limit = None) -> Ended:
    """Show its facts with their hash chain, oldest first."""
    where = path("/v1/subscriptions/{subscription}/history", subscription=subscription)
    return desk.listed(where, lambda screen, items: screen.table(items, FACT), {}, limit=limit)


def explained(screen: Screen, value: Any) -> None:
    """The story of a standing."""
    screen.heading(value["sentence"])
    screen.line(value["rule"])
    screen.line(f"So since {outcome.until(screen, value['since'])}.")
    screen.line(f"Until {outcome.until(screen, value['until'])}.")
    for each in (value["renewal"], value["follows"]):
        if each:
            screen.line(each)
    for remedy in value["remedies"]:
        screen.line(f"What helps ({remedy['who']}): {remedy['how']}")


def _table(screen: Screen, items: Any) -> None:
    screen.table(items, LISTED, "There are no such subscriptions.")


def _details(screen: Screen, value: Any) -> None:
    screen.card(value, DETAILS)
    outcome.renewal(screen, value)
    currency = value["terms"]["currency"]
    parts = (
        (value["periods"], PERIOD),
        (value["scheduled"], outcome.CHANGE),
        (value["holds"], HOLD),
        (value["codes"], CODE),
        (value["sites"], SITE),
    )
    for items, columns in parts:
        if items:
            screen.line()
            screen.table([item | {"currency": currency} for item in items], columns)
    if value["allowed_actions"]:
        screen.line()
        screen.rows(
            ("Action", "May it be done", "Costs"), [_action(each, currency) for each in value["allowed_actions"]]
        )


def _action(action: Any, currency: str) -> tuple[str, str, str]:
    refusal = action["refusal"]
    said = "yes" if refusal is None else refusal["detail"] or refusal["sentence"]
    return action["action"], said, money(action["price"], currency) if action["price"] else "-"


def _conflict(screen: Screen, value: Any) -> None:
    if value["at"] is None:
        screen.line("No lower number of devices is agreed: nobody has to stop.")
        return
    screen.card(value, CONFLICT)
    if value["applications"]:
        screen.line()
        screen.table(value["applications"], APPLICATION)
    if value["go"]:
        screen.line()
        screen.line("`tenure edit-seat-conflict` says that others stop instead.")


def _code(screen: Screen, value: Any) -> None:
    if not value["activation_code"]:
        screen.line(f"A code that ends in {value['last_group']} waits. It has not been shown.")
        return
    screen.heading(f"Activation code: {value['activation_code']}")
    screen.line("It was shown this once; if it is lost, `tenure reissue-code` makes a new one.")
