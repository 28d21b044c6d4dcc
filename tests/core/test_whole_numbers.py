"""Whole numbers in texts of strangers: ASCII digits alone, and never more than were asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.whole_numbers import read_whole_number


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0", 0), ("042", 42), (b"7", 7), ("999999999", 999_999_999), ("1000000000", None), ("9" * 5_000, None),
        ("", None), ("-1", None), ("+1", None), (" 1", None), ("1_0", None), ("1.0", None), ("\uff11", None),
        ("\u00b2", None), ("\u0663", None), (b"\xb2", None), ("1\n", None),
    ],
)  # fmt: skip
def test_only_plain_digits_are_a_number(text: str | bytes, read: int | None) -> None:
    assert read_whole_number(text) == read


@given(st.text(), st.integers(1, 18))
def test_any_text_is_a_number_of_so_many_digits_or_none(text: str, digits: int) -> None:
    read = read_whole_number(text, digits)
    assert read is None or (0 <= read < 10**digits and text.lstrip("0") == (str(read) if read else ""))
