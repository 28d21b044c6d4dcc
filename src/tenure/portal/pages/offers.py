"""What is sold: the vendor's plans, and the provider's offers with their prices."""

from typing import Any

from tenure.portal.session import Portal, PortalPages
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.short_lists import NAMED, NEWEST, By, make_short_list
from tenure.web.visits import form_screen

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
        api = self._api(visit)
        offers, plans = await api.get_all("/v1/offers"), await api.get_all("/v1/plans")
        offered = {offer["plan"] for offer in offers}
        _name_offers(offers, plans)
        return PageScreen.of(
            "offers.html",
            short_list=make_short_list(visit, offers, OFFERS),
            plans={plan["id"]: plan for plan in plans},
            unsold=[plan for plan in plans if plan["id"] not in offered],
        )

    async def _render_form(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        plans = await self._api(visit).get_all("/v1/plans")
        return form_screen(visit, "offer_new.html", refusal, plans=plans, bands=BANDS)

    @page_at("/offers/new")
    async def new(self, visit: Portal) -> Reply:
        """The form for an offer."""
        if "plan" in visit.query:
            visit.form.values["plan"] = [visit.query["plan"][:64]]
        return await self._render_form(visit)

    @form_at("/offers/new", again=_render_form)
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
        form.require_valid()
        await self._api(visit).post("/v1/offers", body, key=form.read_text("_key"))
        return RedirectTo("/offers", "The offer is open.")

    async def ask_withdrawal(self, visit: Portal) -> ConfirmationQuestion:
        """Which offer is meant, of which plan."""
        api = self._api(visit)
        offers, plans = await api.get_all("/v1/offers"), await api.get_all("/v1/plans")
        _name_offers(offers, plans)
        row = find_meant(offers, visit.params["offer"])
        return name_question(SURE_WITHDRAW, row["name"], ("Plan", _plan_name(row["plan"], plans)))

    @form_at("/offers/{offer}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Portal) -> Reply:
        """Sell it no more."""
        await self._api(visit).delete(visit.fill_address("/v1/offers/{offer}"))
        return RedirectTo("/offers", "The offer is withdrawn. Existing customers keep it.")


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
