"""What the table of commands is to the command line: `tenure <verb> SUBSCRIPTION …` for each, its options and its help.

The server decides; what a row does not say is the same for all: preview, plan, idempotency, the outcome shown.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from cyclopts import App

from tenure.cli import outcome
from tenure.cli.argument_types import parse_begin, parse_end
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ACTING, make_argument, make_option
from tenure.cli.output import CommandOutput
from tenure.cli.registration import CUSTOMERS_SIDE, register_command
from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import CommandField, CommandRow, FieldKind
from tenure.http.client.api_exchange import fill_path

_SUBSCRIPTION = make_argument("subscription", str, "The subscription: last group of its code, or id, `sub_…`.")
_WHY = make_option("why", str, "The reason, kept in the history.", "")
_INSTANTS = {FieldKind.LAST_DAY: parse_end, FieldKind.INSTANT: parse_begin}
"""What holds an instant, and what a date alone stands for there."""


def add(app: App) -> None:
    """Add a command for every row."""
    for row in COMMANDS:
        register_command(
            app,
            (row.verb, row.short) if row.short else (row.verb,),
            _run_command(row),
            (_SUBSCRIPTION, *map(_parameter_of, row.fields), _WHY),
            ACTING,
            text=row.help,
            example=f"tenure {row.verb} sub_… {row.example}".rstrip(),
            group=CUSTOMERS_SIDE,
        )


def _parameter_of(field: CommandField) -> inspect.Parameter:
    """What must be given has its place; what need not is an option."""
    make = make_argument if field.required else make_option
    add_parameter = partial(make, field.name, text=field.explanation)
    match field.kind:
        case FieldKind.FLAG:
            return add_parameter(kind=bool, default=False)
        case FieldKind.SITES:
            return add_parameter(kind=tuple[str, ...])
        case FieldKind.DAYS | FieldKind.DEVICES:
            kind: Any = int
        case FieldKind.CHOICE:
            kind = Literal[field.values]
        case _:
            return add_parameter(kind=str) if field.required else add_parameter(kind=str, default="")
    return add_parameter(kind=kind) if field.required else add_parameter(kind=kind | None, default=None)


def _run_command(row: CommandRow) -> Callable[..., CommandOutput]:
    def run(session: CommandSession, subscription: str, **given: Any) -> CommandOutput:
        body = _request_body(row, given)
        where = fill_path("/v1/subscriptions/{subscription}/", subscription=subscription) + row.verb
        printer = outcome.print_dry_run if session.options.dry_run else outcome.print_outcome
        return session.post(where, printer, body, takes_outcome_hash=True)

    return run


def _request_body(row: CommandRow, given: dict[str, Any]) -> dict[str, Any]:
    """What was said, and nothing of what was not: the server's own defaults hold."""
    body = {field: value for field, value in given.items() if value not in ("", None, False)}
    for field in row.fields:
        if field.kind in _INSTANTS and field.name in body:
            instant = _INSTANTS[field.kind](body[field.name], field.name)
            body[field.name] = instant
    return body
