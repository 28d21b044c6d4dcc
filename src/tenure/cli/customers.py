"""`tenure customers`: who buys from a provider."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.argument_types import Customer, Limit, parse_amount
from tenure.cli.command_session import CommandSession
from tenure.cli.exports import Out, export_csv
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, show_card, show_table
from tenure.cli.provider_context import provider_currency
from tenure.cli.registration import CUSTOMERS_SIDE, add_noun, add_verb, add_words
from tenure.cli.screen import TableColumn
from tenure.http.client.api_exchange import fill_path

COLUMNS = (
    TableColumn("Customer", "id"),
    TableColumn("Name", "name"),
    TableColumn("Reference", "reference"),
    TableColumn("E-mail", "email"),
    TableColumn("Credit limit", "credit_limit", "money:currency"),
    TableColumn("Since", "created", "moment"),
)

LISTED = (
    *COLUMNS,
    TableColumn("Balance", "balance", "money:currency"),
    TableColumn("Reserved", "reserve", "money:currency"),
    TableColumn("Subscriptions", "subscriptions", "count"),
)

Name = Annotated[str, Parameter(help="The customer's name.")]
Reference = Annotated[str, Parameter(help="Your own name or number for the customer.")]
Email = Annotated[str, Parameter(help="Where messages go.")]
Credit = Annotated[str, Parameter(help="How far the balance may go below zero, such as 100.00.")]

About = Annotated[str, Parameter(help="Part of a name, a reference or an address, or an id.")]
Sorted = Annotated[Literal["id", "name", "balance"], Parameter(help="By what the list is sorted.")]

_APP = add_noun("customers", "Customers: list, export, add, show, change.", CUSTOMERS_SIDE)
add = add_words(_APP)


@add_verb(_APP, "list", READING, example="tenure customers list")
def list_customers(
    session: CommandSession, *, about: About = "", sort: Sorted = "id", limit: Limit = None
) -> CommandOutput:
    """List customers with their balances."""
    return session.get_list(
        "/v1/customers",
        show_table(LISTED, "There are no customers yet."),
        {"q": about or None, "sort": None if sort == "id" else sort},
        limit=limit,
    )


@add_verb(_APP, "export", READING, example="tenure customers export --out customers.csv")
def export_customers(session: CommandSession, *, out: Out, about: About = "", sort: Sorted = "id") -> CommandOutput:
    """Write the same list to a CSV file: money in minor units and as decimal numbers."""
    return export_csv(session, "/v1/customers.csv", {"q": about or None, "sort": None if sort == "id" else sort}, out)


@add_verb(_APP, "show", READING, example="tenure customers show cus_…")
def show_customer(session: CommandSession, customer: Customer) -> CommandOutput:
    """Show one customer."""
    return session.get_shown(fill_path("/v1/customers/{customer}", customer=customer), show_card(COLUMNS))


@add_verb(_APP, "add", CREATING, example="tenure customers add 'Harbour Clinic' --reference C-1042")
def add_customer(
    session: CommandSession, name: Name, *, reference: Reference = "", email: Email = "", credit_limit: Credit = ""
) -> CommandOutput:
    """Add a customer with an empty prepaid account."""
    body = _request_body(session, name, reference, email, credit_limit)
    return session.post("/v1/customers", show_card(COLUMNS), body)


@add_verb(_APP, "change", CHANGING, example="tenure customers change cus_… 'Harbour Clinic Ltd' --reference C-1042")
def change_customer(
    session: CommandSession,
    customer: Customer,
    name: Name,
    *,
    reference: Reference = "",
    email: Email = "",
    credit_limit: Credit = "",
) -> CommandOutput:
    """Replace a customer's data; fields left out become empty, but the credit limit stays as it is."""
    body = _request_body(session, name, reference, email, credit_limit)
    where = fill_path("/v1/customers/{customer}", customer=customer)
    return session.put(where, show_card(COLUMNS), body)


def _request_body(session: CommandSession, name: str, reference: str, email: str, credit_limit: str) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "reference": reference, "email": email}
    if credit_limit:
        own = provider_currency(session)
        limit = parse_amount(credit_limit, own, "credit_limit")
        body["credit_limit"] = limit
    return body
