import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.wire import b64


@given(st.binary(max_size=200))
def test_what_is_encoded_decodes_and_agrees_with_the_standard_library(raw: bytes) -> None:
    text = b64.b64_encode(raw)
    assert text == base64.urlsafe_b64encode(raw).rstrip(b"=")
    assert b64.b64_decode(text) == raw
    assert b64.decode_text(b64.encode_text(raw)) == raw


@given(st.binary(max_size=12))
def test_whatever_decodes_is_the_one_spelling(text: bytes) -> None:
    raw = b64.b64_decode(text)
    assert raw is None or b64.b64_encode(raw) == text


@given(st.text(alphabet='ABab01-_+/= \n"\\u4é', max_size=12))
def test_no_other_spelling_of_anything_decodes(text: str) -> None:
    raw = b64.decode_text(text)
    assert raw is None or b64.encode_text(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"AB", id="trailing bits"),
        pytest.param(b"AAB", id="trailing bits of three"),
        pytest.param(b"A", id="one character cannot be"),
        pytest.param(b"AA==", id="padding"),
        pytest.param(b"AA=", id="half a padding"),
        pytest.param(b"+/+/", id="standard alphabet"),
        pytest.param(b"AA AA", id="white space"),
        pytest.param(b"AAAA\n", id="line feed"),
        pytest.param(b"\nAAAA", id="line feed first"),
        pytest.param(b'AA"AA', id="quote"),
        pytest.param(rb"\u0041AAA", id="escape"),
        pytest.param(b"AA\xffA", id="not ASCII"),
        pytest.param("ＡＡＡＡ".encode(), id="full width"),
        pytest.param(b"AAAA\x00", id="nul"),
    ],
)
def test_an_odd_spelling_is_none(text: bytes) -> None:
    assert b64.b64_decode(text) is None


def test_text_beyond_ascii_is_none() -> None:
    assert b64.decode_text("ＡＡＡＡ") is None
    assert b64.decode_text("") == b""
