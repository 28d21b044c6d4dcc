"""Ordering: what and for whom, the preview with price and timeline, then the activation code, shown once.

A customer that may not order asks its provider to, by a shorter form.
"""

from typing import Any

from tenure.portal.client import path
from tenure.portal.pages.agreed import subject_of
from tenure.portal.pages.codes import code_screen
from tenure.portal.picking import buyers, searching
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

OWN = frozenset({"_token", "_key", "step", "plan"})
"""Fields of the page itself; the others are the order."""


class Order:
    """The order form, its preview and its end."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The form."""
        if "customer" in visit.query:
            visit.form.values["customer"] = [visit.query["customer"][:64]]
        if "offer" in visit.query:
            visit.form.values["offer"] = [visit.query["offer"][:64]]
        if "request" in visit.query:
            await self._prefilled(visit, visit.query["request"][:64])
        return await self._form(visit)

    async def _prefilled(self, visit: Portal, name: str) -> None:
        """As a customer asked for it; the order then closes the request."""
        asked = await self._server.of(visit).get(path("/v1/order-requests/{name}", name=name))
        given = {each: str(asked[each]) for each in ("customer", "offer", "devices")}
        for field, text in {**given, "why": asked["note"], "order_request": asked["id"]}.items():
            visit.form.values[field] = [text]

    async def go_on(self, visit: Portal) -> Reply:
        """Preview what was chosen, or order exactly what was previewed."""
        if visit.form.text("step") == "ask":
            return await self._ask(visit)
        if searching(visit):
            return await self._form(visit)
        body = _body(visit)
        if visit.form.errors or visit.form.text("step") == "change":
            return await self._form(visit)
        real = visit.form.text("step") == "apply"
        plan = {"plan": visit.form.text("plan", most=100)} if real else {}
        api = self._server.of(visit)
        try:
            done = await api.post(
                "/v1/subscriptions", {**body, **plan}, key=visit.form.text("_key") if real else "", dry_run=not real
            )
        except RefusedPageError as error:
            visit.form.values.pop("_key", None)
            if error.refusal.field and visit.form.blame(
                error.refusal.field, error.refusal.detail or error.refusal.title
            ):
                return await self._form(visit)
            return await self._form(visit, error.refusal)
        if real:
            sub = done.value["subscription"]
            return await code_screen(api, sub, done.value["activation_code"], await self._about(visit, sub), new=True)
        kept = {name: given[0] for name, given in visit.form.values.items() if given and name not in OWN}
        about = await self._about(visit, done.value["subscription"])
        return Screen(template="order_preview.html", values={"outcome": done.value, "kept": kept, "about": about})

    async def _about(self, visit: Portal, sub: dict[str, Any]) -> dict[str, Any]:
        """Who orders what, by which offer."""
        api = self._server.of(visit)
        offers = await api.whole("/v1/offers")
        offer = next((each for each in offers if each["id"] == visit.form.text("offer")), {"name": ""})
        return {**await subject_of(api, visit, sub), "offer": offer}

    async def _ask(self, visit: Portal) -> Reply:
        """The provider is asked; what it costs and when it begins is the provider's to say."""
        body = {name: value for name, value in _body(visit).items() if name in {"customer", "offer", "devices"}}
        if visit.form.errors:
            return await self._form(visit)
        body["note"] = visit.form.text("why", most=200)
        try:
            await self._server.of(visit).post("/v1/order-requests", body, key=visit.form.text("_key"))
        except RefusedPageError as error:
            visit.form.values.pop("_key", None)
            return await self._form(visit, error.refusal)
        visit.say("Asked; your provider will order it for you.")
        return Goto("/order-requests")

    async def _form(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        api = self._server.of(visit)
        plans = {plan["id"]: plan for plan in await api.whole("/v1/plans")}
        offers = [(offer, plans.get(offer["plan"])) for offer in await api.whole("/v1/offers")]
        values: dict[str, Any] = {
            "refusal": refusal,
            "trials": [offer["name"] or plan["name"] for offer, plan in offers if plan and plan.get("trial")],
            "asking": visit.who.is_customer and not visit.who.permitted("order"),
            "buyers": None if visit.who.is_customer else await buyers(api, visit),
            "offers": offers,
        }
        status = 422 if visit.form.errors or refusal else 200
        return Screen(template="order.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/order", self.show), action("/order", self.go_on))


def _body(visit: Portal) -> dict[str, Any]:
    form = visit.form
    body: dict[str, Any] = {
        "customer": visit.who.customer or form.required("customer"),
        "offer": form.required("offer"),
        "devices": form.whole("devices", least=1, most=1_000_000),
        "renewal_intent": "auto" if form.flag("auto") else "manual",
        "trial": form.flag("trial"),
        "why": form.text("why", most=200),
    }
    if request := form.text("order_request", most=64):
        body["order_request"] = request
    if until := form.text("until"):  # a day, which the API includes
        body["until"] = until.partition("T")[0]
    return body
