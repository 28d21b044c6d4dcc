"""Test connection: every way to the licensing server, clock and root of trust, one line each with its remedy."""

from typing import Any

from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Reply, Screen

STATES = {"ok": ("Works", "good"), "failed": ("Fails", "bad"), "skipped": ("Not tried", "calm")}


class Connection:
    """The page."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """Before the test."""
        return await self._page(visit, None)

    async def test(self, visit: Console) -> Reply:
        """Try everything now."""
        return await self._page(visit, (await self._server.of(visit).post("/v1/test-connection"))["checks"])

    async def _page(self, visit: Console, checks: list[Any] | None) -> Reply:
        status = await self._server.of(visit).get("/v1/status")
        failed = sum(each["state"] == "failed" for each in checks or ())
        reached = any(each["state"] == "ok" and each["name"].startswith(_ARRIVED) for each in checks or ())
        values = {"checks": checks, "status": status, "states": STATES, "failed": failed, "reached": reached}
        return Screen(template="connection.html", values=values)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/connection", self.show), action("/connection", self.test))


_ARRIVED = ("TLS", "Plain", "Proxy")
"""Checks that end at the licensing server itself."""
