"""The front page of an API at `/`: a small page for a user with a browser, the same in JSON for programs."""

from html import escape

import msgspec

from tenure.http.asgi import Receive, Scope, header_values
from tenure.http.auth import PUBLIC
from tenure.http.docs_style import CSP, HTML, whole_page
from tenure.http.operations import Handler
from tenure.http.responses import JSON, ApiResponse
from tenure.http.routing import RouteEntry


class FrontPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the program is, and where to go on; addresses of ours begin with a slash."""

    name: str
    version: str
    about: str
    portal: str = ""
    """Where people sign in; empty where none is known."""
    docs: str = "/docs"
    openapi: str = "/openapi.json"
    health: str = "/readyz"


def front_page(front: FrontPage) -> RouteEntry[Handler]:
    """The route of `/`. A client that names `text/html` gets the page, every other client JSON."""
    as_json, as_page = msgspec.json.encode(front), _render_page(front).encode()

    async def show(scope: Scope, _: Receive) -> ApiResponse[bytes]:
        wanted = ", ".join(header_values(scope, b"accept")).lower()
        vary = ("Vary", "Accept")
        if "text/html" in wanted:
            return ApiResponse(body=as_page, media_type=HTML, headers=(vary, ("Content-Security-Policy", CSP)))
        return ApiResponse(body=as_json, media_type=JSON, headers=(vary,))

    return RouteEntry("GET", "/", Handler(PUBLIC, show))


def _render_page(front: FrontPage) -> str:
    portal = (
        f'<li><a href="{escape(front.portal)}">The portal</a>: where people sign in.</li>'
        if front.portal
        else "<li>People sign in at the portal, which has an address of its own (<code>tenure portal run</code>).</li>"
    )
    body = (
        f'<main class="alone"><h1>{escape(front.name)}</h1><p class="quiet">Version {escape(front.version)}</p>'
        f"<p>{escape(front.about)}</p><ul>{portal}"
        f'<li><a href="{front.docs}">Documentation of the API</a>, with examples.</li>'
        f'<li><a href="{front.openapi}">OpenAPI document</a>, for tools.</li>'
        f'<li><a href="{front.health}">Health</a>: whether it is ready.</li></ul></main>'
    )
    return whole_page(escape(front.name), body)
