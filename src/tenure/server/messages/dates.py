"""Instants as emails say them: a day that everybody reads the same way, in UTC."""

import re

from tenure.core.periods import format_instant, parse_instant
from tenure.core.timeline import Instant

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC")


def format_date(moment: Instant) -> str:
    """An instant as emails say it: `31 December 2026, 12:00 UTC`."""
    text = format_instant(moment)
    return f"{int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]} {text[:4]}, {text[11:16]} UTC"


def format_dates_in(text: str) -> str:
    """A sentence of the core with its instants as emails say them: `on 2026-12-30 00:00:00 UTC` and the like."""
    return _MOMENT.sub(lambda found: format_text_date(f"{found[1]}T{found[2]}Z"), text)


def format_text_date(text: str) -> str:
    """What RFC 3339 says, as emails say it; anything else as it is."""
    moment = parse_instant(text) if isinstance(text, str) else None
    return format_date(moment) if isinstance(moment, int) else text
