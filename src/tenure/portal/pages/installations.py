"""Installations: administration servers and applications on their own, what each holds, and when it was last heard."""

from tenure.portal.client import PAGE
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, page
from tenure.web.pager import pager
from tenure.web.replies import Reply, Screen


class Installations:
    """The page about installations."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The list, as they last reported."""
        found = await self._server.of(visit).listed("/v1/sites", {"cursor": visit.query.get("cursor")})
        values = {
            "rows": found.items,
            "pages": pager(visit, found, PAGE),
        }
        return Screen(template="installations.html", values=values)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/installations", self.show),)
