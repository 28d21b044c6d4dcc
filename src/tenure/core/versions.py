"""Versions of the licensed application: read, ordered, and held against the lowest one a plan allows (M13).

Which floor applies to whom and when is the subscription's to know.
"""

import re
from functools import lru_cache

import msgspec

from tenure.core.refusals import RefusalCode, Refused

MAX_LENGTH = 64
_VERSION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,7})(?:-([0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*))?")
_RUN = re.compile("[0-9]+|[a-z]+")

Run = tuple[int, int, str]
"""A run of digits (0, number, "") or of characters (1, 0, text): digits sort before other characters and as numbers."""


class Version(msgspec.Struct, frozen=True, order=True):
    """A version in order: by its numbers, and before the release of the same numbers come its pre-releases."""

    numbers: tuple[int, ...]
    """Without zeros at the end, because missing parts are 0."""
    released: bool = True
    suffix: tuple[Run, ...] = ()


def parse_version(text: str, field: str = "version") -> Version | Refused:
    """`12`, `12.4.1`, `12.4-rc1`: 1 to 8 numbers of at most 9 digits, then perhaps `-` and a pre-release suffix.

    ASCII only, at most 64 characters; anything else is `version_unreadable`. Pre-releases of the same numbers are
    ordered by their runs of digits and letters, in any case: `-beta2` < `-beta10` < `-rc1`.
    """
    read = _parse_version(text) if len(text) <= MAX_LENGTH else None
    if read is None:
        return Refused(RefusalCode.VERSION_UNREADABLE, "A version is written as 12.4.1 or 12.4-rc1.", field)
    return read


@lru_cache(maxsize=256)
def _parse_version(text: str) -> Version | None:
    """The same two versions are held against each other at every look."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return Version(tuple(numbers), found[2] is None, _suffix_runs(found[2] or ""))


def refuse_below(version: str, floor: str, field: str = "version") -> Refused | None:
    """None if `version` is at or above `floor` (empty: no floor, nothing is compared).

    Otherwise `version_too_old`, naming the version needed, or `version_unreadable` for whichever cannot be read.
    """
    if not floor:
        return None
    needed, present = parse_version(floor, "min_version"), parse_version(version, field)
    if isinstance(needed, Refused):
        return needed
    if isinstance(present, Refused):
        return present
    if present >= needed:
        return None
    return Refused(RefusalCode.VERSION_TOO_OLD, f"Version {floor} or later is needed; this is {version}.", field)


def _suffix_runs(suffix: str) -> tuple[Run, ...]:
    return tuple((0, int(run), "") if run[0] <= "9" else (1, 0, run) for run in _RUN.findall(suffix.lower()))
