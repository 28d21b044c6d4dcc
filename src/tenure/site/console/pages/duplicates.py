"""Devices that share their hardware with one that was here before: which they are, and merging them after a preview."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.reasons import STATES, state_of
from tenure.site.console.session import PAGE, Console, ConsolePages
from tenure.web.formatting import instant_of
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.visits import show_again

WHERE = "/duplicates/{older}/{newer}"


class DuplicatePages(ConsolePages):
    """The list, and one pair."""

    @page_at("/duplicates")
    async def show(self, visit: Console) -> Reply:
        """All pairs of which it is open whether they are one device."""
        api = self._api(visit)
        found = await api.get_page("/v1/duplicates", {"cursor": visit.query.get("cursor")})
        return PageScreen.of(
            "duplicates.html",
            rows=found.items,
            total=(await api.get("/v1/device-counts"))["duplicates"],
            pages=make_pager(visit, found, PAGE),
        )

    async def _render_pair(self, visit: Console, refusal: PageRefusal | None = None) -> PageScreen:
        if refusal and refusal.code != "nothing_to_change":
            raise RefusedPageError(refusal)
        api = self._api(visit)
        older, newer = [
            await api.get(fill_path("/v1/devices/{device}", device=visit.params[name])) for name in ("older", "newer")
        ]
        license_ = await api.get(fill_path("/v1/licenses/{product}", product=newer["product"]))
        now = instant_of((await api.get("/v1/status"))["now"]) or visit.now
        values = {
            "older": older, "newer": newer, "refusal": refusal, "here": visit.fill_address(WHERE),
            "shown": {each["id"]: STATES[state_of(each, license_, now)] for each in (older, newer)},
            "kept": kept_sentences(older, newer), "released": released_sentences(older, newer), "license": license_,
        }  # fmt: skip
        return PageScreen(template="duplicate.html", values=values, status=200 if refusal is None else 409)

    @page_at(WHERE)
    async def preview(self, visit: Console) -> Reply:
        """Both beside each other, and what merging them would come to."""
        return await show_again(self._render_pair, self._preview_pair)(visit)

    async def _preview_pair(self, visit: Console) -> Reply:
        await self._merge_pair(visit, dry_run=True)
        return await self._render_pair(visit)

    @form_at(WHERE, again=_render_pair)
    async def merge(self, visit: Console) -> Reply:
        """Say that they are one."""
        await self._merge_pair(visit)
        left = (await self._api(visit).get("/v1/device-counts"))["duplicates"]
        where = "/duplicates" if left else fill_path("/devices/{device}", device=visit.params["newer"])
        return RedirectTo(where, "The two are one device now, with one seat.")

    async def _merge_pair(self, visit: Console, *, dry_run: bool = False) -> None:
        older, newer = visit.params["older"], visit.params["newer"]
        where, key = fill_path("/v1/devices/{older}/merge", older=older), visit.form.read_text("_key")
        await self._api(visit).post(where, {"into": newer}, key=key, dry_run=dry_run)


def kept_sentences(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """What stays after a merge, in words."""
    said = [f"The device stays as {_device_name(newer)}, with its key, its version and its history from now on."]
    if newer["counted"]:
        said.append("It keeps the seat that it has.")
    elif older["counted"]:
        said.append(f"It takes over the seat of {_device_name(older)} and is protected at its next contact.")
    else:
        said.append("Neither uses a seat; it asks for one as any other device does.")
    if not newer["group"] and older["group"]:
        said.append(f"It belongs to the group “{older['group']}”, as before.")
    if older["pinned"] and not newer["pinned"]:
        said.append("It is never proposed for release, as before.")
    return said


def released_sentences(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """What goes with a merge, in words."""
    said = [f"{_device_name(older)} is forgotten: it cannot come back under its old key; it has to be enrolled again."]
    if older["counted"] and newer["counted"]:
        said.append("One seat is free at once: two were in use for one computer.")
    elif older["counted"]:
        said.append("No seat is freed: the one goes over.")
    return said


def _device_name(device: dict[str, Any]) -> str:
    return str(device["name"] or device["id"])
