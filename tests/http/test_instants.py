"""Instants as text at the edge and back."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.http.timestamps import Moment, format_rfc3339, instant_of

SECONDS = st.integers(-62_135_596_800, 253_402_300_799)


@given(SECONDS)
def test_there_and_back(instant: int) -> None:
    assert instant_of(msgspec.convert(format_rfc3339(instant), Moment)) == instant


@given(SECONDS, SECONDS)
def test_texts_sort_like_instants(one: int, other: int) -> None:
    assert (format_rfc3339(one) < format_rfc3339(other)) == (one < other)


@given(st.integers())
def test_every_integer_has_a_text(instant: int) -> None:
    assert len(format_rfc3339(instant)) == 20


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.999999Z", 0),
        ("1969-12-31T23:59:59.5Z", -1),
    ],
)
def test_offsets_are_counted_and_fractions_dropped(text: str, instant: int) -> None:
    assert instant_of(msgspec.convert(text, Moment)) == instant


def test_a_local_time_is_no_moment() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("1970-01-01T00:00:00", Moment)


def test_the_texts_are_rfc_3339() -> None:
    assert format_rfc3339(1_790_000_000) == "2026-09-21T14:13:20Z"
    assert format_rfc3339(10**18) == "9999-12-31T23:59:59Z"
    assert format_rfc3339(int(datetime(1, 1, 1, tzinfo=UTC).timestamp())) == "0001-01-01T00:00:00Z"
