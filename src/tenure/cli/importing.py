"""`tenure import`: customers and orders from a spreadsheet's CSV, as a batch; refusals name line, column and remedy."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.batch import FILE_CAP, MOST, run
from tenure.cli.desk import Desk
from tenure.cli.kinds import read_file
from tenure.cli.options import CREATING
from tenure.cli.output import Output
from tenure.cli.problems import Failed, invalid
from tenure.cli.show import Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb
from tenure.core.refusals import Exit

Table = Annotated[Path, Parameter(help="CSV with a line of column names; `-` for standard input.")]
Row = dict[str, str]

CUSTOMERS = ("name", "reference", "email", "credit_limit")
ORDERS = ("customer", "offer", "devices", "until", "renewal_intent", "trial", "why")
NEEDED = {"/v1/customers": ("name",), "/v1/subscriptions": ("customer", "offer", "devices")}

_APP = noun("import", "Import from CSV: customers, orders.", CUSTOMERS_SIDE)


def add(app: App) -> None:
    """Add `tenure import`."""
    app.command(_APP)


@verb(_APP, "customers", CREATING, example="tenure import customers customers.csv --dry-run")
def import_customers(desk: Desk, file: Table) -> Ended:
    """Add customers: columns name, reference, email, credit_limit (minor units); only the name is needed.

    With `--dry-run` every line is checked and nothing is done.
    """
    return _import(desk, file, "/v1/customers", CUSTOMERS, _customer)


@verb(_APP, "orders", CREATING, example="tenure import orders orders.csv --dry-run")
def import_orders(desk: Desk, file: Table) -> Ended:
    """Order: columns customer, offer, devices, until, renewal_intent, trial, why; the first three are needed.

    With `--dry-run` every line is checked, each alone on the balance that is there now. The activation codes are shown
    once, in this command's answer.
    """
    return _import(desk, file, "/v1/subscriptions", ORDERS, _order)


def _import(
    desk: Desk, file: Path, path: str, columns: tuple[str, ...], body_of: Callable[[Row], dict[str, Any]]
) -> Ended:
    data = read_file(desk.world, file, most=FILE_CAP)
    rows = data if isinstance(data, Failed) else _rows(data, columns, NEEDED[path])
    if isinstance(rows, Failed):
        return rows
    commands = [{"method": "POST", "path": path + _of(desk), "body": body_of(row)} for _, row in rows]
    key = desk.options.idempotency_key or desk.world.new_key()
    items = run(desk, commands, key)
    if isinstance(items, Failed):
        return items
    told = [item | {"line": line} for item, (line, _) in zip(items, rows, strict=True)]
    refused = sum(not item["done"] for item in told)
    value = {"done": len(told) - refused, "refused": refused, "idempotency_key": key, "items": told}
    exit_ = Exit.STATE if refused else Exit.DONE
    return Output(msgspec.json.encode(value), _shown(rehearsed=desk.options.dry_run), exit_)


def _of(desk: Desk) -> str:
    api = desk.api()
    return "" if isinstance(api, Failed) or not api.provider else f"?provider={api.provider}"


def _rows(data: bytes, columns: tuple[str, ...], needed: tuple[str, ...]) -> list[tuple[int, Row]] | Failed:
    """(line, cells by column) of every line that says anything."""
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        strange = [name for name in names if name not in columns]
        absent = [name for name in needed if name not in names]
        if strange or absent or len(set(names)) < len(names):
            what = f"unknown: {', '.join(strange)}" if strange else f"missing or doubled: {', '.join(absent or names)}"
            return invalid(f"The columns are {', '.join(columns)}; {what[:200]}.", "file")
        reader.fieldnames = names
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as fault:
        return invalid(f"The file is not CSV in UTF-8: {fault}.", "file")
    for line, row in rows:
        if None in row or None in row.values():
            return invalid(f"Line {line} has not as many cells as there are columns.", "file")
    if not 1 <= len(rows) <= MOST:
        return invalid(f"The file holds 1 to {MOST:,} lines.", "file")
    return [(line, {name: str(cell).strip() for name, cell in row.items()}) for line, row in rows]


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _customer(row: Row) -> dict[str, Any]:
    body: dict[str, Any] = {name: row[name] for name in ("name", "reference", "email") if row.get(name)}
    return body | ({"credit_limit": _number(row["credit_limit"])} if row.get("credit_limit") else {})


def _order(row: Row) -> dict[str, Any]:
    body: dict[str, Any] = {"customer": row["customer"], "offer": row["offer"], "devices": _number(row["devices"])}
    body |= {name: row[name] for name in ("until", "renewal_intent", "why") if row.get(name)}
    return body | ({"trial": row["trial"].lower() in ("yes", "true", "1")} if row.get("trial") else {})


def _number(text: str) -> int | str:
    """A number, or the very text, which the server then refuses by its column."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


def _shown(*, rehearsed: bool) -> Callable[[Screen, Any], None]:
    def show(screen: Screen, value: Any) -> None:
        what = "would be done" if rehearsed else "done"
        screen.heading(f"{value['done']:,} lines {what}, {value['refused']:,} refused.")
        refused = [item for item in value["items"] if not item["done"]]
        if refused:
            screen.rows(("Line", "Column", "Why", "What helps"), [_why(item) for item in refused])
            if not rehearsed:
                screen.line(f"Lines done are not done again with --idempotency-key {value['idempotency_key']}")
        codes = [
            (str(item["line"]), item["answer"]["subscription"]["id"], item["answer"]["activation_code"])
            for item in value["items"]
            if item["done"] and item["answer"].get("activation_code")
        ]
        if codes:
            screen.rows(("Line", "Subscription", "Activation code, shown this once"), codes)

    return show


def _why(item: Any) -> tuple[str, str, str, str]:
    answer = item["answer"]
    said = answer.get("detail") or answer["title"]
    return str(item["line"]), answer.get("field") or "-", said, answer["remedy"]
