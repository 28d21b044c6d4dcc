"""What can be done to one subscription, as a table: verb, route, arguments. Each row becomes a command.

The server decides; what a row does not say is the same for all: preview, plan, idempotency, the outcome shown.
"""

import inspect
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from cyclopts import App

from tenure.cli import outcome
from tenure.cli.api import ApiRequest, fill_path
from tenure.cli.argument_types import parse_begin, parse_end
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ACTING, make_argument, make_option
from tenure.cli.problems import CommandFailed
from tenure.cli.registration import CUSTOMERS_SIDE, Ended, register_command

Own = tuple[inspect.Parameter, ...]
Late = Literal["charge_grace", "from_now", "from_end"]
Resolution = Literal["restored", "second_site", "retired"]
Covers = Literal["order", "renewal", "raise"]

_SUBSCRIPTION = make_argument("subscription", str, "The subscription: last group of its code, or id, `sub_…`.")
_WHY = make_option("why", str, "The reason, kept in the history.", "")
_CODE = make_argument("code", str, "The code's id, `cod_…`; `tenure subscriptions show` names them.")
_SITE = make_argument("site", str, "The site's id.")
_AT_ONCE = "Now instead of at the end of what is paid for."
_INSTANTS = {"until": parse_end, "effective": parse_begin, "anchor": parse_begin}
"""Fields that hold an instant, and what a date alone stands for there."""


class CommandRow(msgspec.Struct, frozen=True):
    """One row: `tenure <verb> SUBSCRIPTION …` is `POST /v1/subscriptions/{id}/<route>`."""

    verb: str
    text: str
    arguments: str
    """An example of what follows the subscription."""
    own: Own = ()
    short: str = ""
    """Another name of the command; the verb is also the route."""

    @property
    def argument_names(self) -> tuple[str, ...]:
        """What may be typed."""
        return (self.verb, self.short) if self.short else (self.verb,)


ACTIONS = (
    CommandRow(
        "renew", "Buy the next period from the balance.", "",
        (make_option("late", Late | None, "Where a period bought after the end begins, against the policy.", None),),
    ),
    CommandRow(
        "cancel", "Buy nothing any more: ends with what is paid for.", "--why 'moving away'",
        (make_option("at_once", bool, _AT_ONCE, False),),
    ),
    CommandRow("undo-cancellation", "Take back a cancellation that has not taken effect.", ""),
    CommandRow(
        "set-renewal-intent", "Switch automatic renewal, or resume it after it stopped.", "auto",
        (make_argument("intent", Literal["auto", "manual"], "Renew by itself, or by hand."),), "intent",
    ),
    CommandRow(
        "hold", "Pause the service: only the base features stay on.", "'invoice 17 is open' --until 2027-03-31",
        (make_argument("reason", str, "Shown to the customer."),
         make_option("until", str, "Its last day, or an instant.", "")),
    ),
    CommandRow("release", "End your side's pause.", ""),
    CommandRow(
        "change-devices", "More devices at once, fewer at the first period end far enough away.", "40",
        (make_argument("devices", int, "How many."),
         make_option("at_once", bool, "Fewer at once, if use allows.", False)),
    ),
    CommandRow(
        "change-plan", "Another plan of the same product: dearer at once, cheaper at the next period end.", "off_…",
        (
            make_argument("offer", str, "The offer: its plan, name or id."),
            make_option("devices", int | None, "How many; as now.", None),
        ),
    ),
    CommandRow(
        "drop-change", "Drop a change that is scheduled.", "2027-03-31T00:00:00Z --field devices",
        (
            make_argument("effective", str, "When it would take effect: an instant, or a date for its midnight UTC."),
            make_option("field", Literal["plan", "devices"] | None, "Only this; all that is scheduled for then.", None),
        ),
    ),
    CommandRow("reissue-code", "Give a new activation code, shown once; earlier ones activate nothing any more.", ""),
    CommandRow(
        "block-code", "Block a code: sites that used it end after days of grace.", "cod_… --why 'leaked'",
        (_CODE, make_option("fraud", bool, "At once, without days of grace.", False)),
    ),
    CommandRow("unblock-code", "Lift a block, as if nothing had been.", "cod_…", (_CODE,)),
    CommandRow(
        "extend-grace", "Give goodwill days of grace at the coming or running end.", "7",
        (make_argument("days", int, "How many days."),),
    ),
    CommandRow(
        "transfer", "Move it to another customer of the same provider.", "cus_…",
        (make_argument("customer", str, "The customer who gets it: reference, name, address or id."),),
    ),
    CommandRow(
        "reanchor", "Let later periods turn at another day.", "2027-01-01T00:00:00Z",
        (make_argument("anchor", str, "From when periods are counted: an instant, or a date for its midnight UTC."),),
    ),
    CommandRow(
        "confirm-payment", "Confirm a payment made outside the prepaid balance, and do what it pays for.",
        "INV-2027-17 renewal",
        (
            make_argument("reference", str, "Your own reference of the payment."),
            make_argument("covers", Covers, "What it pays for."),
            make_option("devices", int | None, "For a raise: how many devices it pays for.", None),
        ),
    ),
    CommandRow(
        "release-site", "Make an installation give its place up; it counts until it has.", "SITE",
        (_SITE, make_option("another_code", bool, "Let it take another code although this one is in force.", False)),
    ),
    CommandRow(
        "edit-seat-conflict", "Say which applications stop when fewer devices are ordered than are in use.",
        "SITE SITE",
        (make_argument("going", tuple[str, ...], "Those that stop; `tenure subscriptions seat-conflict` lists all."),),
    ),
    CommandRow(
        "resolve-fork", "Say what two copies of a site are.", "SITE restored",
        (_SITE, make_argument("resolution", Resolution, "What the second copy is.")),
    ),
    CommandRow(
        "free-allotment", "Give what a silent site holds to the others, once its leases and seats are over.",
        "SITE", (_SITE,),
    ),
    CommandRow(
        "declare-site-lost", "Declare a site gone: its key is refused for good, its allotment moves at once.",
        "SITE --recipient OTHER",
        (_SITE, make_option("recipient", str, "The site that gets its allotment.", "")), "declare-lost",
    ),
)  # fmt: skip


def add(app: App) -> None:
    """Add a command for every row."""
    for action in ACTIONS:
        register_command(
            app,
            action.argument_names,
            _run_action(action),
            (_SUBSCRIPTION, *action.own, _WHY),
            ACTING,
            text=action.text,
            example=f"tenure {action.verb} sub_… {action.arguments}".rstrip(),
            group=CUSTOMERS_SIDE,
        )


def _run_action(action: CommandRow) -> Callable[..., Ended]:
    def run(desk: CommandSession, subscription: str, **given: Any) -> Ended:
        body = _request_body(given)
        if isinstance(body, CommandFailed):
            return body
        where = fill_path("/v1/subscriptions/{subscription}/", subscription=subscription) + action.verb
        people = outcome.print_dry_run if desk.options.dry_run else outcome.print_outcome
        return desk.write(ApiRequest(method="POST", path=where, body=body, takes_outcome_hash=True), people)

    return run


def _request_body(given: dict[str, Any]) -> dict[str, Any] | CommandFailed:
    """What was said, and nothing of what was not: the server's own defaults hold."""
    body = {field: value for field, value in given.items() if value not in ("", None, False)}
    for field in _INSTANTS.keys() & body.keys():
        instant = _INSTANTS[field](body[field], field)
        if isinstance(instant, CommandFailed):
            return instant
        body[field] = instant
    return body
