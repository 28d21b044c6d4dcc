"""Instants, money and text as people are shown them, on terminals and in files."""

import io
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli import problem_view
from tenure.cli.problems import fail_with
from tenure.cli.screen import CommandScreen, TableColumn, at_path, format_moment, format_money, plain_text
from tenure.core.pricing import EXPONENTS
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tests.cli.terminal import CET, Stream

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")


@pytest.mark.parametrize(
    ("text", "zone", "shown"),
    [
        ("2026-06-30T10:00:00Z", UTC, "2026-06-30 10:00:00 UTC"),
        ("2026-06-30T10:00:00Z", BERLIN, "2026-06-30 12:00:00 CEST (10:00:00 UTC)"),
        ("2026-12-31T23:30:00Z", BERLIN, "2027-01-01 00:30:00 CET (2026-12-31 23:30:00 UTC)"),
        ("2026-12-31T23:30:07Z", CET, "2027-01-01 00:30:07 CET (2026-12-31 23:30:07 UTC)"),
        ("2026-01-01T00:00:00Z", KATHMANDU, "2026-01-01 05:45:00 +0545 (00:00:00 UTC)"),
        ("2024-02-29T12:00:00Z", timezone(timedelta(0), "GMT"), "2024-02-29 12:00:00 UTC"),
        ("1970-01-01T00:00:00Z", UTC, "1970-01-01 00:00:00 UTC"),
        ("9999-12-31T23:59:59Z", UTC, "9999-12-31 23:59:59 UTC"),
        (None, UTC, "never"),
        ("", UTC, "never"),
        ("not an instant", UTC, "not an instant"),
    ],
)
def test_an_instant_in_the_readers_zone_with_utc_beside(text: str | None, zone: tzinfo, shown: str) -> None:
    assert format_moment(text, zone) == shown


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = format_moment("2026-10-25T00:30:00Z", BERLIN), format_moment("2026-10-25T01:30:00Z", BERLIN)
    assert first == "2026-10-25 02:30:00 CEST (00:30:00 UTC)"
    assert second == "2026-10-25 02:30:00 CET (01:30:00 UTC)"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (123_450, "EUR", "1,234.50 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (0, "EUR", "0.00 EUR"),
        (1_250, "JPY", "1,250 JPY"),
        (1_234, "KWD", "1.234 KWD"),
        (7, "XXX", "7 minor units XXX"),
        (7, "", "7 minor units"),
    ],
)
def test_money_as_people_write_it(amount: int, currency: str, shown: str) -> None:
    assert format_money(amount, currency) == shown


@given(st.integers(-(10**18), 10**18), st.sampled_from(sorted(EXPONENTS)))
def test_no_amount_is_changed_by_showing_it(amount: int, currency: str) -> None:
    shown = format_money(amount, currency).removesuffix(f" {currency}").replace(",", "")
    whole, _, rest = shown.partition(".")
    assert len(rest) == EXPONENTS[currency]
    assert int(whole.lstrip("-") + rest) == abs(amount)
    assert whole.startswith("-") == (amount < 0)


@given(st.text())
def test_no_text_can_do_anything_to_a_terminal(text: str) -> None:
    shown = plain_text(text)
    assert len(shown) == len(text)
    assert not [letter for letter in shown if ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0]
    assert not set(shown) & set("\u202e\u2066\u2028\u200f")


def test_a_name_cannot_paint_over_what_stands_before_it() -> None:
    screen = CommandScreen(stream := io.StringIO(), UTC)
    screen.table([{"name": "\x1b[2Jclear\r\x1b]0;title\x07 [bold]x[/bold]"}], (TableColumn("Name", "name"),))
    screen.line("\x1b[31mred")
    screen.pairs([("a", "\x1b[31mred")])
    assert "\x1b" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()
    assert "[bold]x[/bold]" in stream.getvalue()


def test_nothing_is_cut_or_wrapped_where_no_terminal_is() -> None:
    screen = CommandScreen(stream := io.StringIO(), UTC)
    long = "word " * 200
    screen.table([{"a": long, "b": "end"}], (TableColumn("A", "a"), TableColumn("B", "b")))
    screen.line(long + "end")
    assert [line for line in stream.getvalue().splitlines() if line.endswith("end")].__len__() == 2
    assert all(line == line.rstrip() for line in stream.getvalue().splitlines())


def test_a_terminal_gets_color_and_a_file_none() -> None:
    refused = fail_with(Refused(RefusalCode.NOT_FOUND)).problem
    color = Stream(terminal=True)
    problem_view.print_refusal(CommandScreen(color, UTC, {"TERM": "xterm-256color", "COLUMNS": "80"}), refused)
    without = Stream(terminal=True)
    problem_view.print_refusal(CommandScreen(without, UTC, {"TERM": "xterm-256color", "NO_COLOR": "1"}), refused)
    assert "\x1b[" in color.getvalue()
    assert "31m" not in without.getvalue()


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_refusal_is_told_whole(code: RefusalCode) -> None:
    row = TABLE[code]
    screen = CommandScreen(stream := io.StringIO(), UTC)
    refused = Refused(code, "These are the details.", "field.name", 1_767_225_600)
    problem_view.print_refusal(screen, fail_with(refused).problem)
    said = stream.getvalue()
    general = () if code is RefusalCode.FIELD_INVALID else (row.sentence, row.cause)
    remedy = (
        "tenure login"
        if code is RefusalCode.NOT_AUTHENTICATED
        else ""
        if code is RefusalCode.FIELD_INVALID
        else row.remedy
    )
    for part in (*general, remedy, code, "These are the details.", "field.name"):
        assert part in said
    assert "from 2026-01-01 00:00:00 UTC" in said


def test_cells_of_every_kind() -> None:
    screen = CommandScreen(io.StringIO(), CET)
    item = {"n": 1_234, "yes": False, "list": ["a", "b"], "money": 500, "cur": "EUR", "deep": {"er": 1}, "t": None}
    shown = [
        screen.cell(item, TableColumn("", path, kind))
        for path, kind in [
            ("n", "count"), ("yes", "yes"), ("list", "list"), ("money", "money:cur"), ("deep.er", "text"),
            ("t", "moment"), ("t", "end"), ("t", "text"), ("no.such", "count"), ("n", "moment"),
        ]
    ]  # fmt: skip
    assert shown == ["1,234", "no", "a, b", "5.00 EUR", "1", "never", "for good", "-", "-", "1234"]
    assert at_path([1], "a") is None
