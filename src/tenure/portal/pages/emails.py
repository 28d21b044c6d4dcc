"""The log of mails: to whom, about what, whether they went out and if not why; and sending one again."""

from functools import partial

from tenure.http.client.api_exchange import fill_path
from tenure.portal.sendings import of_mail
from tenure.portal.session import PAGE, Portal, PortalServer
from tenure.web.page_app import PageRoute, form_route, page_route
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply


class EmailPages:
    """The pages about mails."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The log, newest first."""
        asked = {"newest_first": True, "cursor": visit.query.get("cursor")}
        found = await self._server.api_for(visit).get_page("/v1/emails", asked)
        values = {
            "rows": found.items,
            "told": partial(of_mail, now=visit.now),
            "pages": make_pager(visit, found, PAGE),
        }
        return PageScreen(template="emails.html", values=values)

    async def resend(self, visit: Portal) -> Reply:
        """Try again what was given up, and at once what waits."""
        address = fill_path("/v1/emails/{name}/resend", name=visit.params["email"])
        try:
            await self._server.api_for(visit).post(address, key=visit.form.read_text("_key"))
        except RefusedPageError as error:
            if error.refusal.code != "nothing_to_change":
                raise
            visit.flash_message(error.refusal.detail or error.refusal.title, "warn")
            return RedirectTo("/emails")
        visit.flash_message("It is tried again; the result is shown here.", "info")
        return RedirectTo("/emails")

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (page_route("/emails", self.show), form_route("/emails/{email}/resend", self.resend))
