"""Prices: bands, days and rounding as an invoice would show them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.periods import Duration, parse_instant
from tenure.core.pricing import (
    EXPONENTS,
    MAX_AMOUNT,
    MAX_DEVICES,
    MAX_UNIT,
    Band,
    check_bands,
    for_term,
    format_money,
    half_up,
    known_currency,
    parse_money,
    total_price,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY

BANDS = (Band(10, 1_000), Band(50, 900), Band(None, 700))
YEAR = Duration(months=12)


def when(text: str) -> int:
    instant = parse_instant(text)
    assert isinstance(instant, int)
    return instant


def test_the_band_of_the_total_prices_every_device() -> None:
    assert [total_price(BANDS, n) for n in (1, 10, 11, 50, 51)] == [1_000, 10_000, 9_900, 45_000, 35_700]
    assert total_price((Band(None, MAX_UNIT),), MAX_DEVICES) == MAX_AMOUNT < 2**53


@pytest.mark.parametrize(
    ("bands", "devices"), [(BANDS, 0), (BANDS, -1), (BANDS, MAX_DEVICES + 1), ((Band(10, 1),), 11), ((), 1)]
)
def test_a_count_that_is_not_sold_is_refused(bands: tuple[Band, ...], devices: int) -> None:
    answer = total_price(bands, devices)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == (RefusalCode.DEVICE_COUNT_OUT_OF_RANGE, "devices")


def test_the_refusal_names_the_greatest_count_sold() -> None:
    for bands, most in (((Band(10, 1),), "10"), (BANDS, "1,000,000")):
        answer = total_price(bands, MAX_DEVICES + 1)
        assert isinstance(answer, Refused)
        assert most in answer.detail


@pytest.mark.parametrize(
    "bands",
    [
        *(BANDS, (Band(None, 0),), (Band(1, MAX_UNIT),), (Band(MAX_DEVICES, 1),)),
        tuple(Band(n + 1, 1) for n in range(20)),
    ],
)
def test_price_lists_that_cover_every_count_once_are_accepted(bands: tuple[Band, ...]) -> None:
    assert check_bands(bands) is None


@pytest.mark.parametrize(
    ("bands", "field"),
    [
        ((), "bands"),
        (tuple(Band(n + 1, 1) for n in range(21)), "bands"),
        ((Band(10, -1),), "bands[0].unit"),
        ((Band(10, MAX_UNIT + 1),), "bands[0].unit"),
        ((Band(0, 1),), "bands[0].up_to"),
        ((Band(10, 1), Band(10, 1)), "bands[1].up_to"),
        ((Band(None, 1), Band(10, 1)), "bands[0].up_to"),
        ((Band(MAX_DEVICES + 1, 1),), "bands[0].up_to"),
    ],
)
def test_other_price_lists_are_refused_at_the_field_to_blame(bands: tuple[Band, ...], field: str) -> None:
    answer = check_bands(bands)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == (RefusalCode.FIELD_INVALID, field)


def test_m01_an_order_with_an_end_date_is_priced_by_day() -> None:
    start = when("2025-04-01T10:00:00Z")
    assert for_term(36_500, YEAR, start, when("2026-04-01T10:00:00Z")) == 36_500
    assert for_term(36_500, YEAR, start, start + 100 * DAY) == 10_000
    assert for_term(36_500, YEAR, start, start + 100 * DAY + 1) == 10_100, "a day begun counts"
    assert for_term(36_500, YEAR, start, start + 730 * DAY) == 73_000


@given(st.integers(0, 10**18), st.integers(1, 10**6))
def test_rounding_half_up_is_exact(numerator: int, denominator: int) -> None:
    error = half_up(numerator, denominator) - Fraction(numerator, denominator)
    assert -Fraction(1, 2) < error <= Fraction(1, 2)


def test_half_a_cent_is_rounded_up() -> None:
    assert [half_up(n, 2) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    for numerator, denominator in ((-1, 2), (1, 0), (1, -2)):
        with pytest.raises(ValueError, match="not negative"):
            half_up(numerator, denominator)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1250, "EUR", "12.50 EUR"),
        (5, "EUR", "0.05 EUR"),
        (0, "USD", "0.00 USD"),
        (-5, "EUR", "-0.05 EUR"),
        (-1250, "EUR", "-12.50 EUR"),
        (1250, "JPY", "1250 JPY"),
        (1250, "KWD", "1.250 KWD"),
    ],
)
def test_money_is_written_plainly(minor: int, currency: str, text: str) -> None:
    assert format_money(minor, currency) == text


@given(st.integers(0, MAX_AMOUNT), st.sampled_from(sorted(EXPONENTS)))
def test_money_survives_writing_and_reading(minor: int, currency: str) -> None:
    assert parse_money(format_money(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "minor"), [("12", 1200), ("12.5", 1250), ("12.50 EUR", 1250), ("0", 0), ("0012", 1200)]
)
def test_money_may_leave_out_what_is_plain(text: str, minor: int) -> None:
    assert parse_money(text, "EUR") == minor


@pytest.mark.parametrize(
    "text",
    [
        *("", "-1", "+1", "1,50", "1.505", "1.", ".5", "12.50 USD", "12.50EUR", "1 000", "1e3", "NaN", "12.50 eur"),
        *("1\n", " 1", "\u0661", "99999999999999.99", "9" * 16, "9" * 400),
    ],
)
def test_other_amounts_are_refused_at_the_field_named(text: str) -> None:
    answer = parse_money(text, "EUR", "top_up.amount")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == (RefusalCode.FIELD_INVALID, "top_up.amount")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "ZZZ", "BTC", "€"])
def test_a_currency_outside_the_table_is_refused(currency: str) -> None:
    for answer in (known_currency(currency), parse_money("1", currency)):
        assert isinstance(answer, Refused)
        assert (answer.code, answer.field) == (RefusalCode.FIELD_INVALID, "currency")


def test_the_currency_table_is_well_formed() -> None:
    assert known_currency("EUR") is None
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)
    assert (EXPONENTS["JPY"], EXPONENTS["EUR"], EXPONENTS["TND"]) == (0, 2, 3)


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("99999999999999999999999", "amount", "The greatest amount is 100000000000.00 EUR."),
        ("100000000000.01", "amount", "The greatest amount is 100000000000.00 EUR."),
        ("0", "amount", "The least amount is 0.01 EUR."),
        ("10000000.01", "credit_limit", "The greatest amount is 10000000.00 EUR."),
        ("10000000.01", "unit0", "The greatest amount is 10000000.00 EUR."),
        ("-5", "credit_limit", "An amount is written as 12.50. It is not negative."),
        ("1e9", "amount", "An amount is written as 12.50."),
    ],
)
def test_an_amount_beyond_its_limits_is_told_the_limit_and_not_how_amounts_are_written(
    text: str, field: str, said: str
) -> None:
    assert parse_money(text, "EUR", field) == Refused(RefusalCode.FIELD_INVALID, said, field)
