"""What is sold: the vendor's plans, and the provider's offers with their prices."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen
from tenure.web.shelf import NAMED, NEWEST, By, shelve

BANDS = 4
"""Price bands that the form has room for."""

SURE_WITHDRAW = Sure(
    title="Withdraw this offer?",
    text="It cannot be ordered any more; whoever has it keeps it. To sell the plan again make a new offer.",
    button="Withdraw the offer",
    back="/offers",
)


OFFERS: dict[str, By] = {"newest": NEWEST, "name": NAMED}
"""By what the offers can be sorted."""


class Selling:
    """The pages about offers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Offers, and plans that are not offered yet."""
        api = self._server.of(visit)
        offers, plans = await api.whole("/v1/offers"), await api.whole("/v1/plans")
        names = {plan["id"]: plan["name"] for plan in plans}
        offered = {offer["plan"] for offer in offers}
        for offer in offers:
            offer["name"] = offer["name"] or names.get(offer["plan"], offer["plan"])
        values = {
            "shelf": shelve(visit, offers, OFFERS),
            "plans": {plan["id"]: plan for plan in plans},
            "unsold": [plan for plan in plans if plan["id"] not in offered],
        }
        return Screen(template="offers.html", values=values)

    async def new(self, visit: Portal) -> Reply:
        """The form for an offer."""
        if "plan" in visit.query:
            visit.form.values["plan"] = [visit.query["plan"][:64]]
        return await self._form(visit)

    async def _form(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        plans = await self._server.of(visit).whole("/v1/plans")
        values = {"plans": plans, "bands": BANDS, "refusal": refusal}
        return Screen(template="offer_new.html", values=values, status=422 if visit.form.errors or refusal else 200)

    async def create(self, visit: Portal) -> Reply:
        """Offer a plan for sale."""
        form = visit.form
        body = {
            "plan": form.required("plan"),
            "name": form.text("name", most=200),
            "currency": visit.who.currency,
            "settlement": form.choice("settlement", ["prepaid", "external"]),
            "bands": _bands(visit),
            "code_in_mail": form.flag("code_in_mail"),
        }
        if form.errors:
            return await self._form(visit)
        try:
            await self._server.of(visit).post("/v1/offers", body, key=form.text("_key"))
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._form(visit, None if blamed(form, error.refusal) else error.refusal)
        visit.say("The offer is open.")
        return Goto("/offers")

    async def withdraw(self, visit: Portal) -> Reply:
        """Sell it no more."""
        await self._server.of(visit).delete(path("/v1/offers/{name}", name=visit.params["offer"]))
        visit.say("It is sold no more. Whoever has it keeps it.")
        return Goto("/offers")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/offers", self.show),
            page("/offers/new", self.new),
            action("/offers/new", self.create),
            action("/offers/{offer}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
        )


def _bands(visit: Portal) -> list[dict[str, Any]]:
    """Price bands: rows with a price; the last is for any number more."""
    form, bands = visit.form, []
    for number in range(BANDS):
        if not form.text(f"unit{number}"):
            continue
        band: dict[str, Any] = {"unit": form.money(f"unit{number}", visit.who.currency)}
        if form.text(f"up_to{number}"):
            band["up_to"] = form.whole(f"up_to{number}", least=1, most=1_000_000)
        bands.append(band)
    if not bands:
        form.fault("unit0", "At least one price, please.")
    return bands
