"""`tenure order`: a new subscription, and the code that is shown once."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli import outcome
from tenure.cli.argument_types import Customer, Devices, Offer, Why
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ORDERING
from tenure.cli.output import CommandOutput
from tenure.cli.registration import CUSTOMERS_SIDE, add_verb


def add(app: App) -> None:
    """Add `tenure order`."""
    add_verb(app, "order", ORDERING, group=CUSTOMERS_SIDE, example="tenure order cus_… off_… 25 --auto")(place_order)


def place_order(
    session: CommandSession,
    customer: Customer,
    offer: Offer,
    devices: Devices,
    *,
    until: Annotated[str, Parameter(help="Its last day, or an instant; otherwise the plan's period.")] = "",
    auto: Annotated[bool, Parameter(negative=(), help="Let it renew itself from the prepaid balance.")] = False,
    trial: Annotated[bool, Parameter(negative=(), help="As a trial, once for each customer and product.")] = False,
    why: Why = "",
    request: Annotated[str, Parameter(help="The order request, `orq_…`, that this order fulfills.")] = "",
) -> CommandOutput:
    """Order a subscription for a customer; the activation code is shown only once, here."""
    body: dict[str, Any] = {
        "customer": customer,
        "offer": offer,
        "devices": devices,
        "renewal_intent": "auto" if auto else "manual",
        "trial": trial,
        "why": why,
    }
    if until:
        body["until"] = until
    if request:
        body["order_request"] = request
    printer = outcome.print_dry_run if session.options.dry_run else outcome.print_outcome
    return session.post("/v1/subscriptions", printer, body, takes_outcome_hash=True)
