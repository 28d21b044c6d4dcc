"""For the vendor: the products that plans license."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import Api, path
from tenure.portal.drafts import Draft, Line, take
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.portal.vendor_only import require_vendor
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Refusal, Reply, Screen
from tenure.web.shelf import NAMED, NEWEST, shelve

SORTS = {"newest": NEWEST, "name": NAMED, "plans": ("Most plans first", lambda row: (row["plans"], row["id"]), True)}
ABOVE = (("/products", "Products"),)


class Products:
    """The pages about products."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Every product, with how many plans license it."""
        require_vendor(visit, "catalogue:read")
        api = self._server.of(visit)
        rows, plans = await api.whole("/v1/products"), await api.whole("/v1/plans")
        for row in rows:
            row["plans"] = sum(plan["product"] == row["id"] for plan in plans)
        return Screen(template="products.html", values={"shelf": shelve(visit, rows, SORTS)})

    async def new(self, visit: Portal) -> Reply:
        """The form for a product."""
        require_vendor(visit, "catalogue:write")
        return _new(visit, None)

    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "catalogue:write")
        form, api = visit.form, self._server.of(visit)
        body = {"id": form.required("id", most=100), "name": form.required("name", most=300)}

        async def again(refusal: Refusal | None) -> Screen:
            return _new(visit, refusal)

        draft = Draft(
            title="New product",
            crumbs=ABOVE,
            action="/new-product",
            button="Make the product",
            note="Its id stands in every lease and in your applications: it never changes. The name may.",
            lines=lambda made: [Line("Id", made["id"]), Line("Name", made["name"])],
            send=lambda dry: api.post("/v1/products", body, key=form.text("_key"), dry_run=dry),
            form=again,
            after=lambda made: path("/products/{name}", name=made["id"]),
            said="The product is known. Plans say in which ways it is licensed.",
        )
        return await take(visit, draft)

    async def look(self, visit: Portal) -> Reply:
        """One product, its plans, and its name to be changed."""
        require_vendor(visit, "catalogue:read")
        return await self._one(visit, None)

    async def change(self, visit: Portal) -> Reply:
        """Show the other name beside the present one, then save it."""
        require_vendor(visit, "catalogue:write")
        form, api, address = visit.form, self._server.of(visit), _address(visit)
        body = {"name": form.required("name", most=300)}
        before = (await api.get(address))["name"]
        draft = Draft(
            title="Another name",
            crumbs=(*ABOVE, (_page(visit), before)),
            action=_page(visit),
            button="Save the name",
            note="Pages and mails show it from now on. Leases and applications go by the id, which stays.",
            lines=lambda made: [Line("Name", made["name"], before)],
            send=lambda dry: api.put(address, body, if_match=form.text("seen") or NOTHING_SEEN, dry_run=dry),
            form=lambda refusal: self._one(visit, refusal),
            after=lambda made: _page(visit),
            said="Saved.",
        )
        return await take(visit, draft)

    async def _one(self, visit: Portal, refusal: Refusal | None) -> Screen:
        api = self._server.of(visit)
        seen = await api.tagged(_address(visit))
        stale = is_stale(refusal)
        shown = None if refusal is None or stale or blamed(visit.form, refusal) else refusal
        typed = visit.method == "POST"
        values: dict[str, Any] = {
            "product": seen.value,
            "plans": await _plans(api, seen.value["id"]),
            "refusal": shown,
            "form": visit.form if typed else Form.of(name=seen.value["name"]),
            "seen": visit.form.text("seen") if typed and not stale else seen.etag,
            "differences": differences(visit.form, {"name": seen.value["name"]}) if stale else None,
        }
        wrong = bool(refusal or visit.form.errors)
        return Screen(template="product.html", values=values, status=STATUS if stale else 422 if wrong else 200)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/products", self.show),
            page("/new-product", self.new),
            action("/new-product", self.create),
            page("/products/{product}", self.look),
            action("/products/{product}", self.change),
        )


def _new(visit: Portal, refusal: Refusal | None) -> Screen:
    shown = None if refusal is None or blamed(visit.form, refusal) else refusal
    status = 422 if refusal or visit.form.errors else 200
    return Screen(template="product_new.html", values={"refusal": shown}, status=status)


async def _plans(api: Api, product: str) -> list[Any]:
    return [plan for plan in await api.whole("/v1/plans") if plan["product"] == product]


def _address(visit: Portal) -> str:
    return path("/v1/products/{name}", name=visit.params["product"])


def _page(visit: Portal) -> str:
    return path("/products/{name}", name=visit.params["product"])
