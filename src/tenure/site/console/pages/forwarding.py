"""Forwarding of events: where to, how each is, what was sent lately; tried, resumed and removed with a click.

Setting one up is `forwarding_form`'s.
"""

from typing import Any

from tenure.site.console.client import path
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

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


async def _ask_skipping(visit: Console) -> Sure | None:
    """The question before events are left out; None for going on with all that waited."""
    if not visit.form.flag("skip"):
        return None
    return Sure(
        title="Leave out the events that waited?",
        text="They are never sent to this receiver; the page Events still has them. This cannot be undone.",
        button="Leave them out",
        back=path(WHERE + "/{name}", name=visit.params["forwarding"]),
        shown=(),
    )


class Forwarding:
    """The list and one of it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """The list."""
        api = self._server.of(visit)
        values = {
            "rows": await api.whole("/v1/forwardings"),
            "states": STATES,
        }
        return Screen(template="forwardings.html", values=values)

    async def one(self, visit: Console) -> Reply:
        """How one is set up, how it is, what was sent."""
        return await one_page(self._server, visit, visit.params["forwarding"])

    async def test(self, visit: Console) -> Reply:
        """Send a test message, and say what came of it."""
        name = visit.params["forwarding"]
        try:
            tested = await self._server.of(visit).post(path("/v1/forwardings/{name}/test", name=name))
        except RefusedPageError as error:
            return await one_page(self._server, visit, name, refusal=error.refusal)
        return await one_page(self._server, visit, name, tested=tested)

    async def resume(self, visit: Console) -> Reply:
        """Go on with what waited, or without."""
        name, skip = visit.params["forwarding"], visit.form.flag("skip")
        where = path("/v1/forwardings/{name}/resume", name=name)
        try:
            await self._server.of(visit).post(where, {"skip": skip}, key=visit.form.text("_key"))
        except RefusedPageError as error:
            return await one_page(self._server, visit, name, refusal=error.refusal)
        visit.say("It goes on with what happens from now on." if skip else "It goes on with what waited.")
        return Goto(f"{WHERE}/{name}")

    async def secret(self, visit: Console) -> Reply:
        """A new secret, shown on the page that answers and nowhere else."""
        name = visit.params["forwarding"]
        where = path("/v1/forwardings/{name}/rotate-secret", name=name)
        made = await self._server.of(visit).post(where, {}, key=visit.form.text("_key"))
        visit.form = Form()
        return await one_page(self._server, visit, name, secret=made["secret"])

    async def switch(self, visit: Console) -> Reply:
        """Off, and on again."""
        name, api = visit.params["forwarding"], self._server.of(visit)
        where = path("/v1/forwardings/{name}", name=name)
        present, on = await api.get(where), visit.form.flag("on")
        body = {each: present[each] for each in ("name", "severity", "kinds")} | {"active": on}
        for way in ("mail", "webhook"):
            if present[way] is not None:
                body[way] = {each: value for each, value in present[way].items() if each != "password_set"}
        await api.put(where, body)
        visit.say("It is on again." if on else "It is off; what happens meanwhile waits.")
        return Goto(f"{WHERE}/{name}")

    async def ask_removal(self, visit: Console) -> Reply:
        """What removing it means."""
        where = path("/v1/forwardings/{name}", name=visit.params["forwarding"])
        values = {"one": await self._server.of(visit).get(where)}
        return Screen(template="forwarding_remove.html", values=values)

    async def remove(self, visit: Console) -> Reply:
        """Remove it."""
        await self._server.of(visit).delete(path("/v1/forwardings/{name}", name=visit.params["forwarding"]))
        visit.say("The forwarding is removed; the events themselves stay.")
        return Goto(WHERE)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        each = f"{WHERE}/{{forwarding}}"
        return (
            page(WHERE, self.show),
            page(each, self.one),
            action(f"{each}/test", self.test),
            action(f"{each}/resume", self.resume, sure=_ask_skipping),
            action(f"{each}/secret", self.secret),
            action(f"{each}/switch", self.switch),
            page(f"{each}/remove", self.ask_removal),
            action(f"{each}/remove", self.remove),
        )


async def one_page(
    server: Server,
    visit: Console,
    name: str,
    *,
    tested: dict[str, Any] | None = None,
    secret: str = "",
    refusal: Refusal | None = None,
) -> Reply:
    """The page of one forwarding. `tested`: what came of a test; `secret`: one that is shown this once."""
    api, where = server.of(visit), path("/v1/forwardings/{name}", name=name)
    values = {
        "one": await api.get(where),
        "log": (await api.listed(f"{where}/deliveries", limit=LOGGED)).items,
        "state": STATES,
        "tested": tested,
        "secret": secret,
        "refusal": refusal,
    }
    return Screen(template="forwarding.html", values=values, status=200 if refusal is None else refusal.status)
