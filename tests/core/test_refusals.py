"""The one table of refusals: complete, in plain sentences, carried by sane statuses and exit codes [spec: refusals]."""

import re

import pytest

from tenure.core.refusals import TABLE, ExitCode, RefusalCode, RefusalRow, Refused

ROWS = list(TABLE.values())

PROMISED = {
    "activation": "code_malformed code_unknown code_blocked code_withdrawn code_not_for_product version_too_old"
    " version_unreadable subscription_in_force site_limit device_limit_reached",
    "state": "subscription_ended subscription_canceled subscription_paused not_activated awaiting_payment not_paused"
    " renewal_too_early renewal_is_automatic renewal_too_late already_canceled nothing_to_undo already_paused",
    "orders": "insufficient_balance duplicate_reference action_not_permitted term_too_short end_before_current_end"
    " unknown_plan device_count_out_of_range trial_already_used outcome_changed_meanwhile seat_conflict_open",
    "trust and manners": "sandbox_only lease_forked clock_implausible too_many_requests not_found",
}

STATUSES = {
    ExitCode.FAULT: {500},
    ExitCode.INPUT: {400, 405, 413, 415, 422},
    ExitCode.PERMISSION: {401, 403},
    ExitCode.UNKNOWN: {404},
    ExitCode.STATE: {409, 412},
    ExitCode.CODE: {404, 409, 422},
    ExitCode.LIMIT: {409},
    ExitCode.MONEY: {409, 503},
    ExitCode.LATER: {409, 429, 503},
    ExitCode.UNREACHABLE: {503},
    ExitCode.TRUST: {400, 401, 409, 413},
}
"""Which HTTP statuses a family of exit codes may have."""


def test_every_code_has_one_row_and_every_row_a_code() -> None:
    assert list(TABLE) == list(RefusalCode)
    assert all(code is row.code for code, row in TABLE.items())


@pytest.mark.parametrize("names", PROMISED.values(), ids=PROMISED)
def test_every_refusal_that_was_promised_exists(names: str) -> None:
    assert all(RefusalCode(name) in TABLE for name in names.split())


def test_a_codes_name_is_its_value() -> None:
    for code in RefusalCode:
        assert code.value == code.name.lower()
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code.value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code.value)
def test_whole_sentences_for_somebody_who_can_act_with_a_fitting_status(row: RefusalRow) -> None:
    for text in (row.sentence, row.cause, row.remedy):
        assert re.match(r"[A-Z`]", text)
        assert text.endswith(".")
        assert "  " not in text
        assert text == text.strip()
    assert len(row.sentence) <= 90, "the first sentence fits on one line"
    assert len({row.sentence, row.cause, row.remedy}) == 3
    assert row.who in {"administrator", "customer", "provider", "vendor", "caller"}
    assert row.status in STATUSES[row.exit]


def test_no_two_refusals_say_the_same() -> None:
    assert len({row.sentence for row in ROWS}) == len(ROWS)


def test_about_ten_families_of_exit_codes_and_none_is_a_signal() -> None:
    assert [family.value for family in ExitCode] == list(range(12))
    assert {row.exit for row in ROWS} == set(ExitCode) - {ExitCode.DONE}


def test_what_may_succeed_later_by_itself_is_marked() -> None:
    soon = {row.code for row in ROWS if not row.conclusive}
    assert {
        RefusalCode.TOO_MANY_REQUESTS,
        RefusalCode.SERVER_BUSY,
        RefusalCode.UNREACHABLE,
        RefusalCode.INTERNAL,
    } <= soon
    assert {row.exit for row in ROWS if not row.conclusive} <= {
        ExitCode.LATER,
        ExitCode.UNREACHABLE,
        ExitCode.FAULT,
        ExitCode.TRUST,
    }
    assert all(row.code in soon for row in ROWS if row.status in {429, 500})


def test_a_refusal_knows_its_row() -> None:
    refused = Refused(RefusalCode.SITE_LOST, "On Tuesday.", "site", 5)
    assert refused.row is TABLE[RefusalCode.SITE_LOST]
    assert (refused.detail, refused.field, refused.when) == ("On Tuesday.", "site", 5)
