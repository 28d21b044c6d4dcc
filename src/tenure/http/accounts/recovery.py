"""Recovery codes: ten long ones, shown once and each good once, for a user who has lost the second factor.

They are kept as keyed digests by the caller, who also forgets those that were used.
"""

from collections.abc import Callable
from typing import Final

COUNT: Final = 10
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_SYMBOLS: Final = 12
_READ: Final = str.maketrans("oil", "011")

Draw = Callable[[int], bytes]


def new_codes(draw: Draw) -> tuple[str, ...]:
    """Ten fresh codes of 60 random bits, such as `k3q7-9xwd-2m0e`."""
    return tuple(_format_code(draw(_SYMBOLS)) for _ in range(COUNT))


def normalize_code(typed: str) -> str:
    """A code as it was given out, however it was typed: case, blanks, dashes, `o` for `0`; empty when it is none."""
    symbols = "".join(typed.lower().translate(_READ).replace("-", "").split())
    if len(symbols) != _SYMBOLS or not set(symbols) <= set(_ALPHABET):
        return ""
    return _group_symbols(symbols)


def _format_code(drawn: bytes) -> str:
    return _group_symbols("".join(_ALPHABET[each & 31] for each in drawn))


def _group_symbols(symbols: str) -> str:
    return "-".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))
