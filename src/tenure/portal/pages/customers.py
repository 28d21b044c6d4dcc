"""Customers: the list, a new one, one customer with its subscriptions, money and users."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.customer_select import customer_choices
from tenure.portal.due_actions import values_of
from tenure.portal.session import COUNTED, PAGE, Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, is_stale, stale_fields
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager, sorted_by
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

SORTS = (("newest", "Newest first"), ("name", "Name"), ("balance", "Lowest balance first"))
"""By what the list can be sorted; the first is meant where nothing is said."""


class CustomerPages(PortalPages):
    """The pages about customers, for the provider's users."""

    @page_at("/customers")
    async def list_customers(self, visit: Portal) -> Reply:
        """The list with balances."""
        words = visit.query.get("q", "").strip()
        sort = sorted_by(visit, SORTS)
        asked = {"q": words or None, "sort": sort, "counted": True, "cursor": visit.query.get("cursor")}
        found = await self._server.api_for(visit).get_page("/v1/customers", asked)
        values = {
            "rows": found.items,
            "words": words,
            "sort": sort,
            "sorts": SORTS,
            "pages": make_pager(visit, found, PAGE, found.total, COUNTED),
        }
        return PageScreen(template="customers.html", values=values)

    @page_at("/customers/export.csv")
    async def export(self, visit: Portal) -> Reply:
        """The list as CSV."""
        body = await self._server.api_for(visit).get_text(
            "/v1/customers.csv", q=visit.query.get("q"), sort=sorted_by(visit, SORTS)
        )
        return FileDownload(name="customers.csv", media_type="text/csv; charset=utf-8", body=body)

    @form_at("/customers/find")
    async def find(self, visit: Portal) -> Reply:
        """Answer a search in another page's form, while a user types."""
        found = await customer_choices(self._server.api_for(visit), visit, visit.query.get("but", "")[:64])
        return PageScreen(template="customers_found.html", values={"buyers": found})

    @page_at("/customers/new")
    async def new(self, visit: Portal) -> Reply:
        """The form for a new customer."""
        return PageScreen(template="customer_edit.html", values={"customer": None, "refusal": None})

    @form_at("/customers/new")
    async def create(self, visit: Portal) -> Reply:
        """Make a customer known."""
        body = _request_body(visit)
        if not visit.form.errors:
            try:
                made = await self._server.api_for(visit).post("/v1/customers", body, key=visit.form.read_text("_key"))
                visit.flash_message(f"{body['name']} has been added.")
                return RedirectTo(fill_path("/customers/{name}", name=made.value["id"]))
            except RefusedPageError as error:
                return _render_again(visit, None, error.refusal)
        return _render_again(visit, None, None)

    @page_at("/customers/{customer}")
    async def show(self, visit: Portal) -> Reply:
        """One customer."""
        api, name = self._server.api_for(visit), visit.params["customer"]
        customer = await api.get(fill_path("/v1/customers/{name}", name=name))
        return PageScreen(template="customer.html", values={"customer": customer, **await values_of(api, visit, name)})

    @page_at("/customers/{customer}/edit")
    async def edit(self, visit: Portal) -> Reply:
        """The form with what is known."""
        api, name = self._server.api_for(visit), visit.params["customer"]
        customer = await api.get_with_etag(fill_path("/v1/customers/{name}", name=name))
        form = SentForm.of(**_stored_values(customer.value))
        values = {"customer": customer.value, "refusal": None, "form": form, "seen": customer.etag}
        return PageScreen(template="customer_edit.html", values=values)

    @form_at("/customers/{customer}/edit")
    async def change(self, visit: Portal) -> Reply:
        """Change a customer."""
        api, name = self._server.api_for(visit), visit.params["customer"]
        customer = await api.get_with_etag(fill_path("/v1/customers/{name}", name=name))
        body = _request_body(visit)
        if visit.form.errors:
            return _render_again(visit, customer.value, None)
        try:
            await api.put(
                fill_path("/v1/customers/{name}", name=name),
                body,
                if_match=visit.form.read_text("seen") or NOTHING_SEEN,
            )
        except RefusedPageError as error:
            if not is_stale(error.refusal):
                return _render_again(visit, customer.value, error.refusal)
            values = {"customer": customer.value, "refusal": None, "seen": customer.etag}
            values["differences"] = stale_fields(
                visit.form, _stored_values(customer.value), {"reference": "Your reference"}
            )
            return PageScreen(template="customer_edit.html", values=values, status=STATUS)
        visit.flash_message("Saved.")
        return RedirectTo(fill_path("/customers/{name}", name=name))


def _stored_values(customer: dict[str, Any]) -> dict[str, Any]:
    """What the form is about, as it is stored."""
    return {name: customer[name] for name in ("name", "reference", "email")}


def _request_body(visit: Portal) -> dict[str, Any]:
    form = visit.form
    body: dict[str, Any] = {
        "name": form.read_required("name", most=200),
        "reference": form.read_text("reference", most=200),
        "email": form.read_text("email", most=254),
    }
    if form.read_text("credit_limit"):
        body["credit_limit"] = form.read_money("credit_limit", visit.session_value.currency)
    return body


def _render_again(visit: Portal, customer: dict[str, Any] | None, refusal: PageRefusal | None) -> PageScreen:
    if refusal:
        refusal = visit.form.place_refusal(refusal)
    values = {"customer": customer, "refusal": refusal, "seen": visit.form.read_text("seen")}
    return PageScreen(template="customer_edit.html", values=values, status=422)
