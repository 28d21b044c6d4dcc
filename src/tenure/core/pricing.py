"""What a number of devices costs for a time, in integer minor units, and how amounts of money are read and written.

Prices are net of tax. Days are counted by `periods`; who pays and from which account is `ledger`'s.
"""

import re

import msgspec

from tenure.core.periods import Duration, begun_days, period_days
from tenure.core.plurals import format_range
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant

MAX_UNIT = 1_000_000_000
"""Highest price per device and period, in minor units."""

MAX_DEVICES = 1_000_000
"""Most devices of one subscription; with `MAX_UNIT` every price of a period stays below 2^53, exact in JSON."""

MAX_AMOUNT = MAX_UNIT * MAX_DEVICES
MAX_BOOKING = 10_000_000_000_000
"""Greatest amount of one booking or payment request, in minor units."""
AMOUNTS = {"amount": (1, MAX_BOOKING), "credit_limit": (0, MAX_UNIT), "unit": (0, MAX_UNIT), "price": (0, MAX_UNIT)}
"""Least and greatest minor units of the fields that people fill in with money."""
MAX_BANDS = 20

# ISO 4217 alphabetic codes by the number of minor-unit digits.
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP"
    " CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR"
    " JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN"
    " NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP"
    " SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENTS: dict[str, int] = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}
"""Digits after the point, by currency: 12.50 EUR is 1250 minor units, 1250 JPY is 1250."""

_MONEY = re.compile(r"([0-9]{1,400})(?:\.([0-9]{1,3}))?(?: ([A-Z]{3}))?")


class Band(msgspec.Struct, frozen=True):
    """Up to `up_to` devices (None: no end) each one costs `unit` minor units per period."""

    up_to: int | None
    unit: int


def check_bands(bands: tuple[Band, ...], field: str = "bands") -> Refused | None:
    """None if `bands` price every count once: 1 to 20, `up_to` rising, only the last open; else `field_invalid`."""
    if not 1 <= len(bands) <= MAX_BANDS:
        return Refused(RefusalCode.FIELD_INVALID, f"An offer has 1 to {MAX_BANDS} price bands.", field)
    lower = 0
    for number, band in enumerate(bands):
        if not 0 <= band.unit <= MAX_UNIT:
            return Refused(
                RefusalCode.FIELD_INVALID, f"A price lies between 0 and {MAX_UNIT}.", f"{field}[{number}].unit"
            )
        if band.up_to is None and number == len(bands) - 1:
            return None
        if band.up_to is None or not lower < band.up_to <= MAX_DEVICES:
            detail = f"Each band reaches further than the one before, at most to {MAX_DEVICES}; only the last is open."
            return Refused(RefusalCode.FIELD_INVALID, detail, f"{field}[{number}].up_to")
        lower = band.up_to
    return None


def total_price(bands: tuple[Band, ...], devices: int) -> int | Refused:
    """Price of `devices` for one period, minor units: the band of the total prices the whole quantity
    [spec: plan-and-offer].

    Refuses `device_count_out_of_range` when no band covers the count.
    """
    covering = next((band for band in bands if band.up_to is None or devices <= band.up_to), None)
    if covering is None or not 1 <= devices <= MAX_DEVICES:
        most = bands[-1].up_to or MAX_DEVICES if bands else 0
        return Refused(
            RefusalCode.DEVICE_COUNT_OUT_OF_RANGE,
            f"{format_range(1, most, 'device is', 'devices are')} sold.",
            "devices",
        )
    return covering.unit * devices


def for_term(period_price: int, period: Duration, start: Instant, until: Instant) -> int:
    """Price of the term [start, until) of an `until` order: pro rata by day, rounded half up [spec: order].

    Days begun count; the measure is the period that would begin at `start`, so a term of exactly that length costs
    exactly one period.
    """
    return half_up(period_price * begun_days(start, until), period_days(start, period))


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of integers (numerator not negative) rounded half up, without floating point."""
    if numerator < 0 or denominator <= 0:
        raise ValueError("half_up rounds amounts that are not negative")
    return (2 * numerator + denominator) // (2 * denominator)


def known_currency(currency: str, field: str = "currency") -> Refused | None:
    """None for a currency of the table, else `field_invalid`."""
    if currency in EXPONENTS:
        return None
    return Refused(RefusalCode.FIELD_INVALID, "A currency is an ISO 4217 code in capitals, such as EUR.", field)


def format_money(minor: int, currency: str) -> str:
    """Plain ASCII: `12.50 EUR`, `-0.05 EUR`, `1250 JPY`. Raises KeyError for a currency that was never accepted."""
    digits = EXPONENTS[currency]
    whole, part = divmod(abs(minor), _currency_scale(currency))
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{part:0{digits}} {currency}" if digits else f"{sign}{whole} {currency}"


def parse_money(text: str, currency: str, field: str = "money") -> int | Refused:
    """Minor units of `12.50` or `12.50 EUR`, for an amount that is not negative; else `field_invalid`.

    A point divides, there is no other separator, and there are no more digits than the currency has (never rounded).
    """
    refusal = known_currency(currency)
    if refusal is not None:
        return refusal
    found = _MONEY.fullmatch(text)
    if found is None or (found[3] is not None and found[3] != currency):
        example = format_money(1250, currency).partition(" ")[0]  # pages would write 12.50 EUR with a sign
        below = " It is not negative." if _MONEY.fullmatch(text.removeprefix("-")) and text.startswith("-") else ""
        return Refused(RefusalCode.FIELD_INVALID, f"An amount is written as {example}.{below}", field)
    if len(found[1].lstrip("0")) > 16:
        return _too_much(amounts_of(field)[1], currency, field)
    digits, part = EXPONENTS[currency], found[2] or ""
    if len(part) > digits:
        return Refused(RefusalCode.FIELD_INVALID, f"{currency} has {digits} digits after the point.", field)
    minor = int(found[1]) * _currency_scale(currency) + int(part.ljust(digits, "0") or 0)
    return check_amount(minor, currency, field) or minor


def check_amount(minor: int, currency: str, field: str) -> Refused | None:
    """None if `field` may be `minor` units of `currency`, else `field_invalid` with the limit as people write it."""
    least, most = amounts_of(field)
    if minor < least:
        return Refused(RefusalCode.FIELD_INVALID, f"The least amount is {format_money(least, currency)}.", field)
    return None if minor <= most else _too_much(most, currency, field)


def amounts_of(field: str) -> tuple[int, int]:
    """(least, greatest) minor units of a field by its name; a number behind the name is that of a row of a form."""
    return AMOUNTS.get(field.rstrip("0123456789"), (0, MAX_AMOUNT))


def _too_much(most: int, currency: str, field: str) -> Refused:
    return Refused(RefusalCode.FIELD_INVALID, f"The greatest amount is {format_money(most, currency)}.", field)


def _currency_scale(currency: str) -> int:
    scale: int = 10 ** EXPONENTS[currency]
    return scale
