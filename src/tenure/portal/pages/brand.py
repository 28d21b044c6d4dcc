"""How the provider shows itself: name, logo, color, support and where to renew."""

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, edit_screen
from tenure.web.page_groups import form_at, page_at
from tenure.web.refusing import NOWHERE
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

LONGEST = {"name": 100, "logo": 512, "color": 7, "support": 200, "renew_url": 512}
"""Fields of a brand, with the most characters that the form takes."""


class BrandPages(PortalPages):
    """The page of the brand."""

    async def _render_page(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        seen = await self._api(visit).get_with_etag(_brand_url(visit))
        return edit_screen(visit, "brand.html", refusal, seen, seen.value, {"name": "Name shown"})

    @page_at("/brand")
    async def show(self, visit: Portal) -> Reply:
        """The brand, ready to be changed."""
        return await self._render_page(visit)

    @form_at("/brand", again=_render_page)
    async def change(self, visit: Portal) -> Reply:
        """Save the brand; nothing when another user has changed it meanwhile."""
        form = visit.form
        body = {name: form.read_text(name, most=most) for name, most in LONGEST.items()}
        await self._api(visit).put(_brand_url(visit), body, if_match=form.read_text("seen") or NOTHING_SEEN)
        return RedirectTo("/brand", "Saved. Pages and mails show it now, applications from their next contact on.")


def _brand_url(visit: Portal) -> str:
    provider = (visit.session_value.me.get("provider") or {}).get("id")
    if not provider or visit.session_value.is_customer:
        raise RefusedPageError(NOWHERE)
    return fill_path("/v1/providers/{provider}/brand", provider=provider)
