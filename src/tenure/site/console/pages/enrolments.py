"""Enrolment tokens: made for one device or for many, shown once, withdrawn."""

from datetime import UTC, datetime
from typing import Any

from tenure.core.timeline import DAY
from tenure.site.console.client import path
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, RefusedPageError, Reply, Screen
from tenure.web.shelf import NEWEST, By, shelve
from tenure.web.words import instant_of

MOST_DAYS = 3_650

SURE_WITHDRAW = Sure(
    title="Withdraw this token?",
    text="No further device can be enrolled with it; devices that are enrolled stay. This cannot be undone.",
    button="Withdraw the token",
    back="/enrolments",
)


SORTS: dict[str, By] = {
    "newest": NEWEST,
    "until": ("Ending first", lambda row: (row["until"] or "9999", row["id"]), False),
    "used": ("Most used first", lambda row: (row["used"], row["id"]), True),
}
"""By what the tokens can be sorted."""


class Enrolments:
    """The list, and making one."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """The list and the form."""
        return await self._page(visit, None)

    async def make(self, visit: Console) -> Reply:
        """A new one; its word is shown on the page that answers, and nowhere else."""
        api, form = self._server.of(visit), visit.form
        status = await api.get("/v1/status")
        product = form.choice("product", [each["product"] for each in status["products"]])
        uses = form.whole("uses", least=1, most=100_000)
        days = form.whole("days", least=1, most=MOST_DAYS) if form.text("days") else 0
        if form.errors:
            return await self._page(visit, None, 422)
        now = instant_of(status["now"]) or visit.now
        until = datetime.fromtimestamp(now + days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if days else None
        body: dict[str, Any] = {"product": product, "uses": uses, "until": until}
        if form.text("group", most=64):
            body["group"] = form.text("group", most=64)
        try:
            made = await api.post("/v1/enrolments", body, key=form.text("_key"))
        except RefusedPageError as error:
            if not (error.refusal.field and form.blame(error.refusal.field, error.refusal.detail)):
                raise
            return await self._page(visit, None, 422)
        visit.form = Form()
        return await self._page(visit, made)

    async def withdraw(self, visit: Console) -> Reply:
        """Withdraw one."""
        name = visit.params["enrolment"]
        await self._server.of(visit).delete(path("/v1/enrolments/{name}", name=name))
        visit.say("The token was withdrawn; devices that enrolled with it stay.")
        return Goto("/enrolments")

    async def _page(self, visit: Console, made: dict[str, Any] | None, status: int = 200) -> Reply:
        api = self._server.of(visit)
        site = await api.get("/v1/status")
        groups = await api.whole("/v1/groups") if await self._server.offers("GET /v1/groups") else []
        values = {
            "made": made,
            "shelf": shelve(visit, await api.whole("/v1/enrolments"), SORTS),
            "products": [(each["product"], each["product"]) for each in site["products"]],
            "groups": groups,
            "group_pairs": [(each["name"], each["name"]) for each in groups],
            "status": site,
        }
        return Screen(template="enrolments.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/enrolments", self.show),
            action("/enrolments", self.make),
            action("/enrolments/{enrolment}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
        )
