"""`tenure customers`: who buys from a provider."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.exporting import Out, exported
from tenure.cli.kinds import Customer, Limit, minor
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.problems import Failed
from tenure.cli.providing import currency
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb

COLUMNS = (
    Column("Customer", "id"),
    Column("Name", "name"),
    Column("Reference", "reference"),
    Column("E-mail", "email"),
    Column("Credit limit", "credit_limit", "money:currency"),
    Column("Since", "created", "moment"),
)

LISTED = (
    *COLUMNS,
    Column("Balance", "balance", "money:currency"),
    Column("Reserved", "reserve", "money:currency"),
    Column("Subscriptions", "subscriptions", "count"),
)

Name = Annotated[str, Parameter(help="The customer's name.")]
Reference = Annotated[str, Parameter(help="Your own name or number for the customer.")]
Email = Annotated[str, Parameter(help="Where messages go.")]
Credit = Annotated[str, Parameter(help="How far the balance may go below zero, such as 100.00.")]

About = Annotated[str, Parameter(help="Part of a name, a reference or an address, or an id.")]
Sorted = Annotated[Literal["id", "name", "balance"], Parameter(help="By what the list is sorted.")]

_APP = noun("customers", "Customers: list, export, add, show, change.", CUSTOMERS_SIDE)


def add(app: App) -> None:
    """Add `tenure customers`."""
    app.command(_APP)


@verb(_APP, "list", READING, example="tenure customers list")
def list_customers(desk: Desk, *, about: About = "", sort: Sorted = "id", limit: Limit = None) -> Ended:
    """List customers with their balances."""
    return desk.listed(
        "/v1/customers", _table, {"q": about or None, "sort": None if sort == "id" else sort}, limit=limit
    )


@verb(_APP, "export", READING, example="tenure customers export --out customers.csv")
def export_customers(desk: Desk, *, out: Out, about: About = "", sort: Sorted = "id") -> Ended:
    """Write the same list to a CSV file for a spreadsheet: money in minor units, and as people write it."""
    return exported(desk, "/v1/customers.csv", {"q": about or None, "sort": None if sort == "id" else sort}, out)


@verb(_APP, "show", READING, example="tenure customers show cus_…")
def show_customer(desk: Desk, customer: Customer) -> Ended:
    """Show one customer."""
    return desk.shown(path("/v1/customers/{customer}", customer=customer), _card)


@verb(_APP, "add", CREATING, example="tenure customers add 'Harbour Clinic' --reference C-1042")
def add_customer(
    desk: Desk, name: Name, *, reference: Reference = "", email: Email = "", credit_limit: Credit = ""
) -> Ended:
    """Add a customer with an empty prepaid account."""
    body = _body(desk, name, reference, email, credit_limit)
    if isinstance(body, Failed):
        return body
    return desk.write(Sending(method="POST", path="/v1/customers", body=body), _card)


@verb(_APP, "change", CHANGING, example="tenure customers change cus_… 'Harbour Clinic Ltd' --reference C-1042")
def change_customer(
    desk: Desk,
    customer: Customer,
    name: Name,
    *,
    reference: Reference = "",
    email: Email = "",
    credit_limit: Credit = "",
) -> Ended:
    """Replace what is known of a customer; what is left out becomes empty, but the credit limit stays as it is."""
    body = _body(desk, name, reference, email, credit_limit)
    if isinstance(body, Failed):
        return body
    where = path("/v1/customers/{customer}", customer=customer)
    return desk.write(Sending(method="PUT", path=where, body=body), _card)


def _body(desk: Desk, name: str, reference: str, email: str, credit_limit: str) -> dict[str, Any] | Failed:
    body: dict[str, Any] = {"name": name, "reference": reference, "email": email}
    if credit_limit:
        own = currency(desk)
        limit = own if isinstance(own, Failed) else minor(credit_limit, own, "credit_limit")
        if isinstance(limit, Failed):
            return limit
        body["credit_limit"] = limit
    return body


def _table(screen: Screen, items: Any) -> None:
    screen.table(items, LISTED, "There are no customers yet.")


def _card(screen: Screen, value: Any) -> None:
    screen.card(value, COLUMNS)
