"""The board: what an operator should look at today."""

from typing import Any
from urllib.parse import urlencode

from tenure.core.timeline import DAY
from tenure.http.instants import rfc3339
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, page
from tenure.web.replies import Goto, Reply, Screen
from tenure.web.words import instant_of

LISTS = (
    ("due", "Falls due", "in the next 30 days"),
    ("grace", "In grace", "paid period over, functions still on"),
    ("failed", "Renewal failed", "the balance was too low"),
    ("pending", "Waiting for activation", "code not used yet"),
)
SHOWN = 8
"""Rows of each list on the board; the rest is behind *more*."""
MOST = 100
"""Rows of the whole list of balances that run out."""
DUE_DAYS, FAILED_DAYS = 30, 60
"""As far as the API's board looks ahead and back."""


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
        values = {"board": board, "lists": LISTS, "totals": board["totals"], "asked": asked, "shown": SHOWN}
        return Screen(template="board.html", values=values | {"whole": _whole(board["as_of"])})

    async def running_out(self, visit: Portal) -> Reply:
        """Every customer whose balance does not cover what falls due by itself, soonest first."""
        board: dict[str, Any] = await self._server.of(visit).get("/v1/board", most=MOST)
        return Screen(template="running_out.html", values={"board": board, "totals": board["totals"]})

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/", self.show), page("/board/running-out", self.running_out))


def _whole(as_of: str) -> dict[str, str]:
    """By list of the board, the address at which the whole of it stands."""
    now = instant_of(as_of) or 0
    due = {"due_before": rfc3339(now + DUE_DAYS * DAY), "sort": "due"}
    failed = {"failed_since": rfc3339(now - FAILED_DAYS * DAY)}
    asked = {"due": due, "grace": {"phase": "grace", "sort": "ends"}, "failed": failed}
    asked["pending"] = {"phase": "pending", "sort": "id"}
    return {name: f"/subscriptions?{urlencode(query)}" for name, query in asked.items()}
