"""A list page by page: which rows are shown, how many there are, and the ways forward, back and to the start.

The server's cursors lead forward only. The way back is the cursors one came by, which travel in the address (`trail`),
so that nothing is kept on the server and every page can be reloaded, sent to another user and gone back from.
"""

import re
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from tenure.core.whole_numbers import read_whole_number
from tenure.web.page_app import PageVisit

TRAIL_MOST = 20
"""Pages one can go back step by step; beyond them the first page remains."""
ROW_MOST = 10_000_000
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,512}")


class ListPage(Protocol):
    """One page of a list as an API's client answers it."""

    @property
    def items(self) -> list[Any]:
        """The rows."""

    @property
    def next(self) -> str | None:
        """The cursor of the following page; None on the last."""


class ListPager(msgspec.Struct, frozen=True, kw_only=True):
    """Where one is in a list; the addresses are empty where there is no such page."""

    begin: int
    """Number of the first row shown, from 1."""
    end: int
    total: int | None = None
    """How many there are; None when they were not counted."""
    counted: int = 0
    """Up to how many were counted at most: a `total` beyond it means that there are more; 0: all were."""
    first: str = ""
    previous: str = ""
    next: str = ""

    @property
    def range_words(self) -> str:
        """`1 to 25 of 411`, `26 to 50`, `7 in all`; empty for nothing."""
        if not self.end:
            return ""
        if self.total is None:
            return f"{self.begin:,} to {self.end:,}"
        if self.begin == 1 and self.end == self.total:
            return f"{self.total:,} in all"
        more = self.counted and self.total > self.counted
        return f"{self.begin:,} to {self.end:,} of {f'more than {self.counted:,}' if more else f'{self.total:,}'}"


def make_pager(
    visit: PageVisit[Any], found: ListPage, limit: int, total: int | None = None, counted: int = 0
) -> ListPager:
    """The ways on from the page of at most `limit` rows that `visit` shows; without `total` the last page knows it.

    Page 3 of 25 rows each came by the cursors `c2`, `c3`: its address says `cursor=c3&trail=c2&row=51`, so that the
    previous page is `cursor=c2&row=26`, and the next `cursor=c4&trail=c2.c3&row=76`.
    """
    here = _read_cursor(visit.query.get("cursor", ""))
    trail = (
        [each for each in visit.query.get("trail", "").split(".") if _read_cursor(each)][-TRAIL_MOST:] if here else []
    )
    begin = _read_row(visit.query.get("row", "")) if here else 1
    end = begin + len(found.items) - 1 if found.items else 0
    before = max(1, begin - limit)
    first = visit.with_query(cursor=None, trail=None, row=None)
    previous = ""
    if here and trail:
        previous = visit.with_query(cursor=trail[-1], trail=".".join(trail[:-1]) or None, row=str(before))
    elif here and before == 1:
        previous = first
    ahead = ".".join([*trail, here][-TRAIL_MOST:]) if here else None
    return ListPager(
        begin=begin,
        end=end,
        total=end if total is None and not found.next and end else total,
        counted=counted,
        first=first if here and previous != first else "",
        previous=previous,
        next=visit.with_query(cursor=found.next, trail=ahead, row=str(begin + limit)) if found.next else "",
    )


def sorted_by(visit: PageVisit[Any], sorts: Sequence[tuple[str, str]]) -> str:
    """By what `visit` wants a list sorted: `sort` of its address if that is among `sorts`, else the first of them."""
    asked = visit.query.get("sort", "")
    return asked if asked in dict(sorts) else sorts[0][0]


def _read_cursor(text: str) -> str:
    return text if _CURSOR.fullmatch(text) else ""


def _read_row(text: str) -> int:
    """Read the row that the page says it begins at: it is only shown, so a user who edits it misleads no other user."""
    row = read_whole_number(text)
    return row if row is not None and 0 < row <= ROW_MOST else 1
