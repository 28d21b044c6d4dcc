"""What a command has to say when it worked: JSON for programs as the API sent it, and how people are shown it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tenure.cli.screen import CommandScreen, ScreenPrinter, TableColumn
from tenure.core.refusals import ExitCode


class CommandOutput(msgspec.Struct, frozen=True):
    """A finished command."""

    body: bytes
    """JSON; empty for none."""
    printer: ScreenPrinter
    exit: ExitCode = ExitCode.DONE
    """Another family where the command worked and what it found is bad."""

    def tell(self, screen: CommandScreen) -> None:
        """Show it to a person."""
        self.printer(screen, msgspec.json.decode(self.body) if self.body else None)

    def as_json(self) -> bytes:
        """What a program reads: one JSON document in one line."""
        return (self.body or b"null").rstrip(b"\n") + b"\n"


def make_output(value: Any, printer: ScreenPrinter, exit_: ExitCode = ExitCode.DONE) -> CommandOutput:
    """An output of our own, for commands that ask no server."""
    return CommandOutput(msgspec.json.encode(value), printer, exit_)


def sentence_output(text: str) -> ScreenPrinter:
    """People are told one sentence."""
    return lambda screen, _: screen.line(text)


def show_table(columns: Sequence[TableColumn], empty: str = "There is nothing.") -> ScreenPrinter:
    """The reader is shown a table of what is listed, or `empty`."""
    return lambda screen, items: screen.table(items, columns, empty)


def show_card(columns: Sequence[TableColumn]) -> ScreenPrinter:
    """The reader is shown one thing, a line for each member."""
    return lambda screen, value: screen.card(value, columns)


def nothing_done() -> CommandOutput:
    """What a command ends with after a user has said no."""
    return CommandOutput(b"", sentence_output("Nothing was done."))
