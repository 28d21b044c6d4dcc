"""Enrollment tokens: made for one device or for many, shown once, withdrawn."""

from datetime import UTC, datetime
from typing import Any

from tenure.core.timeline import DAY
from tenure.site.console.session import Console, ConsolePages
from tenure.web.formatting import format_moment, instant_of
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.short_lists import NEWEST, By, make_short_list
from tenure.web.visits import fields_screen

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

    async def _render_page(
        self, visit: Console, refusal: PageRefusal | None = None, *, made: dict[str, Any] | None = None
    ) -> PageScreen:
        api = self._api(visit)
        site, groups = await api.get("/v1/status"), await api.get_all("/v1/groups")
        values = {
            "made": made,
            "short_list": make_short_list(visit, await api.get_all("/v1/enrollments"), SORTS),
            "products": [(each["product"], each["product"]) for each in site["products"]],
            "groups": groups,
            "group_pairs": [(each["name"], each["name"]) for each in groups],
            "status": site,
        }
        return fields_screen(visit, "enrollments.html", refusal, **values)

    @page_at("/enrollments")
    async def show(self, visit: Console) -> Reply:
        """The list and the form."""
        return await self._render_page(visit)

    @form_at("/enrollments", again=_render_page)
    async def make(self, visit: Console) -> Reply:
        """A new one; its word is shown on the page that answers, and nowhere else."""
        api, form = self._api(visit), visit.form
        status = await api.get("/v1/status")
        product = form.read_choice("product", [each["product"] for each in status["products"]])
        uses = form.read_whole("uses", least=1, most=100_000)
        days = form.read_whole("days", least=1, most=MOST_DAYS) if form.read_text("days") else 0
        form.require_valid()
        now = instant_of(status["now"]) or visit.now
        until = datetime.fromtimestamp(now + days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if days else None
        body: dict[str, Any] = {"product": product, "uses": uses, "until": until}
        if form.read_text("group", most=64):
            body["group"] = form.read_text("group", most=64)
        made = (await api.post("/v1/enrollments", body, key=form.read_text("_key"))).value
        visit.form = SentForm()
        return await self._render_page(visit, made=made)

    async def ask_withdrawal(self, visit: Console) -> ConfirmationQuestion:
        """Which token is meant: it has no name, so that its product, group and instant stand for it."""
        row = find_meant(await self._api(visit).get_all("/v1/enrollments"), visit.params["enrollment"])
        name = f"{row['product']}, {row['group'] or 'no group'}, {format_moment(row['created'])}"
        used = ("Used", f"{row['used']:,} of {row['uses']:,}")
        return name_question(SURE_WITHDRAW, name, used, ("Until", format_moment(row["until"], "")))

    @form_at("/enrollments/{enrollment}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Console) -> Reply:
        """Withdraw one."""
        await self._api(visit).delete(visit.fill_address("/v1/enrollments/{enrollment}"))
        return RedirectTo("/enrollments", "The token was withdrawn; devices that enrolled with it stay.")
