"""Two copies of this site (B9): the evidence of both beside each other, and the three ways to settle it."""

from tenure.site.console.exchanges import ExchangePages
from tenure.site.console.session import Console
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import name_question
from tenure.web.replies import PageRefusal, PageScreen, Reply
from tenure.web.visits import fields_screen

LICENSE = "/v1/licenses/{product}"
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


class ForkPages(ExchangePages):
    """The page of a fork."""

    async def _render_page(self, visit: Console, refusal: PageRefusal | None = None) -> PageScreen:
        license_ = await self._api(visit).get(visit.fill_address(LICENSE))
        return fields_screen(visit, "fork.html", refusal, license=license_)

    @page_at("/licenses/{product}/fork")
    async def show(self, visit: Console) -> Reply:
        """The evidence."""
        return await self._render_page(visit)

    async def ask(self, visit: Console) -> ConfirmationQuestion | None:
        """What a resolution does, before it is told; None where none was chosen, which the form is told."""
        question = QUESTIONS.get(visit.form.read_text("resolution"))
        if question is None:
            return None
        api, product = self._api(visit), visit.params["product"]
        license_, site = await api.get(visit.fill_address(LICENSE)), await api.get("/v1/status")
        mine = (license_["fork"] or {}).get("you_are_the_copy")
        copy, other = ("This copy", "the other server") if mine else ("The copy", "this server")
        title, text, button = question
        text = f"{text.format(copy=copy, other=other)} This cannot be undone."
        asked = ConfirmationQuestion(title=title, text=text, button=button, back=visit.path)
        return name_question(asked, site["name"] or "this server", ("Product", product))

    @form_at("/licenses/{product}/fork", sure=ask, again=_render_page)
    async def resolve(self, visit: Console) -> Reply:
        """Say what the copies are."""
        body = {"resolution": visit.form.read_choice("resolution", RESOLUTIONS)}
        visit.form.require_valid()
        return await self._begin_exchange(visit, "resolve-fork", body)
