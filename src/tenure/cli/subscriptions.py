"""`tenure subscriptions`: what was bought, how it stands, why, and its history."""

from typing import Any, Literal

from tenure.cli import outcome
from tenure.cli.argument_types import Limit, Subscription, parse_end
from tenure.cli.command_session import CommandSession
from tenure.cli.exports import Out, export_csv
from tenure.cli.options import CREATING, READING, make_option
from tenure.cli.output import CommandOutput, show_table
from tenure.cli.registration import CUSTOMERS_SIDE, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn, format_moment, format_money
from tenure.http.client.api_exchange import fill_path

LISTED = (
    TableColumn("Subscription", "id"),
    TableColumn("Customer", "customer_name"),
    TableColumn("Plan", "plan_name"),
    TableColumn("Kind", "kind"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("Phase", "phase"),
    TableColumn("Paid until", "paid_until", "when"),
    TableColumn("Automatic", "auto", "yes"),
    TableColumn("Ends", "ends_at", "moment"),
    TableColumn("Canceled", "canceled_at", "moment"),
    TableColumn("Code ends in", "code_last_group"),
)
DETAILS = (
    *outcome.STANDING,
    TableColumn("Settlement", "terms.settlement"),
    TableColumn("Features", "terms.features", "list"),
    TableColumn("After the end", "terms.base_features", "list"),
    TableColumn("From version", "terms.min_version"),
    TableColumn("Ordered", "ordered_at", "moment"),
    TableColumn("So since", "since", "moment"),
    TableColumn("Next change", "next_change", "moment"),
    TableColumn("Grace until", "grace_until", "when"),
    TableColumn("Ends", "ends_at", "moment"),
    TableColumn("Canceled", "canceled_at", "moment"),
    TableColumn("As of", "as_of", "moment"),
)
SITE = (
    TableColumn("Site", "id"),
    TableColumn("Name", "name"),
    TableColumn("Version", "version"),
    TableColumn("Role", "role"),
    TableColumn("Since", "since", "moment"),
    TableColumn("Allotment", "allotment", "count"),
    TableColumn("Forked", "forked", "yes"),
    TableColumn("Lost", "lost", "yes"),
)
CODE = (TableColumn("Code", "id"), TableColumn("Ends in", "last_group"), TableColumn("State", "state"))
HOLD = (
    TableColumn("Hold by", "owner"),
    TableColumn("Reason", "reason"),
    TableColumn("Since", "since", "moment"),
    TableColumn("Until", "until", "end"),
)
PERIOD = (
    TableColumn("Paid from", "since", "moment"),
    TableColumn("until", "until", "when"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("Cost", "cost", "money:currency"),
    TableColumn("Reserved only", "reserved", "yes"),
)
CONFLICT = (
    TableColumn("From", "at", "moment"),
    TableColumn("Devices ordered", "limit", "count"),
    TableColumn("May be protected", "most", "count"),
    TableColumn("Behind administration servers", "servers", "count"),
    TableColumn("Applications that stay", "stay", "count"),
    TableColumn("Applications that go", "go", "count"),
)
APPLICATION = (
    TableColumn("Application", "site"),
    TableColumn("Name", "name"),
    TableColumn("Since", "since", "moment"),
    TableColumn("Last contact", "last_contact", "moment"),
    TableColumn("Silent", "silent", "yes"),
    TableColumn("Stops", "goes", "yes"),
)
FACT = (
    TableColumn("No.", "seq", "count"),
    TableColumn("Fact", "kind"),
    TableColumn("What changed", "detail"),
    TableColumn("At", "at", "moment"),
    TableColumn("Recorded", "recorded_at", "moment"),
    TableColumn("By", "by_name"),
    TableColumn("Hash", "hash"),
)

_APP = add_noun(
    "subscriptions",
    "Subscriptions: list, export, show, timeline, explain, history, code, seat-conflict.",
    CUSTOMERS_SIDE,
)
add = add_words(_APP)


Phase = Literal["pending", "active", "grace", "paused", "ended"]
Order = Literal["id", "newest", "due", "ends", "customer", "devices"]
FILTERS = (
    make_option("customer", str, "Of this customer only.", ""),
    make_option("product", str, "Of this product only.", ""),
    make_option("plan", str, "On this plan only.", ""),
    make_option("phase", Phase | None, "In this phase only.", None),
    make_option("about", str, "Part of the customer's name or reference, an id, or a code's last group.", ""),
    make_option("due_by", str, "Whose next period falls due up to this day, which is included.", ""),
    make_option("auto", bool | None, "Paid from the balance automatically, or by hand.", None),
    make_option("sort", Order, "By what the list is sorted.", "id"),
)


@add_verb(_APP, "list", READING, also=FILTERS, example="tenure subscriptions list --phase grace --sort due")
def list_subscriptions(session: CommandSession, *, limit: Limit = None, **filters: Any) -> CommandOutput:
    """List subscriptions."""
    printer = show_table(LISTED, "There are no such subscriptions.")
    return session.get_list("/v1/subscriptions", printer, _list_query(**filters), limit=limit)


@add_verb(_APP, "export", READING, also=FILTERS, example="tenure subscriptions export --out subscriptions.csv")
def export_subscriptions(session: CommandSession, *, out: Out, **filters: Any) -> CommandOutput:
    """Write the same list to a CSV file: money in minor units and as decimal numbers."""
    return export_csv(session, "/v1/subscriptions.csv", _list_query(**filters), out)


def _list_query(
    *,
    customer: str = "",
    product: str = "",
    plan: str = "",
    phase: str | None = None,
    about: str = "",
    due_by: str = "",
    auto: bool | None = None,
    sort: str = "id",
) -> dict[str, str | int | bool | None]:
    """`FILTERS` as the API takes them."""
    return {
        "customer": customer or None,
        "product": product or None,
        "plan": plan or None,
        "phase": phase,
        "q": about or None,
        "due_before": parse_end(due_by, "due_by") if due_by else None,
        "auto": None if auto is None else str(auto).lower(),
        "sort": None if sort == "id" else sort,
    }


@add_verb(_APP, "show", READING, example="tenure subscriptions show sub_…")
def show_subscription(session: CommandSession, subscription: Subscription) -> CommandOutput:
    """Show one subscription with all its details and the allowed actions."""
    return session.get_shown(fill_path("/v1/subscriptions/{subscription}", subscription=subscription), _print_details)


@add_verb(_APP, "timeline", READING, example="tenure subscriptions timeline sub_…")
def show_timeline(session: CommandSession, subscription: Subscription) -> CommandOutput:
    """Show all past spans, and all future ones if no command changes them."""
    where = fill_path("/v1/subscriptions/{subscription}/timeline", subscription=subscription)
    return session.get_shown(
        where, lambda screen, spans: screen.table(outcome.with_renewals(spans, "why"), outcome.SPAN)
    )


@add_verb(_APP, "explain", READING, example="tenure subscriptions explain sub_…")
def explain_subscription(session: CommandSession, subscription: Subscription) -> CommandOutput:
    """Explain the current state: its reason, until when, what follows, and who can change it."""
    return session.get_shown(
        fill_path("/v1/subscriptions/{subscription}/explain", subscription=subscription), print_explanation
    )


@add_verb(_APP, "seat-conflict", READING, example="tenure subscriptions seat-conflict sub_…")
def show_seat_conflict(session: CommandSession, subscription: Subscription) -> CommandOutput:
    """Show which applications stop when fewer devices are ordered than are in use, in the order in which they go."""
    return session.get_shown(
        fill_path("/v1/subscriptions/{subscription}/seat-conflict", subscription=subscription), _print_conflict
    )


@add_verb(_APP, "code", CREATING, example="tenure subscriptions code sub_…")
def show_code(session: CommandSession, subscription: Subscription) -> CommandOutput:
    """Show the newest activation code, this once: afterwards it cannot be shown again."""
    where = fill_path("/v1/subscriptions/{subscription}/code", subscription=subscription)
    return session.post(where, _print_code)


@add_verb(_APP, "history", READING, example="tenure subscriptions history sub_…")
def show_history(session: CommandSession, subscription: Subscription, *, limit: Limit = None) -> CommandOutput:
    """Show its facts with their hash chain, oldest first."""
    where = fill_path("/v1/subscriptions/{subscription}/history", subscription=subscription)
    return session.get_list(where, lambda screen, items: screen.table(items, FACT), limit=limit)


def print_explanation(screen: CommandScreen, value: Any) -> None:
    """The story of a standing."""
    screen.heading(value["sentence"])
    screen.line(value["rule"])
    screen.line(f"So since {format_moment(value['since'], screen.zone)}.")
    known = value["until"] is not None
    screen.line(f"Until {format_moment(value['until'], screen.zone)}." if known else "No further change is due.")
    for each in (value["renewal"], value["follows"]):
        if each:
            screen.line(each)
    for remedy in value["remedies"]:
        screen.line(f"What helps ({remedy['who']}): {remedy['how']}")


def _print_details(screen: CommandScreen, value: Any) -> None:
    screen.card(value, DETAILS)
    outcome.print_renewal(screen, value)
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
            ("Action", "May it be done", "Costs"), [_action_words(each, currency) for each in value["allowed_actions"]]
        )


def _action_words(action: Any, currency: str) -> tuple[str, str, str]:
    refusal = action["refusal"]
    said = "yes" if refusal is None else refusal["detail"] or refusal["sentence"]
    return action["action"], said, format_money(action["price"], currency) if action["price"] else "-"


def _print_conflict(screen: CommandScreen, value: Any) -> None:
    if value["at"] is None:
        screen.line("No lower number of devices is agreed: no application has to stop.")
        return
    screen.card(value, CONFLICT)
    if value["applications"]:
        screen.line()
        screen.table(value["applications"], APPLICATION)
    if value["go"]:
        screen.line()
        screen.line("`tenure edit-seat-conflict` says that others stop instead.")


def _print_code(screen: CommandScreen, value: Any) -> None:
    if not value["activation_code"]:
        screen.line(f"A code that ends in {value['last_group']} waits. It has not been shown.")
        return
    screen.heading(f"Activation code: {value['activation_code']}")
    screen.line("It was shown this once; if it is lost, `tenure reissue-code` makes a new one.")
