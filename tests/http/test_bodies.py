"""Bodies: their size counted while they stream, their type and encoding checked, their JSON read strictly."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.bodies import BODY_CAP, check_headers, load_body, read_body
from tests.http.calls import NEW, code_of, key, refused
from tests.http.sample import NewThing, Rename, Square

JSON_HEADERS = {"Content-Type": "application/json", **key("k")}


def streamed(*chunks: bytes, cut_off: bool = False) -> Any:
    """A receive function that delivers `chunks` one by one, and tells how many were asked for."""
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if cut_off:
        waiting.append({"type": "http.disconnect"})
    else:
        waiting[-1]["more_body"] = False

    async def receive() -> dict[str, Any]:
        receive.asked += 1  # type: ignore[attr-defined]
        return waiting.pop(0)

    receive.asked = 0  # type: ignore[attr-defined]
    return receive


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=8))
async def test_a_body_in_pieces_is_the_pieces_together(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    read = await read_body(streamed(*chunks), 100)
    if len(whole) <= 100:
        assert read == whole
    else:
        assert isinstance(read, Refused)
        assert read.code is RefusalCode.BODY_TOO_LARGE


async def test_reading_stops_at_the_first_byte_too_many() -> None:
    receive = streamed(*[b"x" * 10] * 100)
    assert isinstance(await read_body(receive, 25), Refused)
    assert receive.asked == 3


async def test_a_body_cut_off_is_unreadable() -> None:
    read = await read_body(streamed(b"{", cut_off=True), 100)
    assert isinstance(read, Refused)
    assert read.code is RefusalCode.BODY_UNREADABLE


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([(b"content-type", b"application/json")], None),
        ([(b"content-type", b"Application/JSON; charset=UTF-8")], None),
        ([(b"content-type", b'application/json;charset="utf-8"')], None),
        ([(b"content-type", b"application/json"), (b"content-encoding", b"identity")], None),
        ([], RefusalCode.MEDIA_TYPE_UNSUPPORTED),
        ([(b"content-type", b"text/plain")], RefusalCode.MEDIA_TYPE_UNSUPPORTED),
        ([(b"content-type", b"application/json; charset=utf-16")], RefusalCode.MEDIA_TYPE_UNSUPPORTED),
        ([(b"content-type", b"application/jsonp")], RefusalCode.MEDIA_TYPE_UNSUPPORTED),
        ([(b"content-type", b"application/json"), (b"content-encoding", b"gzip")], RefusalCode.MEDIA_TYPE_UNSUPPORTED),
        ([(b"content-type", b"application/json"), (b"content-encoding", b"br")], RefusalCode.MEDIA_TYPE_UNSUPPORTED),
        ([(b"content-type", b"application/json"), (b"content-length", b"101")], RefusalCode.BODY_TOO_LARGE),
        ([(b"content-type", b"application/json"), (b"content-length", b"9" * 10_000)], RefusalCode.BODY_TOO_LARGE),
        ([(b"content-type", b"application/json"), (b"content-length", b"-1")], RefusalCode.BODY_UNREADABLE),
        ([(b"content-type", b"application/json"), (b"content-length", b"")], RefusalCode.BODY_UNREADABLE),
    ],
)
def test_the_headers_alone_may_refuse(headers: list[tuple[bytes, bytes]], code: RefusalCode | None) -> None:
    told = check_headers(headers, b"application/json", 100)
    assert (None if told is None else told.code) is code


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"name":"a","name":"b"}', RefusalCode.BODY_UNREADABLE, "name"),
        (b'{"name":"a","n\\u0061me":"b"}', RefusalCode.BODY_UNREADABLE, "name"),
        (b'{"name":NaN}', RefusalCode.BODY_UNREADABLE, ""),
        (b"[" * 5_000, RefusalCode.BODY_UNREADABLE, ""),
        (b'{"name":"\\ud800"}', RefusalCode.BODY_UNREADABLE, ""),
        (b'{"name":"\xff"}', RefusalCode.BODY_UNREADABLE, ""),
        (b"", RefusalCode.BODY_UNREADABLE, ""),
        (b'{"name":"a"} x', RefusalCode.BODY_UNREADABLE, ""),
        (b'{"name":99999999999999999999999}', RefusalCode.BODY_UNREADABLE, ""),
        (b"null", RefusalCode.FIELD_INVALID, ""),
        (b"[]", RefusalCode.FIELD_INVALID, ""),
        (b"{}", RefusalCode.FIELD_INVALID, "name"),
        (b'{"name":1}', RefusalCode.FIELD_INVALID, "name"),
        (b'{"name":""}', RefusalCode.FIELD_INVALID, "name"),
        (b'{"name":"a\\nb"}', RefusalCode.FIELD_INVALID, "name"),
        (b'{"name":"a\\u0085b"}', RefusalCode.FIELD_INVALID, "name"),
        (b'{"name":"a\\u0000b"}', RefusalCode.FIELD_INVALID, "name"),
        (b'{"name":"a","nmae":"b"}', RefusalCode.FIELD_INVALID, "nmae"),
        (b'{"\\u0000":1,"name":"a"}', RefusalCode.FIELD_INVALID, ""),
    ],
)
def test_what_cannot_be_read_or_meant_is_told_apart(body: bytes, code: RefusalCode, field: str) -> None:
    told = load_body(body, Rename, BODY_CAP)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == (code, field)


def test_a_number_with_an_empty_fraction_is_a_whole_number() -> None:
    read = load_body(b'{"name":"a","shape":{"type":"square","side":5.0}}', NewThing, BODY_CAP)
    assert isinstance(read, NewThing)
    assert read.shape == Square(side=5)
    told = load_body(b'{"name":"a","shape":{"type":"square","side":5.5}}', NewThing, BODY_CAP)
    assert isinstance(told, Refused)
    assert told.field == "shape.side"


def test_a_backslash_before_u0000_is_text_like_any_other() -> None:
    assert load_body(b'{"name":"\\\\u0000"}', Rename, BODY_CAP) == Rename(name="\\u0000")


async def test_a_body_over_the_cap_is_refused_announced_or_streamed(client: httpx2.AsyncClient) -> None:
    large = b'{"name":"' + b"x" * BODY_CAP + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(large), 10_000):
            yield large[at : at + 10_000]

    assert code_of(await client.post("/v1/things", content=large, headers=JSON_HEADERS)) == "body_too_large"
    assert code_of(await client.post("/v1/things", content=pieces(), headers=JSON_HEADERS)) == "body_too_large"


async def test_an_operation_without_a_body_wants_none(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/things/thing_000001/renew", json={}, headers=key("k"))
    assert refused(answer)["detail"] == "This operation takes no body."


async def test_a_good_body_is_taken(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/things", json=NEW | {"until": "2027-01-01T00:00:00+01:00"}, headers=key("k"))
    assert answer.status_code == 201
    assert answer.json()["until"] == "2026-12-31T23:00:00Z"
