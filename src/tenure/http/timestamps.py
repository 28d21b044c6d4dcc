"""RFC 3339 at the edge: the only place of the API where a whole Unix second becomes text and back."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from tenure.core.timeline import Instant

Moment = Annotated[
    datetime, msgspec.Meta(tz=True, description="RFC 3339 date and time with an offset, such as 2026-11-22T00:00:00Z")
]
"""The type of a date and time in request Structs; its OpenAPI form is `string`, format `date-time`."""

# The calendar's ends: year 1 and year 9999.
_FIRST, _LAST = -62_135_596_800, 253_402_300_799


def format_rfc3339(instant: Instant) -> str:
    """`instant` (Unix seconds) as `2026-11-22T00:00:00Z`; what no calendar holds is shown as the nearest it does."""
    clamped = min(max(instant, _FIRST), _LAST)
    return datetime.fromtimestamp(clamped, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def instant_of(moment: datetime) -> Instant:
    """The whole Unix second in which `moment` (with an offset) lies; a fraction is dropped."""
    return int(moment.timestamp() // 1)
