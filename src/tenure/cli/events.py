"""`tenure events`: what happened, in a sequence without gaps."""

from typing import Annotated

from cyclopts import App, Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import READING
from tenure.cli.output import CommandOutput, show_table
from tenure.cli.problems import invalid_field
from tenure.cli.registration import CUSTOMERS_SIDE, add_verb
from tenure.cli.screen import TableColumn

EVENT = (
    TableColumn("No.", "seq"),
    TableColumn("Event", "kind"),
    TableColumn("Subscription", "subscription"),
    TableColumn("True since", "since", "moment"),
    TableColumn("Told", "created", "moment"),
)


def add(app: App) -> None:
    """Add `tenure events`."""
    add_verb(app, "events", READING, group=CUSTOMERS_SIDE, example="tenure events --after 120 --limit 50")(list_events)


def list_events(
    session: CommandSession,
    *,
    after: Annotated[int, Parameter(help="Only those with a greater number.")] = 0,
    limit: Limit = None,
) -> CommandOutput:
    """List what happened, oldest first; remember the last number and go on from there."""
    if after < 0:
        raise invalid_field("Events are numbered from 1.", "after")
    return session.get_list(
        "/v1/events", show_table(EVENT, "Nothing has happened."), {"after": after} if after else {}, limit=limit
    )
