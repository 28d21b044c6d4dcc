"""Periods: what a reseller's calendar does at month ends and leap days, and which texts are accepted."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.periods import (
    LAST_INSTANT,
    LEAST_TERM_DAYS,
    Duration,
    begun_days,
    date_only_until,
    format_date,
    format_duration,
    format_instant,
    index_after,
    parse_duration,
    parse_instant,
    parse_until,
    period_boundary,
    period_days,
    whole_days,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY

MONTH, YEAR = Duration(months=1), Duration(months=12)
durations = st.one_of(
    st.integers(1, 120).map(lambda n: Duration(months=n)), st.integers(1, 3660).map(lambda n: Duration(days=n))
)
instants = st.integers(0, LAST_INSTANT)


def when(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def refused(answer: object, field: str) -> bool:
    return isinstance(answer, Refused) and answer.code is RefusalCode.FIELD_INVALID and answer.field == field


def test_m04_the_last_of_january_returns_to_the_31st_after_a_short_february() -> None:
    anchor = when("2025-01-31T14:37:05")
    seen = [format_instant(period_boundary(anchor, MONTH, k)) for k in range(5)]
    assert seen == [
        "2025-01-31T14:37:05Z",
        "2025-02-28T14:37:05Z",
        "2025-03-31T14:37:05Z",
        "2025-04-30T14:37:05Z",
        "2025-05-31T14:37:05Z",
    ]
    assert period_boundary(when("2024-01-31"), MONTH, 1) == when("2024-02-29")


def test_a_yearly_term_from_a_leap_day_ends_on_28_february_and_finds_29_again() -> None:
    anchor = when("2024-02-29")
    assert [format_date(period_boundary(anchor, YEAR, k)) for k in (1, 2, 3, 4)] == [
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_a_period_before_the_anchor_clips_the_same_way() -> None:
    assert period_boundary(when("2025-03-31"), MONTH, -1) == when("2025-02-28")
    assert period_boundary(when("2025-03-31"), Duration(days=30), -1) == when("2025-03-01")
    assert period_boundary(when("2025-01-15"), MONTH, -1) == when("2024-12-15")


def test_december_is_followed_by_january() -> None:
    assert period_boundary(when("2025-12-31T23:59:59"), MONTH, 1) == when("2026-01-31T23:59:59")
    assert period_boundary(when("2025-11-30"), MONTH, 1) == when("2025-12-30")


def test_every_anchor_of_2024_to_2032_keeps_its_day_for_120_months() -> None:
    first, last = datetime(2024, 1, 1, 13, 5, 9, tzinfo=UTC), datetime(2032, 12, 31, 13, 5, 9, tzinfo=UTC)
    midnights = {
        (year, month): int(datetime(year, month, 1, tzinfo=UTC).timestamp())
        for year in range(2024, 2044)
        for month in range(1, 13)
    }
    lengths = {key: monthrange(*key)[1] for key in midnights}
    clock = 13 * 3600 + 5 * 60 + 9
    begin = first
    while begin <= last:
        anchor = int(begin.timestamp())
        for k in range(121):
            years, month = divmod(begin.month - 1 + k, 12)
            key = (begin.year + years, month + 1)
            assert (
                period_boundary(anchor, MONTH, k) == midnights[key] + (min(begin.day, lengths[key]) - 1) * DAY + clock
            )
        begin += timedelta(days=1)


@given(instants, durations, st.integers(-200, 200))
def test_periods_follow_one_another_without_overlap(anchor: int, duration: Duration, k: int) -> None:
    start, end = period_boundary(anchor, duration, k), period_boundary(anchor, duration, k + 1)
    assert start < end
    assert period_boundary(anchor, duration, 0) == anchor
    assert (start - anchor) % DAY == 0
    assert period_days(anchor, duration, k) * DAY == end - start


@given(instants, durations, st.integers(0, 4 * LAST_INSTANT // 3))
def test_a_moment_lies_in_the_period_whose_end_is_the_first_after_it(
    anchor: int, duration: Duration, moment: int
) -> None:
    k = index_after(anchor, duration, moment)
    assert period_boundary(anchor, duration, k - 1) <= moment < period_boundary(anchor, duration, k)


@given(instants, durations, st.integers(1, 50))
def test_at_an_edge_the_next_period_runs_already(anchor: int, duration: Duration, k: int) -> None:
    assert index_after(anchor, duration, period_boundary(anchor, duration, k)) == k + 1
    assert index_after(anchor, duration, period_boundary(anchor, duration, k) - 1) == k


@given(st.integers(1, 12), st.integers(1, 10), instants)
def test_a_period_of_many_months_ends_where_the_single_months_do(n: int, k: int, anchor: int) -> None:
    assert period_boundary(anchor, Duration(months=n), k) == period_boundary(anchor, MONTH, n * k)


def test_an_anchor_in_the_last_year_that_can_be_written_still_has_a_next_period() -> None:
    assert period_boundary(when("9999-12-31"), MONTH, 1) - when("9999-12-31") == 31 * DAY
    assert period_boundary(when("9999-12-31"), YEAR, 1) - when("9999-12-31") == 366 * DAY, "10000 is a leap year"


@pytest.mark.parametrize(
    ("text", "months", "days", "written"),
    [
        ("P1M", 1, 0, "P1M"),
        ("P1Y", 12, 0, "P1Y"),
        ("P12M", 12, 0, "P1Y"),
        ("P1Y6M", 18, 0, "P1Y6M"),
        ("P10Y", 120, 0, "P10Y"),
        ("P2W", 0, 14, "P14D"),
        ("P28D", 0, 28, "P28D"),
        ("P3660D", 0, 3660, "P3660D"),
    ],
)
def test_durations_are_read_and_written(text: str, months: int, days: int, written: str) -> None:
    assert parse_duration(text) == Duration(months, days)
    assert str(Duration(months, days)) == written


@given(durations)
def test_a_duration_survives_writing_and_reading(duration: Duration) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "p1m", "1M", "P0M", "P0Y1M", "P01M", "P-1M", "P+1M", "P1.5M", "PT1H", "P1DT1H", "P1M1D", "P1W1D"),
        *(
            "P1M1Y",
            "P11Y",
            "P121M",
            "P9Y13M",
            "P3661D",
            "P523W",
            "P99999M",
            " P1M",
            "P1M\n",
            "P1M ",
            "P\u0661M",
            "P\uff11M",
        ),
    ],
)
def test_other_durations_are_refused_with_the_field_named(text: str) -> None:
    assert refused(parse_duration(text, "terms.period"), "terms.period")


def test_p523w_is_refused_but_p522w_is_ten_years() -> None:
    assert parse_duration("P522W") == Duration(days=3654)


@pytest.mark.parametrize(("months", "days"), [(0, 0), (1, 1), (-1, 0), (0, -1), (121, 0), (0, 3661)])
def test_a_duration_that_is_no_period_cannot_be_made_nor_decoded(months: int, days: int) -> None:
    with pytest.raises(ValueError, match="1 to 120 months"):
        Duration(months, days)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"months": months, "days": days}, Duration)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2027-03-31T12:00:00Z", "2027-03-31T12:00:00"),
        ("2027-03-31T12:00:00+02:00", "2027-03-31T10:00:00"),
        ("2027-03-31T00:30:00-05:30", "2027-03-31T06:00:00"),
        ("2028-02-29T23:59:59Z", "2028-02-29T23:59:59"),
        ("2027-03-31T23:59:00+23:59", "2027-03-31T00:00:00"),
        ("2027-03-31T00:00:00-23:59", "2027-03-31T23:59:00"),
        ("1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59"),
    ],
)
def test_instants_are_read(text: str, same: str) -> None:
    assert parse_instant(text) == when(same)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2027-03-31", "2027-03-31T12:00:00", "2027-03-31 12:00:00Z", "2027-03-31t12:00:00z", "20270331T120000Z"),
        *("2027-03-31T12:00:00.5Z", "2027-03-31T12:00Z", "2027-03-31T24:00:00Z", "2027-03-31T23:59:60Z"),
        *("2027-03-31T12:60:00Z", "2027-02-29T12:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z"),
        *("2027-04-31T00:00:00Z", "2027-03-31T12:00:00+24:00", "2027-03-31T12:00:00+02:60", "2027-03-31T12:00:00+0200"),
        *("1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00Z"),
        *("10000-01-01T00:00:00Z", "2027-03-31T12:00:00Z\n", " 2027-03-31T12:00:00Z", "\uff12027-03-31T12:00:00Z"),
    ],
)
def test_other_instants_are_refused_with_the_field_named(text: str) -> None:
    assert refused(parse_instant(text, "command.at"), "command.at")


@given(instants)
def test_an_instant_survives_writing_and_reading(instant: int) -> None:
    text = format_instant(instant)
    assert parse_instant(text) == instant
    assert datetime.fromisoformat(text) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant)


def test_a_date_only_until_includes_the_day_it_names() -> None:
    assert date_only_until("2027-03-31") == when("2027-04-01")
    assert date_only_until("2028-02-28") == when("2028-02-29")
    assert parse_until("2027-03-31") == when("2027-04-01")
    assert parse_until("2027-03-31T12:00:00Z") == when("2027-03-31T12:00:00")


@pytest.mark.parametrize(
    "text", ["", "2027-02-29", "2027-3-31", "31-03-2027", "9999-12-31", "1969-12-30", "2027-03-3\uff11", "2027-03-31 "]
)
def test_other_dates_are_refused_with_the_field_named(text: str) -> None:
    assert refused(date_only_until(text, "terms.until"), "terms.until")
    assert refused(parse_until(text, "terms.until"), "terms.until")


def test_the_days_of_a_period_are_those_of_its_months() -> None:
    anchor = when("2025-01-31")
    assert [period_days(anchor, MONTH), period_days(anchor, MONTH, 1), period_days(anchor, YEAR)] == [28, 31, 365]
    assert min(period_days(anchor, MONTH, k) for k in range(24)) == LEAST_TERM_DAYS


def test_days_are_whole_or_begun() -> None:
    assert [whole_days(0, s) for s in (-1, 0, 1, DAY - 1, DAY, DAY + 1)] == [0, 0, 0, 0, 1, 1]
    assert [begun_days(0, s) for s in (-DAY, -1, 0, 1, DAY, DAY + 1)] == [0, 0, 0, 1, 1, 2]


def test_the_first_second_of_unix_time_is_written() -> None:
    assert format_instant(0) == "1970-01-01T00:00:00Z"
    assert format_instant(LAST_INSTANT) == "9999-12-31T23:59:59Z"
