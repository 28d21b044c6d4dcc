"""Managed and unassigned devices: found among many, one by one with why it has no seat, and what is done with them."""

from typing import Any
from urllib.parse import quote, urlencode

from tenure.site.console.client import PAGE, Api, path
from tenure.site.console.losing import LOSSES, question
from tenure.site.console.reasons import STATES, state_of, why
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.forms import Form
from tenure.web.pager import pager
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen, local
from tenure.web.words import instant_of

STORED = ("waiting", "protected", "displaced", "idle", "withdrawn", "released", "removed")
"""States that the API filters by."""
TALLIED = (
    ("waiting", "without a seat"), ("protected", "with a seat"),
    ("displaced", "over the limit"), ("idle", "silent, seat freed"),
    ("withdrawn", "with the seat withdrawn"), ("released", "that gave the seat back"), ("removed", "being removed"),
)  # fmt: skip
"""How the figures above the list are called."""
ALL_AT_ONCE = 200
"""Devices that one form can do something with."""
DONE = {
    "withdraw": "Its seat was withdrawn: it gives it up at its next contact.",
    "assign": "It gets a seat at its next contact, as far as one is free.",
    "remove": "It was removed; it counts until it has given its seat up, or the seat's end.",
    "pin": "It is never proposed for release.",
    "unpin": "It may be proposed for release again.",
}
IN_BULK = ("withdraw", "assign", "group", "remove")
"""What can be done with all that were ticked."""

UNKNOWN = Refusal(title="Nothing was chosen that could be done.", status=422, remedy="Go back and choose.")

SURE_DELETE_GROUP = Sure(
    title="Remove this group?",
    text="Its devices become unassigned and keep their seats; its choice of automatic distribution is lost.",
    button="Remove the group",
    back="/devices",
)


class Devices:
    """Lists, one device, groups."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def managed(self, visit: Console) -> Reply:
        """All devices, or those that the filters leave."""
        group = visit.query.get("group") or None
        return await self._list(visit, group, "Managed devices", "/devices")

    async def unassigned(self, visit: Console) -> Reply:
        """Those of no group."""
        return await self._list(visit, "", "Unassigned devices", "/unassigned")

    async def group(self, visit: Console) -> Reply:
        """Those of one group."""
        name = visit.params["group"]
        return await self._list(visit, name, name, f"/groups/{quote(name, safe='')}")

    async def _list(self, visit: Console, group: str | None, title: str, here: str) -> Reply:
        api, query = self._server.of(visit), visit.query
        status, licenses = await _around(api)
        searches = await self._server.offers("GET /v1/devices?q")
        filters: dict[str, Any] = {
            "product": query.get("product") or None,
            "state": query["state"] if query.get("state") in STORED else None,
            "q": (query.get("q", "").strip()[:64] or None) if searches else None,
        }
        found = await api.listed("/v1/devices", {**filters, "group": group, "cursor": query.get("cursor")})
        now = instant_of(status["now"]) or visit.now
        counts = await api.get("/v1/device-counts", product=filters["product"])
        values = {
            "title": title,
            "here": here,
            "group": group,
            "rows": [
                {**each, "shown": STATES[state_of(each, licenses.get(each["product"]), now)]} for each in found.items
            ],
            "why": {each["id"]: why(each, licenses.get(each["product"]), status) for each in found.items},
            "products": list(licenses),
            "states": [(name, "With a seat" if name == "protected" else STATES[name][0]) for name in STORED],
            "asked": {name: value for name, value in filters.items() if value},
            "searches": searches,
            "can_release": await self._server.offers("GET /v1/licenses/{product}/idle-devices"),
            "groups": await self._groups(api),
            "tally": counts["by_state"],
            "tallied": TALLIED,
            "duplicates": counts["duplicates"],
            "pages": pager(visit, found, PAGE),
            "address": visit.with_query(),
        }
        return Screen(template="devices.html", values=values)

    async def _groups(self, api: Api) -> list[Any] | None:
        return await api.whole("/v1/groups") if await self._server.offers("GET /v1/groups") else None

    async def show(self, visit: Console) -> Reply:
        """One device."""
        api = self._server.of(visit)
        status, licenses = await _around(api)
        device = await api.get(_one(visit))
        twin = None
        if device["looks_like"]:
            try:
                twin = await api.get(path("/v1/devices/{device}", device=device["looks_like"]))
            except RefusedPageError:
                twin = None
        license_ = licenses.get(device["product"])
        groups = await self._groups(api)
        values = {
            "device": device,
            "twin": twin,
            "license": license_,
            "shown": STATES[state_of(device, license_, instant_of(status["now"]) or visit.now)],
            "why": why(device, license_, status),
            "groups": groups,
            "group_choices": [("", "none (unassigned)"), *((each["name"], each["name"]) for each in groups or ())],
            "form": Form.of(group=device["group"]),
            "can_pin": await self._server.offers("PUT /v1/devices/{device}/pin"),
        }
        return Screen(template="device.html", values=values)

    async def ask_one(self, visit: Console, what: str) -> Sure | None:
        """Whether a device that has a seat, or is to leave the list, is the one that is meant."""
        api, device = self._server.of(visit), visit.params["device"]
        if what == "withdraw" and (await api.get(_one(visit)))["state"] == "waiting":
            return None
        return await question(api, what, [device], _one(visit).removeprefix("/v1"))

    async def ask_many(self, visit: Console) -> Sure | None:
        """The same of all that were ticked."""
        what, chosen = visit.form.text("what"), visit.form.many("device")[:ALL_AT_ONCE]
        if what not in LOSSES or not chosen:
            return None
        return await question(self._server.of(visit), what, chosen, local(visit.form.text("back"), "/devices"))

    async def do(self, visit: Console) -> Reply:
        """Withdraw, assign, remove, keep: one device."""
        await self._done(self._server.of(visit), visit.params["device"], visit.params["what"], visit.form.text("_key"))
        visit.say(DONE[visit.params["what"]])
        gone = visit.params["what"] == "remove"
        return Goto("/devices" if gone else path("/devices/{device}", device=visit.params["device"]))

    async def do_many(self, visit: Console) -> Reply:
        """The same with all that were ticked."""
        api, what, back = self._server.of(visit), visit.form.text("what"), local(visit.form.text("back"), "/devices")
        chosen = visit.form.many("device")[:ALL_AT_ONCE]
        if what not in IN_BULK:
            visit.say(
                "Nothing was chosen to be done. Choose it beside the button; what was ticked is untouched.", "warn"
            )
            return Goto(back)
        done, refused = 0, ""
        for device in chosen:
            try:
                if what == "group":
                    await _moved(api, device, visit.form.text("group", most=64))
                else:
                    await self._done(api, device, what, "")
                done += 1
            except RefusedPageError as error:
                refused = error.refusal.detail or error.refusal.title
        if not chosen:
            visit.say("No device was ticked.", "warn")
        if done:
            visit.say(f"Done for {done} {'device' if done == 1 else 'devices'}.")
        if refused:
            visit.say(f"Not done for {len(chosen) - done}: {refused}", "warn")
        return Goto(back)

    async def _done(self, api: Api, device: str, what: str, key: str) -> None:
        one = path("/v1/devices/{device}", device=device)
        if what in ("withdraw", "assign"):
            await api.post(f"{one}/{what}", key=key)
        elif what == "remove":
            await api.delete(one)
        elif what in ("pin", "unpin"):
            await api.put(f"{one}/pin", {"pinned": what == "pin"})
        else:
            raise RefusedPageError(UNKNOWN)

    async def move(self, visit: Console) -> Reply:
        """Put a device into a group, or into none."""
        name = visit.form.text("new_group", most=64) or visit.form.text("group", most=64)
        await _moved(self._server.of(visit), visit.params["device"], name)
        visit.say(f"It belongs to “{name}” now." if name else "It is unassigned now.")
        return Goto(path("/devices/{device}", device=visit.params["device"]))

    async def put_group(self, visit: Console) -> Reply:
        """Make a group, or say whether it distributes by itself."""
        name = visit.form.required("name", most=64)
        if not name:
            visit.say("A group has a name.", "warn")
            return Goto("/devices")
        body = {"automatic": visit.form.flag("automatic")}
        await self._server.of(visit).put(path("/v1/groups/{name}", name=name), body)
        visit.say(f"The group “{name}” is as you said.")
        return Goto("/groups/" + quote(name, safe="") if "/" not in name else "/devices?" + urlencode({"group": name}))

    async def delete_group(self, visit: Console) -> Reply:
        """Remove a group; its devices are unassigned and keep their seats."""
        name = visit.form.required("name", most=64)
        await self._server.of(visit).delete(path("/v1/groups/{name}", name=name))
        visit.say(f"The group “{name}” is gone; its devices are unassigned and keep the seats they have.")
        return Goto("/unassigned")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        one = "/devices/{device}"
        return (
            page("/devices", self.managed),
            page("/unassigned", self.unassigned),
            page("/groups/{group}", self.group),
            action("/groups", self.put_group),
            action("/groups/remove", self.delete_group, sure=SURE_DELETE_GROUP),
            action("/devices", self.do_many, sure=self.ask_many),
            page(one, self.show),
            action(f"{one}/group", self.move),
            *(action(f"{one}/{what}", _named(self, what), sure=_asked(self, what)) for what in DONE),
        )


def _named(devices: Devices, what: str) -> Any:
    async def do(visit: Console) -> Reply:
        visit.params["what"] = what
        return await devices.do(visit)

    return do


def _asked(devices: Devices, what: str) -> Any:
    async def ask(visit: Console) -> Sure | None:
        return await devices.ask_one(visit, what)

    return ask if what in LOSSES else None


async def _moved(api: Api, device: str, group: str) -> None:
    await api.put(path("/v1/devices/{device}/group", device=device), {"group": group})


async def _around(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    status = await api.get("/v1/status")
    licenses = {each["product"]: each for each in (await api.get("/v1/licenses"))["items"]}
    return status, licenses


def _one(visit: Console) -> str:
    return path("/v1/devices/{device}", device=visit.params["device"])
