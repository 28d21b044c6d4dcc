"""`tenure board`: what a provider should look at today."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.options import READING
from tenure.cli.show import Column, Screen, money
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, verb
from tenure.core.plurals import format_count

ROW = (
    Column("Subscription", "id"),
    Column("Customer", "customer_name"),
    Column("Plan", "plan_name"),
    Column("Phase", "phase"),
    Column("Due", "due_at", "moment"),
    Column("Costs", "price", "money:currency"),
    Column("Automatic", "auto", "yes"),
    Column("Ends", "ends_at", "moment"),
)
SHORT = (
    Column("Customer", "customer_name"),
    Column("Available", "available", "money:currency"),
    Column("Needed", "needed", "money:currency"),
    Column("Missing", "missing", "money:currency"),
    Column("Enough until", "until", "moment"),
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
    verb(app, "board", READING, group=CUSTOMERS_SIDE, example="tenure board --days 14")(board)


def board(desk: Desk, *, days: Days = 30, most: Most = 10) -> Ended:
    """Show what falls due, is in grace, was not paid, runs out of money or waits to be activated."""
    return desk.shown("/v1/board", _board, {"days": days, "limit": most})


def _board(screen: Screen, value: Any) -> None:
    totals = value["totals"]
    currency = totals["currency"]
    phases = ", ".join(f"{count:,} {name}" for name, count in totals["phases"].items() if count)
    screen.heading(
        f"{format_count(totals['subscriptions'], 'subscription')} of"
        f" {format_count(totals['customers'], 'customer')}: {phases or 'none'}"
    )
    screen.line(f"Balances: {money(totals['balance'], currency)}, reserved: {money(totals['reserve'], currency)}.")
    for name, heading, columns in PARTS:
        total, rows = totals[name], value[name]
        if not total["count"]:
            continue
        screen.line()
        more = f" (the first {len(rows)})" if len(rows) < total["count"] else ""
        screen.heading(f"{heading}: {total['count']:,}{more}, {money(total['amount'], currency)}")
        screen.table([row | {"currency": currency} for row in rows], columns)
