"""Managed and unassigned devices: found among many, one by one with why it has no seat, and what is done with them."""

from typing import Any
from urllib.parse import quote, urlencode

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.loss_questions import LOSSES, loss_question
from tenure.site.console.reasons import STATES, reason_of, state_of
from tenure.site.console.session import PAGE, Console, ConsolePages
from tenure.web.formatting import instant_of
from tenure.web.forms import SentForm
from tenure.web.page_api import PageApi
from tenure.web.page_app import ConfirmationQuestion, PageRoute, form_route
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager
from tenure.web.questions import GONE, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply, local_path

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

UNKNOWN = PageRefusal(title="Nothing was chosen that could be done.", status=422, remedy="Go back and choose.")

SURE_DELETE_GROUP = ConfirmationQuestion(
    title="Remove the group {}?",
    text="Its devices become unassigned and keep their seats; its choice of automatic distribution is lost.",
    button="Remove the group",
    back="/devices",
)


class DevicePages(ConsolePages):
    """Lists, one device, groups."""

    @page_at("/devices")
    async def managed(self, visit: Console) -> Reply:
        """All devices, or those that the filters leave."""
        group = visit.query.get("group") or None
        return await self._render_list(visit, group, "Managed devices", "/devices")

    @page_at("/unassigned")
    async def unassigned(self, visit: Console) -> Reply:
        """Those of no group."""
        return await self._render_list(visit, "", "Unassigned devices", "/unassigned")

    @page_at("/groups/{group}")
    async def group(self, visit: Console) -> Reply:
        """Those of one group."""
        name = visit.params["group"]
        return await self._render_list(visit, name, name, f"/groups/{quote(name, safe='')}")

    async def _render_list(self, visit: Console, group: str | None, title: str, here: str) -> Reply:
        api, query = self._api(visit), visit.query
        status, licenses = await _common_values(api)
        filters: dict[str, Any] = {
            "product": query.get("product") or None,
            "state": query["state"] if query.get("state") in STORED else None,
            "q": query.get("q", "").strip()[:64] or None,
        }
        found = await api.get_page("/v1/devices", {**filters, "group": group, "cursor": query.get("cursor")})
        now = instant_of(status["now"]) or visit.now
        counts = await api.get("/v1/device-counts", product=filters["product"])
        return PageScreen.of(
            "devices.html",
            title=title,
            here=here,
            group=group,
            rows=[
                {**each, "shown": STATES[state_of(each, licenses.get(each["product"]), now)]} for each in found.items
            ],
            why={each["id"]: reason_of(each, licenses.get(each["product"]), status) for each in found.items},
            products=list(licenses),
            states=[(name, "With a seat" if name == "protected" else STATES[name][0]) for name in STORED],
            asked={name: value for name, value in filters.items() if value},
            groups=await api.get_all("/v1/groups"),
            tally=counts["by_state"],
            tallied=TALLIED,
            duplicates=counts["duplicates"],
            pages=make_pager(visit, found, PAGE),
            address=visit.with_query(),
        )

    @page_at("/devices/{device}")
    async def show(self, visit: Console) -> Reply:
        """One device."""
        api = self._api(visit)
        status, licenses = await _common_values(api)
        device = await api.get(_device_name(visit))
        twin = None
        if device["looks_like"]:
            try:
                twin = await api.get(fill_path("/v1/devices/{device}", device=device["looks_like"]))
            except RefusedPageError:
                twin = None
        license_ = licenses.get(device["product"])
        groups = await api.get_all("/v1/groups")
        return PageScreen.of(
            "device.html",
            device=device,
            twin=twin,
            license=license_,
            shown=STATES[state_of(device, license_, instant_of(status["now"]) or visit.now)],
            why=reason_of(device, license_, status),
            groups=groups,
            group_choices=[("", "none (unassigned)"), *((each["name"], each["name"]) for each in groups)],
            form=SentForm.of(group=device["group"]),
        )

    async def ask_one(self, visit: Console, what: str) -> ConfirmationQuestion | None:
        """Whether a device that has a seat, or is to leave the list, is the one that is meant."""
        api, device = self._api(visit), visit.params["device"]
        if what == "withdraw" and (await api.get(_device_name(visit)))["state"] == "waiting":
            return None
        return await loss_question(api, what, [device], _device_name(visit).removeprefix("/v1"))

    async def ask_many(self, visit: Console) -> ConfirmationQuestion | None:
        """The same of all that were ticked."""
        what, chosen = visit.form.read_text("what"), visit.form.read_many("device")[:ALL_AT_ONCE]
        if what not in LOSSES or not chosen:
            return None
        return await loss_question(self._api(visit), what, chosen, local_path(visit.form.read_text("back"), "/devices"))

    async def do(self, visit: Console) -> Reply:
        """Withdraw, assign, remove, keep: one device."""
        await self._do_action(
            self._api(visit), visit.params["device"], visit.params["what"], visit.form.read_text("_key")
        )
        visit.flash_message(DONE[visit.params["what"]])
        gone = visit.params["what"] == "remove"
        return RedirectTo("/devices" if gone else visit.fill_address("/devices/{device}"))

    @form_at("/devices", sure=ask_many)
    async def do_many(self, visit: Console) -> Reply:
        """The same with all that were ticked."""
        api, what, back = (
            self._api(visit),
            visit.form.read_text("what"),
            local_path(visit.form.read_text("back"), "/devices"),
        )
        chosen = visit.form.read_many("device")[:ALL_AT_ONCE]
        if what not in IN_BULK:
            visit.flash_message(
                "Nothing was chosen to be done. Choose it beside the button; the selected devices are unchanged.",
                "warn",
            )
            return RedirectTo(back)
        done, refused = 0, ""
        for device in chosen:
            try:
                if what == "group":
                    await _move_device(api, device, visit.form.read_text("group", most=64))
                else:
                    await self._do_action(api, device, what, "")
                done += 1
            except RefusedPageError as error:
                refused = error.refusal.detail or error.refusal.title
        if not chosen:
            visit.flash_message("No device was ticked.", "warn")
        if done:
            visit.flash_message(f"Done for {done} {'device' if done == 1 else 'devices'}.")
        if refused:
            visit.flash_message(f"Not done for {len(chosen) - done}: {refused}", "warn")
        return RedirectTo(back)

    async def _do_action(self, api: PageApi, device: str, what: str, key: str) -> None:
        one = fill_path("/v1/devices/{device}", device=device)
        if what in ("withdraw", "assign"):
            await api.post(f"{one}/{what}", key=key)
        elif what == "remove":
            await api.delete(one)
        elif what in ("pin", "unpin"):
            await api.put(f"{one}/pin", {"pinned": what == "pin"})
        else:
            raise RefusedPageError(UNKNOWN)

    @form_at("/devices/{device}/group")
    async def move(self, visit: Console) -> Reply:
        """Put a device into a group, or into none."""
        name = visit.form.read_text("new_group", most=64) or visit.form.read_text("group", most=64)
        await _move_device(self._api(visit), visit.params["device"], name)
        said = f"It belongs to “{name}” now." if name else "It is unassigned now."
        return RedirectTo(visit.fill_address("/devices/{device}"), said)

    @form_at("/groups")
    async def put_group(self, visit: Console) -> Reply:
        """Make a group, or say whether it distributes by itself."""
        name = visit.form.read_required("name", most=64)
        if not name:
            return RedirectTo("/devices", "A group has a name.", "warn")
        body = {"automatic": visit.form.read_flag("automatic")}
        await self._api(visit).put(fill_path("/v1/groups/{name}", name=name), body)
        visit.flash_message(f"The group “{name}” is as you said.")
        return RedirectTo(
            "/groups/" + quote(name, safe="") if "/" not in name else "/devices?" + urlencode({"group": name})
        )

    async def ask_group_removal(self, visit: Console) -> ConfirmationQuestion | None:
        """Which group is meant; None without a name, which the form is told."""
        name = visit.form.read_text("name", most=64)
        if not name:
            return None
        groups = await self._api(visit).get_all("/v1/groups")
        row = next((each for each in groups if each["name"] == name), None)
        if row is None:
            raise RefusedPageError(GONE)
        return name_question(SURE_DELETE_GROUP, name, ("Devices", f"{row['devices']:,}"))

    @form_at("/groups/remove", sure=ask_group_removal)
    async def delete_group(self, visit: Console) -> Reply:
        """Remove a group; its devices are unassigned and keep their seats."""
        name = visit.form.read_required("name", most=64)
        await self._api(visit).delete(fill_path("/v1/groups/{name}", name=name))
        return RedirectTo(
            "/unassigned", f"The group “{name}” is gone; its devices are unassigned and keep the seats they have."
        )

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            *super().routes(),
            *(
                form_route(f"/devices/{{device}}/{what}", _bulk_action(self, what), sure=_bulk_question(self, what))
                for what in DONE
            ),
        )


def _bulk_action(devices: DevicePages, what: str) -> Any:
    async def do(visit: Console) -> Reply:
        visit.params["what"] = what
        return await devices.do(visit)

    return do


def _bulk_question(devices: DevicePages, what: str) -> Any:
    async def ask(visit: Console) -> ConfirmationQuestion | None:
        return await devices.ask_one(visit, what)

    return ask if what in LOSSES else None


async def _move_device(api: PageApi, device: str, group: str) -> None:
    await api.put(fill_path("/v1/devices/{device}/group", device=device), {"group": group})


async def _common_values(api: PageApi) -> tuple[dict[str, Any], dict[str, Any]]:
    status = await api.get("/v1/status")
    licenses = {each["product"]: each for each in (await api.get("/v1/licenses"))["items"]}
    return status, licenses


def _device_name(visit: Console) -> str:
    return visit.fill_address("/v1/devices/{device}")
