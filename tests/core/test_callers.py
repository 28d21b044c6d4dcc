"""Who asks, by the state token that is shown [spec: fork-rule, restored-server]."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.answering.callers import (
    Caller,
    KnownCaller,
    ShownCaller,
    is_ahead,
    is_repeated,
    is_replaced,
    recognize_caller,
)
from tenure.core.answering.forks import CopyMemory
from tenure.core.refusals import RefusalCode, Refused

KNOWN = KnownCaller(number=(100, 7), token="100.7", last_request="req_7", memory=CopyMemory())
NUMBERS = st.tuples(st.integers(0, 3), st.integers(0, 3))


def shown(epoch: int, number: int, *pending: str) -> ShownCaller:
    return ShownCaller(number=(epoch, number), token=f"{epoch}.{number}", pending=pending)


@pytest.mark.parametrize(
    ("asks", "who"),
    [
        (shown(100, 7), Caller.SITE),
        (shown(100, 5), Caller.COPY),
        (shown(100, 5, "req_6", "req_7"), Caller.SITE),
        (shown(100, 5, "req_6"), Caller.COPY),
        (shown(99, 900), Caller.COPY),
        (shown(100, 9), Caller.AHEAD),
        (shown(101, 0), Caller.AHEAD),
        (ShownCaller(number=None, token="made up"), Caller.COPY),
    ],
)
def test_a_caller_is_known_by_its_token_or_by_the_request_whose_answer_it_misses(
    asks: ShownCaller, who: Caller
) -> None:
    assert recognize_caller(KNOWN, asks) is who


def test_where_no_token_counts_the_next_one_that_comes_is_the_site() -> None:
    none = msgspec.structs.replace(KNOWN, token="")
    assert recognize_caller(none, shown(100, 5)) is Caller.SITE


@pytest.mark.parametrize(
    ("said", "code"), [("second_site", RefusalCode.COPY_SEPARATED), ("retired", RefusalCode.COPY_RETIRED)]
)
def test_a_copy_that_was_told_what_it_is_hears_it_again(said: str, code: RefusalCode) -> None:
    told = msgspec.structs.replace(KNOWN, memory=CopyMemory(settled=(("100.5", said),)))
    refused = recognize_caller(told, shown(100, 5))
    assert isinstance(refused, Refused)
    assert refused.code is code
    assert recognize_caller(told, shown(100, 7)) is Caller.SITE
    assert recognize_caller(told, shown(100, 4)) is Caller.COPY


@given(st.none() | NUMBERS, NUMBERS)
def test_a_token_is_the_current_one_or_replaced_or_newer(
    number: tuple[int, int] | None, current: tuple[int, int]
) -> None:
    assert (number == current) + is_replaced(number, current) + is_ahead(number, current) == 1


@given(st.none() | NUMBERS, NUMBERS)
def test_only_an_authentic_newer_token_is_taken_for_what_a_restored_server_has_forgotten(
    number: tuple[int, int] | None, current: tuple[int, int]
) -> None:
    known = msgspec.structs.replace(KNOWN, number=current)
    who = recognize_caller(known, ShownCaller(number=number, token="any"))
    assert (who is Caller.AHEAD) == (number is not None and number > current)


def test_a_request_that_was_answered_last_is_a_repetition() -> None:
    assert is_repeated("req_7", "req_7")
    assert not is_repeated("req_8", "req_7")
