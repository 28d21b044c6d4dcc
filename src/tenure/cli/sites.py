"""`tenure installations`: administration servers and applications on their own, as they last reported."""

from typing import Annotated

from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import READING
from tenure.cli.output import CommandOutput, show_table
from tenure.cli.registration import CUSTOMERS_SIDE, add_noun, add_verb, add_words
from tenure.cli.screen import TableColumn
from tenure.http.client.api_exchange import fill_path

DETAILS = (
    TableColumn("Installation", "id"),
    TableColumn("Name", "name"),
    TableColumn("Customer", "customer"),
    TableColumn("Product", "product"),
    TableColumn("Subscription", "subscription"),
    TableColumn("Successor", "successor"),
    TableColumn("Kind", "installation"),
    TableColumn("Ephemeral", "ephemeral", "yes"),
    TableColumn("In use", "in_use", "yes"),
    TableColumn("Hardware like", "twin"),
    TableColumn("Version", "version"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("Allotment", "allotment", "count"),
    TableColumn("Last contact", "last_contact", "moment"),
    TableColumn("Next by", "next_contact_by", "moment"),
    TableColumn("Asked because", "last_trigger"),
    TableColumn("Path", "last_path"),
    TableColumn("Lease", "serial", "count"),
    TableColumn("Epoch", "epoch"),
    TableColumn("Forked", "forked", "yes"),
)
_SHORT = tuple(
    column for column in DETAILS if column.path in
    ("id", "name", "installation", "subscription", "version", "devices", "allotment", "last_contact", "forked")
)  # fmt: skip

_APP = add_noun("installations", "Administration servers and applications, as they report: list, show.", CUSTOMERS_SIDE)
add = add_words(_APP)


@add_verb(_APP, "list", READING, example="tenure installations list --subscription sub_…")
def list_sites(
    session: CommandSession,
    *,
    subscription: Annotated[str, Parameter(help="Of this subscription only.")] = "",
    limit: Limit = None,
) -> CommandOutput:
    """List installations as they last reported."""
    return session.get_list(
        "/v1/sites",
        show_table(_SHORT, "Nothing has been activated yet."),
        {"subscription": subscription or None},
        limit=limit,
    )


@add_verb(_APP, "show", READING, example="tenure installations show SITE")
def show_site(session: CommandSession, site: Annotated[str, Parameter(help="Its id, `site_…`.")]) -> CommandOutput:
    """Show one installation as it last reported."""
    return session.get_shown(
        fill_path("/v1/sites/{site}", site=site), lambda screen, value: screen.card(value, DETAILS)
    )
