"""The log of mails: to whom, about what, whether they went out and if not why; and sending one again."""

from functools import partial

from tenure.portal.client import PAGE, path
from tenure.portal.sendings import of_mail
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.pager import pager
from tenure.web.replies import Goto, RefusedPageError, Reply, Screen


class Letters:
    """The pages about mails."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The log, newest first."""
        asked = {"newest_first": True, "cursor": visit.query.get("cursor")}
        found = await self._server.of(visit).listed("/v1/letters", asked)
        values = {
            "rows": found.items,
            "told": partial(of_mail, now=visit.now),
            "pages": pager(visit, found, PAGE),
        }
        return Screen(template="letters.html", values=values)

    async def resend(self, visit: Portal) -> Reply:
        """Try again what was given up, and at once what waits."""
        address = path("/v1/letters/{name}/resend", name=visit.params["letter"])
        try:
            await self._server.of(visit).post(address, key=visit.form.text("_key"))
        except RefusedPageError as error:
            if error.refusal.code != "nothing_to_change":
                raise
            visit.say(error.refusal.detail or error.refusal.title, "warn")
            return Goto("/letters")
        visit.say("It is tried again; what comes of it is shown here.", "info")
        return Goto("/letters")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/letters", self.show), action("/letters/{letter}/resend", self.resend))
