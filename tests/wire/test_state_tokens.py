"""State tokens: only their maker can make them [spec: fork-rule, enrollment]."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.wire.state_tokens import LONGEST, make_token, read_token

KEY, OTHER = b"k" * 32, b"o" * 32
NUMBERS = st.lists(st.integers(0, 10**15), min_size=1, max_size=2).map(tuple)


@given(NUMBERS)
def test_a_token_says_its_numbers_to_its_maker_alone(numbers: tuple[int, ...]) -> None:
    token = make_token(KEY, "site_1", *numbers)
    assert len(token) < LONGEST
    assert read_token(KEY, "site_1", token, len(numbers)) == numbers
    assert read_token(OTHER, "site_1", token, len(numbers)) is None
    assert read_token(KEY, "site_2", token, len(numbers)) is None
    assert read_token(KEY, "site_1", token, len(numbers) + 1) is None


@given(st.text(st.characters(max_codepoint=127), max_size=100))
def test_no_other_text_is_a_token(text: str) -> None:
    assert read_token(KEY, "site_1", text, 1) is None
    assert read_token(KEY, "site_1", text, 2) is None


@pytest.mark.parametrize("text", ["", ".", "..", "7", "7.", ".x", "1.2.3.4", "²." + "A" * 22, "9" * 90 + ".x"])
def test_what_is_malformed_is_no_token(text: str) -> None:
    assert read_token(KEY, "site_1", text, 1) is None
    assert read_token(KEY, "site_1", text, 2) is None


def test_a_number_is_written_in_one_way_only() -> None:
    token = make_token(KEY, "site_1", 7)
    assert read_token(KEY, "site_1", "0" + token, 1) is None


def test_the_tokens_are_those_that_were_made_before() -> None:
    """Sites and devices hold them: another form would make a copy of each."""
    assert make_token(KEY, "site_1", 1_767_225_600, 7) == "1767225600.7.d46M6wP11i7AOrGKE69LiQ"
    assert make_token(KEY, "dev_1", 7) == "7.fOZT0FsCfdGaOp0gv_rApA"
