"""`tenure order-requests`: what customers ask to have ordered; `tenure order --request` fulfills one."""

from typing import Annotated, Literal

from cyclopts import Parameter

from tenure.cli.argument_types import Customer, Devices, Limit, Offer
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CREATING, READING
from tenure.cli.output import CommandOutput, show_card, show_table
from tenure.cli.registration import CUSTOMERS_SIDE, add_noun, add_verb, add_words
from tenure.cli.screen import TableColumn
from tenure.http.client.api_exchange import fill_path

REQUEST = (
    TableColumn("Request", "id"),
    TableColumn("Customer", "customer_name"),
    TableColumn("Offer", "offer_name"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("State", "state"),
    TableColumn("Since", "created", "moment"),
    TableColumn("Note", "note"),
)
CARD = (
    *REQUEST,
    TableColumn("Closed", "closed", "moment"),
    TableColumn("Ordered", "subscription"),
    TableColumn("Reason", "reason"),
)

Request = Annotated[str, Parameter(help="The order request's id, `orq_…`.")]

_APP = add_noun("order-requests", "Order requests: ask, list, withdraw, decline.", CUSTOMERS_SIDE)
add = add_words(_APP)


@add_verb(_APP, "ask", CREATING, example="tenure order-requests ask cus_… off_… 25 --note 'for the new office'")
def ask_for_order(
    session: CommandSession,
    customer: Customer,
    offer: Offer,
    devices: Devices,
    *,
    note: Annotated[str, Parameter(help="The provider reads it.")] = "",
) -> CommandOutput:
    """Ask the provider for an order; nothing is bought yet."""
    body = {"customer": customer, "offer": offer, "devices": devices, "note": note}
    return session.post("/v1/order-requests", show_card(CARD), body)


@add_verb(_APP, "list", READING, example="tenure order-requests list --state asked")
def list_order_requests(
    session: CommandSession,
    *,
    customer: Annotated[str, Parameter(help="Of this customer only.")] = "",
    state: Annotated[
        Literal["asked", "ordered", "declined", "withdrawn"] | None, Parameter(help="In this state only.")
    ] = None,
    limit: Limit = None,
) -> CommandOutput:
    """List customers' order requests; `tenure order --request` orders one."""
    query = {"customer": customer or None, "state": state}
    return session.get_list(
        "/v1/order-requests", show_table(REQUEST, "There are no order requests."), query, limit=limit
    )


@add_verb(_APP, "withdraw", CREATING, example="tenure order-requests withdraw orq_…")
def withdraw_order_request(session: CommandSession, request: Request) -> CommandOutput:
    """Withdraw an order request that is open."""
    where = fill_path("/v1/order-requests/{request}/withdraw", request=request)
    return session.post(where, show_card(CARD))


@add_verb(_APP, "decline", CREATING, example="tenure order-requests decline orq_… --reason 'not before March'")
def decline_order_request(
    session: CommandSession, request: Request, *, reason: Annotated[str, Parameter(help="The customer reads it.")]
) -> CommandOutput:
    """Decline an order request that is open."""
    where = fill_path("/v1/order-requests/{request}/decline", request=request)
    return session.post(where, show_card(CARD), {"reason": reason})
