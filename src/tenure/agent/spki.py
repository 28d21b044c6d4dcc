"""The public key inside a certificate, found without a library: the agent carries no more than it needs.

Only the outline of a certificate is read (RFC 5280); that it is genuine is shown by its pinned key, in TLS.
"""

import hashlib

from tenure.wire.b64 import encode_text

_SEQUENCE, _VERSION = 0x30, 0xA0


def pin_of(certificate: bytes) -> str | None:
    """SHA-256 (base64url) of the public key (SPKI) in a certificate (DER); None when it is none."""
    try:
        body = _value_of_tag(_value_of_tag(certificate, _SEQUENCE), _SEQUENCE)
        parts = list(_split_sequence(body))
    except ValueError:
        return None
    # After the optional version: serial, algorithm, issuer, validity, subject, and then the key.
    place = 6 if parts and parts[0][0] == _VERSION else 5
    if len(parts) <= place or parts[place][0] != _SEQUENCE:
        return None
    return encode_text(hashlib.sha256(parts[place]).digest())


def _value_of_tag(data: bytes, tag: int) -> bytes:
    head, length = _value_bounds(data, 0)
    if data[0] != tag:
        raise ValueError("another kind of value was expected")
    return data[head : head + length]


def _split_sequence(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        head, length = _value_bounds(data, at)
        found.append(data[at : head + length])
        at = head + length
    return found


def _value_bounds(data: bytes, at: int) -> tuple[int, int]:
    """Where the value at `at` begins, and how long it is."""
    if at + 2 > len(data):
        raise ValueError("cut off")
    length, head = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or head + count > len(data):
            raise ValueError("a length that no certificate has")
        length, head = int.from_bytes(data[head : head + count], "big"), head + count
    if head + length > len(data):
        raise ValueError("cut off")
    return head, length
