"""Base64url in its one spelling (RFC 7515 section 2), because two spellings of one signature would be two messages.

What the bytes mean is left to the callers.
"""

from binascii import b2a_base64

import msgspec

_PADDING = (b'"', b'"', b'=="', b'="')

# msgspec reads a JSON string as base64 in a fifth of the time that binascii takes; every message is read through here.
_from_json = msgspec.json.Decoder(bytes).decode


def encode(raw: bytes) -> bytes:
    """`raw` as base64url without padding."""
    return b2a_base64(raw, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def decode(text: bytes) -> bytes | None:
    """The bytes that `encode` spells exactly as `text`; None for every other spelling.

    Padding, foreign characters, white space, the standard alphabet and non-zero trailing bits all fail the one test
    that matters: encoding again must give `text` back.
    """
    try:
        raw = _from_json(b'"' + text.replace(b"-", b"+").replace(b"_", b"/") + _PADDING[len(text) % 4])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return raw if encode(raw) == text else None


def encode_text(raw: bytes) -> str:
    """`encode` as a string, for JSON fields."""
    return encode(raw).decode("ascii")


def decode_text(text: str) -> bytes | None:
    """`decode` for a string; None too when it is not ASCII."""
    return decode(text.encode("ascii")) if text.isascii() else None
