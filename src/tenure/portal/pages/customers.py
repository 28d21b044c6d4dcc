"""Customers: the list, a new one, one customer with its subscriptions, money and users."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.customer_select import customer_choices
from tenure.portal.due_actions import values_of
from tenure.portal.session import COUNTED, PAGE, Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, edit_screen
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager, sorted_by
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.visits import form_screen

ADDRESS = "/v1/customers/{customer}"
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
        found = await self._api(visit).get_page("/v1/customers", asked)
        return PageScreen.of(
            "customers.html",
            rows=found.items,
            words=words,
            sort=sort,
            sorts=SORTS,
            pages=make_pager(visit, found, PAGE, found.total, COUNTED),
        )

    @page_at("/customers/export.csv")
    async def export(self, visit: Portal) -> Reply:
        """The list as CSV."""
        body = await self._api(visit).get_text(
            "/v1/customers.csv", q=visit.query.get("q"), sort=sorted_by(visit, SORTS)
        )
        return FileDownload(name="customers.csv", media_type="text/csv; charset=utf-8", body=body)

    @form_at("/customers/find")
    async def find(self, visit: Portal) -> Reply:
        """Answer a search in another page's form, while a user types."""
        found = await customer_choices(self._api(visit), visit, visit.query.get("but", "")[:64])
        return PageScreen.of("customers_found.html", buyers=found)

    async def _render_new(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        return form_screen(visit, "customer_edit.html", refusal, customer=None)

    @page_at("/customers/new")
    async def new(self, visit: Portal) -> Reply:
        """The form for a new customer."""
        return await self._render_new(visit)

    @form_at("/customers/new", again=_render_new)
    async def create(self, visit: Portal) -> Reply:
        """Make a customer known."""
        body = _request_body(visit)
        made = await self._api(visit).post("/v1/customers", body, key=visit.form.read_text("_key"))
        return RedirectTo(fill_path("/customers/{name}", name=made.value["id"]), f"{body['name']} has been added.")

    @page_at("/customers/{customer}")
    async def show(self, visit: Portal) -> Reply:
        """One customer."""
        api, name = self._api(visit), visit.params["customer"]
        customer = await api.get(visit.fill_address(ADDRESS))
        return PageScreen.of("customer.html", customer=customer, **await values_of(api, visit, name))

    async def _render_edit(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        seen = await self._api(visit).get_with_etag(visit.fill_address(ADDRESS))
        stored = {name: seen.value[name] for name in ("name", "reference", "email")}
        names = {"reference": "Your reference"}
        return edit_screen(visit, "customer_edit.html", refusal, seen, stored, names, customer=seen.value)

    @page_at("/customers/{customer}/edit")
    async def edit(self, visit: Portal) -> Reply:
        """The form with what is known."""
        return await self._render_edit(visit)

    @form_at("/customers/{customer}/edit", again=_render_edit)
    async def change(self, visit: Portal) -> Reply:
        """Change a customer."""
        body, seen = _request_body(visit), visit.form.read_text("seen") or NOTHING_SEEN
        await self._api(visit).put(visit.fill_address(ADDRESS), body, if_match=seen)
        return RedirectTo(visit.fill_address("/customers/{customer}"), "Saved.")


def _request_body(visit: Portal) -> dict[str, Any]:
    """What both forms say. Raises `FormAgainError`."""
    form = visit.form
    body: dict[str, Any] = {
        "name": form.read_required("name", most=200),
        "reference": form.read_text("reference", most=200),
        "email": form.read_text("email", most=254),
    }
    if form.read_text("credit_limit"):
        body["credit_limit"] = form.read_money("credit_limit", visit.session_value.currency)
    form.require_valid()
    return body
