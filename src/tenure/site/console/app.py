"""The console put together: its pages over the local API, in the same process and on the same port as that API."""

from collections.abc import Callable

import httpx2
import msgspec

from tenure.core.timeline import Instant
from tenure.http.asgi import App, Receive, Scope, Send
from tenure.http.client.transports import AsyncTransport
from tenure.http.fairness import FairPlaces, block_of
from tenure.http.limits import Ticks
from tenure.http.middleware import EdgeMiddleware, MiddlewareParts
from tenure.site.console import rights
from tenure.site.console.exchanges import ConsoleExchanges
from tenure.site.console.navigation import ConsoleFrameMaker
from tenure.site.console.pages.codes import ActivationPages
from tenure.site.console.pages.connection import ConnectionPages
from tenure.site.console.pages.devices import DevicePages
from tenure.site.console.pages.dns import DnsPages
from tenure.site.console.pages.duplicates import DuplicatePages
from tenure.site.console.pages.enrollments import EnrollmentPages
from tenure.site.console.pages.events import EventPages
from tenure.site.console.pages.forks import ForkPages
from tenure.site.console.pages.forwarding import ForwardingPages
from tenure.site.console.pages.forwarding_form import ForwardingFormPages
from tenure.site.console.pages.licenses import LicensePages
from tenure.site.console.pages.offline import OfflineExchangePages
from tenure.site.console.pages.overview import OverviewPages
from tenure.site.console.pages.reports import ReportPages
from tenure.site.console.pages.seats import SeatPages
from tenure.site.console.pages.sign_in import console_sign_in
from tenure.site.console.pages.synchronization import SynchronizationPages
from tenure.site.console.pages.users import UserPages
from tenure.site.console.session import Console, ConsoleSession, LocalServer
from tenure.web.own_account import OwnAccountPages
from tenure.web.page_app import PageParts, PageRoute, Run, build_pages
from tenure.web.replies import RedirectTo, RefusedPageError, Reply
from tenure.web.sessions import EACH, MOST, MemorySessions

OF_THE_API = ("/v1/", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/refusals/")
"""Where addresses of the local API begin; all others are pages."""


def make_console(api: App, clock: Callable[[], Instant], ticks: Ticks) -> EdgeMiddleware:
    """The pages; `clock` is real time (sessions end by it), whatever a sandbox's clock says."""
    # The console is a client of the API like others, only without a network: it is refused what they are refused.
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://site.internal")
    server = LocalServer(AsyncTransport(http))
    pages = build_pages(
        PageParts(
            program="console",
            package="tenure.site.console",
            routes=tuple(
                msgspec.structs.replace(route, run=_guard_route(server, route)) for route in console_routes(server)
            ),
            sessions=MemorySessions[ConsoleSession](FairPlaces(MOST, EACH), block_of),
            owner=lambda signed_in: signed_in.name,
            frame=ConsoleFrameMaker(server).make_frame,
            clock=clock,
        )
    )
    return EdgeMiddleware(pages, MiddlewareParts(clock=clock, ticks=ticks, headers=()))


def console_routes(server: LocalServer) -> list[PageRoute]:
    """Every page and form of the console."""
    exchanges = ConsoleExchanges()
    groups = (
        OverviewPages(server), LicensePages(server), ActivationPages(server, exchanges),
        ForkPages(server, exchanges),
        SynchronizationPages(server, exchanges), ConnectionPages(server), DevicePages(server),
        DuplicatePages(server), EnrollmentPages(server),
        EventPages(server), SeatPages(server), OfflineExchangePages(server), DnsPages(server), ReportPages(server),
        UserPages(server), OwnAccountPages(server),
        ForwardingFormPages(server), ForwardingPages(server),
    )  # fmt: skip
    strangers = console_sign_in(server).routes(password="/sign-in/user", token="/sign-in")  # noqa: S106 - addresses
    return [*strangers, *(route for group in groups for route in group.routes())]


class PortRouter:
    """One port: the local API under its own addresses, the console under all others."""

    def __init__(self, api: App, pages: App) -> None:
        self._api, self._pages = api, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; start and stop are the API's."""
        ours = scope["type"] != "http" or scope["path"].startswith(OF_THE_API)
        await (self._api if ours else self._pages)(scope, receive, send)


def _guard_route(server: LocalServer, route: PageRoute) -> Run:
    """Answer with the page for users who may use it, with a refusal for others."""

    async def guarded(visit: Console) -> Reply:
        if visit.session is None or route.stranger:
            return await route.run(visit)
        return await _refuse_visitor(server, visit) or await route.run(visit)

    return guarded


async def _refuse_visitor(server: LocalServer, visit: Console) -> Reply | None:
    """Asks the API what the visitor may do now; None when that includes this page."""
    me = visit.session_value.me = await server.api_for(visit).get("/v1/me")
    if visit.session_value.rights.may_use(visit.path, visit.method):
        return None
    if me["change_password"]:
        return RedirectTo("/account")
    raise RefusedPageError(
        rights.refuse_page(visit.method, visit.path, visit.session_value.name, visit.session_value.role)
    )
