"""Customers and orders out of a spreadsheet's CSV, as commands of a batch; who sends them and shows what became of them
is the command line's and the portal's business.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

import msgspec

from tenure.core.refusals import Code, Refused

Row = dict[str, str]
"""The cells of a line by column, without outer blanks."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a table holds: its columns, those that must be there, and what a line becomes at `path`."""

    path: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    body: Callable[[Row], dict[str, Any]]


class Line(msgspec.Struct, frozen=True):
    """A line that says something: its number in the file, from 1, and what it asks for."""

    number: int
    body: dict[str, Any]


def lines(data: bytes, table: Table, most: int) -> list[Line] | Refused:
    """1 to `most` lines of UTF-8 CSV, divided by comma or semicolon, below a line of column names.

    Refuses `field_invalid` (field `file`) whole what is no such table; what a cell says is left to the API.
    """
    found = _rows(data, table)
    if isinstance(found, Refused):
        return found
    if not 1 <= len(found) <= most:
        return _refused(f"The file holds 1 to {most:,} lines.")
    return [Line(number, table.body(row)) for number, row in found]


def commands(read: list[Line], table: Table, provider: str = "") -> list[dict[str, Any]]:
    """The lines as commands of `POST /v1/batch`; `provider` is named by the vendor's staff only."""
    path = f"{table.path}?provider={provider}" if provider else table.path
    return [{"method": "POST", "path": path, "body": line.body} for line in read]


def _rows(data: bytes, table: Table) -> list[tuple[int, Row]] | Refused:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        strange = [name for name in names if name not in table.columns]
        absent = [name for name in table.needed if name not in names]
        if strange or absent or len(set(names)) < len(names):
            what = f"unknown: {', '.join(strange)}" if strange else f"missing or doubled: {', '.join(absent or names)}"
            return _refused(f"The columns are {', '.join(table.columns)}; {what[:200]}.")
        reader.fieldnames = names
        found = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as fault:
        return _refused(f"The file is not CSV in UTF-8: {fault}.")
    for number, row in found:
        if None in row or None in row.values():
            return _refused(f"Line {number} has not as many cells as there are columns.")
    return [(number, {name: str(cell).strip() for name, cell in row.items()}) for number, row in found]


def _refused(detail: str) -> Refused:
    return Refused(Code.FIELD_INVALID, detail, "file")


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


CUSTOMERS = Table(
    path="/v1/customers", columns=("name", "reference", "email", "credit_limit"), needed=("name",), body=_customer
)
ORDERS = Table(
    path="/v1/subscriptions",
    columns=("customer", "offer", "devices", "until", "renewal_intent", "trial", "why"),
    needed=("customer", "offer", "devices"),
    body=_order,
)
