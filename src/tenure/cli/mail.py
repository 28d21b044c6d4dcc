"""`tenure mail`: whether mails go out, which did not and why, a test, and sending again."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import CREATING, READING
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import ACCESS, Ended, noun, verb

STATUS = (
    Column("Mails go out", "ready", "yes"),
    Column("Mail server", "server"),
    Column("Sent as", "sender"),
    Column("Waiting", "waiting", "count"),
    Column("Given up", "given_up", "count"),
)
LETTER = (
    Column("Mail", "id"),
    Column("To", "to"),
    Column("About", "template"),
    Column("State", "state"),
    Column("Written", "created", "moment"),
    Column("Tries", "tries", "count"),
    Column("Next try", "due", "moment"),
    Column("Fault", "fault"),
)

_APP = noun("mail", "Mails to people: status, test, list, resend.", ACCESS)


def add(app: App) -> None:
    """Add `tenure mail`."""
    app.command(_APP)


@verb(_APP, "status", READING, example="tenure mail status")
def show_status(desk: Desk) -> Ended:
    """Show whether mails go out, and what to do if they do not (the vendor only)."""
    return desk.shown("/v1/mail", _status, tenant=False)


@verb(_APP, "test", CREATING, example="tenure mail test ana@example.com")
def send_test(desk: Desk, to: Annotated[str, Parameter(help="To whom.")]) -> Ended:
    """Send a test mail (the vendor only)."""
    return desk.write(Sending(method="POST", path="/v1/mail/test", body={"to": to}, tenant=False), _queued)


@verb(_APP, "list", READING, example="tenure mail list --limit 20")
def list_letters(desk: Desk, *, limit: Limit = None) -> Ended:
    """List mails of the last 30 days: to whom and about what, never what they said."""
    return desk.listed("/v1/letters", _letters, {}, limit=limit)


@verb(_APP, "resend", CREATING, example="tenure mail resend let_…")
def resend(desk: Desk, letter: Annotated[str, Parameter(help="The mail's id, `let_…`.")]) -> Ended:
    """Send a mail once more that was given up; one that still waits is tried at once."""
    where = path("/v1/letters/{letter}/resend", letter=letter)
    return desk.write(Sending(method="POST", path=where), _queued)


def _status(screen: Screen, value: Any) -> None:
    screen.card(value, STATUS)
    if value["advice"]:
        screen.line(value["advice"])


def _letters(screen: Screen, items: Any) -> None:
    screen.table(items, LETTER, "No mail was written in the last 30 days.")


def _queued(screen: Screen, value: Any) -> None:
    screen.card(value, LETTER)
    screen.line("It is on its way; `tenure mail list` shows what came of it.")
