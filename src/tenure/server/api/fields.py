"""Types of the API's fields: ids, names, durations, money, each within documented bounds."""

from typing import Annotated

import msgspec

from tenure.core.periods import Duration, parse_duration
from tenure.core.pricing import MAX_BOOKING, MAX_UNIT
from tenure.core.refusals import Refused

Slug = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$(?!\n)", description="Lower case, digits, `_ . -`."
    ),
]
"""An id that people choose: products, plans, features."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z]{2,4}_[0-9a-z]{26}$(?!\n)")]
"""An id that the server chose."""

Digits = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[0-9]+(\.[0-9]+)*([-+.]?[0-9A-Za-z.-]+)?$(?!\n)")
]
"""An application's version."""

Days = Annotated[int, msgspec.Meta(ge=1, le=90)]
Devices = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Minor = Annotated[int, msgspec.Meta(ge=0, le=MAX_UNIT, description="Minor units, such as cents.")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=MAX_BOOKING, description="Minor units, such as cents.")]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217.")]
Period = Annotated[
    str, msgspec.Meta(max_length=10, pattern=r"^P[0-9YMWD]+$(?!\n)", description="ISO 8601 duration: P1Y, P1M, P30D.")
]
LastDay = Annotated[
    str,
    msgspec.Meta(
        max_length=40,
        description="A date such as 2027-03-31, which is included, or an instant such as 2027-03-31T12:00:00Z.",
    ),
]
"""An end that people name: a day they pick is included, everywhere."""
# Blanks and control characters are spelled out: `\s` means more to one reader than to another.
_MAILBOX = r"[^\x00-\x20\x7f-\xa0\u2028\u2029@]+"
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=rf"^({_MAILBOX}@{_MAILBOX})?$(?!\n)")]
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)"
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_LINE)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_LINE)]
"""A name that leases carry, which have less room than a page."""
OptionalTitle = Annotated[str, msgspec.Meta(max_length=128, pattern=_LINE)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=_LINE)]
"""What is looked for: part of a name or reference, an id, a code's last group."""
Features = Annotated[tuple[Slug, ...], msgspec.Meta(max_length=128)]
OutcomeHash = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^([0-9]+\.[0-9a-f]{64})?$(?!\n)")]


def duration_field(text: str, field: str) -> Duration | Refused:
    """An ISO 8601 duration, or `field_invalid` naming `field`."""
    return parse_duration(text, field)
