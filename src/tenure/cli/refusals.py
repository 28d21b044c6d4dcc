"""`tenure refusals`: the table behind every "no", with the exit codes of this command."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.options import LOCAL
from tenure.cli.output import made
from tenure.cli.problems import failed
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import ACCESS, Ended, verb
from tenure.core.refusals import TABLE, Code, Refused, Row

LISTED = (
    Column("Code", "code"),
    Column("Exit", "exit"),
    Column("HTTP", "status"),
    Column("Who", "who"),
    Column("Sentence", "sentence"),
)
WHOLE = (
    Column("Code", "code"),
    Column("Sentence", "sentence"),
    Column("Cause", "cause"),
    Column("Remedy", "remedy"),
    Column("Who", "who"),
    Column("Exit code", "exit"),
    Column("HTTP status", "status"),
)


def add(app: App) -> None:
    """Add `tenure refusals`."""
    verb(app, "refusals", LOCAL, group=ACCESS, example="tenure refusals insufficient_balance")(refusals)


def refusals(desk: Desk, code: Annotated[str, Parameter(help="One code only.")] = "") -> Ended:
    """Show every refusal there is, or one of them whole, with its exit code."""
    if not code:
        return made(list(TABLE.values()), _table)
    row = _rows().get(code)
    if row is None:
        return failed(Refused(Code.NOT_FOUND, "`tenure refusals` lists the codes there are.", "code"))
    return made(row, _card)


def _rows() -> dict[str, Row]:
    return {str(code): row for code, row in TABLE.items()}


def _table(screen: Screen, rows: Any) -> None:
    screen.table(rows, LISTED)


def _card(screen: Screen, row: Any) -> None:
    screen.card(row, WHOLE)
