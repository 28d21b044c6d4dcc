"""One is one device and two are two devices, wherever a refusal names a number."""

from collections.abc import Callable

import pytest

from tenure.core import pricing
from tenure.core.business.decide import device_count
from tenure.core.plurals import format_count, format_range
from tenure.core.pricing import Band
from tenure.core.refusals import Refused
from tenure.core.subscription import device_usage
from tenure.web import formatting


def _of(answer: object) -> str:
    assert isinstance(answer, Refused)
    return answer.detail


SENTENCES: dict[str, tuple[Callable[[int], str], tuple[str, str, str]]] = {
    "a noun": (
        lambda n: format_count(n, "device"),
        ("0 devices", "1 device", "2 devices"),
    ),
    "a noun whose plural is its own": (
        lambda n: format_count(n, "history", "histories"),
        ("0 histories", "1 history", "2 histories"),
    ),
    "a range": (
        lambda n: format_range(1, n, "device"),
        ("0 devices", "1 device", "1 to 2 devices"),
    ),
    "a full license": (
        lambda n: _of(device_usage.may_protect(n, n)),
        ("0 of 0 devices are protected.", "1 of 1 device is protected.", "2 of 2 devices are protected."),
    ),
    "a seat conflict": (
        lambda n: device_count.seat_conflict(n, 0).detail,
        (
            "0 devices are in use; release 0 first.",
            "1 device is in use; release 1 first.",
            "2 devices are in use; release 2 first.",
        ),
    ),
    "more devices than are sold": (
        lambda n: _of(pricing.total_price((Band(up_to=n, unit=5),) if n else (), 9)),
        ("0 devices are sold.", "1 device is sold.", "1 to 2 devices are sold."),
    ),
    "a length of time": (
        lambda n: formatting.format_seconds(n * 86_400),
        ("", "1 day", "2 days"),
    ),
    "a duration": (
        lambda n: formatting.format_duration(f"P{n}M"),
        ("0 months", "1 month", "2 months"),
    ),
}


@pytest.mark.parametrize("what", SENTENCES)
def test_the_noun_and_the_verb_go_with_the_number(what: str) -> None:
    sentence, expected = SENTENCES[what]
    assert tuple(sentence(number) for number in (0, 1, 2)) == expected


def test_large_numbers_are_grouped() -> None:
    assert format_count(100_000, "device") == "100,000 devices"
    assert format_range(1_000, 20_000, "device") == "1,000 to 20,000 devices"
