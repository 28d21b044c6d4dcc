"""How the provider shows itself: name, logo, colour, support and where to renew."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

LONGEST = {"name": 100, "logo": 512, "colour": 7, "support": 200, "renew_url": 512}
"""Fields of a brand, with the most characters that the form takes."""


class Brand:
    """The page of the brand."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The brand, ready to be changed."""
        return await self._page(visit)

    async def _page(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        seen = await self._server.of(visit).tagged(_address(visit))
        wrong = bool(visit.form.errors or refusal)
        form = visit.form if wrong else Form.of(**seen.value)
        opened = visit.form.text("seen") if wrong and not is_stale(refusal) else seen.etag
        values: dict[str, Any] = {"form": form, "refusal": refusal, "seen": opened}
        if is_stale(refusal):
            values |= {"refusal": None, "differences": differences(form, seen.value, {"name": "Name shown"})}
        status = STATUS if is_stale(refusal) else 422 if wrong else 200
        return Screen(template="brand.html", values=values, status=status)

    async def change(self, visit: Portal) -> Reply:
        """Another brand; nothing when somebody else changed it meanwhile."""
        form = visit.form
        body = {name: form.text(name, most=most) for name, most in LONGEST.items()}
        try:
            await self._server.of(visit).put(_address(visit), body, if_match=form.text("seen") or NOTHING_SEEN)
        except RefusedPageError as error:
            return await self._page(visit, None if blamed(form, error.refusal) else error.refusal)
        visit.say("Saved. Pages and mails show it now, applications from their next contact on.")
        return Goto("/brand")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/brand", self.show), action("/brand", self.change))


def _address(visit: Portal) -> str:
    provider = (visit.who.me.get("provider") or {}).get("id")
    if not provider or visit.who.is_customer:
        raise RefusedPageError(Refusal(title="There is no such page.", status=404, code="not_found"))
    return path("/v1/providers/{provider}/brand", provider=provider)
