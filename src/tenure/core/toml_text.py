"""TOML that people write, read with one kind of error; which keys there are is for each program to say."""

import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises ValueError with the place or the reason for everything else.

    The standard library raises RecursionError for brackets in thousands, and plain ValueError for a number of more than
    4,300 digits: neither is the error that it documents.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
