"""For the vendor: the products that plans license."""

from tenure.http.client.api_exchange import fill_path
from tenure.portal.drafts import DraftLine, FormDraft, change_name, take_draft
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import edit_screen
from tenure.portal.vendor_only import require_vendor
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, Reply
from tenure.web.short_lists import NAMED, NEWEST, make_short_list
from tenure.web.visits import form_screen

SORTS = {"newest": NEWEST, "name": NAMED, "plans": ("Most plans first", lambda row: (row["plans"], row["id"]), True)}
ABOVE = (("/products", "Products"),)
ADDRESS = "/v1/products/{product}"


class ProductPages(PortalPages):
    """The pages about products."""

    @page_at("/products")
    async def show(self, visit: Portal) -> Reply:
        """Every product, with how many plans license it."""
        require_vendor(visit, "catalog:read")
        api = self._api(visit)
        rows, plans = await api.get_all("/v1/products"), await api.get_all("/v1/plans")
        for row in rows:
            row["plans"] = sum(plan["product"] == row["id"] for plan in plans)
        return PageScreen.of("products.html", short_list=make_short_list(visit, rows, SORTS))

    async def _render_new(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        return form_screen(visit, "product_new.html", refusal)

    @page_at("/new-product")
    async def new(self, visit: Portal) -> Reply:
        """The form for a product."""
        require_vendor(visit, "catalog:write")
        return await self._render_new(visit)

    @form_at("/new-product", again=_render_new)
    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "catalog:write")
        form, api = visit.form, self._api(visit)
        body = {"id": form.read_required("id", most=100), "name": form.read_required("name", most=300)}
        draft = FormDraft(
            title="New product",
            crumbs=ABOVE,
            button="Make the product",
            note="Its id stands in every lease and in your applications: it never changes. The name may.",
            lines=lambda made: [DraftLine("Id", made["id"]), DraftLine("Name", made["name"])],
            send=lambda dry: api.post("/v1/products", body, key=form.read_text("_key"), dry_run=dry),
            after=lambda made: fill_path("/products/{name}", name=made["id"]),
            said="The product is saved. Plans set the terms under which it is licensed.",
        )
        return await take_draft(visit, draft)

    async def _render_product(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._api(visit)
        seen = await api.get_with_etag(visit.fill_address(ADDRESS))
        product = seen.value
        plans = [plan for plan in await api.get_all("/v1/plans") if plan["product"] == product["id"]]
        stored = {"name": product["name"]}
        return edit_screen(visit, "product.html", refusal, seen, stored, product=product, plans=plans)

    @page_at("/products/{product}")
    async def look(self, visit: Portal) -> Reply:
        """One product, its plans, and its name to be changed."""
        require_vendor(visit, "catalog:read")
        return await self._render_product(visit)

    @form_at("/products/{product}", again=_render_product)
    async def change(self, visit: Portal) -> Reply:
        """Show the other name beside the present one, then save it."""
        require_vendor(visit, "catalog:write")
        body = {"name": visit.form.read_required("name", most=300)}
        note = "Pages and emails show it from now on. Leases and applications use the id, which stays."
        return await change_name(self._api(visit), visit, ADDRESS, ABOVE, body, note)
