"""What people read: sentences, money, instants in their own zone, followed by UTC, tables; no decisions.

What came from a server or another person is never sent to the terminal as it is: it could move the cursor or lie about
what stands where.
"""

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from tenure.core.periods import parse_instant
from tenure.core.pricing import EXPONENTS
from tenure.core.refusals import Refused

if TYPE_CHECKING:
    from rich.console import Console

# Control characters, and the marks that turn the direction of writing.
_INSTANT = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_AMOUNT = re.compile(rf"(?<![0-9.,])([0-9]{{4,}})((?:\.[0-9]{{2,4}})? (?:{'|'.join(EXPONENTS)}))\b")
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_PHASES = {"active": "green", "grace": "yellow", "paused": "yellow", "ended": "red"}
"""Colors on a terminal; the word beside them says the same."""
_PIPE_WIDTH, _PAGE_WIDTH = 100_000, 100
"""Columns where there is no terminal: no table is cut or wrapped for a program or a file; help is a page of text."""


class TableColumn(msgspec.Struct, frozen=True):
    """One column of a table, or one line of a card: its heading, the value's path in the JSON, how it is shown."""

    heading: str
    path: str
    as_: str = "text"
    """`text`, `words` (its underscores are blanks), `moment` (none: never), `when` (none: nothing),
    `end` (none: for good), `yes`, `list`, `count`, or `money:<path of the currency>`."""


def plain_text(value: object) -> str:
    """`value` as text that can do nothing to a terminal."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))


def format_moment(text: str | None, zone: tzinfo | None) -> str:
    """An RFC 3339 instant in the reader's zone, followed by UTC; `never` for none, the text itself if it is no instant.

    Of UTC the date is shown only where it is another one.
    """
    if not text:
        return "never"
    instant = parse_instant(text)
    if isinstance(instant, Refused):
        return plain_text(text)
    there = datetime.fromtimestamp(instant, UTC)
    here = there.astimezone(zone)
    if here.utcoffset() == there.utcoffset():
        return f"{_format_date(there)} {_format_time(there)} UTC"
    utc = _format_time(there) if here.date() == there.date() else f"{_format_date(there)} {_format_time(there)}"
    return f"{_format_date(here)} {_format_time(here)} {here.tzname()} ({utc} UTC)"


def _format_date(when: datetime) -> str:
    return f"{when.year:04}-{when.month:02}-{when.day:02}"


def _format_time(when: datetime) -> str:
    return when.strftime("%H:%M:%S")


def format_money(amount: int, currency: str) -> str:
    """Minor units as people write them, `1,234.50 EUR`; of an unknown currency the minor units themselves."""
    digits = EXPONENTS.get(currency)
    if digits is None:
        return plain_text(f"{amount:,} minor units {currency}".strip())
    sign, whole = "-" if amount < 0 else "", abs(amount)
    if not digits:
        return f"{sign}{whole:,} {currency}"
    return f"{sign}{whole // 10**digits:,}.{whole % 10**digits:0{digits}} {currency}"


def readable_text(text: str, zone: tzinfo | None) -> str:
    """A sentence of the API for people: its instants and amounts as tables show them."""
    text = _INSTANT.sub(lambda found: format_moment(found[0], zone), text)
    return _AMOUNT.sub(lambda found: f"{int(found[1]):,}{found[2]}", text)


def at_path(value: Any, path: str) -> Any:
    """The member of decoded JSON at a dotted path; None where something on the way is missing."""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


class CommandScreen:
    """Where answers for people go; made once for each stream."""

    def __init__(self, stream: TextIO, zone: tzinfo | None, env: Mapping[str, str] | None = None) -> None:
        self._stream, self.zone, self._env = stream, zone, dict(env or {})
        self._made: Console | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return self._stream.isatty()

    @property
    def console(self) -> "Console":
        """Rich's console, loaded with the first word."""
        if self._made is None:
            self._made = self._console(self._stream, _PIPE_WIDTH)
        return self._made

    @property
    def terminal_size(self) -> tuple[int, int]:
        """Columns and lines of the terminal."""
        return self.console.size

    @property
    def can_draw(self) -> bool:
        """Whether block characters can be written."""
        try:
            "\u2588".encode(self._stream.encoding or "utf-8")
        except (UnicodeError, LookupError):
            return False
        return True

    def help_console(self) -> "Console":
        """A console for the parser's help."""
        return self._console(self._stream, _PAGE_WIDTH)

    def _console(self, stream: TextIO, width: int) -> "Console":
        from rich.console import Console

        class Quiet(Console):
            """Leaves a reader who has gone to `main`, instead of ending the process."""

            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        return Quiet(
            file=stream,
            width=None if self.is_terminal else width,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
            _environ=self._env,
        )

    def line(self, text: str = "", style: str = "") -> None:
        """One sentence; styled on a terminal only."""
        if self.is_terminal:
            self.console.print(plain_text(text), style=style or None, soft_wrap=True)
        else:
            self._stream.write(plain_text(text) + "\n")

    def block(self, text: str) -> None:
        """Text of several lines that a user will copy: each as it is, nothing between them and no style."""
        for each in text.splitlines():
            self.line(each)

    def heading(self, text: str) -> None:
        """What follows is about this."""
        self.line(text, "bold")

    def cell(self, value: Any, column: TableColumn) -> str:
        """One value of an item as `column` shows it."""
        found = at_path(value, column.path)
        kind, _, utc = column.as_.partition(":")
        if found is None or found == "" or found == []:
            return {"moment": "never", "end": "for good"}.get(kind, "-")
        match kind:
            case "moment" | "when" | "end":
                return format_moment(str(found), self.zone)
            case "words":
                return plain_text(found).replace("_", " ")
            case "yes":
                return "yes" if found else "no"
            case "list":
                return plain_text(", ".join(map(str, found)))
            case "count" if isinstance(found, int):
                return f"{found:,}"
            case "money" if isinstance(found, int):
                return format_money(found, str(at_path(value, utc) or ""))
        return plain_text(found)

    def table(self, items: Sequence[Any], columns: Sequence[TableColumn], empty: str = "There is nothing.") -> None:
        """Items below each other; on a terminal too narrow for that, each one as a card of its own."""
        if not items:
            self.line(empty)
            return
        rows = [[self.cell(item, column) for column in columns] for item in items]
        if self.is_terminal and _table_width(columns, rows) > self.console.width:
            self._cards(items, columns)
            return
        self.rows([column.heading for column in columns], rows, [_is_figure(column) for column in columns])

    def rows(self, headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] = ()) -> None:
        """A table of texts; those marked `right` stand at the right of their column."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for number, name in enumerate(headings):
            is_right = number < len(right) and right[number]
            table.add_column(name, justify="right" if is_right else "left", overflow="fold")
        for row in rows:
            styled = (
                _PHASES.get(text, "") if name == "Phase" else "" for name, text in zip(headings, row, strict=True)
            )
            table.add_row(*(Text(plain_text(text), style) for text, style in zip(row, styled, strict=True)))
        self._without_trailing_blanks(table)

    def card(self, item: Any, columns: Sequence[TableColumn]) -> None:
        """One item, a line for each member. Raises TypeError when it has none."""
        if not isinstance(item, dict):
            raise TypeError("only an object is shown as a card")
        self.pairs([(column.heading, self.cell(item, column)) for column in columns])

    def _cards(self, items: Sequence[Any], columns: Sequence[TableColumn]) -> None:
        for number, item in enumerate(items):
            if number:
                self.line()
            self.card(item, columns)

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Names and what they stand for, below each other."""
        width = max((len(name) for name, _ in pairs), default=0)
        for name, text in pairs:
            self.line(f"{name:<{width}}  {text}")

    def _without_trailing_blanks(self, table: Any) -> None:
        if self.is_terminal:
            self.console.print(table)
            return
        drawn = io.StringIO()
        self._console(drawn, _PIPE_WIDTH).print(table)
        for text in drawn.getvalue().splitlines():
            self._stream.write(text.rstrip() + "\n")


def _table_width(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> int:
    """How wide a table wants to be, blanks between its columns included."""
    widest = [max(len(cell) for cell in cells) for cells in zip([each.heading for each in columns], *rows, strict=True)]
    return sum(widest) + 2 * (len(widest) - 1)


def _is_figure(column: TableColumn) -> bool:
    return column.as_.startswith(("count", "money"))


ScreenPrinter = Callable[[CommandScreen, Any], None]
"""How a person is shown an answer: the screen, and the decoded JSON."""
