"""`tenure groups`: groups of devices at this site, and what each distributes by itself."""

from typing import Annotated

from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.output import CommandOutput, sentence_output, show_table
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import TableColumn
from tenure.cli.site_session import HERE, SiteCommandSession
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
add = add_words(_APP)


@add_verb(_APP, "list", LOCAL, example="tenure groups list")
def list_groups(here: SiteCommandSession, *, limit: Limit = None) -> CommandOutput:
    """List groups with their devices."""
    return here.get_list("/v1/groups", show_table(GROUP, "There is no group."), limit=limit)


@add_verb(_APP, "set", LOCAL, example="tenure groups set laboratory --by-hand")
def set_group(
    here: SiteCommandSession,
    group: Name,
    *,
    by_hand: Annotated[bool, Parameter(help="Its devices get seats only by hand.")] = False,
) -> CommandOutput:
    """Make a group, or set whether its devices get seats automatically."""
    where = fill_path("/v1/groups/{group}", group=group)
    return here.put(where, lambda screen, value: screen.card(value, GROUP), {"automatic": not by_hand})


@add_verb(_APP, "remove", ASKING, example="tenure groups remove laboratory")
def remove_group(here: SiteCommandSession, group: Name) -> CommandOutput:
    """Remove a group; its devices are unassigned and keep the seats they have."""
    done = sentence_output(f"The group “{group}” is gone; its devices are unassigned.")
    sure = f"The group “{group}” will be removed, and its devices unassigned."
    return here.delete(fill_path("/v1/groups/{group}", group=group), done, sure=sure)
