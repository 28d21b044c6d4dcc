"""Names of things made here: a prefix that says what it is, then time of birth and randomness, so that they sort."""

import base64
from collections.abc import Callable

from tenure.core.timeline import Instant

# RFC 4648's extended hex alphabet is in order, as the one wanted is; only the symbols differ.
_TO_OURS = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUV", b"0123456789abcdefghjkmnpqrstvwxyz")


def new_id(prefix: str, now: Instant, draw: Callable[[int], bytes]) -> str:
    """A fresh name such as `dev_01k…`: a UUIDv7 in lower-case base 32, as the activation server's names are."""
    noise = int.from_bytes(draw(10), "big") & ((1 << 74) - 1)
    value = (now * 1000) << 80 | 0x7 << 76 | (noise >> 62) << 64 | 0b10 << 62 | noise & ((1 << 62) - 1)
    # 128 bits at the end of 26 symbols: two leading bits of 130 are zero.
    spelled = base64.b32hexencode((value << 30).to_bytes(20, "big")).translate(_TO_OURS)
    return f"{prefix}_{spelled[:26].decode('ascii')}"
