"""`tenure offers`: what one provider sells, and for how much."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit, Offer, minor
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import sentence
from tenure.cli.problems import Failed, invalid
from tenure.cli.providing import currency as provider_currency
from tenure.cli.show import Column, Screen, money
from tenure.cli.verbs import SELLING, Ended, noun, verb

COLUMNS = (
    Column("Offer", "id"),
    Column("Plan", "plan"),
    Column("Name", "name"),
    Column("Paid", "settlement"),
    Column("Price per device and period", "prices"),
)

_APP = noun("offers", "Offers: list, add, withdraw.", SELLING)


def add(app: App) -> None:
    """Add `tenure offers`."""
    app.command(_APP)


@verb(_APP, "list", READING, example="tenure offers list")
def list_offers(desk: Desk, *, limit: Limit = None) -> Ended:
    """List what is on offer."""
    return desk.listed("/v1/offers", _table, {}, limit=limit)


@verb(_APP, "add", CREATING, example="tenure offers add suite-pro --price 100:4.90 --price 3.90")
def add_offer(
    desk: Desk,
    plan: Annotated[str, Parameter(help="The plan that is sold.")],
    *,
    price: Annotated[
        tuple[str, ...],
        Parameter(
            help="Per device and period; `100:4.90` up to 100 devices. The last one may have no end. Repeatable."
        ),
    ],
    currency: Annotated[str, Parameter(help="ISO 4217, such as EUR; otherwise the provider's own.")] = "",
    settlement: Annotated[
        Literal["prepaid", "external"], Parameter(help="From the prepaid balance, or confirmed by you.")
    ] = "prepaid",
    name: Annotated[str, Parameter(help="What the offer is called.")] = "",
    code_in_mail: Annotated[
        bool, Parameter(help="Mail the activation code itself, not a link to it.", negative="")
    ] = False,
) -> Ended:
    """Offer a plan for sale; the band of the whole quantity prices every device of it."""
    meant = currency or provider_currency(desk)
    if isinstance(meant, Failed):
        return meant
    bands = [_band(each, meant) for each in price]
    for band in bands:
        if isinstance(band, Failed):
            return band
    body = {
        "plan": plan,
        "currency": meant,
        "bands": bands,
        "settlement": settlement,
        "name": name,
        "code_in_mail": code_in_mail,
    }
    return desk.write(Sending(method="POST", path="/v1/offers", body=body), _card)


@verb(_APP, "withdraw", CHANGING, example="tenure offers withdraw off_…")
def withdraw_offer(desk: Desk, offer: Offer) -> Ended:
    """Sell it no more; who has it keeps it."""
    where = path("/v1/offers/{offer}", offer=offer)
    return desk.write(Sending(method="DELETE", path=where), sentence(f"{offer} is withdrawn; who has it keeps it."))


def _band(text: str, currency: str) -> dict[str, int] | Failed:
    up_to, colon, price = text.rpartition(":")
    unit = minor(price, currency, "price")
    if isinstance(unit, Failed):
        return unit
    if not colon:
        return {"unit": unit}
    if not (up_to.isascii() and up_to.isdigit() and len(up_to) < 10):
        return invalid("A price is written as 4.90, or as 100:4.90 for up to 100 devices.", "price")
    return {"unit": unit, "up_to": int(up_to)}


def _readable(offer: Any) -> Any:
    bands = [_words(band, offer["currency"]) for band in offer["bands"]]
    return offer | {"prices": ", ".join(bands)}


def _words(band: Any, currency: str) -> str:
    price = money(band["unit"], currency)
    return price if band.get("up_to") is None else f"{price} up to {band['up_to']:,}"


def _table(screen: Screen, items: Any) -> None:
    screen.table([_readable(each) for each in items], COLUMNS, "Nothing is on offer yet.")


def _card(screen: Screen, value: Any) -> None:
    screen.card(_readable(value), COLUMNS)
