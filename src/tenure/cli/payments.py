"""`tenure payments`: what customers are to pay: ask, book, withdraw; and how the provider is paid."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli import outcome
from tenure.cli.argument_types import Customer, Limit, parse_amount
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, show_card, show_table
from tenure.cli.problems import invalid_field
from tenure.cli.provider_context import provider_currency
from tenure.cli.registration import CUSTOMERS_SIDE, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.core.whole_numbers import read_whole_number
from tenure.http.client.api_exchange import fill_path

REQUEST = (
    TableColumn("Request", "id"),
    TableColumn("Customer", "customer_name"),
    TableColumn("Reference", "reference"),
    TableColumn("Amount", "amount", "money:currency"),
    TableColumn("State", "state"),
    TableColumn("Until", "expires", "when"),
    TableColumn("Booked as", "booked_as"),
    TableColumn("Paid", "paid", "money:currency"),
)
CARD = (
    *REQUEST,
    TableColumn("Subscription", "subscription"),
    TableColumn("Note", "note"),
    TableColumn("How to pay", "instructions"),
)
SETTINGS = (
    TableColumn("Told to customers", "instructions"),
    TableColumn("Days a request is open", "request_days", "count"),
    TableColumn("Gateway's secret since", "gateway_since", "moment"),
)

PaymentRequest = Annotated[str, Parameter(help="The payment request's id, `pay_…`.")]
Money = Annotated[str, Parameter(help="In the account's currency, such as 250.00.")]

_APP = add_noun(
    "payments", "Payments: ask, list, show, book, confirm, withdraw, settings, change, secret.", CUSTOMERS_SIDE
)
add = add_words(_APP)


@add_verb(_APP, "ask", CREATING, example="tenure payments ask cus_… --amount 250.00")
def ask_payment(
    session: CommandSession,
    customer: Customer,
    *,
    amount: Money = "",
    subscription: Annotated[str, Parameter(help="Pay the amount that its next period lacks.")] = "",
    note: Annotated[str, Parameter(help="Shown with the request.")] = "",
) -> CommandOutput:
    """Ask for a payment; the answer contains the payment reference."""
    units = _amount_units(session, amount)
    body = {"amount": units, "subscription": subscription or None, "note": note}
    where = fill_path("/v1/customers/{customer}/payment-requests", customer=customer)
    return session.post(where, show_card(CARD), body)


@add_verb(_APP, "list", READING, example="tenure payments list --state asked")
def list_payments(
    session: CommandSession,
    *,
    customer: Annotated[str, Parameter(help="Of this customer only.")] = "",
    state: Annotated[
        Literal["asked", "booked", "withdrawn", "expired"] | None, Parameter(help="In this state only.")
    ] = None,
    limit: Limit = None,
) -> CommandOutput:
    """List payment requests."""
    query = {"customer": customer or None, "state": state}
    return session.get_list(
        "/v1/payment-requests", show_table(REQUEST, "There are no payment requests."), query, limit=limit
    )


@add_verb(_APP, "show", READING, example="tenure payments show pay_…")
def show_payment(session: CommandSession, request: PaymentRequest) -> CommandOutput:
    """Show one payment request."""
    return session.get_shown(_request_path(request), show_card(CARD))


@add_verb(_APP, "book", CREATING, example="tenure payments book pay_… --reference BANK-8812")
def book_payment(
    session: CommandSession,
    request: PaymentRequest,
    *,
    reference: Annotated[str, Parameter(help="Your own reference; under it the payment is booked once.")],
    amount: Annotated[str, Parameter(help="The amount received, if it differs from the request.")] = "",
) -> CommandOutput:
    """Book the payment of a request; payments that wait for the money are made at once."""
    units = _amount_units(session, amount)
    body = {"reference": reference, "amount": units}
    return session.post(f"{_request_path(request)}/book", _print_booked, body, grave=True)


@add_verb(_APP, "confirm", CREATING, example="tenure payments confirm INV-17 sub_…=renewal sub_…=raise:20")
def confirm_payment(
    session: CommandSession,
    reference: Annotated[str, Parameter(help="Your own reference of the payment; it has one effect.")],
    *lines: Annotated[str, Parameter(help="`SUBSCRIPTION=order`, `=renewal`, or `=raise:20` for 20 devices.")],
    why: Annotated[str, Parameter(help="Kept with the payment.")] = "",
) -> CommandOutput:
    """Confirm one payment made outside the balance for several subscriptions: all of it takes effect, or nothing."""
    read = [_parse_line(each) for each in lines]
    if not read:
        raise invalid_field("Name what was paid, such as sub_…=renewal.", "lines")
    body = {"reference": reference, "lines": read, "why": why}
    return session.post("/v1/confirmed-payments", _print_confirmed, body, grave=True)


@add_verb(_APP, "withdraw", CREATING, example="tenure payments withdraw pay_…")
def withdraw_payment(session: CommandSession, request: PaymentRequest) -> CommandOutput:
    """Withdraw a payment request that is not paid."""
    return session.post(f"{_request_path(request)}/withdraw", show_card(CARD))


@add_verb(_APP, "play", CREATING, example="tenure payments play pay_…")
def play_payment(session: CommandSession, request: PaymentRequest) -> CommandOutput:
    """Pay a request with test money of a sandbox."""
    return session.post("/v1/sandbox/pay", _print_booked, {"payment_request": request})


@add_verb(_APP, "settings", READING, example="tenure payments settings")
def show_settings(session: CommandSession) -> CommandOutput:
    """Show the provider's payment settings."""
    return session.get_shown("/v1/payment-settings", show_card(SETTINGS))


@add_verb(_APP, "change", CHANGING, example="tenure payments change 'To IBAN DE00 …, quote the reference.' --days 14")
def change_settings(
    session: CommandSession,
    instructions: Annotated[str, Parameter(help="The payment instructions for customers.")],
    *,
    days: Annotated[int, Parameter(help="For how many days a request is open.")] = 30,
) -> CommandOutput:
    """Change the payment instructions for customers."""
    body = {"instructions": instructions, "request_days": days}
    return session.put("/v1/payment-settings", show_card(SETTINGS), body)


@add_verb(_APP, "secret", CREATING, example="tenure payments secret")
def rotate_secret(
    session: CommandSession,
    *,
    at_once: Annotated[bool, Parameter(negative=(), help="End the old one at once, as when it leaked.")] = False,
) -> CommandOutput:
    """Give the payment gateway a new secret, shown once; the old one is accepted for one more day, unless it leaked."""
    where = "/v1/payment-settings/rotate-secret"
    query: dict[str, str | int | bool | None] = {"at_once": True} if at_once else {}
    return session.post(where, _print_secret, query=query)


def _parse_line(text: str) -> dict[str, Any]:
    subscription, _, covers = text.partition("=")
    kind, _, number = covers.partition(":")
    devices = read_whole_number(number)
    sound = devices is not None if kind == "raise" else covers in ("order", "renewal")
    if not sound:
        raise invalid_field(
            f"A line is written as SUBSCRIPTION=order, =renewal or =raise:20, not {text[:80]!r}.", "lines"
        )
    return {"subscription": subscription, "covers": kind, "devices": devices or 0}


def _print_confirmed(screen: CommandScreen, value: Any) -> None:
    for line in value["lines"]:
        told = ", ".join(line["facts"]) or "recorded before; nothing happens twice"
        paid = line["subscription"]
        screen.line(f"{paid['customer_name']}, {paid['terms']['plan_name']} ({paid['id']}): {told}")


def _request_path(request: str) -> str:
    return fill_path("/v1/payment-requests/{request}", request=request)


def _amount_units(session: CommandSession, amount: str) -> int | None:
    if not amount:
        return None
    own = provider_currency(session)
    return parse_amount(amount, own, "amount")


def _print_secret(screen: CommandScreen, value: Any) -> None:
    screen.line(value["secret"])


def _print_booked(screen: CommandScreen, value: Any) -> None:
    done = value["outcome"]
    if done["postings"]:
        outcome.print_postings(screen, done["postings"], done["account"]["currency"])
    else:
        screen.line("It was booked before under this reference: nothing happens twice.")
    if done["facts"]:
        screen.line(f"It paid for: {', '.join(done['facts'])}.")
    screen.line()
    screen.card(value["payment_request"], CARD)
