"""Forwarding of events: where to, how each is, what was sent lately; tried, resumed and removed with a click.

Setting one up is `forwarding_form`'s.
"""

from typing import Any

import msgspec

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.session import Console, ConsolePages, LocalServer
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply

STATES = {
    "new": ("Nothing sent yet", "calm"),
    "working": ("Working", "good"),
    "partly": ("Not to everybody", "warn"),
    "failing": ("Failing", "warn"),
    "stopped": ("Stopped", "bad"),
    "off": ("Switched off", "calm"),
}
"""What is shown of a forwarding's state: its word and its tone."""
LOGGED = 20
"""Tries on the page."""
WHERE = "/settings/forwarding"
ONE = "/settings/forwarding/{forwarding}"
ADDRESS = "/v1/forwardings/{forwarding}"


SURE_SKIP = ConfirmationQuestion(
    title="Leave out the events that waited for {}?",
    text="They are never sent to this receiver; the page Events still has them. This cannot be undone.",
    button="Leave them out",
    back=WHERE,
)


class ForwardingPages(ConsolePages):
    """The list and one of it."""

    @page_at(WHERE)
    async def show(self, visit: Console) -> Reply:
        """The list."""
        return PageScreen.of("forwardings.html", rows=await self._api(visit).get_all("/v1/forwardings"), states=STATES)

    async def _render_one(self, visit: Console, refusal: PageRefusal | None = None) -> PageScreen:
        return await one_page(self._server, visit, visit.params["forwarding"], refusal=refusal)

    @page_at(ONE)
    async def one(self, visit: Console) -> Reply:
        """How one is set up, how it is, what was sent."""
        return await self._render_one(visit)

    @form_at(f"{ONE}/test", again=_render_one)
    async def test(self, visit: Console) -> Reply:
        """Send a test message, and say what came of it."""
        tested = (await self._api(visit).post(visit.fill_address(f"{ADDRESS}/test"))).value
        return await one_page(self._server, visit, visit.params["forwarding"], tested=tested)

    async def ask_skipping(self, visit: Console) -> ConfirmationQuestion | None:
        """The question before events are left out; None for going on with all that waited."""
        if not visit.form.read_flag("skip"):
            return None
        one = await self._api(visit).get(visit.fill_address(ADDRESS))
        asked = msgspec.structs.replace(SURE_SKIP, back=visit.fill_address(ONE))
        return name_question(asked, one["name"])

    @form_at(f"{ONE}/resume", sure=ask_skipping, again=_render_one)
    async def resume(self, visit: Console) -> Reply:
        """Go on with what waited, or without."""
        skip = visit.form.read_flag("skip")
        where = visit.fill_address(f"{ADDRESS}/resume")
        await self._api(visit).post(where, {"skip": skip}, key=visit.form.read_text("_key"))
        said = "It goes on with what happens from now on." if skip else "It goes on with what waited."
        return RedirectTo(visit.fill_address(ONE), said)

    @form_at(f"{ONE}/secret")
    async def secret(self, visit: Console) -> Reply:
        """A new secret, shown on the page that answers and nowhere else."""
        where = visit.fill_address(f"{ADDRESS}/rotate-secret")
        made = (await self._api(visit).post(where, {}, key=visit.form.read_text("_key"))).value
        visit.form = SentForm()
        return await one_page(self._server, visit, visit.params["forwarding"], secret=made["secret"])

    @form_at(f"{ONE}/switch")
    async def switch(self, visit: Console) -> Reply:
        """Off, and on again."""
        api, where, on = self._api(visit), visit.fill_address(ADDRESS), visit.form.read_flag("on")
        present = await api.get(where)
        body = {each: present[each] for each in ("name", "severity", "kinds")} | {"active": on}
        for way in ("mail", "webhook"):
            if present[way] is not None:
                body[way] = {each: value for each, value in present[way].items() if each != "password_set"}
        await api.put(where, body)
        said = "It is on again." if on else "It is off; what happens meanwhile waits."
        return RedirectTo(visit.fill_address(ONE), said)

    @page_at(f"{ONE}/remove")
    async def ask_removal(self, visit: Console) -> Reply:
        """What removing it means."""
        return PageScreen.of("forwarding_remove.html", one=await self._api(visit).get(visit.fill_address(ADDRESS)))

    @form_at(f"{ONE}/remove")
    async def remove(self, visit: Console) -> Reply:
        """Remove it."""
        await self._api(visit).delete(visit.fill_address(ADDRESS))
        return RedirectTo(WHERE, "The forwarding is removed; the events themselves stay.")


async def one_page(
    server: LocalServer,
    visit: Console,
    name: str,
    *,
    tested: dict[str, Any] | None = None,
    secret: str = "",
    refusal: PageRefusal | None = None,
) -> PageScreen:
    """The page of one forwarding. `tested`: what came of a test; `secret`: one that is shown this once."""
    api, where = server.api_for(visit), fill_path("/v1/forwardings/{name}", name=name)
    values = {
        "one": await api.get(where),
        "log": (await api.get_page(f"{where}/deliveries", limit=LOGGED)).items,
        "state": STATES,
        "tested": tested,
        "secret": secret,
        "refusal": refusal,
    }
    return PageScreen(template="forwarding.html", values=values, status=200 if refusal is None else refusal.status)
