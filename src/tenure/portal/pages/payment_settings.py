"""How the provider is paid: words for its customers, how long requests are open, and its gateway's secret."""

from typing import Any

from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, is_stale, stale_fields
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

ADDRESS = "/v1/payment-settings"

SURE_ROTATE_AT_ONCE = ConfirmationQuestion(
    title="End the old secret of your payment gateway at once?",
    text="Reports that it signs with the old secret are refused until it knows the new one.",
    button="Make a new secret, end the old one",
    back="/payments/settings",
)


class PaymentSettingsPages(PortalPages):
    """The page of payment settings."""

    @page_at("/payments/settings")
    async def show(self, visit: Portal) -> Reply:
        """What holds."""
        return await self._render_page(visit)

    async def _render_page(self, visit: Portal, refusal: PageRefusal | None = None, secret: str = "") -> PageScreen:
        seen = await self._server.api_for(visit).get_with_etag(ADDRESS)
        wrong = bool(visit.form.errors or refusal)
        known = SentForm.of(instructions=seen.value["instructions"], request_days=seen.value["request_days"])
        values: dict[str, Any] = {
            "settings": seen.value,
            "seen": visit.form.read_text("seen") if wrong and not is_stale(refusal) else seen.etag,
            "secret": secret,
            "refusal": refusal,
            "form": visit.form if wrong else known,
        }
        if is_stale(refusal):
            stored = {name: seen.value[name] for name in ("instructions", "request_days")}
            values |= {"refusal": None, "differences": stale_fields(visit.form, stored)}
        status = STATUS if is_stale(refusal) else 422 if wrong else 200
        return PageScreen(template="payment_settings.html", values=values, status=status)

    @form_at("/payments/settings")
    async def change(self, visit: Portal) -> Reply:
        """Save instructions and days; nothing when another user has changed them meanwhile."""
        form = visit.form
        body = {
            "instructions": form.read_text("instructions", most=4_000),
            "request_days": form.read_whole("request_days", least=1, most=365),
        }
        if form.errors:
            return await self._render_page(visit)
        try:
            await self._server.api_for(visit).put(ADDRESS, body, if_match=form.read_text("seen") or NOTHING_SEEN)
        except RefusedPageError as error:
            return await self._render_page(visit, form.place_refusal(error.refusal))
        visit.flash_message("Saved. Payment requests from now on say so.")
        return RedirectTo("/payments/settings")

    @form_at("/payments/settings/secret")
    async def rotate(self, visit: Portal) -> Reply:
        """A new secret for the gateway, on the page that answers and nowhere else; the old one holds for a day."""
        return await self._rotate_secret(visit, at_once=False)

    @form_at("/payments/settings/secret-at-once", sure=SURE_ROTATE_AT_ONCE)
    async def rotate_at_once(self, visit: Portal) -> Reply:
        """As `rotate`, and the old one is good for nothing from now on."""
        return await self._rotate_secret(visit, at_once=True)

    async def _rotate_secret(self, visit: Portal, *, at_once: bool) -> Reply:
        api, key = self._server.api_for(visit), visit.form.read_text("_key")
        made = await api.post(f"{ADDRESS}/rotate-secret", key=key, at_once="true" if at_once else None)
        return await self._render_page(visit, secret=made.value["secret"])
