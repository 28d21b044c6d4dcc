"""What is sold: the vendor's plans, and the provider's offers with their prices."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal, PortalPages
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.short_lists import NAMED, NEWEST, By, make_short_list

BANDS = 4
"""Price bands that the form has room for."""

SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw the offer {}?",
    text="It can no longer be ordered; existing customers keep it. To sell the plan again make a new offer.",
    button="Withdraw the offer",
    back="/offers",
)


OFFERS: dict[str, By] = {"newest": NEWEST, "name": NAMED}
"""By what the offers can be sorted."""


class OfferPages(PortalPages):
    """The pages about offers."""

    @page_at("/offers")
    async def show(self, visit: Portal) -> Reply:
        """Offers, and plans that are not offered yet."""
        api = self._server.api_for(visit)
        offers, plans = await api.get_all("/v1/offers"), await api.get_all("/v1/plans")
        offered = {offer["plan"] for offer in offers}
        _name_offers(offers, plans)
        values = {
            "short_list": make_short_list(visit, offers, OFFERS),
            "plans": {plan["id"]: plan for plan in plans},
            "unsold": [plan for plan in plans if plan["id"] not in offered],
        }
        return PageScreen(template="offers.html", values=values)

    @page_at("/offers/new")
    async def new(self, visit: Portal) -> Reply:
        """The form for an offer."""
        if "plan" in visit.query:
            visit.form.values["plan"] = [visit.query["plan"][:64]]
        return await self._render_form(visit)

    async def _render_form(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        plans = await self._server.api_for(visit).get_all("/v1/plans")
        values = {"plans": plans, "bands": BANDS, "refusal": refusal}
        return PageScreen(template="offer_new.html", values=values, status=422 if visit.form.errors or refusal else 200)

    @form_at("/offers/new")
    async def create(self, visit: Portal) -> Reply:
        """Offer a plan for sale."""
        form = visit.form
        body = {
            "plan": form.read_required("plan"),
            "name": form.read_text("name", most=200),
            "currency": visit.session_value.currency,
            "settlement": form.read_choice("settlement", ["prepaid", "external"]),
            "bands": _read_bands(visit),
            "code_in_mail": form.read_flag("code_in_mail"),
        }
        if form.errors:
            return await self._render_form(visit)
        try:
            await self._server.api_for(visit).post("/v1/offers", body, key=form.read_text("_key"))
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._render_form(visit, form.place_refusal(error.refusal))
        visit.flash_message("The offer is open.")
        return RedirectTo("/offers")

    async def ask_withdrawal(self, visit: Portal) -> ConfirmationQuestion:
        """Which offer is meant, of which plan."""
        api = self._server.api_for(visit)
        offers, plans = await api.get_all("/v1/offers"), await api.get_all("/v1/plans")
        _name_offers(offers, plans)
        row = find_meant(offers, visit.params["offer"])
        return name_question(SURE_WITHDRAW, row["name"], ("Plan", _plan_name(row["plan"], plans)))

    @form_at("/offers/{offer}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Portal) -> Reply:
        """Sell it no more."""
        await self._server.api_for(visit).delete(fill_path("/v1/offers/{name}", name=visit.params["offer"]))
        visit.flash_message("The offer is withdrawn. Existing customers keep it.")
        return RedirectTo("/offers")


def _name_offers(offers: list[Any], plans: list[Any]) -> None:
    """An offer without a name of its own is called as its plan is."""
    for offer in offers:
        offer["name"] = offer["name"] or _plan_name(offer["plan"], plans)


def _plan_name(plan: str, plans: list[Any]) -> str:
    return next((str(each["name"]) for each in plans if each["id"] == plan), plan)


def _read_bands(visit: Portal) -> list[dict[str, Any]]:
    """Price bands: rows with a price; the last is for any number more."""
    form, bands = visit.form, []
    for number in range(BANDS):
        if not form.read_text(f"unit{number}"):
            continue
        band: dict[str, Any] = {"unit": form.read_money(f"unit{number}", visit.session_value.currency)}
        if form.read_text(f"up_to{number}"):
            band["up_to"] = form.read_whole(f"up_to{number}", least=1, most=1_000_000)
        bands.append(band)
    if not bands:
        form.add_fault("unit0", "Enter at least one price.")
    return bands
