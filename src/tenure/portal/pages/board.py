"""The board: what an operator should look at today."""

from typing import Any
from urllib.parse import urlencode

from tenure.core.timeline import DAY
from tenure.http.timestamps import format_rfc3339
from tenure.portal import checklist
from tenure.portal.due_actions import values_of
from tenure.portal.pages.keys import STEPS
from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import instant_of
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageScreen, RedirectTo, Reply

LISTS = (
    ("due", "Falls due", "in the next 30 days"),
    ("grace", "In grace", "paid period over, functions still on"),
    ("failed", "Renewal failed", "the balance was too low"),
    ("pending", "Waiting for activation", "code not used yet"),
)
SHOWN = 8
"""Rows of each list on the board; the rest is behind *more*."""
MOST = 100
"""Rows of the whole list of balances that run out."""
DUE_DAYS, FAILED_DAYS = 30, 60
"""As far as the API's board looks ahead and back."""


class BoardPages(PortalPages):
    """The first page after signing in."""

    @page_at("/")
    async def show(self, visit: Portal) -> Reply:
        """The board; for a customer's users what they should do now, for the vendor's what is due."""
        if visit.session_value.is_customer:
            return await self._customer_home(visit)
        api = self._api(visit)
        if visit.session_value.team_kind == "vendor" and not visit.session_value.provider:
            return await _vendor_figures(visit, api)
        board: dict[str, Any] = await api.get("/v1/board")
        asked = await api.get_all("/v1/order-requests", state="asked", most=200)
        totals = board["totals"]
        steps = await checklist.of_provider(visit, api, totals["customers"], totals["subscriptions"])
        values = {"board": board, "lists": LISTS, "totals": totals, "asked": asked, "shown": SHOWN}
        values |= {"whole": _list_urls(board["as_of"]), **_first_steps(visit, steps)}
        return PageScreen(template="board.html", values=values)

    async def _customer_home(self, visit: Portal) -> PageScreen:
        """What the customer should do now, its subscriptions and its balance."""
        return PageScreen(
            template="home.html",
            values=await values_of(self._api(visit), visit, visit.session_value.customer),
        )

    @page_at("/board/running-out")
    async def running_out(self, visit: Portal) -> Reply:
        """Every customer whose balance does not cover what falls due by itself, soonest first."""
        board: dict[str, Any] = await self._api(visit).get("/v1/board", limit=MOST)
        return PageScreen.of("running_out.html", board=board, totals=board["totals"])

    @form_at("/first-steps/dismiss")
    async def dismiss(self, visit: Portal) -> Reply:
        """A checklist is put away, for good."""
        checklist.put_away(visit, visit.form.read_choice("name", checklist.NAMES), away=True)
        return RedirectTo("/")

    @form_at("/first-steps/show")
    async def bring_back(self, visit: Portal) -> Reply:
        """A checklist that was put away is shown again."""
        checklist.put_away(visit, visit.form.read_choice("name", checklist.NAMES), away=False)
        return RedirectTo("/")


def _list_urls(as_of: str) -> dict[str, str]:
    """By list of the board, the address at which the whole of it stands."""
    now = instant_of(as_of) or 0
    due = {"due_before": format_rfc3339(now + DUE_DAYS * DAY), "sort": "due"}
    failed = {"failed_since": format_rfc3339(now - FAILED_DAYS * DAY)}
    asked = {"due": due, "grace": {"phase": "grace", "sort": "ends"}, "failed": failed}
    asked["pending"] = {"phase": "pending", "sort": "id"}
    return {name: f"/subscriptions?{urlencode(query)}" for name, query in asked.items()}


def _first_steps(visit: Portal, steps: checklist.Checklist | None) -> dict[str, Any]:
    """The list, or the way back to it for a user who has put it away."""
    away = steps is not None and checklist.is_put_away(visit, steps.name)
    return {"checklist": None if away else steps, "put_away": steps if away else None}


async def _vendor_figures(visit: Portal, api: PageApi) -> PageScreen:
    """What the vendor has, what is due of his keys, and his first steps."""
    may = visit.session_value.has_scope
    products = await api.get_all("/v1/products") if may("catalog:read") else []
    plans = await api.get_all("/v1/plans") if may("catalog:read") else []
    providers = await api.get_all("/v1/providers") if may("providers:read") else []
    root = await api.get("/v1/keys") if may("server:read") else None
    names = [each["id"] for each in reversed(providers)]
    steps = await checklist.of_vendor(visit, api, len(products), len(plans), names)
    return PageScreen.of(
        "vendor.html",
        products=products,
        plans=plans,
        providers=providers,
        root=root,
        step=root["due"][0] if root and root["due"] else None,
        steps=STEPS,
        **_first_steps(visit, steps),
    )
