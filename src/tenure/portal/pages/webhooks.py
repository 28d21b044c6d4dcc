"""Webhooks: where events are told, their secrets, what was delivered, and sending it again."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tenure.portal.picking_events import WHAT, event_topics, events_of, filled
from tenure.portal.sendings import of_delivery
from tenure.portal.session import PAGE, Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, edit_screen, shown_form
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager
from tenure.web.questions import name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.visits import form_screen

ADDRESS = "/v1/webhooks/{webhook}"
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

    async def _render_list(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._api(visit)
        topics, rows = await event_topics(api, visit.form.read_many("events")), await api.get_all("/v1/webhooks")
        return form_screen(visit, "webhooks.html", refusal, rows=rows, what=WHAT, topics=topics)

    @page_at("/webhooks")
    async def show(self, visit: Portal) -> Reply:
        """The list and the form."""
        return await self._render_list(visit)

    @form_at("/webhooks", again=_render_list)
    async def create(self, visit: Portal) -> Reply:
        """Make one; its secret is on the page that answers."""
        body = _request_body(visit.form)
        made = (await self._api(visit).post("/v1/webhooks", body, key=visit.form.read_text("_key"))).value
        visit.form, visit.params["webhook"] = SentForm(), made["id"]
        return await self._render_webhook(visit, secret=made["secret"])

    async def _render_webhook(
        self, visit: Portal, refusal: PageRefusal | None = None, *, secret: str = ""
    ) -> PageScreen:
        api, address = self._api(visit), visit.fill_address(ADDRESS)
        seen = await api.get_with_etag(address)
        hook = seen.value
        found = await api.get_page(f"{address}/deliveries", {"cursor": visit.query.get("cursor")})
        stored = {name: hook[name] for name in ("url", "events", "note")} | {
            "active": "on" if hook["active"] else "off"
        }
        known = SentForm.of(url=hook["url"], note=hook["note"], **filled(hook["events"]))
        values: dict[str, Any] = {
            "hook": hook,
            "deliveries": found.items,
            "told": partial(of_delivery, now=visit.now, active=hook["active"]),
            "pages": make_pager(visit, found, PAGE),
            "secret": secret,
            "what": WHAT,
            "topics": await event_topics(api, shown_form(visit, stored, known).read_many("events")),
        }
        return edit_screen(visit, "webhook.html", refusal, seen, stored, {"active": "State"}, known=known, **values)

    @page_at("/webhooks/{webhook}")
    async def look(self, visit: Portal) -> Reply:
        """One, with what was delivered."""
        return await self._render_webhook(visit)

    @form_at("/webhooks/{webhook}", again=_render_webhook)
    async def change(self, visit: Portal) -> Reply:
        """Another address, other events, on or off."""
        form = visit.form
        body = _request_body(form) | {"active": form.read_text("active") != "off"}
        await self._api(visit).put(visit.fill_address(ADDRESS), body, if_match=form.read_text("seen") or NOTHING_SEEN)
        return RedirectTo(visit.path, "Saved.")

    @form_at("/webhooks/{webhook}/rotate")
    async def rotate(self, visit: Portal) -> Reply:
        """Another secret; the old one signs too for a day."""
        return await self._rotate_secret(visit, {})

    async def ask_rotation(self, visit: Portal) -> ConfirmationQuestion:
        """Whose secret is meant."""
        asked = await self._name_webhook(visit, SURE_ROTATE_AT_ONCE)
        return msgspec.structs.replace(asked, back=visit.fill_address("/webhooks/{webhook}"))

    @form_at("/webhooks/{webhook}/rotate-at-once", sure=ask_rotation)
    async def rotate_at_once(self, visit: Portal) -> Reply:
        """As `rotate`, and the old one signs nothing more."""
        return await self._rotate_secret(visit, {"overlap_hours": 0})

    async def _rotate_secret(self, visit: Portal, body: dict[str, int]) -> Reply:
        address = visit.fill_address(ADDRESS + "/rotate-secret")
        made = await self._api(visit).post(address, body, key=visit.form.read_text("_key"))
        return await self._render_webhook(visit, secret=made.value["secret"])

    async def ask_removal(self, visit: Portal) -> ConfirmationQuestion:
        """Which webhook is meant."""
        return await self._name_webhook(visit, SURE_REMOVE)

    async def _name_webhook(self, visit: Portal, question: ConfirmationQuestion) -> ConfirmationQuestion:
        hook = await self._api(visit).get(visit.fill_address(ADDRESS))
        lines = (("Address", hook["url"]), ("Note", hook["note"]))
        return name_question(question, urlsplit(hook["url"]).hostname or hook["url"], *lines)

    @form_at("/webhooks/{webhook}/test")
    async def test(self, visit: Portal) -> Reply:
        """Send a test event."""
        await self._api(visit).post(visit.fill_address(ADDRESS + "/test"), key=visit.form.read_text("_key"))
        said = "A test event is on its way; it appears below."
        return RedirectTo(visit.fill_address("/webhooks/{webhook}"), said, "info")

    @form_at("/webhooks/{webhook}/deliveries/{delivery}/replay")
    async def replay(self, visit: Portal) -> Reply:
        """Send something again."""
        address = visit.fill_address(ADDRESS + "/deliveries/{delivery}/replay")
        await self._api(visit).post(address, key=visit.form.read_text("_key"))
        return RedirectTo(visit.fill_address("/webhooks/{webhook}"), "It is sent again.", "info")

    @form_at("/webhooks/{webhook}/remove", sure=ask_removal)
    async def remove(self, visit: Portal) -> Reply:
        """Take it away."""
        await self._api(visit).delete(visit.fill_address(ADDRESS))
        return RedirectTo("/webhooks", "The webhook is removed.")


def _request_body(form: SentForm) -> dict[str, Any]:
    """What both forms say. Raises `FormAgainError`."""
    body = {
        "url": form.read_required("url", most=512),
        "events": events_of(form),
        "note": form.read_text("note", most=200),
    }
    form.require_valid()
    return body
