"""How the provider is paid: words for its customers, how long requests are open, and its gateway's secret."""

from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, edit_screen
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply

ADDRESS = "/v1/payment-settings"

SURE_ROTATE_AT_ONCE = ConfirmationQuestion(
    title="End the old secret of your payment gateway at once?",
    text="Reports that it signs with the old secret are refused until it knows the new one.",
    button="Make a new secret, end the old one",
    back="/payments/settings",
)


class PaymentSettingsPages(PortalPages):
    """The page of payment settings."""

    async def _render_page(self, visit: Portal, refusal: PageRefusal | None = None, *, secret: str = "") -> PageScreen:
        seen = await self._api(visit).get_with_etag(ADDRESS)
        stored = {name: seen.value[name] for name in ("instructions", "request_days")}
        return edit_screen(visit, "payment_settings.html", refusal, seen, stored, settings=seen.value, secret=secret)

    @page_at("/payments/settings")
    async def show(self, visit: Portal) -> Reply:
        """What holds."""
        return await self._render_page(visit)

    @form_at("/payments/settings", again=_render_page)
    async def change(self, visit: Portal) -> Reply:
        """Save instructions and days; nothing when another user has changed them meanwhile."""
        form = visit.form
        body = {
            "instructions": form.read_text("instructions", most=4_000),
            "request_days": form.read_whole("request_days", least=1, most=365),
        }
        form.require_valid()
        await self._api(visit).put(ADDRESS, body, if_match=form.read_text("seen") or NOTHING_SEEN)
        return RedirectTo("/payments/settings", "Saved. Payment requests from now on say so.")

    @form_at("/payments/settings/secret")
    async def rotate(self, visit: Portal) -> Reply:
        """A new secret for the gateway, on the page that answers and nowhere else; the old one holds for a day."""
        return await self._rotate_secret(visit, at_once=False)

    @form_at("/payments/settings/secret-at-once", sure=SURE_ROTATE_AT_ONCE)
    async def rotate_at_once(self, visit: Portal) -> Reply:
        """As `rotate`, and the old one is good for nothing from now on."""
        return await self._rotate_secret(visit, at_once=True)

    async def _rotate_secret(self, visit: Portal, *, at_once: bool) -> Reply:
        api, key = self._api(visit), visit.form.read_text("_key")
        made = await api.post(f"{ADDRESS}/rotate-secret", key=key, at_once="true" if at_once else None)
        return await self._render_page(visit, secret=made.value["secret"])
