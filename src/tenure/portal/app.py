"""The portal put together: its pages over one injected HTTP client, behind the border that every program has."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec

from tenure.core.timeline import Instant
from tenure.http.edge import Border, Edge
from tenure.http.fairness import FairPlaces, block_of
from tenure.http.limits import Ticks
from tenure.portal.framing import Framing
from tenure.portal.pages import door
from tenure.portal.pages.account import Account
from tenure.portal.pages.acting import Acting
from tenure.portal.pages.audit import Audit
from tenure.portal.pages.board import Board
from tenure.portal.pages.bounds import Bounds
from tenure.portal.pages.brand import Brand
from tenure.portal.pages.codes import Codes
from tenure.portal.pages.customers import Customers
from tenure.portal.pages.door import Door
from tenure.portal.pages.importing import Importing
from tenure.portal.pages.installations import Installations
from tenure.portal.pages.joining import Joining
from tenure.portal.pages.keys import Keys
from tenure.portal.pages.letters import Letters
from tenure.portal.pages.money import Money
from tenure.portal.pages.offline import Offline
from tenure.portal.pages.order import Order
from tenure.portal.pages.order_requests import OrderRequests
from tenure.portal.pages.paid import PaymentSettings
from tenure.portal.pages.payments import Payments
from tenure.portal.pages.plans import Plans
from tenure.portal.pages.policy import Policy
from tenure.portal.pages.products import Products
from tenure.portal.pages.providers import Providers
from tenure.portal.pages.sandbox import Sandbox
from tenure.portal.pages.selling import Selling
from tenure.portal.pages.subscription import Subscription
from tenure.portal.pages.subscriptions import Subscriptions
from tenure.portal.pages.team import Team
from tenure.portal.pages.tokens import Tokens
from tenure.portal.pages.webhooks import Webhooks
from tenure.portal.picking import Buyers
from tenure.portal.signed import Portal, Server, SignedIn
from tenure.web.app import Parts, Route, Run, build
from tenure.web.replies import RefusedPageError, Reply
from tenure.web.sessions import EACH, MOST, MemorySessions

PAGES = (
    Door, Joining, Account, Board, Subscriptions, Subscription, Codes, Acting, Order, OrderRequests, Customers,
    Importing, Money, Payments, PaymentSettings, Installations, Selling, Policy, Tokens, Team, Webhooks, Letters, Brand,
    Offline, Sandbox, Providers, Bounds, Products, Plans, Keys, Audit,
)  # fmt: skip


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a portal is told when it starts."""

    house: str = "Tenure"
    """What the website is called before anybody is signed in."""
    public_url: str = ""
    """The address people use, when a proxy that ends TLS stands before it."""


def portal(http: httpx2.AsyncClient, settings: Settings, clock: Callable[[], Instant], ticks: Ticks) -> Edge:
    """The application; `http` reaches the activation server, `ticks` is a monotonic counter in seconds."""
    server = Server(http)
    routes: list[Route] = [route for group in PAGES for route in group(server).routes()]
    pages = build(
        Parts(
            program="portal",
            package="tenure.portal",
            routes=tuple(msgspec.structs.replace(route, run=_while_signed_in(route.run)) for route in routes),
            sessions=MemorySessions[SignedIn](FairPlaces(MOST, EACH), block_of),
            owner=lambda signed_in: signed_in.owner,
            frame=Framing(server, settings.house).frame,
            clock=clock,
            public_url=settings.public_url,
            globals={"others": _others, "customers_of": _choices},
        )
    )
    return Edge(pages, Border(clock=clock, ticks=ticks, headers=()))


def _while_signed_in(run: Run) -> Run:
    """A session that the server has ended meanwhile leads to signing in again, wherever it is noticed."""

    async def guarded(visit: Portal) -> Reply:
        try:
            return await run(visit)
        except RefusedPageError as error:
            if visit.session is not None and error.refusal.code == "not_authenticated":
                return door.over(visit)
            raise

    return guarded


def _choices(buyers: Buyers) -> list[tuple[str, str]]:
    """Customers for a plain choice; among several none is chosen beforehand, so that nobody orders for the first."""
    found = [(each["id"], each["name"]) for each in buyers.shown]
    return [("", "Choose a customer"), *found] if len(found) > 1 else found


def _others(sub: dict[str, Any], but: str) -> list[tuple[str, str]]:
    """The other sites of a subscription, for a choice."""
    return [(site["id"], site["name"] or site["id"]) for site in sub["sites"] if site["id"] != but and not site["lost"]]
