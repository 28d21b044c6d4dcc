"""DNS control (B10): whether public resolvers may be asked, whose, in which order; tried before it is chosen."""

from typing import Any

from tenure.site.console.pages.connection import STATES
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

MODES = (
    ("", "As the provider says", "The license may rule it; without a word of it, the usual public resolvers are used."),
    ("auto", "The usual public resolvers", "Asked only when the system's own DNS does not lead to the server."),
    ("list", "My own list", "Only those below, in that order."),
    ("off", "None", "No packet goes to a public resolver."),
)
WAYS = {
    "system": "system DNS", "last_good": "an address that worked before", "public": "public DNS", "proxy": "proxy",
    "address": "a fixed address",
}  # fmt: skip


class Dns:
    """The page."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """The choice that holds, and what came of it."""
        return await self._page(visit)

    async def test(self, visit: Console) -> Reply:
        """Try a choice without making it."""
        try:
            tried = await self._server.of(visit).post("/v1/dns/test", _choice(visit))
        except RefusedPageError as error:
            return await self._page(visit, 422, error.refusal)
        return await self._page(visit, checks=tried["checks"])

    async def choose(self, visit: Console) -> Reply:
        """Make it."""
        try:
            await self._server.of(visit).put("/v1/dns", _choice(visit))
        except RefusedPageError as error:
            return await self._page(visit, 422, error.refusal)
        visit.say("It holds from the next exchange on.")
        return Goto("/settings/dns")

    async def _page(
        self, visit: Console, status: int = 200, refusal: Refusal | None = None, checks: list[Any] | None = None
    ) -> Reply:
        held = await self._server.of(visit).get("/v1/dns")
        held_form = Form.of(
            mode=held["mode"],
            resolvers="\n".join(held["resolvers"]),
            private_suffixes="\n".join(held["private_suffixes"]),
        )
        form = visit.form if visit.method == "POST" else held_form
        values = {
            "dns": held, "form": form, "modes": MODES, "ways": WAYS, "refusal": refusal, "checks": checks,
            "states": STATES,
        }  # fmt: skip
        return Screen(template="dns.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        where = "/settings/dns"
        return (page(where, self.show), action(where, self.choose), action(f"{where}/test", self.test))


def _choice(visit: Console) -> dict[str, Any]:
    form = visit.form
    return {
        "mode": form.choice("mode", [each[0] for each in MODES]),
        "resolvers": form.text("resolvers").split(),
        "private_suffixes": form.text("private_suffixes").split(),
    }
