"""Names of things made here: a prefix that says what it is, then time of birth and randomness, so that they sort."""

from collections.abc import Callable

from tenure.core.timeline import Instant
from tenure.wire.base32 import CROCKFORD, number_speller

_spell_number = number_speller(CROCKFORD, 26)


def new_id(prefix: str, now: Instant, draw: Callable[[int], bytes]) -> str:
    """A fresh name such as `dev_01k…`: a UUIDv7 in lower-case base 32, as the activation server's names are."""
    noise = int.from_bytes(draw(10), "big") & ((1 << 74) - 1)
    value = (now * 1000) << 80 | 0x7 << 76 | (noise >> 62) << 64 | 0b10 << 62 | noise & ((1 << 62) - 1)
    # 128 bits at the end of 26 symbols: two leading bits of 130 are zero.
    return f"{prefix}_{_spell_number(value)}"
