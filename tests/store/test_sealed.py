"""Sealed answers open for their purpose and key alone, and whatever was changed does not open at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.store.sealed import AnswerCipher

SAFE = AnswerCipher(b"k" * 32)


@given(st.binary(), st.text())
def test_what_was_closed_opens_for_its_purpose(secret: bytes, purpose: str) -> None:
    closed = SAFE.encrypt(secret, purpose)
    assert SAFE.decrypt(closed, purpose) == secret
    assert SAFE.decrypt(closed, purpose + "x") is None
    assert AnswerCipher(b"x" * 32).decrypt(closed, purpose) is None
    assert SAFE.encrypt(secret, purpose) != closed, "a fresh nonce each time"


@given(st.binary(max_size=20), st.data())
def test_any_changed_bit_spoils_it(secret: bytes, data: st.DataObject) -> None:
    closed = bytearray(SAFE.encrypt(secret, "p"))
    closed[data.draw(st.integers(0, len(closed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert SAFE.decrypt(bytes(closed), "p") is None


def test_too_short_is_nothing() -> None:
    assert [SAFE.decrypt(bytes(length), "p") for length in range(80)] == [None] * 80


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        AnswerCipher(b"short")


def test_a_key_is_not_shown() -> None:
    assert "k" * 4 not in repr(SAFE)
