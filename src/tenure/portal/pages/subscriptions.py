"""The list of subscriptions: filtered, searched, exported; for a customer, its own."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import COUNTED, PAGE, Portal, PortalPages
from tenure.web.page_groups import page_at
from tenure.web.pager import make_pager, sorted_by
from tenure.web.replies import FileDownload, PageScreen, RedirectTo, Reply

FILTERS = ("q", "phase", "plan", "product", "customer", "auto", "due_before", "failed_since")
PHASES = (
    ("", "Any phase"),
    ("pending", "Pending"),
    ("active", "Active"),
    ("grace", "In grace"),
    ("paused", "Paused"),
    ("ended", "Ended"),
)
SORTS = (
    ("newest", "Newest first"),
    ("due", "Next payment"),
    ("ends", "End"),
    ("customer", "Customer"),
    ("devices", "Most devices first"),
    ("id", "Oldest first"),
)
"""By what the list can be sorted; the first is meant where nothing is said."""
RENEWING = (("", "Any"), ("true", "Automatic"), ("false", "By hand"))


class SubscriptionListPages(PortalPages):
    """The list's pages."""

    @page_at("/subscriptions")
    async def show(self, visit: Portal) -> Reply:
        """The list."""
        api = self._api(visit)
        asked = list_filters(visit)
        sort = sorted_by(visit, SORTS)
        place: dict[str, Any] = {"sort": sort, "counted": True, "cursor": visit.query.get("cursor")}
        found = await api.get_page("/v1/subscriptions", {**asked, **place})
        all_of_it = visit.with_query(cursor=None, trail=None, row=None)
        plans = await api.get_all("/v1/plans")
        names = {plan["id"]: plan["name"] for plan in plans}
        return PageScreen.of(
            "subscriptions.html",
            rows=found.items,
            pages=make_pager(visit, found, PAGE, found.total, COUNTED),
            sort=sort,
            sorts=[each for each in SORTS if not (visit.session_value.is_customer and each[0] == "customer")],
            asked=asked,
            plans=names,
            phases_offered=PHASES,
            renewing_offered=RENEWING,
            export=all_of_it.replace("/subscriptions", "/subscriptions/export.csv", 1),
            currency=visit.session_value.currency,
        )

    @page_at("/subscriptions/export.csv")
    async def export(self, visit: Portal) -> Reply:
        """The same list as CSV."""
        body = await self._api(visit).get_text(
            "/v1/subscriptions.csv", **list_filters(visit), sort=sorted_by(visit, SORTS)
        )
        return FileDownload(name="subscriptions.csv", media_type="text/csv; charset=utf-8", body=body)

    @page_at("/renew")
    async def renew(self, visit: Portal) -> Reply:
        """The address to which sites send a customer who wants to renew (M16): `?subscription=` names which."""
        name = visit.query.get("subscription", "")
        return RedirectTo(fill_path("/subscriptions/{name}/do/renew", name=name) if name else "/subscriptions")


def list_filters(visit: Portal) -> dict[str, str]:
    """The filters that are set."""
    return {name: text for name in FILTERS if (text := visit.query.get(name, "").strip())}
