"""`tenure board`: what a provider should look at today."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.command_session import CommandSession
from tenure.cli.options import READING
from tenure.cli.output import CommandOutput
from tenure.cli.registration import CUSTOMERS_SIDE, add_verb
from tenure.cli.screen import CommandScreen, TableColumn, format_money
from tenure.core.plurals import format_count

ROW = (
    TableColumn("Subscription", "id"),
    TableColumn("Customer", "customer_name"),
    TableColumn("Plan", "plan_name"),
    TableColumn("Phase", "phase"),
    TableColumn("Due", "due_at", "moment"),
    TableColumn("Costs", "price", "money:currency"),
    TableColumn("Automatic", "auto", "yes"),
    TableColumn("Ends", "ends_at", "moment"),
)
SHORT = (
    TableColumn("Customer", "customer_name"),
    TableColumn("Available", "available", "money:currency"),
    TableColumn("Needed", "needed", "money:currency"),
    TableColumn("Missing", "missing", "money:currency"),
    TableColumn("Enough until", "until", "when"),
)
PARTS = (
    ("due", "Falls due", ROW),
    ("grace", "In grace", ROW),
    ("failed", "Not paid for lack of money", ROW),
    ("running_out", "Balances that run out", SHORT),
    ("pending", "Not activated", ROW),
)

Days = Annotated[int, Parameter(help="How many days ahead.")]
Most = Annotated[int, Parameter(help="Rows of each list at most.")]


def add(app: App) -> None:
    """Add `tenure board`."""
    add_verb(app, "board", READING, group=CUSTOMERS_SIDE, example="tenure board --days 14")(show_board)


def show_board(session: CommandSession, *, days: Days = 30, most: Most = 10) -> CommandOutput:
    """Show what falls due, is in grace, was not paid, runs out of money or waits to be activated."""
    return session.get_shown("/v1/board", _print_board, {"days": days, "limit": most})


def _print_board(screen: CommandScreen, value: Any) -> None:
    totals = value["totals"]
    currency = totals["currency"]
    phases = ", ".join(f"{count:,} {name}" for name, count in totals["phases"].items() if count)
    screen.heading(
        f"{format_count(totals['subscriptions'], 'subscription')} of"
        f" {format_count(totals['customers'], 'customer')}: {phases or 'none'}"
    )
    screen.line(
        f"Balances: {format_money(totals['balance'], currency)}, reserved: {format_money(totals['reserve'], currency)}."
    )
    for name, heading, columns in PARTS:
        total, rows = totals[name], value[name]
        if not total["count"]:
            continue
        screen.line()
        more = f" (the first {len(rows)})" if len(rows) < total["count"] else ""
        screen.heading(f"{heading}: {total['count']:,}{more}, {format_money(total['amount'], currency)}")
        screen.table([row | {"currency": currency} for row in rows], columns)
