"""What happened at this site: by severity, latest first, acknowledged by users."""

from typing import Any

from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import fill_path
from tenure.site.console.reasons import SEVERITIES, shown_events
from tenure.site.console.session import PAGE, Console, LocalServer
from tenure.web.page_app import PageRoute, form_route, page_route
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, RedirectTo, Reply, local_path


class EventPages:
    """The list."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """One page of it."""
        api, severity = self._server.api_for(visit), visit.query.get("severity", "")
        asked: dict[str, Any] = {"severity": severity if severity in SEVERITIES else None}
        if visit.query.get("open"):
            asked["new"] = True
        found = await api.get_page("/v1/events", {**asked, "cursor": visit.query.get("cursor")})
        values = {
            "rows": shown_events(found.items),
            "severity": severity,
            "severities": SEVERITIES,
            "only_open": bool(visit.query.get("open")),
            "pages": make_pager(visit, found, PAGE),
            "here": visit.with_query(),
        }
        return PageScreen(template="events.html", values=values)

    async def acknowledge(self, visit: Console) -> Reply:
        """Mark one as seen."""
        number = visit.form.read_text("number")
        await self._server.api_for(visit).put(fill_path("/v1/events/{number}/acknowledgment", number=number))
        return RedirectTo(local_path(visit.form.read_text("back"), "/events"))

    async def acknowledge_all(self, visit: Console) -> Reply:
        """Mark all as seen up to the newest that the page showed: the user has not seen later ones."""
        number = visit.form.read_whole("up_to", least=1, most=10**12)
        severity = visit.form.read_text("severity")
        body = {"number": number, "severity": severity if severity in SEVERITIES else None}
        if not visit.form.errors:
            done = (await self._server.api_for(visit).put("/v1/events-acknowledgment", body)).value["acknowledged"]
            visit.flash_message(f"{format_count(done, 'event is', 'events are')} acknowledged; newer ones are not.")
        return RedirectTo(local_path(visit.form.read_text("back"), "/events"))

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            page_route("/events", self.show),
            form_route("/events/acknowledge", self.acknowledge),
            form_route("/events/acknowledge-all", self.acknowledge_all),
        )
