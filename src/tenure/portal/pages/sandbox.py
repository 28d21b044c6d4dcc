"""The sandbox's clock: where it stands, and moving it forwards."""

from tenure.core.periods import format_instant
from tenure.core.timeline import DAY, HOUR
from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import format_moment, instant_of
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply

STEPS = {
    "hour": ("1 hour", HOUR),
    "day": ("1 day", DAY),
    "week": ("1 week", 7 * DAY),
    "month": ("30 days", 30 * DAY),
    "year": ("1 year", 365 * DAY),
}


class SandboxPages(PortalPages):
    """The page about the clock."""

    async def _render_clock(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        clock = await self._api(visit).get("/v1/sandbox/clock")
        values = {"clock": clock, "steps": STEPS, "refusal": refusal}
        return PageScreen(template="sandbox.html", values=values, status=422 if refusal or visit.form.errors else 200)

    @page_at("/sandbox")
    async def show(self, visit: Portal) -> Reply:
        """Where it stands."""
        return await self._render_clock(visit)

    @form_at("/sandbox", again=_render_clock)
    async def move(self, visit: Portal) -> Reply:
        """Move it on by a step, or to a moment; or let it run at another pace."""
        api, form = self._api(visit), visit.form
        clock = await api.get("/v1/sandbox/clock")
        body: dict[str, str | int] = {}
        if step := STEPS.get(form.read_text("step")):
            body["now"] = format_instant((instant_of(clock["now"]) or 0) + step[1])
        elif form.read_text("now"):
            body["now"] = f"{form.read_text('now')[:16]}:00Z"
        if form.read_text("rate"):
            body["rate"] = form.read_whole("rate", most=100_000)
        form.require_valid()
        moved = (await api.put("/v1/sandbox/clock", body)).value
        return RedirectTo("/sandbox", f"The clock shows {format_moment(moved['now'])}.")
