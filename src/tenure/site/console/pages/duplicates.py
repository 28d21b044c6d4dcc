"""Devices that share their hardware with one that was here before: which they are, and merging them after a preview."""

from typing import Any

from tenure.site.console.client import PAGE, path
from tenure.site.console.reasons import STATES, state_of
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.pager import pager
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen
from tenure.web.words import instant_of

WHERE = "/duplicates/{older}/{newer}"


class Duplicates:
    """The list, and one pair."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """All pairs of which it is open whether they are one device."""
        api = self._server.of(visit)
        found = await api.listed("/v1/duplicates", {"cursor": visit.query.get("cursor")})
        values = {
            "rows": found.items,
            "total": (await api.get("/v1/device-counts"))["duplicates"],
            "pages": pager(visit, found, PAGE),
        }
        return Screen(template="duplicates.html", values=values)

    async def preview(self, visit: Console) -> Reply:
        """Both beside each other, and what merging them would come to."""
        try:
            await self._merged(visit, rehearse=True)
        except RefusedPageError as error:
            if error.refusal.code != "nothing_to_change":
                raise
            return await self._pair(visit, error.refusal)
        return await self._pair(visit)

    async def merge(self, visit: Console) -> Reply:
        """Say that they are one."""
        try:
            await self._merged(visit)
        except RefusedPageError as error:
            if error.refusal.code != "nothing_to_change":
                raise
            return await self._pair(visit, error.refusal)
        visit.say("The two are one device now, with one seat.")
        left = (await self._server.of(visit).get("/v1/device-counts"))["duplicates"]
        return Goto("/duplicates" if left else path("/devices/{device}", device=visit.params["newer"]))

    async def _merged(self, visit: Console, *, rehearse: bool = False) -> None:
        older, newer = visit.params["older"], visit.params["newer"]
        where, key = path("/v1/devices/{older}/merge", older=older), visit.form.text("_key")
        await self._server.of(visit).post(where, {"into": newer}, key=key, dry_run=rehearse)

    async def _pair(self, visit: Console, refusal: Refusal | None = None) -> Reply:
        api = self._server.of(visit)
        older, newer = [
            await api.get(path("/v1/devices/{device}", device=visit.params[name])) for name in ("older", "newer")
        ]
        license_ = await api.get(path("/v1/licenses/{product}", product=newer["product"]))
        now = instant_of((await api.get("/v1/status"))["now"]) or visit.now
        values = {
            "older": older, "newer": newer, "refusal": refusal, "here": path(WHERE, **visit.params),
            "shown": {each["id"]: STATES[state_of(each, license_, now)] for each in (older, newer)},
            "kept": kept(older, newer), "released": released(older, newer), "license": license_,
        }  # fmt: skip
        return Screen(template="duplicate.html", values=values, status=200 if refusal is None else 409)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/duplicates", self.show), page(WHERE, self.preview), action(WHERE, self.merge))


def kept(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """What stays after a merge, in words."""
    said = [f"The device stays as {_named(newer)}, with its key, its version and its history from now on."]
    if newer["counted"]:
        said.append("It keeps the seat that it has.")
    elif older["counted"]:
        said.append(f"It takes over the seat of {_named(older)} and is protected at its next contact.")
    else:
        said.append("Neither uses a seat; it asks for one as any other device does.")
    if not newer["group"] and older["group"]:
        said.append(f"It belongs to the group “{older['group']}”, as before.")
    if older["pinned"] and not newer["pinned"]:
        said.append("It is never proposed for release, as before.")
    return said


def released(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """What goes with a merge, in words."""
    said = [f"{_named(older)} is forgotten: it cannot come back under its old key, only be enrolled anew."]
    if older["counted"] and newer["counted"]:
        said.append("One seat is free at once: two were in use for one computer.")
    elif older["counted"]:
        said.append("No seat is freed: the one goes over.")
    return said


def _named(device: dict[str, Any]) -> str:
    return str(device["name"] or device["id"])
