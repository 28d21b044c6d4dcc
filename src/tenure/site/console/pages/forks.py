"""Two copies of this site (B9): the evidence of both beside each other, and the three ways to settle it."""

from tenure.site.console.client import path
from tenure.site.console.exchanges import Exchanges
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Reply, Screen

RESOLUTIONS = ("restored", "second_site", "retired")


class Forks:
    """The page of a fork."""

    def __init__(self, server: Server, exchanges: Exchanges) -> None:
        self._server, self._exchanges = server, exchanges

    async def show(self, visit: Console) -> Reply:
        """The evidence."""
        return await self._page(visit)

    async def resolve(self, visit: Console) -> Reply:
        """Say what the copies are."""
        resolution = visit.form.choice("resolution", RESOLUTIONS)
        if not resolution:
            return await self._page(visit, 422)
        api, product = self._server.of(visit), visit.params["product"]
        where = path("/v1/licenses/{product}/resolve-fork", product=product)
        work = api.post(where, {"resolution": resolution}, key=visit.form.text("_key"))
        await self._exchanges.begin(product, "resolve-fork", work)
        return Goto(path("/licenses/{product}/synchronization", product=product))

    async def _page(self, visit: Console, status: int = 200) -> Reply:
        where = path("/v1/licenses/{product}", product=visit.params["product"])
        values = {"license": await self._server.of(visit).get(where)}
        return Screen(template="fork.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        where = "/licenses/{product}/fork"
        return (page(where, self.show), action(where, self.resolve))
