"""For the vendor's staff: which provider's pages to look at."""

from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen


class Providers:
    """The choice of a provider."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """All providers."""
        rows = await self._server.with_secret(visit.who.secret).whole("/v1/providers")
        return Screen(template="providers.html", values={"rows": rows, "chosen": visit.who.provider})

    async def choose(self, visit: Portal) -> Reply:
        """Look at one."""
        rows = await self._server.with_secret(visit.who.secret).whole("/v1/providers")
        if visit.who.kind != "vendor" or visit.form.text("provider") not in {row["id"] for row in rows}:
            raise RefusedPageError(Refusal(title="There is no such provider.", status=404, code="not_found"))
        visit.who.provider = visit.form.text("provider")
        return Goto("/")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/providers", self.show), action("/providers", self.choose))
