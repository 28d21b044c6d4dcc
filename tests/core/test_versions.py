"""Versions: which application is too old, told apart from one whose version cannot be read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.versions import MAX_LENGTH, Version, parse_version, refuse_below

parts = st.lists(st.integers(0, 999_999_999), min_size=1, max_size=8)
ASCENDING = [
    *(
        "0",
        "0.0.1",
        "9",
        "9.2",
        "9.10-alpha",
        "9.10",
        "10-1",
        "10-2",
        "10-10",
        "10-alpha",
        "10-alpha.1",
        "10-alpha.beta",
    ),
    *("10-beta", "10-beta2", "10-beta10", "10-rc1", "10", "10.0.0.1", "10.2", "999999999.1"),
]


def read(text: str) -> Version:
    version = parse_version(text)
    assert isinstance(version, Version)
    return version


def dotted(numbers: list[int]) -> str:
    return ".".join(map(str, numbers))


def test_m13_versions_are_ordered_by_number_and_before_a_release_come_its_candidates() -> None:
    for lower, higher in pairwise(ASCENDING):
        assert read(lower) < read(higher), (lower, higher)


@pytest.mark.parametrize(
    ("one", "other"), [("10", "10.0.0"), ("10.2", "10.02"), ("10-RC1", "10.0-rc1"), ("10-rc.1", "10-rc-1")]
)
def test_different_spellings_of_one_version_are_equal(one: str, other: str) -> None:
    assert read(one) == read(other)


@pytest.mark.parametrize("version", ["12.4", "12.4.0", "12.4.1", "12.10", "13-rc1"])
def test_m13_a_version_at_or_above_the_floor_may_activate(version: str) -> None:
    assert refuse_below(version, "12.4") is None


@pytest.mark.parametrize("version", ["12.3.9", "12.4-rc1", "9.9", "12"])
def test_m13_an_earlier_version_is_refused_and_told_what_is_needed(version: str) -> None:
    answer = refuse_below(version, "12.4")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == (RefusalCode.VERSION_TOO_OLD, "version")
    assert "12.4" in answer.detail
    assert version in answer.detail


def test_without_a_floor_nothing_is_compared() -> None:
    assert refuse_below("whatever", "") is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ".",
            "1.",
            ".1",
            "1..2",
            "v1",
            "1.x",
            "1.2-",
            "-rc1",
            "1.2-rc..1",
            "1.2-rc_1",
            "1.2+build",
            "1.2 ",
            "1\n",
        ),
        *(
            "-1",
            "1,2",
            "1.2.3.4.5.6.7.8.9",
            "1234567890",
            "\u0661.2",
            "1\u00b2",
            "1-\u00e4",
            "1-" + "a" * (MAX_LENGTH - 1),
        ),
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    for answer in (parse_version(text, "app.version"), refuse_below(text, "1.0", "app.version")):
        assert isinstance(answer, Refused)
        assert (answer.code, answer.field) == (RefusalCode.VERSION_UNREADABLE, "app.version")


def test_an_unreadable_floor_is_not_blamed_on_the_application() -> None:
    answer = refuse_below("1.0", "latest")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == (RefusalCode.VERSION_UNREADABLE, "min_version")


def test_the_longest_version_that_is_read() -> None:
    longest = "1-" + "a" * (MAX_LENGTH - 2)
    assert read(longest) < read("1")


@given(parts, parts)
def test_numbers_decide_as_numbers_do(one: list[int], other: list[int]) -> None:
    width = max(len(one), len(other))
    padded = [numbers + [0] * (width - len(numbers)) for numbers in (one, other)]
    left, right = (parse_version(dotted(numbers)) for numbers in (one, other))
    if len(dotted(one)) <= MAX_LENGTH and len(dotted(other)) <= MAX_LENGTH:
        assert isinstance(left, Version)
        assert isinstance(right, Version)
        assert (left < right, left == right) == (padded[0] < padded[1], padded[0] == padded[1])


@given(st.lists(st.integers(0, 9999), min_size=1, max_size=8), st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True))
def test_a_pre_release_comes_before_its_release_and_after_the_one_before(numbers: list[int], suffix: str) -> None:
    candidate = read(f"{dotted(numbers)}-{suffix}")
    assert candidate < read(dotted(numbers))
    if numbers[-1]:
        assert candidate > read(dotted([*numbers[:-1], numbers[-1] - 1]))


@given(st.text(max_size=80))
def test_any_text_is_a_version_or_unreadable(text: str) -> None:
    answer = parse_version(text)
    assert isinstance(answer, Version) or answer.code is RefusalCode.VERSION_UNREADABLE
