"""Two copies of this site (B9): the evidence of both beside each other, and the three ways to settle it."""

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.exchanges import ConsoleExchanges
from tenure.site.console.session import Console, ConsolePages, LocalServer
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import name_question
from tenure.web.replies import PageScreen, RedirectTo, Reply

RESOLUTIONS = ("restored", "second_site", "retired")
QUESTIONS = {
    "restored": (
        "Is {} the same server, restored from a backup?",
        "Site and seats stay. The other copy is overtaken for good, and you can say so only so often within a year.",
        "It is the same server",
    ),
    "second_site": (
        "Is the copy of {} a second administration server?",
        "The copy loses this server's identity for good: it has to be reset, with its own key and seats.",
        "It is a second server",
    ),
    "retired": (
        "Is the copy of {} to go?",
        "{copy} is refused for good and serves no device any more; {other} goes on with site and seats.",
        "The copy is to go",
    ),
}
"""By resolution: the question, what it does, the action as the button says it."""


class ForkPages(ConsolePages):
    """The page of a fork."""

    def __init__(self, server: LocalServer, exchanges: ConsoleExchanges) -> None:
        super().__init__(server)
        self._exchanges = exchanges

    @page_at("/licenses/{product}/fork")
    async def show(self, visit: Console) -> Reply:
        """The evidence."""
        return await self._render_page(visit)

    async def ask(self, visit: Console) -> ConfirmationQuestion | None:
        """What a resolution does, before it is told; None where none was chosen, which the form is told."""
        question = QUESTIONS.get(visit.form.read_text("resolution"))
        if question is None:
            return None
        api, product = self._server.api_for(visit), visit.params["product"]
        license_, site = (
            await api.get(fill_path("/v1/licenses/{product}", product=product)),
            await api.get("/v1/status"),
        )
        mine = (license_["fork"] or {}).get("you_are_the_copy")
        copy, other = ("This copy", "the other server") if mine else ("The copy", "this server")
        title, text, button = question
        back = fill_path("/licenses/{product}/fork", product=product)
        text = f"{text.format(copy=copy, other=other)} This cannot be undone."
        asked = ConfirmationQuestion(title=title, text=text, button=button, back=back)
        return name_question(asked, site["name"] or "this server", ("Product", product))

    @form_at("/licenses/{product}/fork", sure=ask)
    async def resolve(self, visit: Console) -> Reply:
        """Say what the copies are."""
        resolution = visit.form.read_choice("resolution", RESOLUTIONS)
        if not resolution:
            return await self._render_page(visit, 422)
        api, product = self._server.api_for(visit), visit.params["product"]
        where = fill_path("/v1/licenses/{product}/resolve-fork", product=product)
        work = api.post(where, {"resolution": resolution}, key=visit.form.read_text("_key"))
        await self._exchanges.begin_exchange(product, "resolve-fork", work)
        return RedirectTo(fill_path("/licenses/{product}/synchronization", product=product))

    async def _render_page(self, visit: Console, status: int = 200) -> Reply:
        where = fill_path("/v1/licenses/{product}", product=visit.params["product"])
        values = {"license": await self._server.api_for(visit).get(where)}
        return PageScreen(template="fork.html", values=values, status=status)
