"""`tenure groups`: groups of devices at this site, and what each distributes by itself."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import LOCAL
from tenure.cli.output import sentence
from tenure.cli.show import Column, Screen
from tenure.cli.site_desk import HERE, Site, site_desk
from tenure.cli.verbs import Ended, noun, verb

GROUP = (
    Column("Group", "name"),
    Column("Distributes", "automatic", "yes"),
    Column("Devices", "devices", "count"),
    Column("With a seat", "counted", "count"),
    Column("Waiting", "waiting", "count"),
)
Name = Annotated[str, Parameter(help="The group's name.")]

_APP = noun("groups", "Groups of devices: list, set, remove.", HERE)


def add(app: App) -> None:
    """Add `tenure groups`."""
    app.command(_APP)


@verb(_APP, "list", LOCAL, example="tenure groups list")
def list_groups(desk: Desk, *, limit: Limit = None, site: Site = "") -> Ended:
    """List groups with their devices."""
    with site_desk(desk, site) as here:
        return here.listed("/v1/groups", _groups, {}, limit=limit, tenant=False)


@verb(_APP, "set", LOCAL, example="tenure groups set laboratory --by-hand")
def set_group(
    desk: Desk,
    group: Name,
    *,
    by_hand: Annotated[bool, Parameter(help="Its devices get seats only by hand.")] = False,
    site: Site = "",
) -> Ended:
    """Make a group, or say whether its devices get seats by themselves."""
    with site_desk(desk, site) as here:
        where = path("/v1/groups/{group}", group=group)
        sending = Sending(method="PUT", path=where, body={"automatic": not by_hand}, tenant=False)
        return here.write(sending, lambda screen, value: screen.card(value, GROUP))


@verb(_APP, "remove", LOCAL, example="tenure groups remove laboratory")
def remove_group(desk: Desk, group: Name, *, site: Site = "") -> Ended:
    """Remove a group; its devices are unassigned and keep the seats they have."""
    with site_desk(desk, site) as here:
        sending = Sending(method="DELETE", path=path("/v1/groups/{group}", group=group), tenant=False)
        return here.write(sending, sentence("The group is gone; its devices are unassigned."))


def _groups(screen: Screen, items: Any) -> None:
    screen.table(items, GROUP, "There is no group.")
