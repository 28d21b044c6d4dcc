"""For the vendor: the providers he sells through, a new one, another name, and whose pages to look at."""

from typing import Any

from tenure.core.pricing import EXPONENTS
from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.drafts import Draft, Line, take
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.portal.vendor_only import require_vendor
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen, local
from tenure.web.shelf import NAMED, NEWEST, shelve

SORTS = {
    "newest": NEWEST,
    "name": NAMED,
    "kind": ("Production first", lambda row: (row["sandbox"], row["name"].casefold()), False),
}
SANDBOX = (
    ("no", "Production", "Its orders are real and its leases are believed everywhere."),
    ("yes", "Sandbox", "Has a clock of its own to move, and signatures that no production reader believes."),
)
ABOVE = (("/providers", "Providers"),)


class Providers:
    """The pages about providers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """All providers."""
        require_vendor(visit, "providers:read")
        rows = await self._server.with_secret(visit.who.secret).whole("/v1/providers")
        chosen = next((row for row in rows if row["id"] == visit.who.provider), None)
        return Screen(template="providers.html", values={"shelf": shelve(visit, rows, SORTS), "chosen": chosen})

    async def choose(self, visit: Portal) -> Reply:
        """Look at one; or at the vendor's own pages again, where none is named."""
        require_vendor(visit, "providers:read")
        named = visit.form.text("provider", most=64)
        rows = await self._server.with_secret(visit.who.secret).whole("/v1/providers")
        if named and named not in {row["id"] for row in rows}:
            raise RefusedPageError(Refusal(title="There is no such provider.", status=404, code="not_found"))
        visit.who.provider = named
        return Goto(local(visit.form.text("next"), "/"))

    async def new(self, visit: Portal) -> Reply:
        """The form for a provider."""
        require_vendor(visit, "providers:write")
        return _new(visit, None)

    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "providers:write")
        form, api = visit.form, self._server.of(visit)
        body = {
            "name": form.required("name", most=200),
            "currency": form.required("currency", most=10).upper(),
            "sandbox": form.choice("sandbox", [name for name, *_ in SANDBOX]) == "yes",
        }

        async def again(refusal: Refusal | None) -> Screen:
            return _new(visit, refusal)

        draft = Draft(
            title="New provider",
            crumbs=ABOVE,
            action="/new-provider",
            button="Make the provider",
            note="Currency and kind never change. The name may; the provider chooses its own brand.",
            lines=lambda made: [
                Line("Name", made["name"]),
                Line("Currency of its prices and balances", made["currency"]),
                Line("Kind", "sandbox" if made["sandbox"] else "production"),
            ],
            send=lambda dry: api.post("/v1/providers", body, key=form.text("_key"), dry_run=dry),
            form=again,
            after=lambda made: path("/providers/{name}", name=made["id"]),
            said="The provider is known. Invite its first person.",
        )
        return await take(visit, draft)

    async def look(self, visit: Portal) -> Reply:
        """One provider, its people, and its name to be changed."""
        require_vendor(visit, "providers:read")
        return await self._one(visit, None)

    async def change(self, visit: Portal) -> Reply:
        """Show the other name beside the present one, then save it."""
        require_vendor(visit, "providers:write")
        form, api, address = visit.form, self._server.of(visit), _address(visit)
        body = {"name": form.required("name", most=200)}
        before = (await api.get(address))["name"]
        draft = Draft(
            title="Another name",
            crumbs=(*ABOVE, (_page(visit), before)),
            action=_page(visit),
            button="Save the name",
            note="Pages, mails and leases name it so where its brand has no name of its own.",
            lines=lambda made: [Line("Name", made["name"], before)],
            send=lambda dry: api.put(address, body, if_match=form.text("seen") or NOTHING_SEEN, dry_run=dry),
            form=lambda refusal: self._one(visit, refusal),
            after=lambda made: _page(visit),
            said="Saved.",
        )
        return await take(visit, draft)

    async def _one(self, visit: Portal, refusal: Refusal | None) -> Screen:
        api = self._server.with_secret(visit.who.secret)
        seen = await api.tagged(_address(visit))
        stale, typed, name = is_stale(refusal), visit.method == "POST", seen.value["id"]
        shown = None if refusal is None or stale or blamed(visit.form, refusal) else refusal
        may_see = visit.who.may("people:read")
        values: dict[str, Any] = {
            "provider": seen.value,
            "people": await api.whole("/v1/people", provider=name) if may_see else None,
            "invitations": await api.whole("/v1/invitations", provider=name) if may_see else None,
            "refusal": shown,
            "form": visit.form if typed else Form.of(name=seen.value["name"]),
            "seen": visit.form.text("seen") if typed and not stale else seen.etag,
            "differences": differences(visit.form, {"name": seen.value["name"]}) if stale else None,
        }
        wrong = bool(refusal or visit.form.errors)
        return Screen(template="provider.html", values=values, status=STATUS if stale else 422 if wrong else 200)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/providers", self.show),
            action("/providers", self.choose),
            page("/new-provider", self.new),
            action("/new-provider", self.create),
            page("/providers/{provider}", self.look),
            action("/providers/{provider}", self.change),
        )


def _new(visit: Portal, refusal: Refusal | None) -> Screen:
    shown = None if refusal is None or blamed(visit.form, refusal) else refusal
    values = {"refusal": shown, "kinds": SANDBOX, "currencies": [(code, code) for code in sorted(EXPONENTS)]}
    return Screen(template="provider_new.html", values=values, status=422 if refusal or visit.form.errors else 200)


def _address(visit: Portal) -> str:
    return path("/v1/providers/{name}", name=visit.params["provider"])


def _page(visit: Portal) -> str:
    return path("/providers/{name}", name=visit.params["provider"])
