"""`tenure groups`: groups of devices at this site, and what each distributes by itself."""

from typing import Annotated

from cyclopts import App, Parameter

from tenure.cli.api import CliRequest
from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.output import CommandOutput, sentence_output, show_table
from tenure.cli.registration import add_noun, add_verb
from tenure.cli.screen import TableColumn
from tenure.cli.site_session import HERE, Site, site_session
from tenure.http.client.api_exchange import fill_path

GROUP = (
    TableColumn("Group", "name"),
    TableColumn("Distributes", "automatic", "yes"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("With a seat", "counted", "count"),
    TableColumn("Waiting", "waiting", "count"),
)
Name = Annotated[str, Parameter(help="The group's name.")]

_APP = add_noun("groups", "Groups of devices: list, set, remove.", HERE)


def add(app: App) -> None:
    """Add `tenure groups`."""
    app.command(_APP)


@add_verb(_APP, "list", LOCAL, example="tenure groups list")
def list_groups(session: CommandSession, *, limit: Limit = None, site: Site = "") -> CommandOutput:
    """List groups with their devices."""
    with site_session(session, site) as here:
        return here.get_list("/v1/groups", show_table(GROUP, "There is no group."), {}, limit=limit, tenant=False)


@add_verb(_APP, "set", LOCAL, example="tenure groups set laboratory --by-hand")
def set_group(
    session: CommandSession,
    group: Name,
    *,
    by_hand: Annotated[bool, Parameter(help="Its devices get seats only by hand.")] = False,
    site: Site = "",
) -> CommandOutput:
    """Make a group, or set whether its devices get seats automatically."""
    with site_session(session, site) as here:
        where = fill_path("/v1/groups/{group}", group=group)
        sending = CliRequest(method="PUT", path=where, body={"automatic": not by_hand}, tenant=False)
        return here.write(sending, lambda screen, value: screen.card(value, GROUP))


@add_verb(_APP, "remove", ASKING, example="tenure groups remove laboratory")
def remove_group(session: CommandSession, group: Name, *, site: Site = "") -> CommandOutput:
    """Remove a group; its devices are unassigned and keep the seats they have."""
    with site_session(session, site) as here:
        sending = CliRequest(method="DELETE", path=fill_path("/v1/groups/{group}", group=group), tenant=False)
        done = sentence_output(f"The group “{group}” is gone; its devices are unassigned.")
        return here.write_confirmed(sending, done, f"The group “{group}” will be removed, and its devices unassigned.")
