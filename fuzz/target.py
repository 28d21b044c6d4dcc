"""One thing that is fuzzed: a check for any bytes, beginnings to vary, and the same check of a parser with a defect.

A check raises for what must never happen: an exception that no caller expects, something accepted that must not be, two
readings of one text. The defect shows that the check can fail: a fuzzer that does not find it proves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

CAP = 64 * 1024
"""Bytes that a reader of JSON accepts here."""


@dataclass(frozen=True)
class FuzzTarget:
    """`check` holds for any bytes; `seeds` are beginnings; `defect` is the check of a parser that is wrong."""

    check: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    defect: Callable[[bytes], object]


def hold(promise: bool, words: str) -> None:
    """Raise AssertionError with what was promised, where it does not hold."""
    if not promise:
        raise AssertionError(words)


def as_text(data: bytes) -> str:
    """The bytes as any text that a parser can be given, lone surrogates and NUL included."""
    return data.decode("utf-8", "surrogateescape")
