"""Sealed answers open for their purpose and key alone, and whatever was changed does not open at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.store.sealed import Safe

SAFE = Safe(b"k" * 32)


@given(st.binary(), st.text())
def test_what_was_closed_opens_for_its_purpose(secret: bytes, purpose: str) -> None:
    closed = SAFE.close(secret, purpose)
    assert SAFE.open(closed, purpose) == secret
    assert SAFE.open(closed, purpose + "x") is None
    assert Safe(b"x" * 32).open(closed, purpose) is None
    assert SAFE.close(secret, purpose) != closed, "a fresh nonce each time"


@given(st.binary(max_size=20), st.data())
def test_any_changed_bit_spoils_it(secret: bytes, data: st.DataObject) -> None:
    closed = bytearray(SAFE.close(secret, "p"))
    closed[data.draw(st.integers(0, len(closed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert SAFE.open(bytes(closed), "p") is None


def test_too_short_is_nothing() -> None:
    assert [SAFE.open(bytes(length), "p") for length in range(80)] == [None] * 80


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        Safe(b"short")


def test_a_key_is_not_shown() -> None:
    assert "k" * 4 not in repr(SAFE)
