"""One's own account at the portal: what every website has of it, and the teams one is in."""

from tenure.portal.session import Portal, PortalPages, PortalServer
from tenure.web.own_account import OwnAccountPages
from tenure.web.page_app import PageRoute
from tenure.web.page_groups import form_at
from tenure.web.replies import RedirectTo, Reply


class AccountPages(PortalPages):
    """The pages about oneself."""

    def __init__(self, server: PortalServer) -> None:
        super().__init__(server)
        self._own = OwnAccountPages(server)

    @form_at("/account/team")
    async def choose(self, visit: Portal) -> Reply:
        """Go on in another team."""
        body = {"id": visit.form.read_text("id", most=64)}
        visit.session_value.me = await self._server.post_own(
            visit, "/v1/me/membership", body, visit.form.read_text("_key")
        )
        visit.session_value.provider = ""
        return RedirectTo("/")

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (*super().routes(), *self._own.routes())
