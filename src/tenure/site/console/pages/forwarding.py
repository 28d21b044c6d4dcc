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
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

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
        api = self._server.api_for(visit)
        values = {
            "rows": await api.get_all("/v1/forwardings"),
            "states": STATES,
        }
        return PageScreen(template="forwardings.html", values=values)

    @page_at("/settings/forwarding/{forwarding}")
    async def one(self, visit: Console) -> Reply:
        """How one is set up, how it is, what was sent."""
        return await one_page(self._server, visit, visit.params["forwarding"])

    @form_at("/settings/forwarding/{forwarding}/test")
    async def test(self, visit: Console) -> Reply:
        """Send a test message, and say what came of it."""
        name = visit.params["forwarding"]
        try:
            tested = (await self._server.api_for(visit).post(fill_path("/v1/forwardings/{name}/test", name=name))).value
        except RefusedPageError as error:
            return await one_page(self._server, visit, name, refusal=error.refusal)
        return await one_page(self._server, visit, name, tested=tested)

    async def ask_skipping(self, visit: Console) -> ConfirmationQuestion | None:
        """The question before events are left out; None for going on with all that waited."""
        if not visit.form.read_flag("skip"):
            return None
        name = visit.params["forwarding"]
        one = await self._server.api_for(visit).get(fill_path("/v1/forwardings/{name}", name=name))
        asked = msgspec.structs.replace(SURE_SKIP, back=fill_path(WHERE + "/{name}", name=name))
        return name_question(asked, one["name"])

    @form_at("/settings/forwarding/{forwarding}/resume", sure=ask_skipping)
    async def resume(self, visit: Console) -> Reply:
        """Go on with what waited, or without."""
        name, skip = visit.params["forwarding"], visit.form.read_flag("skip")
        where = fill_path("/v1/forwardings/{name}/resume", name=name)
        try:
            await self._server.api_for(visit).post(where, {"skip": skip}, key=visit.form.read_text("_key"))
        except RefusedPageError as error:
            return await one_page(self._server, visit, name, refusal=error.refusal)
        visit.flash_message("It goes on with what happens from now on." if skip else "It goes on with what waited.")
        return RedirectTo(f"{WHERE}/{name}")

    @form_at("/settings/forwarding/{forwarding}/secret")
    async def secret(self, visit: Console) -> Reply:
        """A new secret, shown on the page that answers and nowhere else."""
        name = visit.params["forwarding"]
        where = fill_path("/v1/forwardings/{name}/rotate-secret", name=name)
        made = (await self._server.api_for(visit).post(where, {}, key=visit.form.read_text("_key"))).value
        visit.form = SentForm()
        return await one_page(self._server, visit, name, secret=made["secret"])

    @form_at("/settings/forwarding/{forwarding}/switch")
    async def switch(self, visit: Console) -> Reply:
        """Off, and on again."""
        name, api = visit.params["forwarding"], self._server.api_for(visit)
        where = fill_path("/v1/forwardings/{name}", name=name)
        present, on = await api.get(where), visit.form.read_flag("on")
        body = {each: present[each] for each in ("name", "severity", "kinds")} | {"active": on}
        for way in ("mail", "webhook"):
            if present[way] is not None:
                body[way] = {each: value for each, value in present[way].items() if each != "password_set"}
        await api.put(where, body)
        visit.flash_message("It is on again." if on else "It is off; what happens meanwhile waits.")
        return RedirectTo(f"{WHERE}/{name}")

    @page_at("/settings/forwarding/{forwarding}/remove")
    async def ask_removal(self, visit: Console) -> Reply:
        """What removing it means."""
        where = fill_path("/v1/forwardings/{name}", name=visit.params["forwarding"])
        values = {"one": await self._server.api_for(visit).get(where)}
        return PageScreen(template="forwarding_remove.html", values=values)

    @form_at("/settings/forwarding/{forwarding}/remove")
    async def remove(self, visit: Console) -> Reply:
        """Remove it."""
        await self._server.api_for(visit).delete(fill_path("/v1/forwardings/{name}", name=visit.params["forwarding"]))
        visit.flash_message("The forwarding is removed; the events themselves stay.")
        return RedirectTo(WHERE)


async def one_page(
    server: LocalServer,
    visit: Console,
    name: str,
    *,
    tested: dict[str, Any] | None = None,
    secret: str = "",
    refusal: PageRefusal | None = None,
) -> Reply:
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
