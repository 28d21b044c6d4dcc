"""`tenure emails`: whether emails go out, which did not and why, a test, and sending again."""

from typing import Annotated, Any

from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CREATING, READING
from tenure.cli.output import CommandOutput, show_table
from tenure.cli.registration import ACCESS, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.http.client.api_exchange import fill_path

STATUS = (
    TableColumn("Emails go out", "ready", "yes"),
    TableColumn("Mail server", "server"),
    TableColumn("Sent as", "sender"),
    TableColumn("Waiting", "waiting", "count"),
    TableColumn("Given up", "given_up", "count"),
)
EMAIL = (
    TableColumn("Email", "id"),
    TableColumn("To", "to"),
    TableColumn("About", "template"),
    TableColumn("State", "state"),
    TableColumn("Written", "created", "moment"),
    TableColumn("Tries", "tries", "count"),
    TableColumn("Next try", "due", "moment"),
    TableColumn("Fault", "fault"),
)

_APP = add_noun("emails", "Emails of this server: status, test, list, resend.", ACCESS)
add = add_words(_APP)


@add_verb(_APP, "status", READING, example="tenure emails status")
def show_status(session: CommandSession) -> CommandOutput:
    """Show whether emails are sent, and what to do if they are not (the vendor only)."""
    return session.get_shown("/v1/emails/status", _print_status, tenant=False)


@add_verb(_APP, "test", CREATING, example="tenure emails test ana@example.com")
def send_test(session: CommandSession, to: Annotated[str, Parameter(help="To whom.")]) -> CommandOutput:
    """Send a test email (the vendor only)."""
    return session.post("/v1/emails/test", _print_queued, {"to": to}, tenant=False)


@add_verb(_APP, "list", READING, example="tenure emails list --limit 20")
def list_emails(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List the emails of the last 30 days: recipient and subject, never the text."""
    return session.get_list("/v1/emails", show_table(EMAIL, "No email was written in the last 30 days."), limit=limit)


@add_verb(_APP, "resend", CREATING, example="tenure emails resend eml_…")
def resend_email(
    session: CommandSession, email: Annotated[str, Parameter(help="The email's id, `eml_…`.")]
) -> CommandOutput:
    """Send an email once more that was given up; one that still waits is tried at once."""
    where = fill_path("/v1/emails/{email}/resend", email=email)
    return session.post(where, _print_queued)


def _print_status(screen: CommandScreen, value: Any) -> None:
    screen.card(value, STATUS)
    if value["advice"]:
        screen.line(value["advice"])


def _print_queued(screen: CommandScreen, value: Any) -> None:
    screen.card(value, EMAIL)
    screen.line("It is on its way; `tenure emails list` shows what came of it.")
