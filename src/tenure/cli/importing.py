"""`tenure import`: customers and orders from a spreadsheet's CSV, as a batch; refusals name line, column and remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.batch import FILE_CAP, MOST, run
from tenure.cli.desk import Desk
from tenure.cli.kinds import read_file
from tenure.cli.lookup import named_items
from tenure.cli.options import CREATING
from tenure.cli.output import Output
from tenure.cli.problems import Failed, failed
from tenure.cli.providing import currency
from tenure.cli.show import Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb
from tenure.core.plurals import format_count
from tenure.core.refusals import Exit, Refused
from tenure.http import tables
from tenure.http.lookup import SORTS, find_named
from tenure.http.tables import Line, Name, Table

Csv = Annotated[Path, Parameter(help="CSV with a line of column names; `-` for standard input.")]

_APP = noun("import", "Import from CSV: customers, orders.", CUSTOMERS_SIDE)


def add(app: App) -> None:
    """Add `tenure import`."""
    app.command(_APP)


@verb(_APP, "customers", CREATING, example="tenure import customers customers.csv --dry-run")
def import_customers(desk: Desk, file: Csv) -> Ended:
    """Add customers: columns name, reference, email, credit_limit (such as 100.00); only the name is needed.

    With `--dry-run` every line is checked and nothing is done.
    """
    return _import(desk, file, tables.CUSTOMERS)


@verb(_APP, "orders", CREATING, example="tenure import orders orders.csv --dry-run")
def import_orders(desk: Desk, file: Csv) -> Ended:
    """Order: columns customer, offer, devices, until, renewal_intent, trial, why, reference; three are needed.

    `customer` is its reference, name, address or id, `offer` its plan, name or id; where several are called so, the
    line is refused with their ids. `reference` is the line's own name: under it the line is ordered once, in whatever
    file it comes.

    With `--dry-run` every line is checked, each alone on the balance that is there now. The activation codes are shown
    once, in this command's answer.
    """
    return _import(desk, file, tables.ORDERS)


def _import(desk: Desk, file: Path, table: Table) -> Ended:
    data = read_file(desk.world, file, most=FILE_CAP)
    if isinstance(data, Failed):
        return data
    own = currency(desk) if table is tables.CUSTOMERS else ""
    lines = own if isinstance(own, Failed) else tables.lines(data, table, MOST, own)
    if isinstance(lines, Failed):
        return lines
    if isinstance(lines, Refused):
        return failed(lines)
    lines = _with_ids(desk, lines, table)
    if isinstance(lines, Failed):
        return lines
    key = desk.options.idempotency_key or desk.world.new_key()
    commands = tables.commands(lines, table, key, _provider(desk))
    items = run(desk, commands, key) if commands else []
    if isinstance(items, Failed):
        return items
    told = tables.outcomes(lines, items)
    refused = sum(not item["done"] for item in told)
    value = {"done": len(told) - refused, "refused": refused, "idempotency_key": key, "items": told}
    exit_ = Exit.STATE if refused else Exit.DONE
    return Output(msgspec.json.encode(value), _shown(rehearsed=desk.options.dry_run), exit_)


def _with_ids(desk: Desk, lines: list[Line], table: Table) -> list[Line] | Failed:
    """The lines with ids in place of names; a list that cannot be narrowed is fetched once."""
    found: dict[Name, str | Refused] = {}
    fetched: dict[str, list[Any]] = {}
    for column, text in tables.names(lines, table):
        items = fetched.get(column) or named_items(desk, column, text)
        if isinstance(items, Failed):
            return items
        if not SORTS[column].search:
            fetched[column] = items
        found[column, text] = find_named(column, text, items)
    return tables.with_ids(lines, table, found)


def _provider(desk: Desk) -> str:
    api = desk.api()
    return "" if isinstance(api, Failed) else api.provider


def _shown(*, rehearsed: bool) -> Callable[[Screen, Any], None]:
    def show(screen: Screen, value: Any) -> None:
        what = "would be done" if rehearsed else "done"
        screen.heading(f"{format_count(value['done'], 'line')} {what}, {value['refused']:,} refused.")
        refused = [item for item in value["items"] if not item["done"]]
        if refused:
            screen.rows(("Line", "Column", "Why", "What helps"), [_why(item) for item in refused])
            if not rehearsed:
                screen.line(
                    "Mend these lines, leave the others out or in, and send the file again with --idempotency-key "
                    f"{value['idempotency_key']}: what was done is not done again."
                )
        codes = [
            (str(item["line"]), item["answer"]["subscription"]["id"], item["answer"]["activation_code"])
            for item in value["items"]
            if item["done"] and item["answer"].get("activation_code")
        ]
        if codes:
            screen.rows(("Line", "Subscription", "Activation code"), codes)

    return show


def _why(item: Any) -> tuple[str, str, str, str]:
    answer = item["answer"]
    said = answer.get("detail") or answer["title"]
    return str(item["line"]), answer.get("field") or "-", said, answer["remedy"]
