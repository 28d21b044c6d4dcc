"""Short lists that are read whole: sorted, counted and cut into pages here, for the API gives them by id alone.

Lists that may grow without end are sorted and cut by the API; see `web.pager`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tenure.core.whole_numbers import read_whole_number
from tenure.web.pager import ListPager, sorted_by
from tenure.web.visits import PageVisit

PAGE = 25
"""Rows on one page."""
MOST = 2_000
"""Rows that are read at most; a list that has more says so."""

Row = dict[str, Any]
By = tuple[str, Callable[[Row], Any], bool]
"""What a way of sorting is called, what it sorts by, and whether it begins with the greatest."""

NEWEST: By = ("Newest first", lambda row: (row.get("created") or "", row["id"]), True)
NAMED: By = ("Name", lambda row: (str(row.get("name") or "").casefold(), row["id"]), False)


class ShortList(msgspec.Struct, frozen=True, kw_only=True):
    """One page of such a list, with the way to the others."""

    rows: tuple[Row, ...]
    pages: ListPager
    sort: str
    sorts: tuple[tuple[str, str], ...]


def make_short_list(visit: PageVisit[Any], rows: list[Row], sorts: Mapping[str, By], place: str = "page") -> ShortList:
    """The page of `rows` that the address asks for; the first way of `sorts` holds where it names none.

    `place` is what the address calls the page: a second list on one page of the website needs another.

    Worked example: 60 rows and `?page=2` show rows 26 to 50, with a previous and a next page.
    """
    named = tuple((name, told) for name, (told, _, _) in sorts.items())
    sort = sorted_by(visit, named)
    _, key, backwards = sorts[sort]
    ordered = sorted(rows, key=key, reverse=backwards)
    last = max(1, -(-len(ordered) // PAGE))
    page = min(max(_read_number(visit.query.get(place, "1")), 1), last)
    begin = (page - 1) * PAGE
    shown = ordered[begin : begin + PAGE]
    pages = ListPager(
        begin=begin + 1,
        end=begin + len(shown),
        # What was cut off at `MOST` is told as more than that.
        total=len(ordered) if len(ordered) < MOST else MOST + 1,
        counted=MOST,
        first=visit.with_query(**{place: None}) if page > 2 else "",
        previous=visit.with_query(**{place: str(page - 1) if page > 2 else None}) if page > 1 else "",
        next=visit.with_query(**{place: str(page + 1)}) if page < last else "",
    )
    return ShortList(rows=tuple(shown), pages=pages, sort=sort, sorts=named)


def _read_number(text: str) -> int:
    number = read_whole_number(text, 6)
    return 1 if number is None else number
