"""Fewer devices will be allowed (B11): the dated countdown and the list, which the site's operators may edit.

Also which devices have been silent for long, before they are released.
"""

from typing import Any

from tenure.core.whole_numbers import read_whole_number
from tenure.http.client.api_exchange import fill_path
from tenure.site.console.loss_questions import loss_question
from tenure.site.console.session import Console, ConsolePages
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply

SILENT_DAYS = 60
"""Days of silence that the page begins with; the user may choose others."""


class SeatPages(ConsolePages):
    """Conflict and silent devices."""

    @page_at("/licenses/{product}/conflict")
    async def conflict(self, visit: Console) -> Reply:
        """The list, as it is proposed."""
        try:
            found = await self._api(visit).get(_ask_api(visit, "seat-conflict"))
        except RefusedPageError as error:
            if error.refusal.status != 404:
                raise
            found = None
        return PageScreen.of("conflict.html", conflict=found, product=visit.params["product"])

    async def ask_release(self, visit: Console) -> ConfirmationQuestion | None:
        """Whether those that were ticked are meant; nothing is asked where none was."""
        chosen = visit.form.read_many("device")
        return await loss_question(self._api(visit), "release", chosen, visit.path) if chosen else None

    @form_at("/licenses/{product}/conflict", sure=ask_release)
    async def release(self, visit: Console) -> Reply:
        """Release those ticked now."""
        chosen = visit.form.read_many("device")
        if not chosen:
            return RedirectTo(_render_page(visit, "conflict"), "No device was ticked; nothing was released.", "warn")
        key = visit.form.read_text("_key")
        done = await self._api(visit).post(_ask_api(visit, "seat-conflict/release"), {"devices": chosen}, key=key)
        return RedirectTo(_render_page(visit, "conflict"), _result_sentence(done.value))

    @form_at("/licenses/{product}/conflict/keep")
    async def keep(self, visit: Console) -> Reply:
        """Take a device off the list."""
        device = visit.form.read_required("device", most=64)
        await self._api(visit).put(fill_path("/v1/devices/{device}/pin", device=device), {"pinned": True})
        return RedirectTo(_render_page(visit, "conflict"), "It keeps its seat; another one is proposed in its place.")

    @page_at("/licenses/{product}/silent")
    async def silent(self, visit: Console) -> Reply:
        """Who would be released."""
        days = _read_days(visit.query.get("days", ""))
        found = await self._api(visit).get(_ask_api(visit, "idle-devices"), days=days)
        return PageScreen.of("silent.html", found=found, days=days, product=visit.params["product"])

    @form_at("/licenses/{product}/silent", sure=ask_release)
    async def release_silent(self, visit: Console) -> Reply:
        """Release them."""
        body: dict[str, Any] = {
            "days": _read_days(visit.form.read_text("days")),
            "devices": visit.form.read_many("device"),
        }
        if not body["devices"]:
            return RedirectTo(_render_page(visit, "silent"), "No device was ticked; nothing was released.", "warn")
        done = await self._api(visit).post(_ask_api(visit, "release-idle"), body, key=visit.form.read_text("_key"))
        return RedirectTo("/devices", _result_sentence(done.value))


def _ask_api(visit: Console, what: str) -> str:
    return visit.fill_address("/v1/licenses/{product}/") + what


def _render_page(visit: Console, what: str) -> str:
    return visit.fill_address("/licenses/{product}/") + what


def _read_days(text: str) -> int:
    days = read_whole_number(text) or 0
    return days if 1 <= days <= 3_650 else SILENT_DAYS


def _result_sentence(done: dict[str, int]) -> str:
    return (
        f"{done['released']} released; {done['free_at_once']} of them are free at once, the others at their seat's end."
    )
