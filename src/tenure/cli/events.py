"""`tenure events`: what happened, in a sequence without gaps."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import READING
from tenure.cli.problems import invalid
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, verb

EVENT = (
    Column("No.", "seq"),
    Column("Event", "kind"),
    Column("Subscription", "subscription"),
    Column("True since", "since", "moment"),
    Column("Told", "created", "moment"),
)


def add(app: App) -> None:
    """Add `tenure events`."""
    verb(app, "events", READING, group=CUSTOMERS_SIDE, example="tenure events --after 120 --limit 50")(events)


def events(
    desk: Desk, *, after: Annotated[int, Parameter(help="Only those with a greater number.")] = 0, limit: Limit = None
) -> Ended:
    """List what happened, oldest first; remember the last number and go on from there."""
    if after < 0:
        return invalid("Events are numbered from 1.", "after")
    return desk.listed("/v1/events", _table, {"after": after} if after else {}, limit=limit)


def _table(screen: Screen, items: Any) -> None:
    screen.table(items, EVENT, "Nothing has happened.")
