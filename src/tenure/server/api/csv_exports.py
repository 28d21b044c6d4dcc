"""Lists whole, as CSV for spreadsheets: read in slices, with formulas made harmless and money as people write it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from tenure.core.business.ledger import csv_row
from tenure.core.pricing import format_money
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.operations import CSV
from tenure.http.problems import RefusedError
from tenure.http.responses import ApiResponse

T = TypeVar("T")
K = TypeVar("K")
ROWS_MOST = 100_000
"""Rows of one export; a longer one is refused, so that no user takes a part for the whole."""
SLICE = 200
"""Rows that are read and written at a time: some milliseconds of the loop."""


async def in_slices(
    part: Callable[[K | None, int], Awaitable[list[T]]],
    place_of: Callable[[T], K],
    row: Callable[[T], Sequence[str]],
) -> list[bytes]:
    """The rows of an export as lines of CSV, read `SLICE` at a time, so that others are answered in between.

    `part` reads so many rows behind a place; `place_of` says where a row stands. What changes meanwhile may be seen or
    not, but no row twice. Raises RefusedError with `field_invalid` beyond `ROWS_MOST`.
    """
    loop, written, count, after = asyncio.get_running_loop(), list[bytes](), 0, None
    while True:
        begun = loop.time()
        rows = await part(after, SLICE)
        written.append("".join(csv_row(row(each)) for each in rows).encode())
        count += len(rows)
        if count > ROWS_MOST:
            said = f"More than {ROWS_MOST} rows: narrow what is asked for."
            raise RefusedError(Refused(RefusalCode.FIELD_INVALID, said, "q"))
        if len(rows) < SLICE:
            return written
        after = place_of(rows[-1])
        # As long for others as for this: an export may take its time.
        await asyncio.sleep(loop.time() - begun)


def csv_cells(view: msgspec.Struct) -> list[str]:
    """The fields of a struct as cells: what is missing is empty, truth is `yes` or `no`."""
    return [_csv_cell(getattr(view, each)) for each in view.__struct_fields__]


def major_amounts(view: msgspec.Struct, names: Iterable[str], currency: str) -> list[str]:
    """Amounts of a struct as people write them, `-120.00`, without the currency, which has a column of its own."""
    return [format_money(getattr(view, each), currency).partition(" ")[0] for each in names]


def csv_file(names: Sequence[str], written: list[bytes], name: str) -> ApiResponse[str]:
    """A file of that name to be saved, below a line of names.

    It begins with a mark by which spreadsheets know it to be UTF-8.
    """
    saved = ("Content-Disposition", f'attachment; filename="{name}.csv"')
    body = b"".join([("\ufeff" + csv_row(names)).encode(), *written])
    return ApiResponse(body=body, media_type=f"{CSV}; charset=utf-8", headers=(saved,))


def _csv_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
