"""Types of arguments: what they look like to the parser, and how what was typed becomes what the API takes.

The server judges every field; here only what would change its meaning on the way is refused.
"""

import os
import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tenure.cli.environment import CommandEnvironment
from tenure.cli.problems import accept, invalid_field
from tenure.core.periods import format_instant, parse_instant, parse_until
from tenure.core.pricing import EXPONENTS, check_amount

Limit = Annotated[int | None, Parameter(help="At most this many; otherwise all.")]
Customer = Annotated[str, Parameter(help="The customer: reference, name, address or id, `cus_…`.")]
Subscription = Annotated[str, Parameter(help="The subscription: last group of its code, or id, `sub_…`.")]
Offer = Annotated[str, Parameter(help="The offer: its plan, name or id, `off_…`; `tenure offers list` shows them.")]
Devices = Annotated[int, Parameter(help="How many devices.")]
Why = Annotated[str, Parameter(help="The reason, kept in the history.")]
File = Annotated[Path, Parameter(help="A file; `-` for standard input.", allow_leading_hyphen=True)]
Folder = Annotated[Path, Parameter(help="The folder of the server.")]

_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,4})?")
"""An amount as it is printed, which cannot be told from one with a decimal comma: it is refused, never guessed."""
_MONEY = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,4}))?")


def parse_end(text: str, field: str) -> str:
    """An end as RFC 3339: an instant, or a date whose whole day is included [spec: dates]."""
    read = accept(parse_until(text, field))
    return format_instant(read)


def parse_begin(text: str, field: str) -> str:
    """A beginning as RFC 3339: an instant, or the midnight UTC in which a date begins."""
    read = accept(parse_instant(f"{text}T00:00:00Z" if len(text) == len("2027-03-31") else text, field))
    return format_instant(read)


def read_file(world: CommandEnvironment, file: Path, field: str = "file", most: int = 1024 * 1024) -> bytes:
    """The content of a file, or of standard input for `-`; `field_invalid` when it cannot be read or is too large."""
    try:
        if str(file) == "-":
            data = world.stdin.read(most + 1).encode()
        else:
            with file.open("rb") as opened:
                data = opened.read(most + 1)
    except (OSError, UnicodeError, ValueError) as fault:
        raise invalid_field(f"{file} cannot be read: {getattr(fault, 'strerror', None) or fault}.", field) from fault
    if len(data) > most:
        raise invalid_field(f"{file} holds more than {most:,} bytes.", field)
    return data


def create_file(file: Path, data: bytes, field: str = "out") -> None:
    """A new file, readable by its owner alone, durable; never in place of another."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as fault:
        raise invalid_field(f"{file} cannot be written: {fault.strerror}.", field) from fault


def parse_amount(text: str, currency: str, field: str) -> int:
    """Minor units of an amount as people write it, `120` or `120.50`, in `currency`."""
    digits, found = EXPONENTS.get(currency), _MONEY.fullmatch(text)
    if digits is None:
        raise invalid_field(f"{currency!r} is not a currency with known minor units.", "currency")
    if _THOUSANDS.fullmatch(text):
        whole = text.replace(",", "")
        raise invalid_field(f"{text!r} has a comma: write {whole}, without a comma.", field)
    if "," in text:
        raise invalid_field(f"{text!r} has a comma: write the amount with a point, {text.replace(',', '.')}.", field)
    if found is None or len(found[2] or "") > digits:
        places = f"at most {digits} digits after the point" if digits else "no digits after the point"
        raise invalid_field(
            f"{text[:40]!r} is no amount: one in {currency} is written as 120{'.50' if digits else ''}, with {places}.",
            field,
        )
    units = int(found[1] + (found[2] or "").ljust(digits, "0"))
    accept(check_amount(units, currency, field))
    return units
