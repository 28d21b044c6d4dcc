"""What stands around the console's pages: the tree, the banner, and the clock that the site goes by."""

import asyncio
from typing import Any
from urllib.parse import quote

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.banner import Banner, most_important
from tenure.site.console.rights import ConsoleRights
from tenure.site.console.session import Console, LocalServer, open_warnings
from tenure.web.formatting import instant_of
from tenure.web.frame import MenuEntry, MenuGroup, PageFrame
from tenure.web.page_api import PageApi
from tenure.web.replies import RefusedPageError

TITLE = "Administration server"
WAIT = "waiting for a seat"
GROUPS_SHOWN = 30
"""Groups that the tree has room for; the rest is on the page of managed devices."""


class ConsoleFrame(PageFrame, frozen=True, kw_only=True):
    """A frame with the banner in it."""

    banner: Banner | None = None
    rights: ConsoleRights = ConsoleRights()

    def may_offer(self, path: str, method: str = "POST") -> bool:
        """Whether a form at `path` (with GET, the page) may be offered to the user."""
        return self.rights.may_use(path, method)


class ConsoleFrameMaker:
    """Makes the frame of every page."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server

    async def make_frame(self, visit: Console) -> ConsoleFrame:
        """See `web.page_app.Parts.frame`; what the API will not say now leaves its place empty."""
        if visit.session is None:
            return ConsoleFrame(title=TITLE, subtitle="Web console")
        api = self._server.api_for(visit)
        try:
            status, found, groups = await asyncio.gather(
                api.get("/v1/status"), api.get("/v1/licenses"), api.get_page("/v1/groups", limit=GROUPS_SHOWN)
            )
        except RefusedPageError:
            return ConsoleFrame(
                title=TITLE, user=visit.session_value.name, role=_role_name(visit), rights=visit.session_value.rights
            )
        now = instant_of(status["now"]) or visit.now
        licenses = [{**each, "conflict": await _open_conflict(api, each["product"])} for each in found["items"]]
        return ConsoleFrame(
            title=status["name"] or TITLE,
            subtitle=TITLE,
            groups=(MenuGroup(text="", entries=(_navigation_tree(status, groups.items),)),),
            user=visit.session_value.name,
            role=_role_name(visit),
            account_path="/account",
            now=status["now"],
            sandbox=status["sandbox"],
            banner=most_important(licenses, now, await open_warnings(api)),
            rights=visit.session_value.rights,
        )


async def _open_conflict(api: PageApi, product: str) -> Any:
    """The seat conflict that is open, if there is one."""
    try:
        return await api.get(fill_path("/v1/licenses/{product}/seat-conflict", product=product))
    except RefusedPageError:
        return None


def _role_name(visit: Console) -> str:
    role = visit.session_value.role.capitalize()
    return f"{role}: looks, changes nothing" if visit.session_value.rights.looks_only else role


def _navigation_tree(status: dict[str, Any], groups: list[Any]) -> MenuEntry:
    waiting = sum(each["waiting"] for each in status["products"])
    children = tuple(
        MenuEntry(
            path=f"/groups/{quote(each['name'], safe='')}", text=each["name"], icon="folder", count=_group_count(each)
        )
        for each in groups
    )
    return MenuEntry(
        path="/",
        text=f"{TITLE} {status['name']}",
        icon="server",
        children=(
            MenuEntry(path="/devices", text="Managed devices", icon="devices", children=children),
            MenuEntry(path="/unassigned", text="Unassigned devices", icon="customers"),
            MenuEntry(path="/events", text="Events", icon="events"),
            MenuEntry(path="/reports", text="Reports", icon="reports"),
            MenuEntry(
                path="/licenses", text="Licenses", icon="licenses", count=f"{waiting:,}" if waiting else "", counts=WAIT
            ),
            MenuEntry(path="/settings", text="Settings", icon="settings"),
        ),
    )


def _group_count(group: dict[str, Any]) -> str:
    return f"{group['devices']:,}" if group.get("devices") else ""
