"""Pages: every item once, in order, whatever the page size; cursors are nobody's to invent."""

import re

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import Refused
from tenure.http.paging import PageRequest, ResultPage, cut_page, next_cursor, next_link, read_cursor
from tests.http.calls import NEW, key, refused


@given(st.lists(st.text(max_size=5), unique=True, max_size=30), st.integers(1, 7))
def test_pages_hold_every_item_once(names: list[str], limit: int) -> None:
    rows, cursor = sorted(names), ""
    collected: list[str] = []
    while True:
        after = PageRequest(limit, cursor).after_key(str)
        assert not isinstance(after, Refused)
        page = cut_page([row for row in rows if after is None or row > after][: limit + 1], limit, lambda row: row)
        assert len(page.items) <= limit
        collected += page.items
        if page.next is None:
            break
        cursor = page.next
    assert collected == rows


async def test_a_list_is_walked_by_its_links(client: httpx2.AsyncClient) -> None:
    for number in range(5):
        await client.post("/v1/things", json=NEW | {"name": f"door {number}"}, headers=key(f"k{number}"))
    names, path = [], "/v1/things?limit=2&owned=true"
    while path:
        answer = await client.get(path)
        names += [item["name"] for item in answer.json()["items"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        path = link[1] if link else ""
        assert (answer.json()["next"] is None) == (not path)
        assert not path or "owned=true" in path
    assert names == [f"door {number}" for number in range(5)]


@given(st.one_of(st.text(), st.integers(-(2**53), 2**53), st.tuples(st.integers(0, 9), st.text())))
def test_a_cursor_gives_back_its_key(value: object) -> None:
    assert read_cursor(next_cursor(value), type(value)) == value


@pytest.mark.parametrize("number", [2**63, 2**64, 10**30, -(2**63) - 1])
def test_a_number_that_no_store_counts_to_is_nobodys_cursor(number: int) -> None:
    assert isinstance(read_cursor(next_cursor(number), int), Refused)
    assert isinstance(read_cursor(next_cursor([number, "x"]), tuple[int, str]), Refused)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 0])
def test_the_greatest_number_is_a_cursor_still(number: int) -> None:
    assert read_cursor(next_cursor(number), int) == number


@given(st.text(max_size=20))
def test_a_made_up_cursor_is_refused_or_the_very_one_we_would_give(text: str) -> None:
    found = read_cursor(text, str)
    assert isinstance(found, Refused) or next_cursor(found) == text


@pytest.mark.parametrize("bad", ["0", "@", "IiI=", "IiJ", "eA", "bnVsbA", "W10"])
async def test_a_bad_cursor_names_itself(client: httpx2.AsyncClient, bad: str) -> None:
    assert refused(await client.get("/v1/things", params={"cursor": bad}))["field"] == "cursor"


def test_a_cursor_of_another_list_is_refused() -> None:
    assert isinstance(read_cursor(next_cursor(5), str), Refused)


def test_the_link_keeps_the_other_parameters_and_their_spelling() -> None:
    link = next_link("/v1/things", b"name=a%26b&cursor=old&limit=2", "new")
    assert link == '</v1/things?name=a%26b&limit=2&cursor=new>; rel="next"'


def test_a_full_last_page_has_no_next() -> None:
    assert cut_page(["a", "b"], 2, lambda row: row) == ResultPage(("a", "b"))
