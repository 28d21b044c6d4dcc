"""How the provider is paid: words for its customers, how long requests are open, and its gateway's secret."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.web.app import Route, Sure, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

ADDRESS = "/v1/payment-settings"

SURE_ROTATE_AT_ONCE = Sure(
    title="End the old secret at once?",
    text="Reports that your payment gateway signs with the old secret are refused until it knows the new one.",
    button="Make a new secret, end the old one",
    back="/payments/settings",
)


class PaymentSettings:
    """The page of payment settings."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """What holds."""
        return await self._page(visit)

    async def _page(self, visit: Portal, refusal: Refusal | None = None, secret: str = "") -> Screen:
        seen = await self._server.of(visit).tagged(ADDRESS)
        wrong = bool(visit.form.errors or refusal)
        known = Form.of(instructions=seen.value["instructions"], request_days=seen.value["request_days"])
        values: dict[str, Any] = {
            "settings": seen.value,
            "seen": visit.form.text("seen") if wrong and not is_stale(refusal) else seen.etag,
            "secret": secret,
            "refusal": refusal,
            "form": visit.form if wrong else known,
        }
        if is_stale(refusal):
            stored = {name: seen.value[name] for name in ("instructions", "request_days")}
            values |= {"refusal": None, "differences": differences(visit.form, stored)}
        status = STATUS if is_stale(refusal) else 422 if wrong else 200
        return Screen(template="payment_settings.html", values=values, status=status)

    async def change(self, visit: Portal) -> Reply:
        """Other words, other days; nothing when somebody else changed them meanwhile."""
        form = visit.form
        body = {
            "instructions": form.text("instructions", most=4_000),
            "request_days": form.whole("request_days", least=1, most=365),
        }
        if form.errors:
            return await self._page(visit)
        try:
            await self._server.of(visit).put(ADDRESS, body, if_match=form.text("seen") or NOTHING_SEEN)
        except RefusedPageError as error:
            return await self._page(visit, None if blamed(form, error.refusal) else error.refusal)
        visit.say("Saved. Payment requests from now on say so.")
        return Goto("/payments/settings")

    async def rotate(self, visit: Portal) -> Reply:
        """A new secret for the gateway, on the page that answers and nowhere else; the old one holds for a day."""
        return await self._rotated(visit, at_once=False)

    async def rotate_at_once(self, visit: Portal) -> Reply:
        """As `rotate`, and the old one is good for nothing from now on."""
        return await self._rotated(visit, at_once=True)

    async def _rotated(self, visit: Portal, *, at_once: bool) -> Reply:
        api, key = self._server.of(visit), visit.form.text("_key")
        made = await api.post(f"{ADDRESS}/rotate-secret", key=key, at_once="true" if at_once else None)
        return await self._page(visit, secret=made.value["secret"])

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/payments/settings", self.show),
            action("/payments/settings", self.change),
            action("/payments/settings/secret", self.rotate),
            action("/payments/settings/secret-at-once", self.rotate_at_once, sure=SURE_ROTATE_AT_ONCE),
        )
