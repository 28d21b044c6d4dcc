"""`tenure installations`: administration servers and applications on their own, as they last reported."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.api import path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import READING
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import CUSTOMERS_SIDE, Ended, noun, verb

DETAILS = (
    Column("Installation", "id"),
    Column("Name", "name"),
    Column("Customer", "customer"),
    Column("Product", "product"),
    Column("Subscription", "subscription"),
    Column("Successor", "successor"),
    Column("Kind", "installation"),
    Column("Ephemeral", "ephemeral", "yes"),
    Column("In use", "in_use", "yes"),
    Column("Hardware like", "twin"),
    Column("Version", "version"),
    Column("Devices", "devices", "count"),
    Column("Allotment", "allotment", "count"),
    Column("Last contact", "last_contact", "moment"),
    Column("Next by", "next_contact_by", "moment"),
    Column("Asked because", "last_trigger"),
    Column("Path", "last_path"),
    Column("Lease", "serial", "count"),
    Column("Epoch", "epoch"),
    Column("Forked", "forked", "yes"),
)
_SHORT = tuple(
    column for column in DETAILS if column.path in
    ("id", "name", "installation", "subscription", "version", "devices", "allotment", "last_contact", "forked")
)  # fmt: skip

_APP = noun("installations", "Administration servers and applications, as they report: list, show.", CUSTOMERS_SIDE)


def add(app: App) -> None:
    """Add `tenure installations`."""
    app.command(_APP)


@verb(_APP, "list", READING, example="tenure installations list --subscription sub_…")
def list_sites(
    desk: Desk, *, subscription: Annotated[str, Parameter(help="Of this subscription only.")] = "", limit: Limit = None
) -> Ended:
    """List installations as they last reported."""
    return desk.listed("/v1/sites", _table, {"subscription": subscription or None}, limit=limit)


@verb(_APP, "show", READING, example="tenure installations show SITE")
def show_site(desk: Desk, site: Annotated[str, Parameter(help="Its id, `site_…`.")]) -> Ended:
    """Show one installation as it last reported."""
    return desk.shown(path("/v1/sites/{site}", site=site), lambda screen, value: screen.card(value, DETAILS))


def _table(screen: Screen, items: Any) -> None:
    screen.table(items, _SHORT, "Nothing has been activated yet.")
