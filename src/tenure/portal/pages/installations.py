"""Installations: administration servers and applications on their own, what each holds, and when it was last heard."""

from tenure.portal.session import PAGE, Portal, PortalPages
from tenure.web.page_groups import page_at
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, Reply


class InstallationPages(PortalPages):
    """The page about installations."""

    @page_at("/installations")
    async def show(self, visit: Portal) -> Reply:
        """The list, as they last reported."""
        found = await self._api(visit).get_page("/v1/sites", {"cursor": visit.query.get("cursor")})
        return PageScreen.of("installations.html", rows=found.items, pages=make_pager(visit, found, PAGE))
