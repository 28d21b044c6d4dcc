"""Enrollment tokens: made for one device or for many, shown once, withdrawn."""

from datetime import UTC, datetime
from typing import Any

from tenure.core.timeline import DAY
from tenure.http.client.api_exchange import fill_path
from tenure.site.console.session import Console, ConsolePages
from tenure.web.formatting import format_moment, instant_of
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.short_lists import NEWEST, By, make_short_list

MOST_DAYS = 3_650

SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw the enrollment token {}?",
    text="No further device can be enrolled with it; devices that are enrolled stay. This cannot be undone.",
    button="Withdraw the token",
    back="/enrollments",
)


SORTS: dict[str, By] = {
    "newest": NEWEST,
    "until": ("Ending first", lambda row: (row["until"] or "9999", row["id"]), False),
    "used": ("Most used first", lambda row: (row["used"], row["id"]), True),
}
"""By what the tokens can be sorted."""


class EnrollmentPages(ConsolePages):
    """The list, and making one."""

    @page_at("/enrollments")
    async def show(self, visit: Console) -> Reply:
        """The list and the form."""
        return await self._render_page(visit, None)

    @form_at("/enrollments")
    async def make(self, visit: Console) -> Reply:
        """A new one; its word is shown on the page that answers, and nowhere else."""
        api, form = self._server.api_for(visit), visit.form
        status = await api.get("/v1/status")
        product = form.read_choice("product", [each["product"] for each in status["products"]])
        uses = form.read_whole("uses", least=1, most=100_000)
        days = form.read_whole("days", least=1, most=MOST_DAYS) if form.read_text("days") else 0
        if form.errors:
            return await self._render_page(visit, None, 422)
        now = instant_of(status["now"]) or visit.now
        until = datetime.fromtimestamp(now + days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if days else None
        body: dict[str, Any] = {"product": product, "uses": uses, "until": until}
        if form.read_text("group", most=64):
            body["group"] = form.read_text("group", most=64)
        try:
            made = (await api.post("/v1/enrollments", body, key=form.read_text("_key"))).value
        except RefusedPageError as error:
            if form.place_refusal(error.refusal):
                raise
            return await self._render_page(visit, None, 422)
        visit.form = SentForm()
        return await self._render_page(visit, made)

    async def ask_withdrawal(self, visit: Console) -> ConfirmationQuestion:
        """Which token is meant: it has no name, so that its product, group and instant stand for it."""
        row = find_meant(await self._server.api_for(visit).get_all("/v1/enrollments"), visit.params["enrollment"])
        name = f"{row['product']}, {row['group'] or 'no group'}, {format_moment(row['created'])}"
        used = ("Used", f"{row['used']:,} of {row['uses']:,}")
        return name_question(SURE_WITHDRAW, name, used, ("Until", format_moment(row["until"], "")))

    @form_at("/enrollments/{enrollment}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Console) -> Reply:
        """Withdraw one."""
        name = visit.params["enrollment"]
        await self._server.api_for(visit).delete(fill_path("/v1/enrollments/{name}", name=name))
        visit.flash_message("The token was withdrawn; devices that enrolled with it stay.")
        return RedirectTo("/enrollments")

    async def _render_page(self, visit: Console, made: dict[str, Any] | None, status: int = 200) -> Reply:
        api = self._server.api_for(visit)
        site = await api.get("/v1/status")
        groups = await api.get_all("/v1/groups")
        values = {
            "made": made,
            "short_list": make_short_list(visit, await api.get_all("/v1/enrollments"), SORTS),
            "products": [(each["product"], each["product"]) for each in site["products"]],
            "groups": groups,
            "group_pairs": [(each["name"], each["name"]) for each in groups],
            "status": site,
        }
        return PageScreen(template="enrollments.html", values=values, status=status)
