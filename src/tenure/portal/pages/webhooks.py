"""Webhooks: where events are told, their secrets, what was delivered, and sending it again."""

from functools import partial
from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import PAGE, path
from tenure.portal.picking_events import WHAT, event_topics, events_of, filled
from tenure.portal.sendings import of_delivery
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.web.app import Route, Sure, action, page
from tenure.web.forms import Form
from tenure.web.pager import pager
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

SURE_REMOVE = Sure(
    title="Remove this webhook?",
    text="Nothing more is sent there, and the log of what was delivered goes with it. This cannot be undone.",
    button="Remove the webhook",
    back="/webhooks",
)

SURE_ROTATE_AT_ONCE = Sure(
    title="End the old secret at once?",
    text="Whoever checks signatures with the old secret refuses your events until it knows the new one."
    " This cannot be undone.",
    button="Make a new secret, end the old one",
    back="/webhooks",
)


class Webhooks:
    """The pages about webhooks."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The list and the form."""
        return await self._list(visit)

    async def _list(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        api = self._server.of(visit)
        topics = await event_topics(api, visit.form.many("events"))
        values = {"rows": await api.whole("/v1/webhooks"), "refusal": refusal, "what": WHAT, "topics": topics}
        return Screen(template="webhooks.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def create(self, visit: Portal) -> Reply:
        """Make one; its secret is on the page that answers."""
        form = visit.form
        body = {"url": form.required("url", most=512), "events": events_of(form), "note": form.text("note", most=200)}
        if form.errors:
            return await self._list(visit)
        try:
            made = (await self._server.of(visit).post("/v1/webhooks", body, key=form.text("_key"))).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._list(visit, None if blamed(form, error.refusal) else error.refusal)
        return await self._one(visit, made["id"], made["secret"])

    async def look(self, visit: Portal) -> Reply:
        """One, with what was delivered."""
        return await self._one(visit, visit.params["webhook"])

    async def _one(self, visit: Portal, name: str, secret: str = "", refusal: Refusal | None = None) -> Screen:
        api, address = self._server.of(visit), path("/v1/webhooks/{name}", name=name)
        seen = await api.tagged(address)
        hook = seen.value
        found = await api.listed(f"{address}/deliveries", {"cursor": visit.query.get("cursor")})
        known = Form.of(url=hook["url"], note=hook["note"], **filled(hook["events"]))
        form = visit.form if visit.form.errors or refusal else known
        values: dict[str, Any] = {
            "hook": hook,
            "deliveries": found.items,
            "told": partial(of_delivery, now=visit.now, active=hook["active"]),
            "pages": pager(visit, found, PAGE),
            "secret": secret,
            "refusal": refusal,
            "form": form,
            "what": WHAT,
            "topics": await event_topics(api, form.many("events")),
            "seen": visit.form.text("seen") if visit.form.errors else seen.etag,
        }
        if is_stale(refusal):
            stored = {name: hook[name] for name in ("url", "events", "note")}
            stored["active"] = "on" if hook["active"] else "off"
            values |= {"refusal": None, "differences": differences(visit.form, stored, {"active": "State"})}
        status = STATUS if is_stale(refusal) else 422 if refusal or visit.form.errors else 200
        return Screen(template="webhook.html", values=values, status=status)

    async def change(self, visit: Portal) -> Reply:
        """Another address, other events, on or off."""
        api, form, name = self._server.of(visit), visit.form, visit.params["webhook"]
        address = path("/v1/webhooks/{name}", name=name)
        body = {
            "url": form.required("url", most=512),
            "events": events_of(form),
            "note": form.text("note", most=200),
            "active": form.text("active") != "off",
        }
        if form.errors:
            return await self._one(visit, name)
        try:
            await api.put(address, body, if_match=form.text("seen") or NOTHING_SEEN)
        except RefusedPageError as error:
            return await self._one(visit, name, "", None if blamed(form, error.refusal) else error.refusal)
        visit.say("Saved.")
        return Goto(path("/webhooks/{name}", name=name))

    async def rotate(self, visit: Portal) -> Reply:
        """Another secret; the old one signs too for a day."""
        return await self._rotated(visit, {})

    async def rotate_at_once(self, visit: Portal) -> Reply:
        """As `rotate`, and the old one signs nothing more."""
        return await self._rotated(visit, {"overlap_hours": 0})

    async def _rotated(self, visit: Portal, body: dict[str, int]) -> Reply:
        name = visit.params["webhook"]
        address = path("/v1/webhooks/{name}/rotate-secret", name=name)
        made = await self._server.of(visit).post(address, body, key=visit.form.text("_key"))
        return await self._one(visit, name, made.value["secret"])

    async def test(self, visit: Portal) -> Reply:
        """Send a test event."""
        name = visit.params["webhook"]
        address = path("/v1/webhooks/{name}/test", name=name)
        await self._server.of(visit).post(address, key=visit.form.text("_key"))
        visit.say("A test event is on its way; it appears below.", "info")
        return Goto(path("/webhooks/{name}", name=name))

    async def replay(self, visit: Portal) -> Reply:
        """Send something again."""
        name = visit.params["webhook"]
        address = path("/v1/webhooks/{name}/deliveries/{one}/replay", name=name, one=visit.params["delivery"])
        await self._server.of(visit).post(address, key=visit.form.text("_key"))
        visit.say("It is sent again.", "info")
        return Goto(path("/webhooks/{name}", name=name))

    async def remove(self, visit: Portal) -> Reply:
        """Take it away."""
        await self._server.of(visit).delete(path("/v1/webhooks/{name}", name=visit.params["webhook"]))
        visit.say("The webhook is removed.")
        return Goto("/webhooks")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/webhooks", self.show),
            action("/webhooks", self.create),
            page("/webhooks/{webhook}", self.look),
            action("/webhooks/{webhook}", self.change),
            action("/webhooks/{webhook}/rotate", self.rotate),
            action("/webhooks/{webhook}/rotate-at-once", self.rotate_at_once, sure=SURE_ROTATE_AT_ONCE),
            action("/webhooks/{webhook}/test", self.test),
            action("/webhooks/{webhook}/remove", self.remove, sure=SURE_REMOVE),
            action("/webhooks/{webhook}/deliveries/{delivery}/replay", self.replay),
        )
