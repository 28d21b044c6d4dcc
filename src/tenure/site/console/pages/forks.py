"""Two copies of this site (B9): the evidence of both beside each other, and the three ways to settle it."""

from tenure.site.console.client import path
from tenure.site.console.exchanges import Exchanges
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Reply, Screen

RESOLUTIONS = ("restored", "second_site", "retired")
QUESTIONS = {
    "restored": (
        "Is this the same server, restored from a backup?",
        "Site and seats stay. The other copy is overtaken for good, and you can say so only so often within a year.",
        "It is the same server",
    ),
    "second_site": (
        "Is the copy a second administration server?",
        "The copy loses this server's identity for good: it has to begin anew, with a key and seats of its own.",
        "It is a second server",
    ),
    "retired": (
        "Is the copy to go?",
        "{} is refused for good and serves no device any more; {} goes on with site and seats.",
        "The copy is to go",
    ),
}
"""By resolution: the question, what it does, the deed as the button says it."""


class Forks:
    """The page of a fork."""

    def __init__(self, server: Server, exchanges: Exchanges) -> None:
        self._server, self._exchanges = server, exchanges

    async def show(self, visit: Console) -> Reply:
        """The evidence."""
        return await self._page(visit)

    async def ask(self, visit: Console) -> Sure | None:
        """What a resolution does, before it is told; None where none was chosen, which the form is told."""
        question = QUESTIONS.get(visit.form.text("resolution"))
        if question is None:
            return None
        product = visit.params["product"]
        fork = (await self._server.of(visit).get(path("/v1/licenses/{product}", product=product)))["fork"] or {}
        whose = ("This copy", "the other server") if fork.get("you_are_the_copy") else ("The copy", "this server")
        title, text, button = question
        back = path("/licenses/{product}/fork", product=product)
        text = f"{text.format(*whose)} This cannot be undone."
        return Sure(title=title, text=text, button=button, back=back, shown=())

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
        return (page(where, self.show), action(where, self.resolve, sure=self.ask))
