"""`tenure refusals`: the table behind every "no", with the exit codes of this command."""

from typing import Annotated

from cyclopts import App, Parameter

from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, show_card, show_table
from tenure.cli.problems import fail_with
from tenure.cli.registration import ACCESS, add_verb
from tenure.cli.screen import TableColumn
from tenure.core.refusals import TABLE, RefusalCode, RefusalRow, Refused

LISTED = (
    TableColumn("Code", "code"),
    TableColumn("Exit", "exit"),
    TableColumn("HTTP", "status"),
    TableColumn("Who", "who"),
    TableColumn("Sentence", "sentence"),
)
WHOLE = (
    TableColumn("Code", "code"),
    TableColumn("Sentence", "sentence"),
    TableColumn("Cause", "cause"),
    TableColumn("Remedy", "remedy"),
    TableColumn("Who", "who"),
    TableColumn("Exit code", "exit"),
    TableColumn("HTTP status", "status"),
)


def add(app: App) -> None:
    """Add `tenure refusals`."""
    add_verb(app, "refusals", LOCAL, group=ACCESS, example="tenure refusals insufficient_balance")(show_refusals)


def show_refusals(
    session: CommandSession, code: Annotated[str, Parameter(help="One code only.")] = ""
) -> CommandOutput:
    """Show every refusal, or one with all its details, with its exit code."""
    if not code:
        return make_output(list(TABLE.values()), show_table(LISTED))
    row = _refusal_rows().get(code)
    if row is None:
        raise fail_with(Refused(RefusalCode.NOT_FOUND, "`tenure refusals` lists the codes there are.", "code"))
    return make_output(row, show_card(WHOLE))


def _refusal_rows() -> dict[str, RefusalRow]:
    return {str(code): row for code, row in TABLE.items()}
