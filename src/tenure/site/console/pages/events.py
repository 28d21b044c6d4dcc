"""What happened at this site: by severity, latest first, acknowledged by people."""

from typing import Any

from tenure.site.console.client import path
from tenure.site.console.reasons import SEVERITIES, shown_events
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Reply, Screen, local


class Events:
    """The list."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """One page of it."""
        api, severity = self._server.of(visit), visit.query.get("severity", "")
        asked: dict[str, Any] = {"severity": severity if severity in SEVERITIES else None}
        can_be_open = await self._server.offers("GET /v1/events?new")
        if can_be_open and visit.query.get("open"):
            asked["new"] = True
        found = await api.listed("/v1/events", {**asked, "cursor": visit.query.get("cursor")})
        values = {
            "rows": shown_events(found.items),
            "severity": severity,
            "severities": SEVERITIES,
            "can_be_open": can_be_open,
            "only_open": bool(visit.query.get("open")),
            "next": visit.with_query(cursor=found.next) if found.next else "",
            "first": visit.with_query(cursor=None) if visit.query.get("cursor") else "",
            "here": visit.with_query(),
        }
        return Screen(template="events.html", values=values)

    async def acknowledge(self, visit: Console) -> Reply:
        """Mark one as seen, or all that the page showed."""
        api = self._server.of(visit)
        for number in visit.form.many("number")[:100]:
            await api.put(path("/v1/events/{number}/acknowledgement", number=number))
        return Goto(local(visit.form.text("back"), "/events"))

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/events", self.show), action("/events/acknowledge", self.acknowledge))
