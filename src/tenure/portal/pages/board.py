"""The board: what an operator should look at today."""

from typing import Any

from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, page
from tenure.web.replies import Goto, Reply, Screen

LISTS = (
    ("due", "Falls due", "in the next 30 days"),
    ("grace", "In grace", "paid period over, functions still on"),
    ("failed", "Renewal failed", "the balance was too low"),
    ("pending", "Waiting for activation", "code not used yet"),
)


class Board:
    """The first page after signing in."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The board; whoever has none is led to where the work is."""
        if visit.who.is_customer:
            return Goto("/subscriptions")
        if visit.who.kind == "vendor" and not visit.who.provider:
            return Goto("/providers")
        board: dict[str, Any] = await self._server.of(visit).get("/v1/board")
        asked = await self._server.of(visit).whole("/v1/order-requests", state="asked", most=200)
        values = {"board": board, "lists": LISTS, "totals": board["totals"], "asked": asked}
        return Screen(template="board.html", values=values)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/", self.show),)
