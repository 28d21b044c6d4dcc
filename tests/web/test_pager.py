"""Where one is in a long list, and the ways on: forward, back, to the start, and what somebody else writes there."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import pytest

from tenure.web.cookies import CookiePlace
from tenure.web.forms import SentForm
from tenure.web.page_app import PageVisit
from tenure.web.pager import TRAIL_MOST, ListPager, make_pager, sorted_by

ROWS, LIMIT = 58, 10


@dataclass
class Slice:
    items: list[int]
    next: str | None


def server(cursor: str) -> Slice:
    """A list of `ROWS` rows with cursors that lead forward only."""
    begin = int(cursor.removeprefix("c") or 0)
    end = min(begin + LIMIT, ROWS)
    return Slice(list(range(begin, end)), f"c{end}" if end < ROWS else None)


def looked(address: str) -> tuple[Slice, ListPager]:
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    place = CookiePlace(secure=True, host="portal.test")
    visit = PageVisit[None]("GET", parts.path, {}, query, SentForm(), 0, place, "")
    found = server(query.get("cursor", ""))
    return found, make_pager(visit, found, LIMIT)


def test_a_list_is_walked_to_its_end_and_back_to_its_start() -> None:
    address, forth, words = "/things?q=a", [], []
    while address:
        found, pages = looked(address)
        forth.append((address, found.items))
        words.append(pages.range_words)
        address = pages.next
    assert words == ["1 to 10", "11 to 20", "21 to 30", "31 to 40", "41 to 50", "51 to 58 of 58"]
    address = forth[-1][0]
    for _, items in forth[-2::-1]:
        address = looked(address)[1].previous
        assert looked(address)[0].items == items
    assert address == "/things?q=a"
    assert looked(address)[1].previous == ""


def test_the_way_back_is_as_long_as_an_address_may_be_and_the_start_is_always_there() -> None:
    place = CookiePlace(secure=True, host="portal.test")
    trail = ".".join(f"c{number}" for number in range(TRAIL_MOST + 9))
    query = {"cursor": "c9999", "trail": trail, "row": "301"}
    visit = PageVisit[None]("GET", "/things", {}, query, SentForm(), 0, place, "")
    pages = make_pager(visit, Slice([1], "c10000"), LIMIT)
    assert pages.first == "/things"
    assert dict(parse_qsl(urlsplit(pages.next).query))["trail"].count(".") == TRAIL_MOST - 1
    worn = PageVisit[None]("GET", "/things", {}, {"cursor": "c9999", "row": "301"}, SentForm(), 0, place, "")
    assert (make_pager(worn, Slice([1], None), LIMIT).previous, make_pager(worn, Slice([1], None), LIMIT).first) == (
        "",
        "/things",
    )


@pytest.mark.parametrize("row", ["", "-5", "٣", "1e9", "999999999999999999999", "0", "x"])
def test_what_somebody_writes_into_the_address_is_no_place_in_a_list(row: str) -> None:
    place = CookiePlace(secure=True, host="portal.test")
    query = {"cursor": "c10", "trail": "..<b>.c10.", "row": row}
    visit = PageVisit[None]("GET", "/things", {}, query, SentForm(), 0, place, "")
    pages = make_pager(visit, Slice([1, 2], None), LIMIT)
    assert (pages.begin, pages.end) == (1, 2)
    assert "%3C" not in pages.previous


def test_how_many_there_are_is_said_as_far_as_it_is_known() -> None:
    place = CookiePlace(secure=True, host="portal.test")
    visit = PageVisit[None]("GET", "/things", {}, {}, SentForm(), 0, place, "")
    assert make_pager(visit, Slice([1] * 10, "c10"), LIMIT, 411, 10_000).range_words == "1 to 10 of 411"
    assert make_pager(visit, Slice([1] * 10, "c10"), LIMIT, 10_001, 10_000).range_words == "1 to 10 of more than 10,000"
    assert make_pager(visit, Slice([1] * 7, None), LIMIT).range_words == "7 in all"
    assert make_pager(visit, Slice([], None), LIMIT).range_words == ""


def test_a_list_is_sorted_as_asked_or_as_usual() -> None:
    place, sorts = CookiePlace(secure=True, host="portal.test"), (("newest", "Newest first"), ("name", "Name"))
    for asked, found in (("name", "name"), ("color", "newest"), ("", "newest")):
        visit = PageVisit[None]("GET", "/things", {}, {"sort": asked}, SentForm(), 0, place, "")
        assert sorted_by(visit, sorts) == found
