"""Calendar periods counted from a fixed anchor, and the texts for durations and instants.

Every period is computed from the anchor, never from the last date, so that 31 January + 1 month is 28 or 29 February
and the next period ends on 31 March again ([spec: periods], M4). What a period costs is `pricing`'s; which one runs is
`subscription`'s.
"""

import re
from datetime import date

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant

LEAST_TERM_DAYS = 28
"""A term with a fixed end lasts at least this many days ([spec: order], `term_too_short`)."""

MAX_MONTHS = 120
MAX_DAYS = 3_660
"""A period lasts ten years at most, in either unit."""

LAST_INSTANT: Instant = 253_402_300_799
"""9999-12-31T23:59:59Z: the last instant that RFC 3339 can write."""

# The Gregorian calendar repeats every 400 years. Working within one cycle keeps the arithmetic total: no anchor,
# however far out, can raise the standard library's OverflowError out of a pure fold.
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
_EPOCH_YEAR = 1970
_EPOCH_ORDINAL = date(_EPOCH_YEAR, 1, 1).toordinal()

_DURATION = re.compile(r"P(?:(?:([1-9][0-9]{0,3})Y)?(?:([1-9][0-9]{0,3})M)?|([1-9][0-9]{0,3})W|([1-9][0-9]{0,3})D)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:Z|([+-])([0-9]{2}):([0-9]{2}))")


class Duration(msgspec.Struct, frozen=True):
    """The length of a period: calendar months, or days of 86,400 seconds; exactly one of the two is set."""

    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.months <= MAX_MONTHS and 0 <= self.days <= MAX_DAYS and bool(self.months) != bool(self.days)):
            raise ValueError("a duration is 1 to 120 months or 1 to 3660 days")

    def __str__(self) -> str:
        return format_duration(self)


def parse_duration(text: str, field: str = "period") -> Duration | Refused:
    """An ISO 8601 duration `PnY`, `PnM`, `PnYnM`, `PnW` or `PnD`, at most ten years; else `field_invalid`.

    Strict: capital letters, no zero and no leading zero, no time part, no mixing of months with days, because the order
    in which a month and a day are added changes the date.
    """
    found = _DURATION.fullmatch(text)
    years, months, weeks, days = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    in_months, in_days = 12 * years + months, 7 * weeks + days
    if not in_months and not in_days:
        return _refuse_duration(field, "A period is written as P1Y, P6M, P1Y6M, P2W or P30D.")
    if in_months > MAX_MONTHS or in_days > MAX_DAYS:
        return _refuse_duration(field, "A period lasts ten years at most.")
    return Duration(in_months, in_days)


def format_duration(duration: Duration) -> str:
    """The one ISO 8601 spelling of a duration: whole years as years, weeks as days (`P1W` is written `P7D`)."""
    if duration.days:
        return f"P{duration.days}D"
    years, months = divmod(duration.months, 12)
    return "P" + (f"{years}Y" if years else "") + (f"{months}M" if months else "")


def period_boundary(anchor: Instant, duration: Duration, k: int) -> Instant:
    """The instant `k` periods after `anchor` (negative: before), clipped to the month's end, time of day kept."""
    if duration.days:
        return anchor + k * duration.days * DAY
    day_number, clock = divmod(anchor, DAY)
    year, month, day = _civil_date(day_number)
    first, following = _months_on(year, month, k * duration.months)
    return min(first + day - 1, following - 1) * DAY + clock


def index_after(anchor: Instant, duration: Duration, moment: Instant) -> int:
    """The smallest `k` (0 or less before the anchor) with `period_boundary(anchor, duration, k) > moment`."""
    if duration.days:
        return (moment - anchor) // (duration.days * DAY) + 1
    year, month, _ = _civil_date(anchor // DAY)
    then_year, then_month, _ = _civil_date(moment // DAY)
    k = ((then_year - year) * 12 + then_month - month) // duration.months
    # The edge of the moment's own month, or the one before it, is the last that can lie at or before the moment.
    return k + 1 if period_boundary(anchor, duration, k) <= moment else k


def period_days(anchor: Instant, duration: Duration, k: int = 0) -> int:
    """Days in the period from edge `k` to edge `k + 1`; always whole, because edges keep the time of day."""
    return whole_days(period_boundary(anchor, duration, k), period_boundary(anchor, duration, k + 1))


def whole_days(start: Instant, end: Instant) -> int:
    """Full spans of 86,400 seconds in [start, end); 0 when `end` is not later."""
    return max(0, (end - start) // DAY)


def begun_days(start: Instant, end: Instant) -> int:
    """Spans of 86,400 seconds begun in [start, end); 0 when `end` is not later."""
    return max(0, -((start - end) // DAY))


def parse_instant(text: str, field: str = "at") -> Instant | Refused:
    """An RFC 3339 instant, `2027-03-31T12:00:00Z` or with an offset `+02:00`, 1970 to 9999; else `field_invalid`.

    Strict: capital `T` and `Z`, whole seconds, no leap second (Unix time has none).
    """
    found = _INSTANT.fullmatch(text)
    day = _day_number(found[1]) if found else None
    if found is None or day is None:
        return _refuse_duration(field, "An instant is written as 2027-03-31T12:00:00Z.")
    hour, minute, second, away_hours, away_minutes = (int(found[part] or 0) for part in (2, 3, 4, 6, 7))
    if hour > 23 or minute > 59 or second > 59 or away_hours > 23 or away_minutes > 59:
        return _refuse_duration(field, "The time of day or its offset does not exist.")
    offset = (away_hours * 60 + away_minutes) * 60 * (-1 if found[5] == "-" else 1)
    instant = day * DAY + hour * 3_600 + minute * 60 + second - offset
    return instant if 0 <= instant <= LAST_INSTANT else _refuse_duration(field, "Years run from 1970 to 9999, in UTC.")


def date_only_until(text: str, field: str = "until") -> Instant | Refused:
    """The end of a date-only `until`: the next midnight UTC, so that the day named is included [spec: dates]."""
    day = _day_number(text)
    if day is None or not 0 <= day * DAY + DAY <= LAST_INSTANT:
        return _refuse_duration(field, "A date is written as 2027-03-31; it must exist and lie in 1970 to 9999.")
    return day * DAY + DAY


def parse_until(text: str, field: str = "until") -> Instant | Refused:
    """An end given as a date (its last day) or as an instant; else `field_invalid`."""
    return date_only_until(text, field) if len(text) == len("2027-03-31") else parse_instant(text, field)


def format_instant(instant: Instant) -> str:
    """RFC 3339 in UTC with whole seconds, `2027-03-31T12:00:00Z`."""
    day_number, clock = divmod(instant, DAY)
    hour, rest = divmod(clock, 3_600)
    return f"{format_date(day_number * DAY)}T{hour:02}:{rest // 60:02}:{rest % 60:02}Z"


def format_date(instant: Instant) -> str:
    """The UTC date of an instant, `2027-03-31`."""
    year, month, day = _civil_date(instant // DAY)
    return f"{year:04}-{month:02}-{day:02}"


def _refuse_duration(field: str, detail: str) -> Refused:
    return Refused(RefusalCode.FIELD_INVALID, detail, field)


def _civil_date(day_number: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted from 1970-01-01."""
    cycle, within = divmod(day_number, _CYCLE_DAYS)
    found = date.fromordinal(_EPOCH_ORDINAL + within)
    return found.year + _CYCLE_YEARS * cycle, found.month, found.day


def _first_of(months: int) -> int:
    """Day number of the first of a month counted from January of year 0."""
    year, month = divmod(months, 12)
    cycle, within = divmod(year - _EPOCH_YEAR, _CYCLE_YEARS)
    return date(_EPOCH_YEAR + within, month + 1, 1).toordinal() - _EPOCH_ORDINAL + _CYCLE_DAYS * cycle


def _months_on(year: int, month: int, months: int) -> tuple[int, int]:
    """Day numbers of the first of the month so many months on, and of the first of the month that follows it."""
    target = year * 12 + month - 1 + months
    return _first_of(target), _first_of(target + 1)


def _day_number(text: str) -> int | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        return None
