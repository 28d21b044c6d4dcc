"""`tenure order-requests`: what customers ask to have ordered; `tenure order --request` fulfils one."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Customer, Devices, Limit, Offer
from tenure.cli.options import CREATING, READING
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb

REQUEST = (
    Column("Request", "id"),
    Column("Customer", "customer"),
    Column("Offer", "offer"),
    Column("Devices", "devices", "count"),
    Column("State", "state"),
    Column("Since", "created", "moment"),
    Column("Note", "note"),
)
CARD = (*REQUEST, Column("Closed", "closed", "moment"), Column("Ordered", "subscription"), Column("Reason", "reason"))

Request = Annotated[str, Parameter(help="The order request's id, `orq_…`.")]

_APP = noun("order-requests", "Order requests: ask, list, withdraw, decline.", CUSTOMERS_SIDE)


def add(app: App) -> None:
    """Add `tenure order-requests`."""
    app.command(_APP)


@verb(_APP, "ask", CREATING, example="tenure order-requests ask cus_… off_… 25 --note 'for the new office'")
def ask_for_order(
    desk: Desk,
    customer: Customer,
    offer: Offer,
    devices: Devices,
    *,
    note: Annotated[str, Parameter(help="The provider reads it.")] = "",
) -> Ended:
    """Ask the provider for an order; nothing is sold by it."""
    body = {"customer": customer, "offer": offer, "devices": devices, "note": note}
    return desk.write(Sending(method="POST", path="/v1/order-requests", body=body), _card)


@verb(_APP, "list", READING, example="tenure order-requests list --state asked")
def list_order_requests(
    desk: Desk,
    *,
    customer: Annotated[str, Parameter(help="Of this customer only.")] = "",
    state: Annotated[
        Literal["asked", "ordered", "declined", "withdrawn"] | None, Parameter(help="In this state only.")
    ] = None,
    limit: Limit = None,
) -> Ended:
    """List what customers ask to have ordered; `tenure order --request` orders one."""
    query = {"customer": customer or None, "state": state}
    return desk.listed("/v1/order-requests", _table, query, limit=limit)


@verb(_APP, "withdraw", CREATING, example="tenure order-requests withdraw orq_…")
def withdraw_order_request(desk: Desk, request: Request) -> Ended:
    """Withdraw an order request that is open."""
    where = path("/v1/order-requests/{request}/withdraw", request=request)
    return desk.write(Sending(method="POST", path=where), _card)


@verb(_APP, "decline", CREATING, example="tenure order-requests decline orq_… --reason 'not before March'")
def decline_order_request(
    desk: Desk, request: Request, *, reason: Annotated[str, Parameter(help="The customer reads it.")]
) -> Ended:
    """Decline an order request that is open."""
    where = path("/v1/order-requests/{request}/decline", request=request)
    return desk.write(Sending(method="POST", path=where, body={"reason": reason}), _card)


def _table(screen: Screen, items: Any) -> None:
    screen.table(items, REQUEST, "Nobody asks for an order.")


def _card(screen: Screen, value: Any) -> None:
    screen.card(value, CARD)
