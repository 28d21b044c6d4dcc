"""The console put together: its pages over the local API, in the same process and on the same port as that API."""

from collections.abc import Callable

import httpx2
import msgspec

from tenure.core.timeline import Instant
from tenure.http.asgi import App, Receive, Scope, Send
from tenure.http.edge import Border, Edge
from tenure.http.fairness import FairPlaces, block_of
from tenure.http.limits import Ticks
from tenure.site.console import rights
from tenure.site.console.exchanges import Exchanges
from tenure.site.console.framing import Framing
from tenure.site.console.pages import door
from tenure.site.console.pages.codes import Codes
from tenure.site.console.pages.connection import Connection
from tenure.site.console.pages.devices import Devices
from tenure.site.console.pages.dns import Dns
from tenure.site.console.pages.door import Door
from tenure.site.console.pages.duplicates import Duplicates
from tenure.site.console.pages.enrolments import Enrolments
from tenure.site.console.pages.events import Events
from tenure.site.console.pages.forks import Forks
from tenure.site.console.pages.forwarding import Forwarding
from tenure.site.console.pages.forwarding_form import ForwardingForm
from tenure.site.console.pages.licenses import Licenses
from tenure.site.console.pages.offline import Offline
from tenure.site.console.pages.overview import Overview
from tenure.site.console.pages.people import People
from tenure.site.console.pages.reports import Reports
from tenure.site.console.pages.seats import Seats
from tenure.site.console.pages.synchronization import Synchronization
from tenure.site.console.signed import Console, Server, SignedIn
from tenure.web.app import Parts, Route, Run, build
from tenure.web.replies import Goto, RefusedPageError, Reply
from tenure.web.sessions import EACH, MOST, MemorySessions

OF_THE_API = ("/v1/", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/refusals/")
"""Where addresses of the local API begin; all others are pages."""


def console(api: App, clock: Callable[[], Instant], ticks: Ticks) -> Edge:
    """The pages; `clock` is real time (sessions end by it), whatever a sandbox's clock says."""
    # Through the API's front door, only without a network: whatever it refuses to others it refuses to the console.
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://site.internal")
    server = Server(http)
    pages = build(
        Parts(
            program="console",
            package="tenure.site.console",
            routes=tuple(msgspec.structs.replace(route, run=_guarded(server, route)) for route in routes(server)),
            sessions=MemorySessions[SignedIn](FairPlaces(MOST, EACH), block_of),
            owner=lambda signed_in: signed_in.name,
            frame=Framing(server).frame,
            clock=clock,
        )
    )
    return Edge(pages, Border(clock=clock, ticks=ticks, headers=()))


def routes(server: Server) -> list[Route]:
    """Every page and form of the console."""
    exchanges = Exchanges()
    groups = (
        Door(server), Overview(server), Licenses(server), Codes(server, exchanges), Forks(server, exchanges),
        Synchronization(server, exchanges), Connection(server), Devices(server), Duplicates(server), Enrolments(server),
        Events(server), Seats(server), Offline(server), Dns(server), Reports(server), People(server),
        ForwardingForm(server), Forwarding(server),
    )  # fmt: skip
    return [route for group in groups for route in group.routes()]


class Doors:
    """One port: the local API under its own addresses, the console under all others."""

    def __init__(self, api: App, pages: App) -> None:
        self._api, self._pages = api, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; start and stop are the API's."""
        ours = scope["type"] != "http" or scope["path"].startswith(OF_THE_API)
        await (self._api if ours else self._pages)(scope, receive, send)


def _guarded(server: Server, route: Route) -> Run:
    """The page for whoever may use it; a secret that is no longer good leads to signing in again."""

    async def guarded(visit: Console) -> Reply:
        try:
            if visit.session is None or route.stranger:
                return await route.run(visit)
            return await _barred(server, visit) or await route.run(visit)
        except RefusedPageError as error:
            if visit.session is not None and error.refusal.code == "not_authenticated":
                return door.over(visit)
            raise

    return guarded


async def _barred(server: Server, visit: Console) -> Reply | None:
    """Asks the API what the visitor may do now; None when that includes this page."""
    me = await server.of(visit).get("/v1/me")
    visit.who.role, visit.who.scopes = me["role"] or visit.who.role, frozenset(me["scopes"])
    if visit.who.rights.may(visit.path, visit.method):
        return None
    if me["change_password"]:
        return Goto("/account")
    raise RefusedPageError(rights.refusal(visit.method, visit.path, visit.who.name, visit.who.role))
