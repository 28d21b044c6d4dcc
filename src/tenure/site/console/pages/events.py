"""What happened at this site: by severity, latest first, acknowledged by users."""

from typing import Any

from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import fill_path
from tenure.site.console.reasons import SEVERITIES, shown_events
from tenure.site.console.session import PAGE, Console, ConsolePages
from tenure.web.page_groups import form_at, page_at
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, RedirectTo, Reply, local_path


class EventPages(ConsolePages):
    """The list."""

    @page_at("/events")
    async def show(self, visit: Console) -> Reply:
        """One page of it."""
        api, severity = self._api(visit), visit.query.get("severity", "")
        asked: dict[str, Any] = {"severity": severity if severity in SEVERITIES else None}
        if visit.query.get("open"):
            asked["new"] = True
        found = await api.get_page("/v1/events", {**asked, "cursor": visit.query.get("cursor")})
        return PageScreen.of(
            "events.html",
            rows=shown_events(found.items),
            severity=severity,
            severities=SEVERITIES,
            only_open=bool(visit.query.get("open")),
            pages=make_pager(visit, found, PAGE),
            here=visit.with_query(),
        )

    @form_at("/events/acknowledge")
    async def acknowledge(self, visit: Console) -> Reply:
        """Mark one as seen."""
        number = visit.form.read_text("number")
        await self._api(visit).put(fill_path("/v1/events/{number}/acknowledgment", number=number))
        return RedirectTo(local_path(visit.form.read_text("back"), "/events"))

    @form_at("/events/acknowledge-all")
    async def acknowledge_all(self, visit: Console) -> Reply:
        """Mark all as seen up to the newest that the page showed: the user has not seen later ones."""
        number = visit.form.read_whole("up_to", least=1, most=10**12)
        severity = visit.form.read_text("severity")
        body = {"number": number, "severity": severity if severity in SEVERITIES else None}
        if not visit.form.errors:
            done = (await self._api(visit).put("/v1/events-acknowledgment", body)).value["acknowledged"]
            visit.flash_message(f"{format_count(done, 'event is', 'events are')} acknowledged; newer ones are not.")
        return RedirectTo(local_path(visit.form.read_text("back"), "/events"))
