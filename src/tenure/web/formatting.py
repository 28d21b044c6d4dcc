"""Values as people read them: money, dates, durations, names of states. Pure; instants stay UTC until the browser has
put them into the reader's zone.
"""

import re
from datetime import UTC, datetime
from typing import Any

from tenure.core.periods import parse_instant
from tenure.core.plurals import format_count
from tenure.core.pricing import EXPONENTS
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, HOUR, Instant

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}

PHASES = {
    "pending": ("Pending", "info"),
    "active": ("Active", "good"),
    "grace": ("Grace", "warn"),
    "paused": ("Paused", "calm"),
    "ended": ("Ended", "bad"),
}
"""Phase to its word and its tone."""

CAUSES = {
    "not_activated": "waits for its first activation",
    "awaiting_payment": "waits for payment",
    "paid": "paid",
    "trial": "trial",
    "payment_ended": "payment ended",
    "canceled": "canceled",
    "code_blocked": "code blocked",
    "sync_overdue": "synchronization overdue",
    "held": "on hold",
    "blocked": "blocked",
    "never_activated": "never activated",
    "seat_conflict": "fewer devices are ordered",
}


def format_money(minor: int | None, currency: str) -> str:
    """Minor units as people write them: `€1,234.50`, `1,250 CHF`; a true minus sign."""
    if minor is None:
        return "–"
    digits = EXPONENTS.get(currency, 2)
    sign, whole = ("−" if minor < 0 else ""), abs(minor)
    text = f"{whole // 10**digits:,}" + (f".{whole % 10**digits:0{digits}}" if digits else "")
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text}\u00a0{currency}"


def plain_money(minor: int, currency: str) -> str:
    """As it is typed into a field: `1234.50`."""
    digits = EXPONENTS.get(currency, 2)
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{whole // 10**digits}" + (f".{whole % 10**digits:0{digits}}" if digits else "")


def instant_of(text: str | None) -> Instant | None:
    """RFC 3339 to an instant; None for none."""
    found = parse_instant(text) if text else None
    return None if found is None or isinstance(found, Refused) else found


def format_date(text: str | None, otherwise: str = "–") -> str:
    """`31 Jan 2030`, in UTC."""
    instant = instant_of(text)
    if instant is None:
        return text or otherwise
    day = datetime.fromtimestamp(instant, UTC)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def format_moment(text: str | None, otherwise: str = "–") -> str:
    """`31 Jan 2030, 12:00 UTC`."""
    instant = instant_of(text)
    if instant is None:
        return text or otherwise
    return f"{format_date(text)}, {datetime.fromtimestamp(instant, UTC):%H:%M} UTC"


def format_instants_in(text: str) -> str:
    """A sentence of the API with its instants, RFC 3339 or `2027-01-01 00:00:00 UTC`, and money as people write them.

    What it puts between back quotes stands between quotation marks.
    """
    text = re.sub(r"\b([0-9]+)(?:\.([0-9]{1,4}))? ([A-Z]{3})\b", _format_amount, text)
    return re.sub(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9:]{8})(?:Z| UTC)",
        lambda found: format_moment(f"{found[1]}T{found[2]}Z"),
        re.sub("`([^`]+)`", "“\\1”", text),
    )


def _format_amount(found: re.Match[str]) -> str:
    """`1234.50 EUR` as `€1,234.50`; what is no amount of a currency stays as it is."""
    digits = EXPONENTS.get(found[3])
    if digits is None or len(found[2] or "") != digits:
        return found[0]
    return format_money(int(found[1] + (found[2] or "")), found[3])


_WHO = {
    "administrator": "this is for the administrator",
    "customer": "this is for the customer",
    "provider": "this is for the provider",
    "vendor": "this is for the vendor",
}


def describe_actor(who: str) -> str:
    """The party who can remedy a refusal, in words; empty where it is the reader."""
    return _WHO.get(who, "")


def relative_time(text: str | None, now: Instant) -> str:
    """`in 3 days`, `2 hours ago`, `now`."""
    instant = instant_of(text)
    if instant is None:
        return ""
    away = instant - now
    words = format_seconds(abs(away))
    if words == "":
        return "now"
    return f"in {words}" if away > 0 else f"{words} ago"


def format_seconds(seconds: int) -> str:
    """A length of time in its largest unit: `3 days`, `5 hours`; empty below a minute."""
    for name, size in (("year", 365 * DAY), ("month", 61 * DAY), ("day", DAY), ("hour", HOUR), ("minute", 60)):
        if seconds >= size:
            count = seconds // (30 * DAY if name == "month" else size)
            return format_count(count, name)
    return ""


def format_duration(iso: str | None) -> str:
    """`P1Y` as `1 year`."""
    parts = re.findall(r"([0-9]+)([YMWD])", iso or "")
    return " ".join(format_count(int(count), _UNITS[unit]) for count, unit in parts) or (iso or "–")


def format_interval(iso: str | None) -> str:
    """`P1Y` as `year`, `P3M` as `3 months`: what follows on "usr"."""
    return format_duration(iso).removeprefix("1 ")


def humanize_name(name: str) -> str:
    """`cancel_at_end` as `Cancel at end`, `RenewalReserved` as `Renewal reserved`."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("_", " ").replace("-", " ").strip().lower()
    return text[:1].upper() + text[1:]


def describe_cause(why: str) -> str:
    """A cause in words."""
    return CAUSES.get(why, humanize_name(why).lower())


FILTERS: dict[str, Any] = {
    "money": format_money,
    "plain_money": plain_money,
    "date": format_date,
    "moment": format_moment,
    "dated": format_instants_in,
    "whose": describe_actor,
    "duration": format_duration,
    "every": format_interval,
    "spoken": humanize_name,
    "cause": describe_cause,
    "lasting": format_seconds,
}
"""What templates may call on a value."""
