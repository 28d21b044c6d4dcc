"""What happened at this site: by severity, latest first, acknowledged by people."""

from typing import Any

from tenure.core.plurals import format_count
from tenure.site.console.client import PAGE, path
from tenure.site.console.reasons import SEVERITIES, shown_events
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.pager import pager
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
            "pages": pager(visit, found, PAGE),
            "here": visit.with_query(),
        }
        return Screen(template="events.html", values=values)

    async def acknowledge(self, visit: Console) -> Reply:
        """Mark one as seen."""
        number = visit.form.text("number")
        await self._server.of(visit).put(path("/v1/events/{number}/acknowledgement", number=number))
        return Goto(local(visit.form.text("back"), "/events"))

    async def acknowledge_all(self, visit: Console) -> Reply:
        """Mark all as seen up to the newest that the page showed: what came since is nobody's to have seen."""
        number = visit.form.whole("up_to", least=1, most=10**12)
        severity = visit.form.text("severity")
        body = {"number": number, "severity": severity if severity in SEVERITIES else None}
        if not visit.form.errors:
            done = (await self._server.of(visit).put("/v1/events-acknowledgement", body))["acknowledged"]
            visit.say(f"{format_count(done, 'event is', 'events are')} acknowledged; newer ones are not.")
        return Goto(local(visit.form.text("back"), "/events"))

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/events", self.show),
            action("/events/acknowledge", self.acknowledge),
            action("/events/acknowledge-all", self.acknowledge_all),
        )
