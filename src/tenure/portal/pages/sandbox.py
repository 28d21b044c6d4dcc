"""The sandbox's clock: where it stands, and moving it forwards."""

from tenure.core.periods import format_instant
from tenure.core.timeline import DAY, HOUR
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen
from tenure.web.words import instant_of, moment

STEPS = {
    "hour": ("1 hour", HOUR),
    "day": ("1 day", DAY),
    "week": ("1 week", 7 * DAY),
    "month": ("30 days", 30 * DAY),
    "year": ("1 year", 365 * DAY),
}


class Sandbox:
    """The page about the clock."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Where it stands."""
        return await self._clock(visit)

    async def _clock(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        clock = await self._server.of(visit).get("/v1/sandbox/clock")
        values = {"clock": clock, "steps": STEPS, "refusal": refusal}
        return Screen(template="sandbox.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def move(self, visit: Portal) -> Reply:
        """Move it on by a step, or to a moment; or let it run at another pace."""
        api, form = self._server.of(visit), visit.form
        clock = await api.get("/v1/sandbox/clock")
        body: dict[str, str | int] = {}
        if step := STEPS.get(form.text("step")):
            body["now"] = format_instant((instant_of(clock["now"]) or 0) + step[1])
        elif form.text("now"):
            body["now"] = f"{form.text('now')[:16]}:00Z"
        if form.text("rate"):
            body["rate"] = form.whole("rate", most=100_000)
        if form.errors:
            return await self._clock(visit)
        try:
            moved = (await api.put("/v1/sandbox/clock", body)).value
        except RefusedPageError as error:
            return await self._clock(visit, error.refusal)
        visit.say(f"The clock shows {moment(moved['now'])}.")
        return Goto("/sandbox")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/sandbox", self.show), action("/sandbox", self.move))
