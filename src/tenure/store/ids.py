"""Names of stored things: a prefix that says what it is and a UUIDv7 inside, so that names sort by their birth.

Written as `sub_` and 26 lower-case symbols of Crockford's base 32 (`0-9a-z` without i, l, o, u).
"""

import secrets
from collections.abc import Callable
from contextvars import ContextVar

from tenure.core.timeline import Instant

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
_VERSION, _VARIANT = 0x7 << 76, 0b10 << 62

noise: ContextVar[Callable[[int], int]] = ContextVar("noise", default=secrets.randbits)
"""So many random bits; the simulator draws them from its seed, so that a failing run can be repeated."""


def new_id(prefix: str, now: Instant) -> str:
    """A fresh name such as `sub_01k…`; `now` (real time, seconds) gives the order, 74 random bits the rest."""
    moment = (now * 1000) << 80
    drawn = noise.get()(74)
    value = moment | _VERSION | (drawn >> 62) << 64 | _VARIANT | drawn & (1 << 62) - 1
    return f"{prefix}_{_encode_number(value)}"


def _encode_number(value: int) -> str:
    return "".join(ALPHABET[value >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
