"""For the vendor: the providers he sells through, a new one, another name, and whose pages to look at."""

from typing import Any

from tenure.core.pricing import EXPONENTS
from tenure.http.client.api_exchange import fill_path
from tenure.portal.drafts import DraftLine, FormDraft, change_name, take_draft
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import edit_screen
from tenure.portal.vendor_only import require_vendor
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply, local_path
from tenure.web.short_lists import NAMED, NEWEST, make_short_list
from tenure.web.visits import form_screen

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
ADDRESS = "/v1/providers/{provider}"


class ProviderPages(PortalPages):
    """The pages about providers."""

    @page_at("/providers")
    async def show(self, visit: Portal) -> Reply:
        """All providers."""
        require_vendor(visit, "providers:read")
        rows = await self._server.with_secret(visit.session_value.secret).get_all("/v1/providers")
        chosen = next((row for row in rows if row["id"] == visit.session_value.provider), None)
        return PageScreen.of("providers.html", short_list=make_short_list(visit, rows, SORTS), chosen=chosen)

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

    async def _render_new(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        currencies = [(code, code) for code in sorted(EXPONENTS)]
        return form_screen(visit, "provider_new.html", refusal, kinds=SANDBOX, currencies=currencies)

    @page_at("/new-provider")
    async def new(self, visit: Portal) -> Reply:
        """The form for a provider."""
        require_vendor(visit, "providers:write")
        return await self._render_new(visit)

    @form_at("/new-provider", again=_render_new)
    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "providers:write")
        form, api = visit.form, self._api(visit)
        body = {
            "name": form.read_required("name", most=200),
            "currency": form.read_required("currency", most=10).upper(),
            "sandbox": form.read_choice("sandbox", [name for name, *_ in SANDBOX]) == "yes",
        }
        draft = FormDraft(
            title="New provider",
            crumbs=ABOVE,
            button="Make the provider",
            note="Currency and kind never change. The name may; the provider chooses its own brand.",
            lines=lambda made: [
                DraftLine("Name", made["name"]),
                DraftLine("Currency of its prices and balances", made["currency"]),
                DraftLine("Kind", "sandbox" if made["sandbox"] else "production"),
            ],
            send=lambda dry: api.post("/v1/providers", body, key=form.read_text("_key"), dry_run=dry),
            after=lambda made: fill_path("/providers/{name}", name=made["id"]),
            said="The provider is saved. Invite its first user.",
        )
        return await take_draft(visit, draft)

    async def _render_provider(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._server.with_secret(visit.session_value.secret)
        seen = await api.get_with_etag(visit.fill_address(ADDRESS))
        name, may_see = seen.value["id"], visit.session_value.has_scope("users:read")
        values: dict[str, Any] = {
            "provider": seen.value,
            "users": await api.get_all("/v1/users", provider=name) if may_see else None,
            "invitations": await api.get_all("/v1/invitations", provider=name) if may_see else None,
        }
        return edit_screen(visit, "provider.html", refusal, seen, {"name": seen.value["name"]}, **values)

    @page_at("/providers/{provider}")
    async def look(self, visit: Portal) -> Reply:
        """One provider, its users, and its name to be changed."""
        require_vendor(visit, "providers:read")
        return await self._render_provider(visit)

    @form_at("/providers/{provider}", again=_render_provider)
    async def change(self, visit: Portal) -> Reply:
        """Show the other name beside the present one, then save it."""
        require_vendor(visit, "providers:write")
        body = {"name": visit.form.read_required("name", most=200)}
        note = "Pages, emails and leases show this name if its brand has none."
        return await change_name(self._api(visit), visit, ADDRESS, ABOVE, body, note)
