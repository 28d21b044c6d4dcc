"""The portal put together: its pages over one injected HTTP client, behind the middleware of every program."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec

from tenure.core.timeline import Instant
from tenure.http.client.transports import AsyncTransport
from tenure.http.fairness import FairPlaces, block_of
from tenure.http.limits import Ticks
from tenure.http.middleware import EdgeMiddleware, MiddlewareParts
from tenure.portal.customer_select import CustomerChoices
from tenure.portal.navigation import PortalFrameMaker
from tenure.portal.pages.account import AccountPages
from tenure.portal.pages.action_flow import ActionPages
from tenure.portal.pages.audit import AuditPages
from tenure.portal.pages.board import BoardPages
from tenure.portal.pages.bounds import BoundsPages
from tenure.portal.pages.brand import BrandPages
from tenure.portal.pages.codes import PendingCodePages
from tenure.portal.pages.customers import CustomerPages
from tenure.portal.pages.emails import EmailPages
from tenure.portal.pages.imports import ImportPages
from tenure.portal.pages.installations import InstallationPages
from tenure.portal.pages.invitations import InvitationPages
from tenure.portal.pages.keys import KeyPages
from tenure.portal.pages.money import MoneyPages
from tenure.portal.pages.offers import OfferPages
from tenure.portal.pages.offline import OfflineAnswerPages
from tenure.portal.pages.order import OrderPages
from tenure.portal.pages.order_requests import OrderRequestPages
from tenure.portal.pages.payment_settings import PaymentSettingsPages
from tenure.portal.pages.payments import PaymentPages
from tenure.portal.pages.plans import PlanPages
from tenure.portal.pages.policy import PolicyPages
from tenure.portal.pages.products import ProductPages
from tenure.portal.pages.providers import ProviderPages
from tenure.portal.pages.sandbox import SandboxPages
from tenure.portal.pages.sign_in import PortalSignInPages
from tenure.portal.pages.subscription import SubscriptionPage
from tenure.portal.pages.subscriptions import SubscriptionListPages
from tenure.portal.pages.team import TeamPages
from tenure.portal.pages.tokens import TokenPages
from tenure.portal.pages.webhooks import WebhookPages
from tenure.portal.session import PortalServer, PortalSession
from tenure.portal.shared_browsers import PortalValues, SharedBrowserCache, SharedSessions
from tenure.web.browser_cache import BrowserCache, MemoryBrowserCache
from tenure.web.page_app import PageParts, build_pages
from tenure.web.sessions import EACH, MOST, MemorySessions, SessionStore

PAGES = (
    PortalSignInPages, InvitationPages, AccountPages, BoardPages, SubscriptionListPages, SubscriptionPage,
    PendingCodePages,
    ActionPages, OrderPages, OrderRequestPages, CustomerPages,
    ImportPages, MoneyPages, PaymentPages, PaymentSettingsPages, InstallationPages, OfferPages, PolicyPages, TokenPages,
    TeamPages, WebhookPages, EmailPages, BrandPages,
    OfflineAnswerPages, SandboxPages, ProviderPages, BoundsPages, ProductPages, PlanPages, KeyPages, AuditPages,
)  # fmt: skip


class PortalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a portal is told when it starts."""

    house: str = "Tenure"
    """The website's name before sign-in."""
    public_url: str = ""
    """The address people use, when a proxy that ends TLS stands before it."""
    shared: bool = False
    """Whether the server keeps what browsers are signed in with (it knows this portal by its key), so that any process
    serves any of them; otherwise it is kept in the memory of this one."""


def make_portal(
    http: httpx2.AsyncClient, settings: PortalSettings, clock: Callable[[], Instant], ticks: Ticks
) -> EdgeMiddleware:
    """The application; `http` reaches the activation server, `ticks` is a monotonic counter in seconds."""
    transport = AsyncTransport(http)
    server = PortalServer(transport)
    sessions, kept = _browser_stores(transport, shared=settings.shared)
    pages = build_pages(
        PageParts(
            program="portal",
            package="tenure.portal",
            routes=tuple(route for group in PAGES for route in group(server).routes()),
            sessions=sessions,
            kept=kept,
            owner=lambda signed_in: signed_in.session_owner,
            frame=PortalFrameMaker(server, settings.house).make_frame,
            clock=clock,
            public_url=settings.public_url,
            globals={"others": _other_sites, "customers_of": _customer_choices},
        )
    )
    return EdgeMiddleware(pages, MiddlewareParts(clock=clock, ticks=ticks, headers=()))


def _browser_stores(transport: AsyncTransport, *, shared: bool) -> tuple[SessionStore[PortalSession], BrowserCache]:
    if not shared:
        return MemorySessions(FairPlaces(MOST, EACH), block_of), MemoryBrowserCache()
    values = PortalValues(transport)
    return SharedSessions(values), SharedBrowserCache(values)


def _customer_choices(buyers: CustomerChoices) -> list[tuple[str, str]]:
    """Customers for a plain choice; among several none is preset, so that no order goes to the first by mistake."""
    found = [(each["id"], each["name"]) for each in buyers.shown]
    return [("", "Choose a customer"), *found] if len(found) > 1 else found


def _other_sites(sub: dict[str, Any], but: str) -> list[tuple[str, str]]:
    """The other sites of a subscription, for a choice."""
    return [(site["id"], site["name"] or site["id"]) for site in sub["sites"] if site["id"] != but and not site["lost"]]
