"""Base64url in its one spelling (RFC 7515 section 2), because two spellings of one signature would be two messages.

What the bytes mean is left to the callers.
"""

from binascii import b2a_base64

import msgspec

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# To the alphabet that msgspec reads; whatever is foreign becomes what no alphabet has.
_STANDARD = bytes(char if char in ALPHABET else ord("!") for char in range(256)).translate(
    bytes.maketrans(b"-_", b"+/")
)
# By the length modulo 4: the end of the JSON string, and the last characters whose unused bits are zero.
_ENDS: tuple[tuple[bytes, frozenset[int]], ...] = (
    (b'"', frozenset(ALPHABET)),
    (b"", frozenset()),
    (b'=="', frozenset(b"AQgw")),
    (b'="', frozenset(b"AEIMQUYcgkosw048")),
)

# msgspec reads a JSON string as base64 in a fifth of the time that binascii takes; every message is read through here.
_from_json = msgspec.json.Decoder(bytes).decode


def b64_encode(raw: bytes) -> bytes:
    """`raw` as base64url without padding."""
    return b2a_base64(raw, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def b64_decode(text: bytes) -> bytes | None:
    """The bytes that `encode` spells exactly as `text`; None for every other spelling.

    Padding, foreign characters, white space, the standard alphabet, an impossible length and non-zero trailing bits
    are all refused, so that encoding again gives `text` back.
    """
    if not text:
        return b""
    end, last = _ENDS[len(text) % 4]
    if text[-1] not in last:
        return None
    try:
        return _from_json(b'"' + text.translate(_STANDARD) + end)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def encode_text(raw: bytes) -> str:
    """`encode` as a string, for JSON fields."""
    return b64_encode(raw).decode("ascii")


def decode_text(text: str) -> bytes | None:
    """`decode` for a string; None too when it is not ASCII."""
    return b64_decode(text.encode("ascii")) if text.isascii() else None
