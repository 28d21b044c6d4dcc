"""Customers: the list, a new one, one customer with its subscriptions, money and people."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import COUNTED, PAGE, path
from tenure.portal.picking import buyers
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.portal.whats_due import values_of
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.pager import pager, sorted_by
from tenure.web.replies import Download, Goto, Refusal, RefusedPageError, Reply, Screen

SORTS = (("newest", "Newest first"), ("name", "Name"), ("balance", "Lowest balance first"))
"""By what the list can be sorted; the first is meant where nothing is said."""


class Customers:
    """The pages about customers, for the provider's people."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def list_customers(self, visit: Portal) -> Reply:
        """The list with balances."""
        words = visit.query.get("q", "").strip()
        sort = sorted_by(visit, SORTS)
        asked = {"q": words or None, "sort": sort, "counted": True, "cursor": visit.query.get("cursor")}
        found = await self._server.of(visit).listed("/v1/customers", asked)
        values = {
            "rows": found.items,
            "words": words,
            "sort": sort,
            "sorts": SORTS,
            "pages": pager(visit, found, PAGE, found.total, COUNTED),
        }
        return Screen(template="customers.html", values=values)

    async def export(self, visit: Portal) -> Reply:
        """The list as CSV."""
        body = await self._server.of(visit).text(
            "/v1/customers.csv", q=visit.query.get("q"), sort=sorted_by(visit, SORTS)
        )
        return Download(name="customers.csv", media_type="text/csv; charset=utf-8", body=body)

    async def find(self, visit: Portal) -> Reply:
        """What a search in another page's form finds, while somebody types."""
        found = await buyers(self._server.of(visit), visit, visit.query.get("but", "")[:64])
        return Screen(template="customers_found.html", values={"buyers": found})

    async def new(self, visit: Portal) -> Reply:
        """The form for a new customer."""
        return Screen(template="customer_edit.html", values={"customer": None, "refusal": None})

    async def create(self, visit: Portal) -> Reply:
        """Make a customer known."""
        body = _body(visit)
        if not visit.form.errors:
            try:
                made = await self._server.of(visit).post("/v1/customers", body, key=visit.form.text("_key"))
                visit.say(f"{body['name']} is a customer now.")
                return Goto(path("/customers/{name}", name=made.value["id"]))
            except RefusedPageError as error:
                return _again(visit, None, error.refusal)
        return _again(visit, None, None)

    async def show(self, visit: Portal) -> Reply:
        """One customer."""
        api, name = self._server.of(visit), visit.params["customer"]
        customer = await api.get(path("/v1/customers/{name}", name=name))
        return Screen(template="customer.html", values={"customer": customer, **await values_of(api, visit, name)})

    async def edit(self, visit: Portal) -> Reply:
        """The form with what is known."""
        api, name = self._server.of(visit), visit.params["customer"]
        customer = await api.tagged(path("/v1/customers/{name}", name=name))
        form = Form.of(**_known(customer.value))
        values = {"customer": customer.value, "refusal": None, "form": form, "seen": customer.etag}
        return Screen(template="customer_edit.html", values=values)

    async def change(self, visit: Portal) -> Reply:
        """Change a customer."""
        api, name = self._server.of(visit), visit.params["customer"]
        customer = await api.tagged(path("/v1/customers/{name}", name=name))
        body = _body(visit)
        if visit.form.errors:
            return _again(visit, customer.value, None)
        try:
            await api.put(
                path("/v1/customers/{name}", name=name), body, if_match=visit.form.text("seen") or NOTHING_SEEN
            )
        except RefusedPageError as error:
            if not is_stale(error.refusal):
                return _again(visit, customer.value, error.refusal)
            values = {"customer": customer.value, "refusal": None, "seen": customer.etag}
            values["differences"] = differences(visit.form, _known(customer.value), {"reference": "Your reference"})
            return Screen(template="customer_edit.html", values=values, status=STATUS)
        visit.say("Saved.")
        return Goto(path("/customers/{name}", name=name))

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/customers", self.list_customers),
            page("/customers/export.csv", self.export),
            action("/customers/find", self.find),
            page("/customers/new", self.new),
            action("/customers/new", self.create),
            page("/customers/{customer}", self.show),
            page("/customers/{customer}/edit", self.edit),
            action("/customers/{customer}/edit", self.change),
        )


def _known(customer: dict[str, Any]) -> dict[str, Any]:
    """What the form is about, as it is stored."""
    return {name: customer[name] for name in ("name", "reference", "email")}


def _body(visit: Portal) -> dict[str, Any]:
    form = visit.form
    body: dict[str, Any] = {
        "name": form.required("name", most=200),
        "reference": form.text("reference", most=200),
        "email": form.text("email", most=254),
    }
    if form.text("credit_limit"):
        body["credit_limit"] = form.money("credit_limit", visit.who.currency)
    return body


def _again(visit: Portal, customer: dict[str, Any] | None, refusal: Refusal | None) -> Screen:
    if refusal and blamed(visit.form, refusal):
        refusal = None
    values = {"customer": customer, "refusal": refusal, "seen": visit.form.text("seen")}
    return Screen(template="customer_edit.html", values=values, status=422)
