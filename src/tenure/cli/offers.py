"""`tenure offers`: what one provider sells, and for how much."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.argument_types import Limit, Offer, parse_amount
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, sentence_output
from tenure.cli.problems import CommandError, invalid_field, reword_refusal
from tenure.cli.provider_context import provider_currency as provider_currency
from tenure.cli.registration import SELLING, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn, format_money
from tenure.cli.thing_names import listed_name
from tenure.core.refusals import RefusalCode
from tenure.core.whole_numbers import read_whole_number
from tenure.http.client.api_exchange import fill_path

COLUMNS = (
    TableColumn("Offer", "id"),
    TableColumn("Plan", "plan"),
    TableColumn("Name", "name"),
    TableColumn("Paid", "settlement"),
    TableColumn("Price per device and period", "prices"),
)

_APP = add_noun("offers", "Offers: list, add, withdraw.", SELLING)
add = add_words(_APP)


@add_verb(_APP, "list", READING, example="tenure offers list")
def list_offers(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List what is on offer."""
    return session.get_list("/v1/offers", _print_offers, limit=limit)


@add_verb(_APP, "add", CREATING, example="tenure offers add suite-pro --price 100:4.90 --price 3.90")
def add_offer(
    session: CommandSession,
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
) -> CommandOutput:
    """Offer a plan for sale; the band of the whole quantity prices every device of it."""
    meant = currency or provider_currency(session)
    bands = [_parse_band(each, meant) for each in price]
    body = {
        "plan": plan,
        "currency": meant,
        "bands": bands,
        "settlement": settlement,
        "name": name,
        "code_in_mail": code_in_mail,
    }
    try:
        return session.post("/v1/offers", _print_offer, body)
    except CommandError as failed:
        raise _explain_plan(failed, plan) if failed.problem.code == RefusalCode.UNKNOWN_PLAN else failed from None


@add_verb(_APP, "withdraw", CHANGING, example="tenure offers withdraw off_…")
def withdraw_offer(session: CommandSession, offer: Offer) -> CommandOutput:
    """Withdraw an offer from sale; existing customers keep it."""
    where = fill_path("/v1/offers/{offer}", offer=offer)
    called = listed_name(session, "/v1/offers", offer, lambda row: row["name"] or row["plan"])
    done = sentence_output(f"The offer {called} is withdrawn; customers who have it keep it.")
    return session.delete(where, done)


def _explain_plan(failed: CommandError, plan: str) -> CommandError:
    """`unknown_plan`, to the provider who wants to sell one: it is the vendor's list that helps, not that of offers."""
    cause = f"“{plan}” is the id of no plan of the vendor. A product is not a plan: it is sold through its plans."
    remedy = "`tenure plans list` shows the vendor's plans; name one of them by its id."
    return reword_refusal(failed, "The vendor has no such plan.", cause, remedy)


def _parse_band(text: str, currency: str) -> dict[str, int]:
    up_to, colon, price = text.rpartition(":")
    unit = parse_amount(price, currency, "price")
    if not colon:
        return {"unit": unit}
    devices = read_whole_number(up_to)
    if devices is None:
        raise invalid_field("A price is written as 4.90, or as 100:4.90 for up to 100 devices.", "price")
    return {"unit": unit, "up_to": devices}


def _readable_offer(offer: Any) -> Any:
    bands = [_band_words(band, offer["currency"]) for band in offer["bands"]]
    return offer | {"prices": ", ".join(bands)}


def _band_words(band: Any, currency: str) -> str:
    price = format_money(band["unit"], currency)
    return price if band.get("up_to") is None else f"{price} up to {band['up_to']:,}"


def _print_offers(screen: CommandScreen, items: Any) -> None:
    screen.table([_readable_offer(each) for each in items], COLUMNS, "Nothing is on offer yet.")


def _print_offer(screen: CommandScreen, value: Any) -> None:
    screen.card(_readable_offer(value), COLUMNS)
