"""Installations: administration servers and applications on their own, what each holds, and when it was last heard."""

from tenure.portal.session import PAGE, Portal, PortalServer
from tenure.web.page_app import PageRoute, page_route
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, Reply


class InstallationPages:
    """The page about installations."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The list, as they last reported."""
        found = await self._server.api_for(visit).get_page("/v1/sites", {"cursor": visit.query.get("cursor")})
        values = {
            "rows": found.items,
            "pages": make_pager(visit, found, PAGE),
        }
        return PageScreen(template="installations.html", values=values)

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (page_route("/installations", self.show),)
