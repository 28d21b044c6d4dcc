"""Test connection: every way to the activation server, clock and root of trust, one line each with its remedy."""

from typing import Any

from tenure.site.console.session import Console, LocalServer
from tenure.web.page_app import PageRoute, form_route, page_route
from tenure.web.replies import PageScreen, Reply

STATES = {"ok": ("Works", "good"), "failed": ("Fails", "bad"), "skipped": ("Not tried", "calm")}


class ConnectionPages:
    """The page."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """Before the test."""
        return await self._render_page(visit, None)

    async def test(self, visit: Console) -> Reply:
        """Try everything now."""
        return await self._render_page(
            visit, (await self._server.api_for(visit).post("/v1/test-connection")).value["checks"]
        )

    async def _render_page(self, visit: Console, checks: list[Any] | None) -> Reply:
        status = await self._server.api_for(visit).get("/v1/status")
        failed = sum(each["state"] == "failed" for each in checks or ())
        reached = any(each["state"] == "ok" and each["name"].startswith(_ARRIVED) for each in checks or ())
        values = {"checks": checks, "status": status, "states": STATES, "failed": failed, "reached": reached}
        return PageScreen(template="connection.html", values=values)

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (page_route("/connection", self.show), form_route("/connection", self.test))


_ARRIVED = ("TLS", "Plain", "Proxy")
"""Checks that end at the activation server itself."""
