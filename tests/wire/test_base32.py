import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.wire.base32 import CROCKFORD, RFC_4648, number_reader, number_speller


@given(st.binary(min_size=20, max_size=20))
def test_a_number_is_spelled_as_the_standard_library_spells_its_bytes(raw: bytes) -> None:
    spelled = number_speller(RFC_4648, 32)(int.from_bytes(raw, "big"))
    assert spelled == base64.b32encode(raw).decode("ascii").lower()


@pytest.mark.parametrize("value", [0, 1, 31, 32, 1_023, 1_024, 2**128 - 1, 2**130 - 1])
def test_names_in_crockfords_alphabet_sort_like_their_numbers(value: int) -> None:
    spell = number_speller(CROCKFORD, 26)
    assert len(spell(value)) == 26
    assert sum(CROCKFORD.index(symbol) << 5 * place for place, symbol in enumerate(reversed(spell(value)))) == value
    if value:
        assert spell(value - 1) < spell(value)


@given(st.integers(0, 32**32 - 1))
def test_what_was_spelled_is_read(value: int) -> None:
    assert number_reader(RFC_4648, 32)(number_speller(RFC_4648, 32)(value)) == value


@given(st.text(st.sampled_from(RFC_4648 + "0189AZ_-+ \n\u0661\u00e9"), min_size=28, max_size=36))
def test_a_text_is_read_only_if_it_is_how_its_number_is_spelled(text: str) -> None:
    number = number_reader(RFC_4648, 32)(text)
    assert number is None or number_speller(RFC_4648, 32)(number) == text
