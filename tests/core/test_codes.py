"""Activation codes: what a person mistypes is caught before anything is sent, and nothing shows a code by accident."""

import copy
import json
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.activation_codes import (
    ALPHABET,
    LENGTH,
    MAX_TYPED,
    RANDOM_SYMBOLS,
    ActivationCode,
    code_digest,
    from_random,
    parse_code,
)
from tenure.core.refusals import RefusalCode, Refused

KEY = bytes(range(32))
CODE = from_random(bytes(range(40, 40 + RANDOM_SYMBOLS)))
TEXT = CODE.reveal()
PLAIN = TEXT.replace("-", "")

randomness = st.binary(min_size=RANDOM_SYMBOLS, max_size=RANDOM_SYMBOLS)


def malformed(text: str) -> Refused:
    answer = parse_code(text)
    assert isinstance(answer, Refused), "was accepted"
    assert (answer.code, answer.field) == (RefusalCode.CODE_MALFORMED, "code")
    return answer


def typed(values: list[int]) -> list[str]:
    return list(from_random(values).reveal().replace("-", ""))


def swapped(symbols: list[str], one: int, other: int) -> str:
    changed = symbols.copy()
    changed[one], changed[other] = changed[other], changed[one]
    return "".join(changed)


def test_m09_a_code_has_four_groups_of_five_unmistakable_symbols() -> None:
    groups = TEXT.split("-")
    assert [len(group) for group in groups] == [5, 5, 5, 5]
    assert set(PLAIN) <= set(ALPHABET)
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("ILOU")
    assert (CODE.first_group, CODE.last_group) == (groups[0], groups[3])


def test_the_same_randomness_always_gives_the_same_code() -> None:
    assert from_random(bytes(RANDOM_SYMBOLS)).reveal() == "00000-00000-00000-00000"
    assert from_random([1] + [0] * 18).reveal() == "10000-00000-00000-00006"
    assert from_random(range(19)).reveal() == "01234-56789-ABCDE-FGHJT"
    assert from_random([255] * 19) == from_random([31] * 19), "five bits of each byte are used"


@given(randomness)
def test_a_code_survives_writing_and_reading(values: bytes) -> None:
    code = from_random(values)
    assert parse_code(code.reveal()) == code
    assert ActivationCode(code.reveal().replace("-", "")) == code


@given(randomness, st.data())
def test_a_code_is_read_however_it_was_typed(values: bytes, data: st.DataObject) -> None:
    code = from_random(values)
    text = ""
    for symbol in code.reveal().replace("-", ""):
        look = {"0": "0Oo", "1": "1IiLl"}.get(symbol, symbol + symbol.lower())
        text += data.draw(st.sampled_from(look)) + data.draw(st.sampled_from(["", "", "", " ", "-", " - "]))
    assert parse_code(f"\t {text} \r\n") == code


def test_generous_spaces_are_read_up_to_a_bound() -> None:
    assert parse_code(TEXT.rjust(MAX_TYPED)) == CODE
    malformed(TEXT.rjust(MAX_TYPED + 1))


@pytest.mark.parametrize("position", range(LENGTH))
def test_every_single_error_is_caught(position: int) -> None:
    # The check is linear, so that one code stands for all: an error's weight does not depend on the other symbols.
    for wrong in set(ALPHABET) - {PLAIN[position]}:
        malformed(PLAIN[:position] + wrong + PLAIN[position + 1 :])


@pytest.mark.parametrize("position", range(RANDOM_SYMBOLS - 1))
def test_every_swap_of_neighbors_is_caught(position: int) -> None:
    values = [7] * RANDOM_SYMBOLS
    for values[position] in range(32):
        for values[position + 1] in range(32):
            symbols = typed(values)
            if values[position] != values[position + 1]:
                malformed(swapped(symbols, position, position + 1))


def test_every_swap_with_the_check_symbol_is_caught() -> None:
    seen: set[tuple[str, str]] = set()
    for first in range(32):
        for last in range(32):
            symbols = typed([first, *[7] * 17, last])
            seen.add((symbols[-2], symbols[-1]))
            if symbols[-2] != symbols[-1]:
                malformed(swapped(symbols, LENGTH - 2, LENGTH - 1))
    assert len(seen) == 32 * 32, "every pair of a last symbol and its check occurred"


@given(randomness, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_even_symbols_far_apart_cannot_be_swapped_unnoticed(values: bytes, one: int, other: int) -> None:
    symbols = typed(list(values))
    if symbols[one] != symbols[other]:
        malformed(swapped(symbols, one, other))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this has 0"),
        (PLAIN[:-1], "this has 19"),
        (PLAIN + "0", "this has 21"),
        (TEXT + "-00000", "this has 25"),
        (TEXT[:-1], "Group 4 has 4 characters"),
        (TEXT[:6] + "0" + TEXT[6:], "Group 2 has 6 characters"),
        ("U" + TEXT[1:], "Group 1 has a character"),
        (PLAIN[:12] + "u" + PLAIN[13:], "Group 3 has a character"),
        (PLAIN[:12] + "\x00" + PLAIN[13:], "Group 3 has a character"),
        (PLAIN[:-1] + ("0" if PLAIN[-1] != "0" else "1"), "mistyped, or two are swapped"),
        ("\uff10" + PLAIN[1:], "letters A to Z and digits"),
        (TEXT.replace("-", "\u2013"), "letters A to Z and digits"),
        (" " * MAX_TYPED + TEXT, "letters A to Z and digits"),
    ],
)
def test_the_refusal_says_where_to_look_and_never_repeats_the_code(text: str, said: str) -> None:
    answer = malformed(text)
    assert said in answer.detail
    assert not any(group in answer.detail for group in TEXT.split("-"))


@given(st.text(max_size=150))
def test_any_text_is_either_a_code_or_refused(text: str) -> None:
    answer = parse_code(text)
    assert isinstance(answer, ActivationCode) or answer.code is RefusalCode.CODE_MALFORMED


@pytest.mark.parametrize("count", [0, 18, 20])
def test_too_little_or_too_much_randomness_is_a_mistake_of_the_program(count: int) -> None:
    with pytest.raises(ValueError, match="19 random bytes"):
        from_random(bytes(count))


@pytest.mark.parametrize("symbols", ["", PLAIN.lower(), TEXT, PLAIN[:-1] + "U", swapped(list(PLAIN), 0, 1)])
def test_a_code_cannot_be_made_from_anything_but_its_one_spelling(symbols: str) -> None:
    with pytest.raises(ValueError, match="not an activation code"):
        ActivationCode(symbols)


def test_nothing_shows_more_than_the_last_group() -> None:
    masked = f"*****-*****-*****-{CODE.last_group}"
    assert str(CODE) == f"{CODE}" == masked
    assert repr(CODE) == f"ActivationCode({masked})"
    assert repr([CODE]) == f"[ActivationCode({masked})]"


def test_no_encoder_takes_a_code_by_accident() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(CODE)
    with pytest.raises(TypeError):
        json.dumps({"code": CODE})
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(CODE)
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(CODE)


def test_equal_codes_are_one_key_of_a_mapping() -> None:
    other = from_random(bytes(RANDOM_SYMBOLS))
    assert {CODE: 1, parse_code(TEXT): 2} == {CODE: 2}
    assert other != CODE
    assert CODE != TEXT


def test_the_stored_hash_depends_on_the_code_and_on_the_key() -> None:
    assert code_digest(CODE, KEY) == code_digest(CODE, KEY)
    assert len(code_digest(CODE, KEY)) == 64
    assert code_digest(CODE, KEY) != code_digest(CODE, KEY[::-1])
    assert code_digest(CODE, KEY) != code_digest(from_random(bytes(RANDOM_SYMBOLS)), KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        code_digest(CODE, KEY[:-1])


def test_the_stored_hash_never_changes_between_versions() -> None:
    zero = from_random(bytes(RANDOM_SYMBOLS))
    assert code_digest(zero, bytes(32)) == "1b8f35825edf1132514d74be7f92bb7f44e1915e91b1508e929d80453975534c"
