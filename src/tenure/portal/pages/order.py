"""Ordering: what and for whom, the preview with price and timeline, then the activation code, shown once.

A customer that may not order asks its provider to, by a shorter form.
"""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.customer_select import customer_choices, is_search
from tenure.portal.pages.agreed import subject_of
from tenure.portal.pages.codes import code_screen
from tenure.portal.session import Portal, PortalPages
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.visits import form_screen

OWN = frozenset({"_token", "_key", "step", "outcome_hash"})
"""Fields of the page itself; the others are the order."""


class OrderPages(PortalPages):
    """The order form, its preview and its end."""

    async def _render_form(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._api(visit)
        plans = {plan["id"]: plan for plan in await api.get_all("/v1/plans")}
        offers = [(offer, plans.get(offer["plan"])) for offer in await api.get_all("/v1/offers")]
        values: dict[str, Any] = {
            "trials": [offer["name"] or plan["name"] for offer, plan in offers if plan and plan.get("trial")],
            "asking": visit.session_value.is_customer and not visit.session_value.may_act("order"),
            "buyers": None if visit.session_value.is_customer else await customer_choices(api, visit),
            "offers": offers,
        }
        return form_screen(visit, "order.html", refusal, **values)

    @page_at("/order")
    async def show(self, visit: Portal) -> Reply:
        """The form."""
        if "customer" in visit.query:
            visit.form.values["customer"] = [visit.query["customer"][:64]]
        if "offer" in visit.query:
            visit.form.values["offer"] = [visit.query["offer"][:64]]
        if "request" in visit.query:
            await self._from_request(visit, visit.query["request"][:64])
        return await self._render_form(visit)

    async def _from_request(self, visit: Portal, name: str) -> None:
        """As a customer asked for it; the order then closes the request."""
        asked = await self._api(visit).get(fill_path("/v1/order-requests/{name}", name=name))
        given = {each: str(asked[each]) for each in ("customer", "offer", "devices")}
        for field, text in {**given, "why": asked["note"], "order_request": asked["id"]}.items():
            visit.form.values[field] = [text]

    @form_at("/order", again=_render_form)
    async def go_on(self, visit: Portal) -> Reply:
        """Preview what was chosen, or order exactly what was previewed."""
        form, step = visit.form, visit.form.read_text("step")
        if step == "ask":
            return await self._request_order(visit)
        if is_search(visit):
            return await self._render_form(visit)
        body, real = _request_body(visit), step == "apply"
        if form.errors or step == "change":
            return await self._render_form(visit)
        if real:
            body["outcome_hash"] = form.read_text("outcome_hash", most=100)
        api, key = self._api(visit), form.read_text("_key") if real else ""
        done = await api.post("/v1/subscriptions", body, key=key, dry_run=not real)
        sub = done.value["subscription"]
        about = await self._order_lines(visit, sub)
        if real:
            return await code_screen(api, sub, done.value["activation_code"], about, new=True)
        kept = {name: given[0] for name, given in form.values.items() if given and name not in OWN}
        return PageScreen.of("order_preview.html", outcome=done.value, kept=kept, about=about)

    async def _order_lines(self, visit: Portal, sub: dict[str, Any]) -> dict[str, Any]:
        """Who orders what, by which offer."""
        api = self._api(visit)
        offers = await api.get_all("/v1/offers")
        offer = next((each for each in offers if each["id"] == visit.form.read_text("offer")), {"name": ""})
        return {**await subject_of(api, visit, sub), "offer": offer}

    async def _request_order(self, visit: Portal) -> Reply:
        """The provider is asked; what it costs and when it begins is the provider's to say."""
        body = {name: value for name, value in _request_body(visit).items() if name in {"customer", "offer", "devices"}}
        visit.form.require_valid()
        body["note"] = visit.form.read_text("why", most=200)
        await self._api(visit).post("/v1/order-requests", body, key=visit.form.read_text("_key"))
        return RedirectTo("/order-requests", "Your request is sent; your provider will order it for you.")


def _request_body(visit: Portal) -> dict[str, Any]:
    form = visit.form
    body: dict[str, Any] = {
        "customer": visit.session_value.customer or form.read_required("customer"),
        "offer": form.read_required("offer"),
        "devices": form.read_whole("devices", least=1, most=1_000_000),
        "renewal_intent": "auto" if form.read_flag("auto") else "manual",
        "trial": form.read_flag("trial"),
        "why": form.read_text("why", most=200),
    }
    if request := form.read_text("order_request", most=64):
        body["order_request"] = request
    if until := form.read_text("until"):  # a day, which the API includes
        body["until"] = until.partition("T")[0]
    return body
