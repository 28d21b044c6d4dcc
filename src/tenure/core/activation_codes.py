"""Activation codes: how they are made from given randomness, read forgivingly, written strictly and kept secret.

Randomness and the key of the stored hash come from outside; what a code activates is the store's to know
[spec: activation-codes].
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence

from tenure.core.refusals import RefusalCode, Refused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that no symbol can be mistaken for another."""

GROUPS, GROUP = 4, 5
LENGTH = GROUPS * GROUP
RANDOM_SYMBOLS = LENGTH - 1
"""95 random bits and one check symbol."""

MAX_TYPED = 100
"""Longest text that is read: a code with generous spaces around and within."""

LEAST_KEY_BYTES = 32

_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans("OIL", "011")
_SEPARATORS = re.compile("[- \t\r\n]+")


def _times_alpha(value: int) -> int:
    """Multiplication by the generator in GF(32) = GF(2)[x] / (x^5 + x^2 + 1)."""
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled


def _check_value(values: Iterable[int]) -> int:
    """The check value of the random symbols, by Horner's rule: symbol i of 19 gets the weight alpha^(19 - i).

    With alpha^0 for the check symbol itself all 20 weights are distinct and not zero. So a single error (weight times
    difference) and a swap of any two different symbols (difference of weights times difference) are never zero.
    """
    total = 0
    for value in values:
        total = _times_alpha(total ^ value)
    return total


class ActivationCode:
    """A code that is well formed. Shows only its last group unless `reveal` is called.

    A plain class on purpose: msgspec would encode a Struct, and so a code could slip into a log, a fact or an answer.
    """

    __slots__ = ("_symbols",)

    def __init__(self, symbols: str) -> None:
        """From its 20 symbols without hyphens; ValueError unless they are a code in its one spelling."""
        if len(symbols) != LENGTH or not set(symbols) <= _VALUE.keys() or not _check_matches(symbols):
            raise ValueError("not an activation code")
        self._symbols = symbols

    def reveal(self) -> str:
        """The code in its one spelling, `XXXXX-XXXXX-XXXXX-XXXXX`; for those who may see it, once."""
        return "-".join(_grouped(self._symbols))

    @property
    def first_group(self) -> str:
        """What throttling counts by."""
        return self._symbols[:GROUP]

    @property
    def last_group(self) -> str:
        """What people recognize a code by; stored and shown."""
        return self._symbols[-GROUP:]

    def __str__(self) -> str:
        return "-".join(["*" * GROUP] * (GROUPS - 1) + [self.last_group])

    def __repr__(self) -> str:
        return f"ActivationCode({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActivationCode) and hmac.compare_digest(self._symbols, other._symbols)

    def __hash__(self) -> int:
        return hash(self._symbols)

    def __reduce__(self) -> str:
        raise TypeError("an activation code is not pickled; reveal it where that is meant")


def from_random(values: bytes | Sequence[int]) -> ActivationCode:
    """A code from 19 random bytes (the low five bits of each are used). Raises ValueError for any other count."""
    if len(values) != RANDOM_SYMBOLS:
        raise ValueError(f"a code is made from {RANDOM_SYMBOLS} random bytes")
    picked = [value & 31 for value in values]
    return ActivationCode("".join(ALPHABET[value] for value in (*picked, _check_value(picked))))


def parse_code(text: str, field: str = "code") -> ActivationCode | Refused:
    """The code as a person typed it: any case, spaces or hyphens anywhere, O for 0, I and L for 1; ASCII only.

    Refuses `code_malformed` before anything is sent, naming the group to look at where that can be told. The detail
    never repeats what was typed.
    """
    if len(text) > MAX_TYPED or not text.isascii():
        return _refuse_malformed("A code has 20 letters A to Z and digits, in four groups of five.", field)
    groups = [group for group in _SEPARATORS.split(text.upper().translate(_LOOKALIKES)) if group]
    symbols = "".join(groups)
    if len(symbols) == LENGTH:
        groups = _grouped(symbols)
    elif len(groups) != GROUPS:
        return _refuse_malformed(f"A code has 20 characters in four groups of five; this has {len(symbols)}.", field)
    for number, group in enumerate(groups, 1):
        if len(group) != GROUP:
            return _refuse_malformed(f"Group {number} has {len(group)} characters instead of five.", field)
        if not set(group) <= _VALUE.keys():
            return _refuse_malformed(f"Group {number} has a character that never occurs in a code, such as U.", field)
    if not _check_matches(symbols):
        return _refuse_malformed("One character is mistyped, or two are swapped.", field)
    return ActivationCode(symbols)


def code_digest(code: ActivationCode, key: bytes) -> str:
    """What is stored to find a code again: HMAC-SHA256 under the server's secret key, lower-case hex.

    Raises ValueError for a key shorter than 32 bytes: with a guessable key the stored hashes would give codes away.
    """
    if len(key) < LEAST_KEY_BYTES:
        raise ValueError(f"the key of code hashes has at least {LEAST_KEY_BYTES} bytes")
    return hmac.new(key, b"tenure-code:" + code.reveal().encode("ascii"), hashlib.sha256).hexdigest()


def _check_matches(symbols: str) -> bool:
    values = [_VALUE[symbol] for symbol in symbols]
    return _check_value(values[:-1]) == values[-1]


def _grouped(symbols: str) -> list[str]:
    return [symbols[at : at + GROUP] for at in range(0, LENGTH, GROUP)]


def _refuse_malformed(detail: str, field: str) -> Refused:
    return Refused(RefusalCode.CODE_MALFORMED, detail, field)
