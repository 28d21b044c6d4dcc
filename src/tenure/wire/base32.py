"""Numbers in base 32, ten bits at a time: the standard library's `base64` takes several times as long."""

from collections.abc import Callable

RFC_4648 = "abcdefghijklmnopqrstuvwxyz234567"
"""The alphabet of RFC 4648, in small letters."""
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's, whose symbols are in the order of what they stand for."""


def number_reader(alphabet: str, symbols: int) -> Callable[[str], int | None]:
    """Reads what `number_speller` writes; None for every other text."""
    digits = "0123456789abcdefghijklmnopqrstuv"  # those of `int`
    to_digits = bytes(ord(digits[alphabet.index(chr(at))]) if chr(at) in alphabet else ord("!") for at in range(256))

    def read_number(text: str) -> int | None:
        if len(text) != symbols or not text.isascii():
            return None
        try:
            return int(text.encode("ascii").translate(to_digits), 32)
        except ValueError:
            return None

    return read_number


def number_speller(alphabet: str, symbols: int) -> Callable[[int], str]:
    """Writes a number below 32 ** `symbols` (an even number of them) in so many symbols of the alphabet."""
    pairs = [high + low for high in alphabet for low in alphabet]
    shifts = range(5 * (symbols - 2), -1, -10)

    def spell_number(value: int) -> str:
        return "".join([pairs[value >> shift & 1_023] for shift in shifts])

    return spell_number
