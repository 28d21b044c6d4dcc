"""`tenure top-up`, `credit-limit`, `account`, `statement` and `runway`: a customer's prepaid money."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli import outcome
from tenure.cli.api import text_member
from tenure.cli.argument_types import Customer, Limit, parse_amount
from tenure.cli.command_session import CommandSession
from tenure.cli.exports import export_csv
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput
from tenure.cli.registration import CUSTOMERS_SIDE, add_verb
from tenure.cli.screen import CommandScreen, TableColumn, format_moment, format_money
from tenure.cli.thing_names import shown_name
from tenure.http.client.api_exchange import fill_path

ACCOUNT = (
    TableColumn("Customer", "customer"),
    TableColumn("Balance", "balance", "money:currency"),
    TableColumn("Reserved", "reserve", "money:currency"),
    TableColumn("Credit limit", "credit_limit", "money:currency"),
    TableColumn("Available", "available", "money:currency"),
)
NEXT = (
    TableColumn("Next payment", "next.due", "moment"),
    TableColumn("Its price", "next.price", "money:currency"),
    TableColumn("It renews", "next.plan_name"),
)
LINE = (
    TableColumn("No.", "seq", "count"),
    TableColumn("Kind", "posting.kind"),
    TableColumn("At", "posting.at", "moment"),
    TableColumn("Amount", "posting.amount", "money:currency"),
    TableColumn("Balance", "balance", "money:currency"),
    TableColumn("Reserved", "reserve", "money:currency"),
    TableColumn("Reference", "posting.reference"),
    TableColumn("Subscription", "posting.subscription"),
    TableColumn("Plan", "plan_name"),
)
UNPAID = (
    TableColumn("Will go unpaid", "subscription"),
    TableColumn("Plan", "plan_name"),
    TableColumn("Due", "due", "moment"),
    TableColumn("Price", "price", "money:currency"),
)


def add(app: App) -> None:
    """Add the five commands."""
    group = CUSTOMERS_SIDE
    add_verb(app, "top-up", CREATING, group=group, example="tenure top-up cus_… 250.00 --reference BANK-8812")(top_up)
    add_verb(
        app,
        "credit-limit",
        CHANGING,
        group=group,
        example="tenure credit-limit cus_… 500.00 --why 'framework contract'",
    )(credit_limit)
    add_verb(app, "account", READING, group=group, example="tenure account cus_…")(show_account)
    add_verb(app, "statement", READING, group=group, example="tenure statement cus_…")(show_statement)
    add_verb(app, "runway", READING, group=group, example="tenure runway cus_…")(show_runway)


def top_up(
    session: CommandSession,
    customer: Customer,
    amount: Annotated[str, Parameter(help="In the account's currency, such as 250.00.")],
    *,
    reference: Annotated[str, Parameter(help="Your own reference; under it the payment is booked once.")],
    note: Annotated[str, Parameter(help="Shown in the statement.")] = "",
) -> CommandOutput:
    """Book money that came in; payments that wait for it are made at once."""
    currency = _account_currency(session, customer)
    units = parse_amount(amount, currency, "amount")
    body = {"amount": units, "reference": reference, "note": note}
    where = fill_path("/v1/customers/{customer}/top-ups", customer=customer)
    called = _customer_name(session, customer)
    return session.post(where, partial(_topped_up, called), body, grave=True)


def credit_limit(
    session: CommandSession,
    customer: Customer,
    limit: Annotated[str, Parameter(help="In the account's currency, such as 500.00; 0 for none.")],
    *,
    why: Annotated[str, Parameter(help="Kept with the change.")] = "",
) -> CommandOutput:
    """Set how far the balance may go below zero; waiting payments that it covers are made at once."""
    currency = _account_currency(session, customer)
    units = parse_amount(limit, currency, "credit_limit")
    where = fill_path("/v1/customers/{customer}/credit-limit", customer=customer)
    body = {"credit_limit": units, "why": why}
    called = _customer_name(session, customer)
    return session.put(where, partial(_print_limit, called), body, grave=True)


def show_account(session: CommandSession, customer: Customer) -> CommandOutput:
    """Show a customer's balance and the amount that can be spent."""
    answer = session.get(fill_path("/v1/customers/{customer}/runway", customer=customer))
    # When the account is settled next is no payment: what falls due by itself is the runway's to say.
    coming = msgspec.json.decode(answer.body)["next"]
    columns, more = (
        (*ACCOUNT, *NEXT) if coming else ACCOUNT,
        {"next": coming, "customer": _customer_name(session, customer)},
    )
    return session.get_shown(_account_path(customer), lambda screen, value: screen.card({**value, **more}, columns))


def show_statement(
    session: CommandSession,
    customer: Customer,
    *,
    csv: Annotated[
        Path | None,
        Parameter(
            help="Write it whole to this new CSV file instead: amounts in minor units, and as people write them."
        ),
    ] = None,
    limit: Limit = None,
) -> CommandOutput:
    """Show every movement of a customer's money, oldest first."""
    if csv is not None:
        return export_csv(session, fill_path("/v1/customers/{customer}/statement.csv", customer=customer), {}, csv)
    currency = _account_currency(session, customer)
    where = fill_path("/v1/customers/{customer}/statement", customer=customer)
    return session.get_list(where, lambda screen, items: _print_statement(screen, items, currency), limit=limit)


def show_runway(session: CommandSession, customer: Customer) -> CommandOutput:
    """Show until when the balance covers all due payments, and which ones will fail."""
    currency = _account_currency(session, customer)
    where = fill_path("/v1/customers/{customer}/runway", customer=customer)
    return session.get_shown(where, lambda screen, value: _print_runway(screen, value, currency))


def _account_path(customer: str) -> str:
    return fill_path("/v1/customers/{customer}/account", customer=customer)


def _account_currency(session: CommandSession, customer: str) -> str:
    """The account's currency: amounts in answers are minor units without it."""
    answer = session.get(_account_path(customer))
    return text_member(answer, "currency")


def _customer_name(session: CommandSession, customer: str) -> str:
    """Whose money it is, for people."""
    where = fill_path("/v1/customers/{customer}", customer=customer)
    return shown_name(session, where, customer, lambda row: row["name"])


def _topped_up(customer: str, screen: CommandScreen, value: Any) -> None:
    own = {**value["account"], "customer": customer}
    if not value["postings"]:
        screen.line("This reference was booked before, with the same figures: nothing happens twice.")
    else:
        outcome.print_postings(screen, value["postings"], own["currency"])
        if value["facts"]:
            screen.line(f"It paid for: {', '.join(value['facts'])}.")
    screen.line()
    screen.card(own, ACCOUNT)


def _print_limit(customer: str, screen: CommandScreen, value: Any) -> None:
    own = {**value["account"], "customer": customer}
    if value["postings"]:
        outcome.print_postings(screen, value["postings"], own["currency"])
        screen.line(f"It paid for: {', '.join(value['facts'])}.")
        screen.line()
    screen.card(own, ACCOUNT)


def _print_statement(screen: CommandScreen, items: Any, currency: str) -> None:
    screen.table([item | {"currency": currency} for item in items], LINE, "Nothing was booked yet.")


def _print_runway(screen: CommandScreen, value: Any, currency: str) -> None:
    if value["next"] is None and not value["unpaid"]:
        screen.line("Nothing falls due by itself in the next 400 days.")
    elif value["until"] is None:
        screen.line("Everything that falls due in the next 400 days is covered.")
    else:
        screen.heading(f"The balance is enough until {format_moment(value['until'], screen.zone)}.")
        screen.line(f"Then {format_money(value['missing'], currency)} are missing.")
        screen.table([item | {"currency": currency} for item in value["unpaid"]], UNPAID)
    for each in value["stopped"]:
        price, missing = format_money(each["price"], currency), format_money(each["missing"], currency)
        helps = f"{missing} are missing to renew it" if each["missing"] else "renew it with `tenure renew`"
        screen.line(f"{each['plan_name']} ({each['subscription']}) has stopped renewing itself, {price}: {helps}.")
