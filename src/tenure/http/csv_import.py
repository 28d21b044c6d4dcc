"""Customers and orders out of a spreadsheet's CSV, as commands of a batch; who sends them and shows what became of them
is the command line's and the portal's business.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tenure.core.periods import parse_until
from tenure.core.plurals import format_range
from tenure.core.pricing import parse_money
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.whole_numbers import read_whole_number
from tenure.http.idempotency import content_keys
from tenure.http.lookup import is_name

Row = dict[str, str]
"""The cells of a line by column, without outer blanks."""
Name = tuple[str, str]
"""A column and what a cell of it calls the thing that is meant."""


class CsvTable(msgspec.Struct, frozen=True, kw_only=True):
    """What a table holds: its columns, those that must be there, and what a line becomes at `path`."""

    path: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    own_name: str = ""
    """The column with the line's own reference, which is for the import alone."""
    named: tuple[str, ...] = ()
    """Columns whose cells may hold what people call a thing instead of its id (`http.lookup`)."""


class CsvLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that says something: its number in the file, from 1, and what it asks for, or which cell is wrong."""

    number: int
    body: dict[str, Any]
    cells: Row
    reference: str = ""
    """The line's own name, if the table has such a column: under it the line is done once."""
    fault: Refused | None = None


def read_lines(data: bytes, table: CsvTable, most: int, currency: str) -> list[CsvLine] | Refused:
    """1 to `most` lines of UTF-8 CSV, divided by comma or semicolon, below a line of column names.

    Amounts are written as people write them, in `currency`. Refuses `field_invalid` (field `file`) whole what is no
    such table; a cell that cannot be read is its line's fault alone.
    """
    found = _read_rows(data, table)
    if isinstance(found, Refused):
        return found
    if not 1 <= len(found) <= most:
        return _refuse_table(f"The file holds {format_range(1, most, 'line')}.")
    return _each_reference_once([_read_line(number, row, table, currency) for number, row in found])


def names(read: list[CsvLine], table: CsvTable) -> list[Name]:
    """What sound lines call things by instead of ids, each once: column and text."""
    cells = ((column, line.body.get(column, "")) for line in read if line.fault is None for column in table.named)
    return list(dict.fromkeys((column, text) for column, text in cells if is_name(column, text)))


def with_ids(read: list[CsvLine], table: CsvTable, found: Mapping[Name, str | Refused]) -> list[CsvLine]:
    """The lines with ids in place of the `names` that were looked up; what was not found is its line's fault."""
    return [_with_ids(line, table, found) if line.fault is None else line for line in read]


def to_commands(read: list[CsvLine], table: CsvTable, key: str, provider: str = "") -> list[dict[str, Any]]:
    """The sound lines as commands of `POST /v1/batch`; `provider` is named by the vendor's staff only.

    A line is named by its own reference, else by `key` and what it says, never by its place: after a line was mended or
    left out the others are not done twice.
    """
    path = f"{table.path}?provider={provider}" if provider else table.path
    sound = [line for line in read if line.fault is None]
    keys = content_keys(key, (("POST", path, msgspec.json.encode(line.body, order="sorted")) for line in sound))
    return [
        {"method": "POST", "path": path, "body": line.body, "key": _own_name(table, line) or name}
        for line, name in zip(sound, keys, strict=True)
    ]


def line_outcomes(read: list[CsvLine], items: list[Any]) -> list[dict[str, Any]]:
    """What became of every line: the batch's answers for the sound ones, and what is wrong with the others."""
    answers = iter(items)
    told = []
    for line in read:
        item = next(answers) if line.fault is None else {"done": False, "answer": _problem_text(line.fault)}
        said = line.body | {name: line.cells[name] for name in NAMED if line.cells.get(name)}
        told.append(item | {"line": line.number, "said": said})
    return told


def write_table(read: list[CsvLine], columns: Iterable[str]) -> str:
    """Write the lines as a table again, for the user to correct."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), delimiter=";", lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(line.cells for line in read)
    return text.getvalue()


def _each_reference_once(read: list[CsvLine]) -> list[CsvLine]:
    """The lines, with a fault at those whose reference an earlier one has: only one of them could be done."""
    seen: dict[str, int] = {}
    told = []
    for line in read:
        name = line.cells.get("reference", "")
        first = seen.setdefault(name, line.number) if name else line.number
        if first != line.number and line.fault is None:
            fault = Refused(RefusalCode.FIELD_INVALID, f"Line {first} has the same reference.", "reference")
            line = msgspec.structs.replace(line, fault=fault)  # noqa: PLW2901
        told.append(line)
    return told


def _with_ids(line: CsvLine, table: CsvTable, found: Mapping[Name, str | Refused]) -> CsvLine:
    body = dict(line.body)
    for column in table.named:
        meant = found.get((column, body.get(column, "")))
        if isinstance(meant, Refused):
            return msgspec.structs.replace(line, fault=meant)
        if meant is not None:
            body[column] = meant
    return msgspec.structs.replace(line, body=body)


def _own_name(table: CsvTable, line: CsvLine) -> str:
    return hashlib.sha256(f"{table.path} {line.reference}".encode()).hexdigest() if line.reference else ""


def _problem_text(fault: Refused) -> dict[str, Any]:
    row = TABLE[fault.code]
    return {
        "code": fault.code.value,
        "title": row.sentence,
        "detail": fault.detail,
        "remedy": "Mend the cell and send the line again.",
        "field": fault.field,
    }


def _read_line(number: int, row: Row, table: CsvTable, currency: str) -> CsvLine:
    body: dict[str, Any] = {}
    for name, text in row.items():
        if not text or name == table.own_name:
            continue
        value = CELLS[name](text, currency) if name in CELLS else text
        if value is None or isinstance(value, Refused):
            detail = f"{text[:60]!r} is {WANTED[name]}" if value is None else value.detail
            return CsvLine(number=number, body=row, cells=row, fault=Refused(RefusalCode.FIELD_INVALID, detail, name))
        body[name] = value
    absent = next((name for name in table.needed if not row[name]), None)
    fault = None if absent is None else Refused(RefusalCode.FIELD_INVALID, "This cell is empty.", absent)
    return CsvLine(number=number, body=body, cells=row, reference=row.get(table.own_name, ""), fault=fault)


def _read_rows(data: bytes, table: CsvTable) -> list[tuple[int, Row]] | Refused:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_detect_delimiter(text), strict=True)
        columns = [name.strip().lower() for name in reader.fieldnames or ()]
        strange = [name for name in columns if name not in table.columns]
        absent = [name for name in table.needed if name not in columns]
        if strange or absent or len(set(columns)) < len(columns):
            what = (
                f"unknown: {', '.join(strange)}" if strange else f"missing or doubled: {', '.join(absent or columns)}"
            )
            return _refuse_table(f"The columns are {', '.join(table.columns)}; {what[:200]}.")
        reader.fieldnames = columns
        found = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as fault:
        return _refuse_table(f"The file is not CSV in UTF-8: {fault}.")
    for number, row in found:
        if None in row or None in row.values():
            return _refuse_table(f"Line {number} has more or fewer cells than there are columns.")
    return [(number, {name: str(cell).strip() for name, cell in row.items()}) for number, row in found]


def _refuse_table(detail: str) -> Refused:
    return Refused(RefusalCode.FIELD_INVALID, detail, "file")


def _detect_delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _parse_whole(text: str, _: str) -> int | None:
    return read_whole_number(text)


def _parse_yes(text: str, _: str) -> bool | None:
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(text.lower())


def _parse_intent(text: str, _: str) -> str | None:
    return text.lower() if text.lower() in {"auto", "manual"} else None


def _parse_day(text: str, _: str) -> str | None:
    return None if isinstance(parse_until(text), Refused) else text


CELLS: dict[str, Callable[[str, str], Any]] = {
    "devices": _parse_whole,
    "trial": _parse_yes,
    "renewal_intent": _parse_intent,
    "until": _parse_day,
    "credit_limit": lambda text, currency: parse_money(text, currency, "credit_limit"),
}
"""How cells are read that are more than text; None for what cannot be."""
WANTED = {
    "devices": "not a whole number such as 25.",
    "trial": "neither yes nor no.",
    "renewal_intent": "neither auto nor manual.",
    "until": "not a day such as 2030-12-31.",
}
NAMED = ("customer", "offer")
CUSTOMERS = CsvTable(path="/v1/customers", columns=("name", "reference", "email", "credit_limit"), needed=("name",))
ORDERS = CsvTable(
    path="/v1/subscriptions",
    columns=("customer", "offer", "devices", "until", "renewal_intent", "trial", "why", "reference"),
    needed=("customer", "offer", "devices"),
    own_name="reference",
    named=NAMED,
)
