"""Where the parts of a drawing go: geometry only, in per cent of the width, so that it fits a phone without script.

`charts.html` draws what is worked out here, and puts a table beside it that says the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tenure.core.timeline import DAY, Instant
from tenure.web.formatting import instant_of

LEAST_WIDTH = 0.6
"""Per cent: what is shorter could not be seen."""


class TimelineBar(msgspec.Struct, frozen=True, kw_only=True):
    """A span of the timeline as a bar; `left` and `width` in per cent."""

    left: float
    width: float
    phase: str
    why: str
    since: str
    until: str | None
    past: bool
    current: bool
    expected: bool
    """Not paid yet, but expected: it renews itself."""
    label: bool
    """Whether its name fits into it where there is room enough."""
    least: str = ""
    """From which room on its name fits: see `AxisMark`."""


class AxisMark(msgspec.Struct, frozen=True, kw_only=True):
    """An instant on the axis; `anchor` is where its text stands: `start`, `middle`, `end`."""

    left: float
    text: str
    anchor: str
    least: str = ""
    """`minor`: left out where there is little room, `tiny`: where there is not much; empty: always there."""


class DrawnTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """A timeline ready to be drawn."""

    bars: tuple[TimelineBar, ...]
    marks: tuple[AxisMark, ...]
    now: float
    now_anchor: str


def draw_timeline(spans: Sequence[Mapping[str, Any]], now: Instant, name: Any) -> DrawnTimeline:
    """`spans` as the API gives them (`since`, `until`, `phase`, `why`), drawn around `now`; `name` writes a date.

    What has no end is cut off a little after the last instant at which something changes.
    """
    edges = [instant_of(each["since"]) or now for each in spans]
    ends = [end for each in spans if (end := instant_of(each["until"])) is not None]
    begin = min([*edges, now])
    last = max([*edges, *ends, now])
    room = max(30 * DAY, (last - begin) // 6)
    finish = last + room
    across = float(finish - begin)

    def at(instant: Instant) -> float:
        return round(100 * (instant - begin) / across, 2)

    bars = []
    for each, since in zip(spans, edges, strict=True):
        until = instant_of(each["until"])
        left, right = at(since), at(until if until is not None else finish)
        width = max(LEAST_WIDTH, right - left)
        bars.append(
            TimelineBar(
                left=left,
                width=round(width, 2),
                phase=each["phase"],
                why=each["why"],
                since=each["since"],
                until=each["until"],
                past=until is not None and until <= now,
                current=since <= now and (until is None or now < until),
                expected=bool(each.get("expected")),
                label=width > 11,
                least="" if width > 26 else "minor" if width > 14 else "tiny",
            )
        )
    marks = _without_overlap([(at(edge), name(each["since"])) for edge, each in zip(edges, spans, strict=True)])
    return DrawnTimeline(bars=tuple(bars), marks=marks, now=at(now), now_anchor=_text_anchor(at(now)))


ROOMS = (("", 36.0), ("minor", 18.0), ("tiny", 10.0))
"""By how much room there is: per cent of the width that a date takes on a phone, a tablet, a large screen."""


def _without_overlap(found: list[tuple[float, str]]) -> tuple[AxisMark, ...]:
    """Marks that do not overlap in the room there is: first those for the least room, then more between them.

    A mark at 0 is written from its place on, one at 100 up to it: on a phone a date of 36 per cent at 0 takes 0 to 36,
    so the next one in the middle can be at 54 at the earliest.
    """
    marks: list[AxisMark] = []
    for least, share in ROOMS:
        taken = [_occupied_range(each.left, share) for each in marks]
        for left, text in sorted(set(found)):
            begin, end = _occupied_range(left, share)
            if all(end <= before or begin >= after for before, after in taken):
                marks.append(AxisMark(left=left, text=text, anchor=_text_anchor(left), least=least))
                taken.append((begin, end))
    return tuple(sorted(marks, key=lambda mark: mark.left))


def _occupied_range(left: float, share: float) -> tuple[float, float]:
    begin = {"start": left, "end": left - share}.get(_text_anchor(left), left - share / 2)
    return begin, begin + share


def _text_anchor(left: float) -> str:
    return "start" if left < 18 else "end" if left > 82 else "middle"


class ChartPlot(msgspec.Struct, frozen=True, kw_only=True):
    """Values over something, as columns or as a line; heights in per cent from the top."""

    kind: str
    """`bars` or `draw_line`."""
    title: str
    rows: tuple[tuple[str, str], ...]
    """(label, value as text): the table that says the same."""
    columns: tuple["ChartColumn", ...] = ()
    points: str = ""
    """Of the line, in a box of 1000 by 100."""
    area: str = ""
    zero: float = 100.0
    top: str = ""
    bottom: str = ""
    first: str = ""
    last: str = ""


class ChartColumn(msgspec.Struct, frozen=True):
    """One column: place and size in per cent."""

    left: float
    width: float
    y: float
    height: float
    label: str
    value: str


def draw_bars(title: str, values: Sequence[tuple[str, int]], write: Any = str) -> ChartPlot:
    """Columns, one for each (label, value); `write` makes a value a text. Values below zero are shown as zero."""
    most = max([value for _, value in values] + [1])
    step = 100 / max(1, len(values))
    columns = tuple(
        ChartColumn(
            round(number * step + step * 0.15, 2),
            round(step * 0.7, 2),
            round(100 - 100 * max(0, value) / most, 2),
            round(100 * max(0, value) / most, 2),
            label,
            write(value),
        )
        for number, (label, value) in enumerate(values)
    )
    return ChartPlot(
        kind="bars",
        title=title,
        rows=tuple((label, write(value)) for label, value in values),
        columns=columns,
        top=write(most),
        bottom=write(0),
        first=values[0][0] if values else "",
        last=values[-1][0] if values else "",
    )


def draw_line(title: str, values: Sequence[tuple[float, str, int]], write: Any = str) -> ChartPlot:
    """A line that keeps each value until the next: (where, label, value), `where` rising in any unit."""
    if not values:
        return ChartPlot(kind="line", title=title, rows=())
    low, high = min(0, *(value for *_, value in values)), max(1, *(value for *_, value in values))
    start, across = values[0][0], max(1.0, values[-1][0] - values[0][0])

    def y(value: int) -> float:
        return round(100 - 100 * (value - low) / (high - low), 2)

    points: list[tuple[float, float]] = []
    for where, _, value in values:
        x = round(1000 * (where - start) / across, 1)
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y(value)))
    points.append((1000.0, points[-1][1]))
    drawn = " ".join(f"{x},{height}" for x, height in points)
    return ChartPlot(
        kind="line",
        title=title,
        rows=tuple((label, write(value)) for _, label, value in values),
        points=drawn,
        area=f"0,{y(0)} {drawn} 1000,{y(0)}",
        zero=y(0),
        top=write(high),
        bottom=write(low),
        first=values[0][1],
        last=values[-1][1],
    )
