"""One reading of JSON with a loader made for it, as programs make theirs once."""

from typing import TypeVar

from tenure.core.refusals import Refused
from tenure.wire.strict_json import StrictLoader

T = TypeVar("T")


def load_json(data: bytes, type_: type[T], cap: int) -> T | Refused:
    """`data` as a value of `type_`, of at most `cap` bytes."""
    return StrictLoader(type_, cap)(data)
