"""For the vendor: the products that plans license."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.drafts import DraftLine, FormDraft, take_draft
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, is_stale, stale_fields
from tenure.portal.vendor_only import require_vendor
from tenure.web.forms import SentForm
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, Reply
from tenure.web.short_lists import NAMED, NEWEST, make_short_list

SORTS = {"newest": NEWEST, "name": NAMED, "plans": ("Most plans first", lambda row: (row["plans"], row["id"]), True)}
ABOVE = (("/products", "Products"),)


class ProductPages(PortalPages):
    """The pages about products."""

    @page_at("/products")
    async def show(self, visit: Portal) -> Reply:
        """Every product, with how many plans license it."""
        require_vendor(visit, "catalog:read")
        api = self._server.api_for(visit)
        rows, plans = await api.get_all("/v1/products"), await api.get_all("/v1/plans")
        for row in rows:
            row["plans"] = sum(plan["product"] == row["id"] for plan in plans)
        return PageScreen(template="products.html", values={"short_list": make_short_list(visit, rows, SORTS)})

    @page_at("/new-product")
    async def new(self, visit: Portal) -> Reply:
        """The form for a product."""
        require_vendor(visit, "catalog:write")
        return _render_new(visit, None)

    @form_at("/new-product")
    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "catalog:write")
        form, api = visit.form, self._server.api_for(visit)
        body = {"id": form.read_required("id", most=100), "name": form.read_required("name", most=300)}

        async def again(refusal: PageRefusal | None) -> PageScreen:
            return _render_new(visit, refusal)

        draft = FormDraft(
            title="New product",
            crumbs=ABOVE,
            action="/new-product",
            button="Make the product",
            note="Its id stands in every lease and in your applications: it never changes. The name may.",
            lines=lambda made: [DraftLine("Id", made["id"]), DraftLine("Name", made["name"])],
            send=lambda dry: api.post("/v1/products", body, key=form.read_text("_key"), dry_run=dry),
            form=again,
            after=lambda made: fill_path("/products/{name}", name=made["id"]),
            said="The product is saved. Plans set the terms under which it is licensed.",
        )
        return await take_draft(visit, draft)

    @page_at("/products/{product}")
    async def look(self, visit: Portal) -> Reply:
        """One product, its plans, and its name to be changed."""
        require_vendor(visit, "catalog:read")
        return await self._render_product(visit, None)

    @form_at("/products/{product}")
    async def change(self, visit: Portal) -> Reply:
        """Show the other name beside the present one, then save it."""
        require_vendor(visit, "catalog:write")
        form, api, address = visit.form, self._server.api_for(visit), _product_url(visit)
        body = {"name": form.read_required("name", most=300)}
        before = (await api.get(address))["name"]
        draft = FormDraft(
            title="Another name",
            crumbs=(*ABOVE, (_products_page(visit), before)),
            action=_products_page(visit),
            button="Save the name",
            note="Pages and emails show it from now on. Leases and applications use the id, which stays.",
            lines=lambda made: [DraftLine("Name", made["name"], before)],
            send=lambda dry: api.put(address, body, if_match=form.read_text("seen") or NOTHING_SEEN, dry_run=dry),
            form=lambda refusal: self._render_product(visit, refusal),
            after=lambda made: _products_page(visit),
            said="Saved.",
        )
        return await take_draft(visit, draft)

    async def _render_product(self, visit: Portal, refusal: PageRefusal | None) -> PageScreen:
        api = self._server.api_for(visit)
        seen = await api.get_with_etag(_product_url(visit))
        stale = is_stale(refusal)
        shown = None if refusal is None or stale else visit.form.place_refusal(refusal)
        typed = visit.method == "POST"
        values: dict[str, Any] = {
            "product": seen.value,
            "plans": await _plans_of(api, seen.value["id"]),
            "refusal": shown,
            "form": visit.form if typed else SentForm.of(name=seen.value["name"]),
            "seen": visit.form.read_text("seen") if typed and not stale else seen.etag,
            "differences": stale_fields(visit.form, {"name": seen.value["name"]}) if stale else None,
        }
        wrong = bool(refusal or visit.form.errors)
        return PageScreen(template="product.html", values=values, status=STATUS if stale else 422 if wrong else 200)


def _render_new(visit: Portal, refusal: PageRefusal | None) -> PageScreen:
    shown = None if refusal is None else visit.form.place_refusal(refusal)
    status = 422 if refusal or visit.form.errors else 200
    return PageScreen(template="product_new.html", values={"refusal": shown}, status=status)


async def _plans_of(api: PageApi, product: str) -> list[Any]:
    return [plan for plan in await api.get_all("/v1/plans") if plan["product"] == product]


def _product_url(visit: Portal) -> str:
    return fill_path("/v1/products/{name}", name=visit.params["product"])


def _products_page(visit: Portal) -> str:
    return fill_path("/products/{name}", name=visit.params["product"])
