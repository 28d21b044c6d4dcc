"""`tenure import`: customers and orders from a spreadsheet's CSV, as a batch; refusals name line, column and remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import read_file
from tenure.cli.batch import FILE_CAP, MOST, run_commands
from tenure.cli.command_session import CommandSession
from tenure.cli.lookup import named_items
from tenure.cli.options import CREATING
from tenure.cli.output import CommandOutput
from tenure.cli.problems import accept
from tenure.cli.provider_context import provider_currency
from tenure.cli.registration import CUSTOMERS_SIDE, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen
from tenure.core.plurals import format_count
from tenure.core.refusals import ExitCode, Refused
from tenure.http import csv_import
from tenure.http.csv_import import CsvLine, CsvTable, Name
from tenure.http.lookup import SORTS, find_named

Csv = Annotated[Path, Parameter(help="CSV with a line of column names; `-` for standard input.")]

_APP = add_noun("import", "Import from CSV: customers, orders.", CUSTOMERS_SIDE)
add = add_words(_APP)


@add_verb(_APP, "customers", CREATING, example="tenure import customers customers.csv --dry-run")
def import_customers(session: CommandSession, file: Csv) -> CommandOutput:
    """Add customers: columns name, reference, email, credit_limit (such as 100.00); only the name is needed.

    With `--dry-run` every line is checked and nothing is done.
    """
    return _import_file(session, file, csv_import.CUSTOMERS)


@add_verb(_APP, "orders", CREATING, example="tenure import orders orders.csv --dry-run")
def import_orders(session: CommandSession, file: Csv) -> CommandOutput:
    """Order: columns customer, offer, devices, until, renewal_intent, trial, why, reference; three are needed.

    `customer` is its reference, name, address or id, `offer` its plan, name or id; where several are called so, the
    line is refused with their ids. `reference` is the line's own name: under it the line is ordered once, in whatever
    file it comes.

    With `--dry-run` every line is checked, each alone on the balance that is there now. The activation codes are shown
    once, in this command's answer.
    """
    return _import_file(session, file, csv_import.ORDERS)


def _import_file(session: CommandSession, file: Path, table: CsvTable) -> CommandOutput:
    data = read_file(session.world, file, most=FILE_CAP)
    own = provider_currency(session) if table is csv_import.CUSTOMERS else ""
    lines = _with_ids(session, accept(csv_import.read_lines(data, table, MOST, own)), table)
    key = session.options.idempotency_key or session.world.new_key()
    commands = csv_import.to_commands(lines, table, key, session.api().provider)
    items = run_commands(session, commands, key) if commands else []
    told = csv_import.line_outcomes(lines, items)
    refused = sum(not item["done"] for item in told)
    value = {"done": len(told) - refused, "refused": refused, "idempotency_key": key, "items": told}
    exit_ = ExitCode.STATE if refused else ExitCode.DONE
    return CommandOutput(msgspec.json.encode(value), _print_import(rehearsed=session.options.dry_run), exit_)


def _with_ids(session: CommandSession, lines: list[CsvLine], table: CsvTable) -> list[CsvLine]:
    """The lines with ids in place of names; a list that cannot be narrowed is fetched once."""
    found: dict[Name, str | Refused] = {}
    fetched: dict[str, list[Any]] = {}
    for column, text in csv_import.names(lines, table):
        items = fetched.get(column) or named_items(session, column, text)
        if not SORTS[column].search:
            fetched[column] = items
        found[column, text] = find_named(column, text, items)
    return csv_import.with_ids(lines, table, found)


def _print_import(*, rehearsed: bool) -> Callable[[CommandScreen, Any], None]:
    def show(screen: CommandScreen, value: Any) -> None:
        what = "would be done" if rehearsed else "done"
        screen.heading(f"{format_count(value['done'], 'line')} {what}, {value['refused']:,} refused.")
        refused = [item for item in value["items"] if not item["done"]]
        if refused:
            screen.rows(("Line", "Column", "Why", "What helps"), [_item_reason(item) for item in refused])
            if not rehearsed:
                screen.line(
                    "Mend these lines, leave the others out or in, and send the file again with --idempotency-key "
                    f"{value['idempotency_key']}: completed lines are not repeated."
                )
        codes = [
            (str(item["line"]), item["answer"]["subscription"]["id"], item["answer"]["activation_code"])
            for item in value["items"]
            if item["done"] and item["answer"].get("activation_code")
        ]
        if codes:
            screen.rows(("Line", "Subscription", "Activation code"), codes)

    return show


def _item_reason(item: Any) -> tuple[str, str, str, str]:
    answer = item["answer"]
    said = answer.get("detail") or answer["title"]
    return str(item["line"]), answer.get("field") or "-", said, answer["remedy"]
