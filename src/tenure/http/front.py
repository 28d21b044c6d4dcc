"""What stands at `/` of an API: a small page for whoever came with a browser, the same in JSON for programs."""

from html import escape
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from tenure.http.answers import JSON
from tenure.http.auth import PUBLIC
from tenure.http.docs_style import CSP, HTML, whole_page


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """What the program is, and where to go on; addresses of ours begin with a slash."""

    name: str
    version: str
    about: str
    portal: str = ""
    """Where people sign in; empty where none is known."""
    docs: str = "/docs"
    openapi: str = "/openapi.json"
    health: str = "/readyz"


def front_page(front: Front) -> HTTPRouteHandler:
    """The handler of `/`. A client that names `text/html` gets the page, everybody else JSON."""
    as_json, as_page = msgspec.json.encode(front), _page(front).encode()

    @get("/", opt={"rule": PUBLIC}, name="front_page")
    async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
        people = "text/html" in request.headers.get("accept", "").lower()
        headers = {"Vary": "Accept", "Content-Type": HTML if people else JSON}
        if people:
            headers["Content-Security-Policy"] = CSP
        return Response(as_page if people else as_json, headers=headers)

    return show


def _page(front: Front) -> str:
    people = (
        f'<li><a href="{escape(front.portal)}">The portal</a>: where people sign in.</li>'
        if front.portal
        else "<li>People sign in at the portal, which has an address of its own (<code>tenure portal run</code>).</li>"
    )
    body = (
        f'<main class="alone"><h1>{escape(front.name)}</h1><p class="quiet">Version {escape(front.version)}</p>'
        f"<p>{escape(front.about)}</p><ul>{people}"
        f'<li><a href="{front.docs}">Documentation of the API</a>, with examples.</li>'
        f'<li><a href="{front.openapi}">OpenAPI document</a>, for tools.</li>'
        f'<li><a href="{front.health}">Health</a>: whether it is ready.</li></ul></main>'
    )
    return whole_page(escape(front.name), body)
