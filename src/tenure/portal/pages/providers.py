"""For the vendor: the providers he sells through, a new one, another name, and whose pages to look at."""

from typing import Any

from tenure.core.pricing import EXPONENTS
from tenure.http.client.api_exchange import fill_path
from tenure.portal.drafts import DraftLine, FormDraft, take_draft
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, is_stale, stale_fields
from tenure.portal.vendor_only import require_vendor
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply, local_path
from tenure.web.short_lists import NAMED, NEWEST, make_short_list

SORTS = {
    "newest": NEWEST,
    "name": NAMED,
    "kind": ("Production first", lambda row: (row["sandbox"], row["name"].casefold()), False),
}
SANDBOX = (
    ("no", "Production", "Its orders are real and its leases are accepted everywhere."),
    ("yes", "Sandbox", "Has its own clock, and signatures that production refuses."),
)
ABOVE = (("/providers", "Providers"),)


class ProviderPages(PortalPages):
    """The pages about providers."""

    @page_at("/providers")
    async def show(self, visit: Portal) -> Reply:
        """All providers."""
        require_vendor(visit, "providers:read")
        rows = await self._server.with_secret(visit.session_value.secret).get_all("/v1/providers")
        chosen = next((row for row in rows if row["id"] == visit.session_value.provider), None)
        return PageScreen(
            template="providers.html", values={"short_list": make_short_list(visit, rows, SORTS), "chosen": chosen}
        )

    @form_at("/providers")
    async def choose(self, visit: Portal) -> Reply:
        """Look at one; or at the vendor's own pages again, where none is named."""
        require_vendor(visit, "providers:read")
        named = visit.form.read_text("provider", most=64)
        rows = await self._server.with_secret(visit.session_value.secret).get_all("/v1/providers")
        if named and named not in {row["id"] for row in rows}:
            raise RefusedPageError(PageRefusal(title="There is no such provider.", status=404, code="not_found"))
        visit.session_value.provider = named
        return RedirectTo(local_path(visit.form.read_text("next"), "/"))

    @page_at("/new-provider")
    async def new(self, visit: Portal) -> Reply:
        """The form for a provider."""
        require_vendor(visit, "providers:write")
        return _render_new(visit, None)

    @form_at("/new-provider")
    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "providers:write")
        form, api = visit.form, self._server.api_for(visit)
        body = {
            "name": form.read_required("name", most=200),
            "currency": form.read_required("currency", most=10).upper(),
            "sandbox": form.read_choice("sandbox", [name for name, *_ in SANDBOX]) == "yes",
        }

        async def again(refusal: PageRefusal | None) -> PageScreen:
            return _render_new(visit, refusal)

        draft = FormDraft(
            title="New provider",
            crumbs=ABOVE,
            action="/new-provider",
            button="Make the provider",
            note="Currency and kind never change. The name may; the provider chooses its own brand.",
            lines=lambda made: [
                DraftLine("Name", made["name"]),
                DraftLine("Currency of its prices and balances", made["currency"]),
                DraftLine("Kind", "sandbox" if made["sandbox"] else "production"),
            ],
            send=lambda dry: api.post("/v1/providers", body, key=form.read_text("_key"), dry_run=dry),
            form=again,
            after=lambda made: fill_path("/providers/{name}", name=made["id"]),
            said="The provider is saved. Invite its first user.",
        )
        return await take_draft(visit, draft)

    @page_at("/providers/{provider}")
    async def look(self, visit: Portal) -> Reply:
        """One provider, its users, and its name to be changed."""
        require_vendor(visit, "providers:read")
        return await self._render_provider(visit, None)

    @form_at("/providers/{provider}")
    async def change(self, visit: Portal) -> Reply:
        """Show the other name beside the present one, then save it."""
        require_vendor(visit, "providers:write")
        form, api, address = visit.form, self._server.api_for(visit), _provider_url(visit)
        body = {"name": form.read_required("name", most=200)}
        before = (await api.get(address))["name"]
        draft = FormDraft(
            title="Another name",
            crumbs=(*ABOVE, (_providers_page(visit), before)),
            action=_providers_page(visit),
            button="Save the name",
            note="Pages, emails and leases show this name if its brand has none.",
            lines=lambda made: [DraftLine("Name", made["name"], before)],
            send=lambda dry: api.put(address, body, if_match=form.read_text("seen") or NOTHING_SEEN, dry_run=dry),
            form=lambda refusal: self._render_provider(visit, refusal),
            after=lambda made: _providers_page(visit),
            said="Saved.",
        )
        return await take_draft(visit, draft)

    async def _render_provider(self, visit: Portal, refusal: PageRefusal | None) -> PageScreen:
        api = self._server.with_secret(visit.session_value.secret)
        seen = await api.get_with_etag(_provider_url(visit))
        stale, typed, name = is_stale(refusal), visit.method == "POST", seen.value["id"]
        shown = None if refusal is None or stale else visit.form.place_refusal(refusal)
        may_see = visit.session_value.has_scope("users:read")
        values: dict[str, Any] = {
            "provider": seen.value,
            "users": await api.get_all("/v1/users", provider=name) if may_see else None,
            "invitations": await api.get_all("/v1/invitations", provider=name) if may_see else None,
            "refusal": shown,
            "form": visit.form if typed else SentForm.of(name=seen.value["name"]),
            "seen": visit.form.read_text("seen") if typed and not stale else seen.etag,
            "differences": stale_fields(visit.form, {"name": seen.value["name"]}) if stale else None,
        }
        wrong = bool(refusal or visit.form.errors)
        return PageScreen(template="provider.html", values=values, status=STATUS if stale else 422 if wrong else 200)


def _render_new(visit: Portal, refusal: PageRefusal | None) -> PageScreen:
    shown = None if refusal is None else visit.form.place_refusal(refusal)
    values = {"refusal": shown, "kinds": SANDBOX, "currencies": [(code, code) for code in sorted(EXPONENTS)]}
    return PageScreen(template="provider_new.html", values=values, status=422 if refusal or visit.form.errors else 200)


def _provider_url(visit: Portal) -> str:
    return fill_path("/v1/providers/{name}", name=visit.params["provider"])


def _providers_page(visit: Portal) -> str:
    return fill_path("/providers/{name}", name=visit.params["provider"])
