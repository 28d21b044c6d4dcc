"""`tenure order`: a new subscription, and the code that is shown once."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli import outcome
from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.kinds import Customer, Devices, Offer, Why
from tenure.cli.options import ORDERING
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, verb


def add(app: App) -> None:
    """Add `tenure order`."""
    verb(app, "order", ORDERING, group=CUSTOMERS_SIDE, example="tenure order cus_… off_… 25 --auto")(order)


def order(
    desk: Desk,
    customer: Customer,
    offer: Offer,
    devices: Devices,
    *,
    until: Annotated[str, Parameter(help="Its last day, or an instant; otherwise the plan's period.")] = "",
    auto: Annotated[bool, Parameter(negative=(), help="Let it renew itself from the prepaid balance.")] = False,
    trial: Annotated[bool, Parameter(negative=(), help="As a trial, once for each customer and product.")] = False,
    why: Why = "",
    request: Annotated[str, Parameter(help="The order request, `orq_…`, that this order fulfils.")] = "",
) -> Ended:
    """Order a subscription for a customer; the activation code is in this answer only."""
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
    people = outcome.rehearsed if desk.options.dry_run else outcome.outcome
    return desk.write(Sending(method="POST", path="/v1/subscriptions", body=body, planned=True), people)
