"""`tenure top-up`, `credit-limit`, `account`, `statement` and `runway`: a customer's prepaid money."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli import outcome
from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.exporting import exported
from tenure.cli.kinds import Customer, Limit, minor
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.problems import Failed
from tenure.cli.show import Column, Screen, money
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, verb

ACCOUNT = (
    Column("Customer", "customer"),
    Column("Balance", "balance", "money:currency"),
    Column("Reserved", "reserve", "money:currency"),
    Column("Credit limit", "credit_limit", "money:currency"),
    Column("Available", "available", "money:currency"),
)
NEXT = (
    Column("Next payment", "next.due", "moment"),
    Column("Its price", "next.price", "money:currency"),
    Column("It renews", "next.plan_name"),
)
LINE = (
    Column("No.", "seq", "count"),
    Column("Kind", "posting.kind"),
    Column("At", "posting.at", "moment"),
    Column("Amount", "posting.amount", "money:currency"),
    Column("Balance", "balance", "money:currency"),
    Column("Reserved", "reserve", "money:currency"),
    Column("Reference", "posting.reference"),
    Column("Subscription", "posting.subscription"),
    Column("Plan", "plan_name"),
)
UNPAID = (
    Column("Will go unpaid", "subscription"),
    Column("Plan", "plan_name"),
    Column("Due", "due", "moment"),
    Column("Price", "price", "money:currency"),
)


def add(app: App) -> None:
    """Add the five commands."""
    group = CUSTOMERS_SIDE
    verb(app, "top-up", CREATING, group=group, example="tenure top-up cus_… 250.00 --reference BANK-8812")(top_up)
    verb(
        app,
        "credit-limit",
        CHANGING,
        group=group,
        example="tenure credit-limit cus_… 500.00 --why 'framework contract'",
    )(credit_limit)
    verb(app, "account", READING, group=group, example="tenure account cus_…")(account)
    verb(app, "statement", READING, group=group, example="tenure statement cus_…")(statement)
    verb(app, "runway", READING, group=group, example="tenure runway cus_…")(runway)


def top_up(
    desk: Desk,
    customer: Customer,
    amount: Annotated[str, Parameter(help="In the account's currency, such as 250.00.")],
    *,
    reference: Annotated[str, Parameter(help="Your own reference; under it the payment is booked once.")],
    note: Annotated[str, Parameter(help="Shown in the statement.")] = "",
) -> Ended:
    """Book money that came in; what waits for it is paid at once."""
    currency = _currency(desk, customer)
    units = currency if isinstance(currency, Failed) else minor(amount, currency, "amount")
    if isinstance(units, Failed):
        return units
    body = {"amount": units, "reference": reference, "note": note}
    where = path("/v1/customers/{customer}/top-ups", customer=customer)
    return desk.write(Sending(method="POST", path=where, body=body, grave=True), _topped_up)


def credit_limit(
    desk: Desk,
    customer: Customer,
    limit: Annotated[str, Parameter(help="In the account's currency, such as 500.00; 0 for none.")],
    *,
    why: Annotated[str, Parameter(help="Kept with the change.")] = "",
) -> Ended:
    """Set how far the balance may go below zero; what a raised limit covers is paid at once."""
    currency = _currency(desk, customer)
    units = currency if isinstance(currency, Failed) else minor(limit, currency, "credit_limit")
    if isinstance(units, Failed):
        return units
    where = path("/v1/customers/{customer}/credit-limit", customer=customer)
    body = {"credit_limit": units, "why": why}
    return desk.write(Sending(method="PUT", path=where, body=body, grave=True), _limited)


def account(desk: Desk, customer: Customer) -> Ended:
    """Show a customer's balance and what can be spent."""
    answer = desk.get(path("/v1/customers/{customer}/runway", customer=customer))
    if isinstance(answer, Failed):
        return answer
    # When the account is settled next is no payment: what falls due by itself is the runway's to say.
    coming = msgspec.json.decode(answer.body)["next"]
    columns = (*ACCOUNT, *NEXT) if coming else ACCOUNT
    return desk.shown(_at(customer), lambda screen, value: screen.card({**value, "next": coming}, columns))


def statement(
    desk: Desk,
    customer: Customer,
    *,
    csv: Annotated[
        Path | None,
        Parameter(
            help="Write it whole to this new CSV file instead: amounts in minor units, and as people write them."
        ),
    ] = None,
    limit: Limit = None,
) -> Ended:
    """Show every movement of a customer's money, oldest first."""
    if csv is not None:
        return exported(desk, path("/v1/customers/{customer}/statement.csv", customer=customer), {}, csv)
    currency = _currency(desk, customer)
    if isinstance(currency, Failed):
        return currency
    where = path("/v1/customers/{customer}/statement", customer=customer)
    return desk.listed(where, lambda screen, items: _statement(screen, items, currency), {}, limit=limit)


def runway(desk: Desk, customer: Customer) -> Ended:
    """Show until when the balance covers what falls due, and what will go unpaid."""
    currency = _currency(desk, customer)
    if isinstance(currency, Failed):
        return currency
    where = path("/v1/customers/{customer}/runway", customer=customer)
    return desk.shown(where, lambda screen, value: _runway(screen, value, currency))


def _at(customer: str) -> str:
    return path("/v1/customers/{customer}/account", customer=customer)


def _currency(desk: Desk, customer: str) -> str | Failed:
    """The account's currency: amounts in answers are minor units without it."""
    answer = desk.get(_at(customer))
    return answer if isinstance(answer, Failed) else answer.member("currency")


def _topped_up(screen: Screen, value: Any) -> None:
    own = value["account"]
    if not value["postings"]:
        screen.line("This reference was booked before, with the same figures: nothing happens twice.")
    else:
        outcome.postings(screen, value["postings"], own["currency"])
        if value["facts"]:
            screen.line(f"It paid for: {', '.join(value['facts'])}.")
    screen.line()
    screen.card(own, ACCOUNT)


def _limited(screen: Screen, value: Any) -> None:
    own = value["account"]
    if value["postings"]:
        outcome.postings(screen, value["postings"], own["currency"])
        screen.line(f"It paid for: {', '.join(value['facts'])}.")
        screen.line()
    screen.card(own, ACCOUNT)


def _statement(screen: Screen, items: Any, currency: str) -> None:
    screen.table([item | {"currency": currency} for item in items], LINE, "Nothing was booked yet.")


def _runway(screen: Screen, value: Any, currency: str) -> None:
    if value["next"] is None and not value["unpaid"]:
        screen.line("Nothing falls due by itself in the next 400 days.")
    elif value["until"] is None:
        screen.line("Everything that falls due in the next 400 days is covered.")
    else:
        screen.heading(f"The balance is enough until {outcome.until(screen, value['until'])}.")
        screen.line(f"Then {money(value['missing'], currency)} are missing.")
        screen.table([item | {"currency": currency} for item in value["unpaid"]], UNPAID)
    for each in value["stopped"]:
        price, missing = money(each["price"], currency), money(each["missing"], currency)
        helps = f"{missing} are missing to renew it" if each["missing"] else "renew it with `tenure renew`"
        screen.line(f"{each['plan_name']} ({each['subscription']}) has stopped renewing itself, {price}: {helps}.")
