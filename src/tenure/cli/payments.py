"""`tenure payments`: what customers are to pay: ask, book, withdraw; and how the provider is paid."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli import outcome
from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Customer, Limit, minor
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.problems import Failed, invalid
from tenure.cli.providing import currency
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb

REQUEST = (
    Column("Request", "id"),
    Column("Customer", "customer"),
    Column("Reference", "reference"),
    Column("Amount", "amount", "money:currency"),
    Column("State", "state"),
    Column("Until", "expires", "moment"),
    Column("Booked as", "booked_as"),
    Column("Paid", "paid", "money:currency"),
)
CARD = (*REQUEST, Column("Subscription", "subscription"), Column("Note", "note"), Column("How to pay", "instructions"))
SETTINGS = (
    Column("Told to customers", "instructions"),
    Column("Days a request is open", "request_days", "count"),
    Column("Gateway's secret since", "gateway_since", "moment"),
)

PaymentRequest = Annotated[str, Parameter(help="The payment request's id, `pay_…`.")]
Money = Annotated[str, Parameter(help="In the account's currency, such as 250.00.")]

_APP = noun("payments", "Payments: ask, list, show, book, confirm, withdraw, settings, change, secret.", CUSTOMERS_SIDE)


def add(app: App) -> None:
    """Add `tenure payments`."""
    app.command(_APP)


@verb(_APP, "ask", CREATING, example="tenure payments ask cus_… --amount 250.00")
def ask_payment(
    desk: Desk,
    customer: Customer,
    *,
    amount: Money = "",
    subscription: Annotated[str, Parameter(help="Pay what its next period lacks.")] = "",
    note: Annotated[str, Parameter(help="Shown with the request.")] = "",
) -> Ended:
    """Ask for a payment; the answer says what to quote."""
    units = _units(desk, amount)
    if isinstance(units, Failed):
        return units
    body = {"amount": units, "subscription": subscription or None, "note": note}
    where = path("/v1/customers/{customer}/payment-requests", customer=customer)
    return desk.write(Sending(method="POST", path=where, body=body), _card)


@verb(_APP, "list", READING, example="tenure payments list --state asked")
def list_payments(
    desk: Desk,
    *,
    customer: Annotated[str, Parameter(help="Of this customer only.")] = "",
    state: Annotated[
        Literal["asked", "booked", "withdrawn", "expired"] | None, Parameter(help="In this state only.")
    ] = None,
    limit: Limit = None,
) -> Ended:
    """List payment requests."""
    query = {"customer": customer or None, "state": state}
    return desk.listed("/v1/payment-requests", _table, query, limit=limit)


@verb(_APP, "show", READING, example="tenure payments show pay_…")
def show_payment(desk: Desk, request: PaymentRequest) -> Ended:
    """Show one payment request."""
    return desk.shown(_at(request), _card)


@verb(_APP, "book", CREATING, example="tenure payments book pay_… --reference BANK-8812")
def book_payment(
    desk: Desk,
    request: PaymentRequest,
    *,
    reference: Annotated[str, Parameter(help="Your own reference; under it the payment is booked once.")],
    amount: Annotated[str, Parameter(help="What came, if it is not what was asked.")] = "",
) -> Ended:
    """Book the payment of a request; what waits for the money is paid at once."""
    units = _units(desk, amount)
    if isinstance(units, Failed):
        return units
    body = {"reference": reference, "amount": units}
    return desk.write(Sending(method="POST", path=f"{_at(request)}/book", body=body, grave=True), _booked)


@verb(_APP, "confirm", CREATING, example="tenure payments confirm INV-17 sub_…=renewal sub_…=raise:20")
def confirm_payment(
    desk: Desk,
    reference: Annotated[str, Parameter(help="Your own reference of the payment; it has one effect.")],
    *lines: Annotated[str, Parameter(help="`SUBSCRIPTION=order`, `=renewal`, or `=raise:20` for 20 devices.")],
    why: Annotated[str, Parameter(help="Kept with what it paid for.")] = "",
) -> Ended:
    """Confirm one payment made outside the balance for several subscriptions: all of it takes effect, or nothing."""
    read = [_line(each) for each in lines]
    wrong = next((each for each in read if isinstance(each, Failed)), None)
    if wrong is not None or not read:
        return wrong or invalid("Name what was paid, such as sub_…=renewal.", "lines")
    body = {"reference": reference, "lines": read, "why": why}
    return desk.write(Sending(method="POST", path="/v1/confirmed-payments", body=body, grave=True), _confirmed)


@verb(_APP, "withdraw", CREATING, example="tenure payments withdraw pay_…")
def withdraw_payment(desk: Desk, request: PaymentRequest) -> Ended:
    """Withdraw a payment request that nobody has paid."""
    return desk.write(Sending(method="POST", path=f"{_at(request)}/withdraw"), _card)


@verb(_APP, "play", CREATING, example="tenure payments play pay_…")
def play_payment(desk: Desk, request: PaymentRequest) -> Ended:
    """Pay a request with a sandbox's play money."""
    return desk.write(Sending(method="POST", path="/v1/sandbox/pay", body={"payment_request": request}), _booked)


@verb(_APP, "settings", READING, example="tenure payments settings")
def show_settings(desk: Desk) -> Ended:
    """Show how the provider is paid."""
    return desk.shown("/v1/payment-settings", _settings)


@verb(_APP, "change", CHANGING, example="tenure payments change 'To IBAN DE00 …, quote the reference.' --days 14")
def change_settings(
    desk: Desk,
    instructions: Annotated[str, Parameter(help="What customers are told.")],
    *,
    days: Annotated[int, Parameter(help="For how many days a request is open.")] = 30,
) -> Ended:
    """Change what customers are told about paying."""
    body = {"instructions": instructions, "request_days": days}
    return desk.write(Sending(method="PUT", path="/v1/payment-settings", body=body), _settings)


@verb(_APP, "secret", CREATING, example="tenure payments secret")
def rotate_secret(
    desk: Desk,
    *,
    at_once: Annotated[bool, Parameter(negative=(), help="End the one before at once, as when it leaked.")] = False,
) -> Ended:
    """Give the payment gateway a new secret, shown once; the one before holds for a day more, unless it leaked."""
    where = "/v1/payment-settings/rotate-secret"
    query: dict[str, str | int | bool | None] = {"at_once": True} if at_once else {}
    return desk.write(Sending(method="POST", path=where, query=query), _secret)


def _line(text: str) -> dict[str, Any] | Failed:
    subscription, _, covers = text.partition("=")
    kind, _, devices = covers.partition(":")
    if kind not in ("order", "renewal", "raise") or (kind == "raise") != (devices.isascii() and devices.isdigit()):
        return invalid(f"A line is written as SUBSCRIPTION=order, =renewal or =raise:20, not {text[:80]!r}.", "lines")
    return {"subscription": subscription, "covers": kind, "devices": int(devices or 0)}


def _confirmed(screen: Screen, value: Any) -> None:
    for line in value["lines"]:
        told = ", ".join(line["facts"]) or "recorded before; nothing happens twice"
        screen.line(f"{line['subscription']['id']}: {told}")


def _at(request: str) -> str:
    return path("/v1/payment-requests/{request}", request=request)


def _units(desk: Desk, amount: str) -> int | Failed | None:
    if not amount:
        return None
    own = currency(desk)
    return own if isinstance(own, Failed) else minor(amount, own, "amount")


def _table(screen: Screen, items: Any) -> None:
    screen.table(items, REQUEST, "Nobody is asked to pay.")


def _card(screen: Screen, value: Any) -> None:
    screen.card(value, CARD)


def _settings(screen: Screen, value: Any) -> None:
    screen.card(value, SETTINGS)


def _secret(screen: Screen, value: Any) -> None:
    screen.line(value["secret"])


def _booked(screen: Screen, value: Any) -> None:
    done = value["outcome"]
    if done["postings"]:
        outcome.postings(screen, done["postings"], done["account"]["currency"])
    else:
        screen.line("It was booked before under this reference: nothing happens twice.")
    if done["facts"]:
        screen.line(f"It paid for: {', '.join(done['facts'])}.")
    screen.line()
    screen.card(value["payment_request"], CARD)
