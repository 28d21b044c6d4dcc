"""What stands around the console's pages: the tree, the banner, and the clock that the site goes by."""

import asyncio
from typing import Any
from urllib.parse import quote

from tenure.site.console.banner import Banner, most_important
from tenure.site.console.client import Api, open_warnings, path
from tenure.site.console.rights import Rights
from tenure.site.console.signed import Console, Server
from tenure.web.frame import Entry, Frame, Group
from tenure.web.replies import RefusedPageError
from tenure.web.words import instant_of

TITLE = "Administration server"
WAIT = "waiting for a seat"
GROUPS_SHOWN = 30
"""Groups that the tree has room for; the rest is on the page of managed devices."""


class ConsoleFrame(Frame, frozen=True, kw_only=True):
    """A frame with the banner in it."""

    banner: Banner | None = None
    offline: bool = False
    """Whether the API can exchange requests and answers as files."""
    rights: Rights = Rights()

    def may(self, path: str, method: str = "POST") -> bool:
        """Whether something may be offered to whoever looks."""
        return self.rights.may(path, method)


class Framing:
    """Makes the frame of every page."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def frame(self, visit: Console) -> ConsoleFrame:
        """See `web.app.Parts.frame`; what the API will not say now leaves its place empty."""
        if visit.session is None:
            return ConsoleFrame(title=TITLE, subtitle="Web console")
        api = self._server.of(visit)
        try:
            status, found, groups = await asyncio.gather(
                api.get("/v1/status"), api.get("/v1/licenses"), self._groups(api)
            )
        except RefusedPageError:
            return ConsoleFrame(title=TITLE, person=visit.who.name, role=_role(visit), rights=visit.who.rights)
        now = instant_of(status["now"]) or visit.now
        licenses = [{**each, "conflict": await self._conflict(api, each["product"])} for each in found["items"]]
        return ConsoleFrame(
            title=status["name"] or TITLE,
            subtitle=TITLE,
            groups=(Group(text="", entries=(_tree(status, groups),)),),
            person=visit.who.name,
            role=_role(visit),
            account_path="/account",
            now=status["now"],
            sandbox=status["sandbox"],
            banner=most_important(licenses, now, await open_warnings(api, self._server)),
            rights=visit.who.rights,
            offline=await self._server.offers("POST /v1/licenses/{product}/offline/request"),
        )

    async def _conflict(self, api: Api, product: str) -> Any:
        """The seat conflict that is open, if there is one and the API knows of such things."""
        if not await self._server.offers("GET /v1/licenses/{product}/seat-conflict"):
            return None
        try:
            return await api.get(path("/v1/licenses/{product}/seat-conflict", product=product))
        except RefusedPageError:
            return None

    async def _groups(self, api: Api) -> list[Any]:
        if not await self._server.offers("GET /v1/groups"):
            return []
        return (await api.listed("/v1/groups", limit=GROUPS_SHOWN)).items


def _role(visit: Console) -> str:
    role = visit.who.role.capitalize()
    return f"{role}: looks, changes nothing" if visit.who.rights.looks_only else role


def _tree(status: dict[str, Any], groups: list[Any]) -> Entry:
    waiting = sum(each["waiting"] for each in status["products"])
    children = tuple(
        Entry(path=f"/groups/{quote(each['name'], safe='')}", text=each["name"], icon="folder", count=_tally(each))
        for each in groups
    )
    return Entry(
        path="/",
        text=f"{TITLE} {status['name']}",
        icon="server",
        children=(
            Entry(path="/devices", text="Managed devices", icon="devices", children=children),
            Entry(path="/unassigned", text="Unassigned devices", icon="customers"),
            Entry(path="/events", text="Events", icon="events"),
            Entry(path="/reports", text="Reports", icon="reports"),
            Entry(
                path="/licenses", text="Licenses", icon="licenses", count=f"{waiting:,}" if waiting else "", counts=WAIT
            ),
            Entry(path="/settings", text="Settings", icon="settings"),
        ),
    )


def _tally(group: dict[str, Any]) -> str:
    return f"{group['devices']:,}" if group.get("devices") else ""
