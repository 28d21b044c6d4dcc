"""Fewer devices will be allowed (B11): the dated countdown and the list, edited by whoever knows the devices.

Also which devices have been silent for long, before they are released.
"""

from typing import Any

from tenure.site.console.client import path
from tenure.site.console.losing import question
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, RefusedPageError, Reply, Screen

SILENT_DAYS = 60
"""Asked for unless somebody says otherwise."""


class Seats:
    """Conflict and silent devices."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def conflict(self, visit: Console) -> Reply:
        """The list, as it is proposed."""
        try:
            found = await self._server.of(visit).get(_of(visit, "seat-conflict"))
        except RefusedPageError as error:
            if error.refusal.status != 404:
                raise
            found = None
        return Screen(template="conflict.html", values={"conflict": found, "product": visit.params["product"]})

    async def ask_release(self, visit: Console) -> Sure | None:
        """Whether those that were ticked are meant; nothing is asked where none was."""
        chosen = visit.form.many("device")
        return await question(self._server.of(visit), "release", chosen, visit.path) if chosen else None

    async def release(self, visit: Console) -> Reply:
        """Release those ticked now."""
        chosen = visit.form.many("device")
        if not chosen:
            visit.say("No device was ticked; nothing was released.", "warn")
            return Goto(_page(visit, "conflict"))
        key = visit.form.text("_key")
        done = await self._server.of(visit).post(_of(visit, "seat-conflict/release"), {"devices": chosen}, key=key)
        visit.say(_said(done))
        return Goto(_page(visit, "conflict"))

    async def keep(self, visit: Console) -> Reply:
        """Take a device off the list."""
        device = visit.form.required("device", most=64)
        await self._server.of(visit).put(path("/v1/devices/{device}/pin", device=device), {"pinned": True})
        visit.say("It keeps its seat; another one is proposed in its place.")
        return Goto(_page(visit, "conflict"))

    async def silent(self, visit: Console) -> Reply:
        """Who would be released."""
        days = _days(visit.query.get("days", ""))
        found = await self._server.of(visit).get(_of(visit, "idle-devices"), days=days)
        values = {"found": found, "days": days, "product": visit.params["product"]}
        return Screen(template="silent.html", values=values)

    async def release_silent(self, visit: Console) -> Reply:
        """Release them."""
        body: dict[str, Any] = {"days": _days(visit.form.text("days")), "devices": visit.form.many("device")}
        if not body["devices"]:
            visit.say("No device was ticked; nothing was released.", "warn")
            return Goto(_page(visit, "silent"))
        done = await self._server.of(visit).post(_of(visit, "release-idle"), body, key=visit.form.text("_key"))
        visit.say(_said(done))
        return Goto("/devices")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        one = "/licenses/{product}"
        return (
            page(f"{one}/conflict", self.conflict),
            action(f"{one}/conflict", self.release, sure=self.ask_release),
            action(f"{one}/conflict/keep", self.keep),
            page(f"{one}/silent", self.silent),
            action(f"{one}/silent", self.release_silent, sure=self.ask_release),
        )


def _of(visit: Console, what: str) -> str:
    return path("/v1/licenses/{product}/", product=visit.params["product"]) + what


def _page(visit: Console, what: str) -> str:
    return path("/licenses/{product}/", product=visit.params["product"]) + what


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= 3_650 else SILENT_DAYS


def _said(done: dict[str, int]) -> str:
    return (
        f"{done['released']} released; {done['free_at_once']} of them are free at once, the others at their seat's end."
    )
