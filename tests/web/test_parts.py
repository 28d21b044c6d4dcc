"""Colors that can be read, words for values, drawings that fit: the pure parts of pages."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from tenure.http.fairness import FairPlaces, block_of
from tenure.web import charts, colors, formatting
from tenure.web.cookies import MARKS_MOST, place_of, read_marks, write_marks
from tenure.web.forms import SentForm
from tenure.web.sessions import MemorySessions, SessionLifetimes

SHEET = (files("tenure.web") / "assets" / "tenure.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", part)) for part in SHEET.split("prefers-color-scheme: dark")[:2]
)
READ_ON = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("ground", "surface", "sunken")),
    *((tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "info", "calm")),
    *(("ink", f"{tone}-soft") for tone in ("good", "warn", "bad", "info", "accent")),
    *(("ink", f"{tone}-fill") for tone in ("good", "warn", "bad", "info", "calm")),
    ("accent", "surface"), ("accent", "ground"), ("accent-ink", "accent"), ("accent-ink", "accent-strong"),
    ("accent-on-soft", "accent-soft"), ("bad", "surface"), ("warn", "surface"), ("warn", "warn-soft"),
]  # fmt: skip


@pytest.mark.parametrize("tokens", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(tokens: dict[str, str]) -> None:
    poor = {pair: colors.contrast_ratio(tokens[pair[0]], tokens[pair[1]]) for pair in READ_ON}
    assert {pair: found for pair, found in poor.items() if found < 4.5} == {}
    # Borders of fields are what tells where one can type.
    assert colors.contrast_ratio(tokens["line-strong"], tokens["surface"]) >= 3


def test_the_grounds_that_brands_are_bent_for_are_those_of_the_sheet() -> None:
    assert (LIGHT["surface"], DARK["surface"]) == (colors.LIGHT_GROUND, colors.DARK_GROUND)


@pytest.mark.parametrize(
    "brand", ["#ffee00", "#ffffff", "#000000", "#1f6f54", "#ff0000", "#7f7f7f", "#0000ff", "#00ff88"]
)
def test_any_brand_can_be_read_in_light_and_dark(brand: str) -> None:
    for ground in (colors.LIGHT_GROUND, colors.DARK_GROUND):
        assert colors.contrast_ratio(colors.readable_color(brand, ground), ground) >= 4.5
    for accent, ink, soft, on_soft, strong in re.findall(
        r"accent:(#\w+);--accent-ink:(#\w+);--accent-soft:(#\w+);--accent-on-soft:(#\w+);--accent-strong:(#\w+)",
        colors.brand_sheet(brand),
    ):
        assert colors.contrast_ratio(ink, accent) >= 4.5
        assert colors.contrast_ratio(on_soft, soft) >= 4.5
        assert colors.contrast_ratio(ink, strong) >= 4.5


def test_the_sheet_loads_nothing_and_uses_only_tokens_it_has() -> None:
    assert "url(" not in SHEET
    assert "@import" not in SHEET
    used = set(re.findall(r"var\(--([a-z0-9-]+)", SHEET))
    assert used <= set(re.findall(r"--([a-z0-9-]+):", SHEET))


def test_values_read_as_people_write_them() -> None:
    assert formatting.format_money(123_450, "EUR") == "€1,234.50"
    assert formatting.format_money(-5, "EUR") == "−€0.05"
    assert formatting.format_money(1_250, "JPY") == "¥1,250"
    assert formatting.format_money(1_250, "CHF") == "12.50\u00a0CHF"
    assert formatting.plain_money(123_450, "EUR") == "1234.50"
    assert formatting.format_date("2030-01-31T23:59:59Z") == "31 Jan 2030"
    assert formatting.format_moment("2030-01-31T12:00:00Z") == "31 Jan 2030, 12:00 UTC"
    assert formatting.format_duration("P1Y6M") == "1 year 6 months"
    assert formatting.format_interval("P1M") == "month"
    assert formatting.humanize_name("RenewalReserved") == "Renewal reserved"
    assert formatting.humanize_name("cancel_at_end") == "Cancel at end"
    now = formatting.instant_of("2030-01-01T00:00:00Z") or 0
    assert formatting.relative_time("2030-01-04T00:00:00Z", now) == "in 3 days"
    assert formatting.relative_time("2029-12-31T23:00:00Z", now) == "1 hour ago"
    assert formatting.relative_time("2030-01-01T00:00:10Z", now) == "now"


def test_a_timeline_is_drawn_inside_its_width_with_now_on_it() -> None:
    spans = [
        {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "phase": "active", "why": "paid"},
        {"since": "2027-01-01T00:00:00Z", "until": "2027-01-02T00:00:00Z", "phase": "grace", "why": "payment_ended"},
        {"since": "2027-01-02T00:00:00Z", "until": None, "phase": "ended", "why": "payment_ended"},
    ]
    now = formatting.instant_of("2026-07-01T00:00:00Z") or 0
    drawn = charts.draw_timeline(spans, now, formatting.format_date)
    assert [bar.current for bar in drawn.bars] == [True, False, False]
    assert all(bar.width >= charts.LEAST_WIDTH and 0 <= bar.left <= 100 for bar in drawn.bars)
    assert drawn.bars[0].left < drawn.now < drawn.bars[1].left
    assert [mark.text for mark in drawn.marks] == ["1 Jan 2026", "1 Jan 2027"]


@pytest.mark.parametrize(
    "days", [(1, 2, 3, 400), (1, 30, 60, 90, 365), (20, 21, 340, 341), (180, 190, 200), (364, 365)]
)
def test_the_dates_under_a_timeline_do_not_run_into_each_other(days: tuple[int, ...]) -> None:
    begin = formatting.instant_of("2026-01-01T00:00:00Z") or 0
    edges = [datetime.fromtimestamp(begin + 86_400 * day, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for day in (0, *days)]
    ends: list[str | None] = [*edges[1:], None]
    spans = [
        {"since": since, "until": until, "phase": "active", "why": "paid"}
        for since, until in zip(edges, ends, strict=True)
    ]
    marks = charts.draw_timeline(spans, begin, formatting.format_date).marks
    rooms = {390: ("",), 800: ("", "minor"), 1_280: ("", "minor", "tiny")}
    for wide, shown in rooms.items():
        took = 100 * 75 / (wide * 0.6)  # a date is about 75 pixels wide, and the drawing has the card's width
        ends_at = -1.0
        for mark in marks:
            if mark.least in shown:
                left = mark.left - {"start": 0.0, "end": took}.get(mark.anchor, took / 2)
                assert left >= ends_at, (wide, mark)
                ends_at = left + took


def test_a_plot_says_the_same_in_its_table() -> None:
    plot = charts.draw_bars("Use", [("Mon", 2), ("Tue", 4)])
    assert plot.rows == (("Mon", "2"), ("Tue", "4"))
    assert [column.height for column in plot.columns] == [50.0, 100.0]
    drawn = charts.draw_line("Balance", [(0, "Mon", 100), (10, "Tue", -50)])
    assert drawn.points == "0.0,0.0 1000.0,0.0 1000.0,100.0 1000.0,100.0"
    assert charts.draw_line("Empty", []).rows == ()


def test_a_form_reads_numbers_amounts_and_choices_or_says_why_not() -> None:
    form = SentForm.of(devices="12", many=["a", "b"], price="12,50", bad="1.234", way="left", box=True)
    assert (form.read_whole("devices"), form.read_many("many"), form.read_money("price", "EUR")) == (
        12,
        ["a", "b"],
        1_250,
    )
    assert form.read_choice("way", ["left", "right"]) == "left"
    assert form.read_flag("box")
    assert form.errors == {}
    form.read_money("bad", "EUR")
    form.read_whole("way")
    form.read_required("absent")
    assert set(form.errors) == {"bad", "way", "absent"}
    assert form.place_complaint("rules.devices", "Too many.")
    assert not form.place_complaint("elsewhere", "No.")


def test_an_origin_is_told_from_the_request_or_from_the_configured_address() -> None:
    assert place_of("", "http", "127.0.0.1:8090").origin == "http://127.0.0.1:8090"
    assert place_of("", "http", "127.0.0.1:8090").own_machine
    assert not place_of("", "http", "127.evil.example").own_machine
    assert place_of("https://Portal.example.com/", "http", "10.0.0.1").origin == "https://portal.example.com"


def kept_for(lives: SessionLifetimes, each: int = 5) -> MemorySessions[str]:
    return MemorySessions(FairPlaces(100, each), block_of, lives)


async def living(sessions: MemorySessions[str], secrets: Sequence[str | None]) -> list[bool]:
    return [bool(each and await sessions.find_session(each, 1)) for each in secrets]


async def test_a_session_ends_when_unused_when_old_and_when_closed() -> None:
    sessions = kept_for(SessionLifetimes(idle=10, longest=25))
    first = await sessions.open_session("ana", 0, "ana", "192.0.2.1") or ""
    assert await sessions.find_session(first, 9)
    assert await sessions.find_session(first, 18)
    assert not await sessions.find_session(first, 25)
    second = await sessions.open_session("ben", 0, "ben", "192.0.2.1") or ""
    assert not await sessions.find_session(second, 10)
    third = await sessions.open_session("cy", 0, "cy", "192.0.2.1") or ""
    await sessions.close_session(third)
    assert not await sessions.find_session(third, 1)


async def test_one_owners_sessions_end_one_owners_sessions() -> None:
    """20,160 sign-ins with one token, from everywhere: nobody else is signed out."""
    sessions = kept_for(SessionLifetimes())
    others = [await sessions.open_session(name, 0, name, f"198.51.100.{number}") for number, name in enumerate("abc")]
    own = [await sessions.open_session("x", 0, "x", f"192.0.2.{number % 250}") for number in range(1_000)]
    assert await living(sessions, others) == [True] * 3
    assert await living(sessions, own) == [False] * 995 + [True] * 5, "who signs in is signed in"


async def test_one_networks_many_owners_leave_room_for_others() -> None:
    sessions = kept_for(SessionLifetimes())
    first = await sessions.open_session("a", 0, "a", "198.51.100.1")
    for number in range(1_000):
        assert await sessions.open_session("x", 0, f"x{number}", f"2001:db8:7:{number:x}::1")
    assert await living(sessions, [first]) == [True]
    assert await sessions.open_session("b", 0, "b", "198.51.100.2")


async def test_sessions_that_are_over_make_room_first() -> None:
    sessions = kept_for(SessionLifetimes(idle=10), each=2)
    await sessions.open_session("b", 0, "b", "192.0.2.1")
    await sessions.open_session("a", 0, "a", "192.0.2.1")
    still = await sessions.open_session("a", 65, "a", "192.0.2.1") or ""
    assert await sessions.open_session("a", 70, "a", "192.0.2.1")
    assert await sessions.find_session(still, 70)


def test_choices_kept_in_a_browser_are_few_and_ours() -> None:
    many = [f"vendor.{number:010x}" for number in range(20)]
    assert read_marks(write_marks(many)) == tuple(many[-MARKS_MOST:]), "the oldest give way"
    assert len(write_marks(many)) <= 200, "what is read of a cookie at most"
    assert read_marks("vendor.0123456789_<script>_.0123456789_") == ("vendor.0123456789",)
    assert write_marks(["", ".0123456789", "provider.abcdefabcd"]) == "provider.abcdefabcd"


def test_a_sentence_of_the_api_has_instants_and_sums_as_people_write_them() -> None:
    said = "The earliest end is 2028-01-17T12:07:45Z; 8999000.00 EUR are missing. Run `tenure sync`."
    assert formatting.format_instants_in(said) == (
        "The earliest end is 17 Jan 2028, 12:07 UTC; €8,999,000.00 are missing. Run “tenure sync”."
    )
