"""Webhooks: where events are told, their secrets, what was delivered, and sending it again."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tenure.http.client.api_exchange import fill_path
from tenure.portal.picking_events import WHAT, event_topics, events_of, filled
from tenure.portal.sendings import of_delivery
from tenure.portal.session import PAGE, Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, is_stale, stale_fields
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager
from tenure.web.questions import name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

SURE_REMOVE = ConfirmationQuestion(
    title="Remove the webhook at {}?",
    text="Nothing more is sent there, and the log of its deliveries is deleted. This cannot be undone.",
    button="Remove the webhook",
    back="/webhooks",
)

SURE_ROTATE_AT_ONCE = ConfirmationQuestion(
    title="End the old secret of the webhook at {} at once?",
    text="A receiver that checks signatures with the old secret refuses your events until it knows the new one."
    " This cannot be undone.",
    button="Make a new secret, end the old one",
    back="/webhooks",
)


class WebhookPages(PortalPages):
    """The pages about webhooks."""

    @page_at("/webhooks")
    async def show(self, visit: Portal) -> Reply:
        """The list and the form."""
        return await self._render_list(visit)

    async def _render_list(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._server.api_for(visit)
        topics = await event_topics(api, visit.form.read_many("events"))
        values = {"rows": await api.get_all("/v1/webhooks"), "refusal": refusal, "what": WHAT, "topics": topics}
        return PageScreen(template="webhooks.html", values=values, status=422 if refusal or visit.form.errors else 200)

    @form_at("/webhooks")
    async def create(self, visit: Portal) -> Reply:
        """Make one; its secret is on the page that answers."""
        form = visit.form
        body = {
            "url": form.read_required("url", most=512),
            "events": events_of(form),
            "note": form.read_text("note", most=200),
        }
        if form.errors:
            return await self._render_list(visit)
        try:
            made = (await self._server.api_for(visit).post("/v1/webhooks", body, key=form.read_text("_key"))).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._render_list(visit, form.place_refusal(error.refusal))
        return await self._render_webhook(visit, made["id"], made["secret"])

    @page_at("/webhooks/{webhook}")
    async def look(self, visit: Portal) -> Reply:
        """One, with what was delivered."""
        return await self._render_webhook(visit, visit.params["webhook"])

    async def _render_webhook(
        self, visit: Portal, name: str, secret: str = "", refusal: PageRefusal | None = None
    ) -> PageScreen:
        api, address = self._server.api_for(visit), fill_path("/v1/webhooks/{name}", name=name)
        seen = await api.get_with_etag(address)
        hook = seen.value
        found = await api.get_page(f"{address}/deliveries", {"cursor": visit.query.get("cursor")})
        known = SentForm.of(url=hook["url"], note=hook["note"], **filled(hook["events"]))
        form = visit.form if visit.form.errors or refusal else known
        values: dict[str, Any] = {
            "hook": hook,
            "deliveries": found.items,
            "told": partial(of_delivery, now=visit.now, active=hook["active"]),
            "pages": make_pager(visit, found, PAGE),
            "secret": secret,
            "refusal": refusal,
            "form": form,
            "what": WHAT,
            "topics": await event_topics(api, form.read_many("events")),
            "seen": visit.form.read_text("seen") if visit.form.errors else seen.etag,
        }
        if is_stale(refusal):
            stored = {name: hook[name] for name in ("url", "events", "note")}
            stored["active"] = "on" if hook["active"] else "off"
            values |= {"refusal": None, "differences": stale_fields(visit.form, stored, {"active": "State"})}
        status = STATUS if is_stale(refusal) else 422 if refusal or visit.form.errors else 200
        return PageScreen(template="webhook.html", values=values, status=status)

    @form_at("/webhooks/{webhook}")
    async def change(self, visit: Portal) -> Reply:
        """Another address, other events, on or off."""
        api, form, name = self._server.api_for(visit), visit.form, visit.params["webhook"]
        address = fill_path("/v1/webhooks/{name}", name=name)
        body = {
            "url": form.read_required("url", most=512),
            "events": events_of(form),
            "note": form.read_text("note", most=200),
            "active": form.read_text("active") != "off",
        }
        if form.errors:
            return await self._render_webhook(visit, name)
        try:
            await api.put(address, body, if_match=form.read_text("seen") or NOTHING_SEEN)
        except RefusedPageError as error:
            return await self._render_webhook(visit, name, "", form.place_refusal(error.refusal))
        visit.flash_message("Saved.")
        return RedirectTo(fill_path("/webhooks/{name}", name=name))

    @form_at("/webhooks/{webhook}/rotate")
    async def rotate(self, visit: Portal) -> Reply:
        """Another secret; the old one signs too for a day."""
        return await self._rotate_secret(visit, {})

    async def ask_rotation(self, visit: Portal) -> ConfirmationQuestion:
        """Whose secret is meant."""
        asked = await self._name_webhook(visit, SURE_ROTATE_AT_ONCE)
        return msgspec.structs.replace(asked, back=fill_path("/webhooks/{name}", name=visit.params["webhook"]))

    @form_at("/webhooks/{webhook}/rotate-at-once", sure=ask_rotation)
    async def rotate_at_once(self, visit: Portal) -> Reply:
        """As `rotate`, and the old one signs nothing more."""
        return await self._rotate_secret(visit, {"overlap_hours": 0})

    async def _rotate_secret(self, visit: Portal, body: dict[str, int]) -> Reply:
        name = visit.params["webhook"]
        address = fill_path("/v1/webhooks/{name}/rotate-secret", name=name)
        made = await self._server.api_for(visit).post(address, body, key=visit.form.read_text("_key"))
        return await self._render_webhook(visit, name, made.value["secret"])

    async def ask_removal(self, visit: Portal) -> ConfirmationQuestion:
        """Which webhook is meant."""
        return await self._name_webhook(visit, SURE_REMOVE)

    async def _name_webhook(self, visit: Portal, question: ConfirmationQuestion) -> ConfirmationQuestion:
        hook = await self._server.api_for(visit).get(fill_path("/v1/webhooks/{name}", name=visit.params["webhook"]))
        lines = (("Address", hook["url"]), ("Note", hook["note"]))
        return name_question(question, urlsplit(hook["url"]).hostname or hook["url"], *lines)

    @form_at("/webhooks/{webhook}/test")
    async def test(self, visit: Portal) -> Reply:
        """Send a test event."""
        name = visit.params["webhook"]
        address = fill_path("/v1/webhooks/{name}/test", name=name)
        await self._server.api_for(visit).post(address, key=visit.form.read_text("_key"))
        visit.flash_message("A test event is on its way; it appears below.", "info")
        return RedirectTo(fill_path("/webhooks/{name}", name=name))

    @form_at("/webhooks/{webhook}/deliveries/{delivery}/replay")
    async def replay(self, visit: Portal) -> Reply:
        """Send something again."""
        name = visit.params["webhook"]
        address = fill_path("/v1/webhooks/{name}/deliveries/{one}/replay", name=name, one=visit.params["delivery"])
        await self._server.api_for(visit).post(address, key=visit.form.read_text("_key"))
        visit.flash_message("It is sent again.", "info")
        return RedirectTo(fill_path("/webhooks/{name}", name=name))

    @form_at("/webhooks/{webhook}/remove", sure=ask_removal)
    async def remove(self, visit: Portal) -> Reply:
        """Take it away."""
        await self._server.api_for(visit).delete(fill_path("/v1/webhooks/{name}", name=visit.params["webhook"]))
        visit.flash_message("The webhook is removed.")
        return RedirectTo("/webhooks")
