"""The console put together: its pages over the local API, in the same process and on the same port as that API."""

from collections.abc import Callable

import httpx2
import msgspec

from tenure.core.timeline import Instant
from tenure.http.asgi import App, Receive, Scope, Send
from tenure.http.edge import Border, Edge
from tenure.http.limits import Ticks
from tenure.site.console.exchanges import Exchanges
from tenure.site.console.framing import Framing
from tenure.site.console.pages import door
from tenure.site.console.pages.codes import Codes
from tenure.site.console.pages.connection import Connection
from tenure.site.console.pages.devices import Devices
from tenure.site.console.pages.dns import Dns
from tenure.site.console.pages.door import Door
from tenure.site.console.pages.enrolments import Enrolments
from tenure.site.console.pages.events import Events
from tenure.site.console.pages.forks import Forks
from tenure.site.console.pages.licenses import Licenses
from tenure.site.console.pages.offline import Offline
from tenure.site.console.pages.overview import Overview
from tenure.site.console.pages.people import People
from tenure.site.console.pages.reports import Reports
from tenure.site.console.pages.seats import Seats
from tenure.site.console.pages.synchronization import Synchronization
from tenure.site.console.signed import Console, Server, SignedIn
from tenure.web.app import Parts, Route, Run, build
from tenure.web.replies import RefusedPageError, Reply
from tenure.web.sessions import MemorySessions

OF_THE_API = ("/v1/", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/refusals/")
"""Where addresses of the local API begin; all others are pages."""


def console(api: App, clock: Callable[[], Instant], ticks: Ticks) -> Edge:
    """The pages; `clock` is real time (sessions end by it), whatever a sandbox's clock says."""
    # Through the API's front door, only without a network: whatever it refuses to others it refuses to the console.
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://site.internal")
    server, exchanges = Server(http), Exchanges()
    groups = (
        Door(server), Overview(server), Licenses(server), Codes(server, exchanges), Forks(server, exchanges),
        Synchronization(server, exchanges), Connection(server), Devices(server), Enrolments(server), Events(server),
        Seats(server), Offline(server), Dns(server), Reports(server), People(server),
    )  # fmt: skip
    routes: list[Route] = [route for group in groups for route in group.routes()]
    pages = build(
        Parts(
            program="console",
            package="tenure.site.console",
            routes=tuple(msgspec.structs.replace(route, run=_while_signed_in(route.run)) for route in routes),
            sessions=MemorySessions[SignedIn](),
            frame=Framing(server).frame,
            clock=clock,
        )
    )
    return Edge(pages, Border(clock=clock, ticks=ticks, headers=()))  # type: ignore[arg-type]  # an ASGI application


class Doors:
    """One port: the local API under its own addresses, the console under all others."""

    def __init__(self, api: App, pages: App) -> None:
        self._api, self._pages = api, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; start and stop are the API's."""
        ours = scope["type"] != "http" or scope["path"].startswith(OF_THE_API)
        await (self._api if ours else self._pages)(scope, receive, send)


def _while_signed_in(run: Run) -> Run:
    """A secret that is no longer good leads to signing in again, wherever it is noticed."""

    async def guarded(visit: Console) -> Reply:
        try:
            return await run(visit)
        except RefusedPageError as error:
            if visit.session is not None and error.refusal.code == "not_authenticated":
                return door.over(visit)
            raise

    return guarded
