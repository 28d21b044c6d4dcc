"""DNS control (B10): whether public resolvers may be asked, whose, in which order; tried before it is chosen."""

from typing import Any

from tenure.site.console.pages.connection import STATES
from tenure.site.console.session import Console, ConsolePages
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply

MODES = (
    ("", "As the provider says", "The license may rule it; without a word of it, the usual public resolvers are used."),
    ("auto", "The usual public resolvers", "Asked only when the system's own DNS does not lead to the server."),
    ("list", "My own list", "Only those below, in that order."),
    ("off", "Not used", "No packet goes to a public resolver."),
)
WAYS = {
    "system": "system DNS", "last_good": "an address that worked before", "public": "public DNS", "proxy": "proxy",
    "address": "a fixed address",
}  # fmt: skip


class DnsPages(ConsolePages):
    """The page."""

    async def _render_page(
        self, visit: Console, refusal: PageRefusal | None = None, *, checks: list[Any] | None = None
    ) -> PageScreen:
        held = await self._api(visit).get("/v1/dns")
        held_form = SentForm.of(
            mode=held["mode"],
            resolvers="\n".join(held["resolvers"]),
            private_suffixes="\n".join(held["private_suffixes"]),
        )
        form = visit.form if visit.method == "POST" else held_form
        values = {
            "dns": held, "form": form, "modes": MODES, "ways": WAYS, "refusal": refusal, "checks": checks,
            "states": STATES,
        }  # fmt: skip
        return PageScreen(template="dns.html", values=values, status=422 if refusal else 200)

    @page_at("/settings/dns")
    async def show(self, visit: Console) -> Reply:
        """The choice that holds, and what came of it."""
        return await self._render_page(visit)

    @form_at("/settings/dns/test", again=_render_page)
    async def test(self, visit: Console) -> Reply:
        """Try a choice without making it."""
        tried = (await self._api(visit).post("/v1/dns/test", _read_choice(visit))).value
        return await self._render_page(visit, checks=tried["checks"])

    @form_at("/settings/dns", again=_render_page)
    async def choose(self, visit: Console) -> Reply:
        """Make it."""
        await self._api(visit).put("/v1/dns", _read_choice(visit))
        return RedirectTo("/settings/dns", "It holds from the next exchange on.")


def _read_choice(visit: Console) -> dict[str, Any]:
    form = visit.form
    return {
        "mode": form.read_choice("mode", [each[0] for each in MODES]),
        "resolvers": form.read_text("resolvers").split(),
        "private_suffixes": form.read_text("private_suffixes").split(),
    }
