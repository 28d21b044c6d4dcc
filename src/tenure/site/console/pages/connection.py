"""Test connection: every way to the activation server, clock and root of trust, one line each with its remedy."""

from typing import Any

from tenure.site.console.session import Console, ConsolePages
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageScreen, Reply

STATES = {"ok": ("Works", "good"), "failed": ("Fails", "bad"), "skipped": ("Not tried", "calm")}


class ConnectionPages(ConsolePages):
    """The page."""

    @page_at("/connection")
    async def show(self, visit: Console) -> Reply:
        """Before the test."""
        return await self._render_page(visit, None)

    @form_at("/connection")
    async def test(self, visit: Console) -> Reply:
        """Try everything now."""
        return await self._render_page(visit, (await self._api(visit).post("/v1/test-connection")).value["checks"])

    async def _render_page(self, visit: Console, checks: list[Any] | None) -> Reply:
        status = await self._api(visit).get("/v1/status")
        failed = sum(each["state"] == "failed" for each in checks or ())
        reached = any(each["state"] == "ok" and each["name"].startswith(_ARRIVED) for each in checks or ())
        return PageScreen.of(
            "connection.html", checks=checks, status=status, states=STATES, failed=failed, reached=reached
        )


_ARRIVED = ("TLS", "Plain", "Proxy")
"""Checks that end at the activation server itself."""
