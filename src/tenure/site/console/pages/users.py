"""Who may sign in at this console: the team."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.session import Console, ConsolePages
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.short_lists import NAMED, NEWEST, By, make_short_list

ROLES = (
    ("administrator", "Administrator", "May do everything."),
    ("operator", "Operator", "Does the daily work; no users, no DNS, no removal of licenses."),
    ("auditor", "Auditor", "May look at everything and change nothing."),
)
"""Role, its name, and what it means."""

SORTS: dict[str, By] = {"name": NAMED, "newest": NEWEST}
"""By what the users can be sorted."""

SURE_RESET = ConfirmationQuestion(
    title="Give {} a new password?",
    text="The present password stops working at once, and every session of this user ends. This cannot be undone.",
    button="Reset the account",
    back="/users",
)

SURE_REMOVE = ConfirmationQuestion(
    title="Remove the account {}?",
    text="Every session ends at once, and the name and password stop working.",
    button="Remove the account",
    back="/users",
)


class UserPages(ConsolePages):
    """The pages."""

    @page_at("/users")
    async def team(self, visit: Console) -> Reply:
        """Everybody."""
        return await self._render_team(visit)

    @form_at("/users")
    async def add(self, visit: Console) -> Reply:
        """A new account; its password is shown on the page that answers, and nowhere else."""
        form = visit.form
        body = {
            "name": form.read_required("name", most=128),
            "role": form.read_choice("role", [each for each, _, _ in ROLES]),
        }
        if form.errors:
            return await self._render_team(visit, status=422)
        try:
            made = (await self._server.api_for(visit).post("/v1/users", body, key=form.read_text("_key"))).value
        except RefusedPageError as error:
            if form.place_refusal(error.refusal):
                raise
            return await self._render_team(visit, status=422)
        visit.form = SentForm()
        return await self._render_team(visit, made)

    @form_at("/users/{user}/role")
    async def role(self, visit: Console) -> Reply:
        """Another role."""
        where = fill_path("/v1/users/{user}", user=visit.params["user"])
        await self._server.api_for(visit).put(where, {"role": visit.form.read_text("role")})
        visit.flash_message("The role is changed; it holds at once.")
        return RedirectTo("/users")

    async def ask_reset(self, visit: Console) -> ConfirmationQuestion:
        """Whose account is meant."""
        return await self._name_user(visit, SURE_RESET)

    async def ask_removal(self, visit: Console) -> ConfirmationQuestion:
        """Whose account is meant."""
        return await self._name_user(visit, SURE_REMOVE)

    async def _name_user(self, visit: Console, question: ConfirmationQuestion) -> ConfirmationQuestion:
        row = find_meant(await self._server.api_for(visit).get_all("/v1/users"), visit.params["user"])
        role = next((text for name, text, _ in ROLES if name == row["role"]), row["role"])
        factor = "is taken away, too" if visit.form.read_flag("second_factor") else ""
        return name_question(question, row["name"], ("Role", role), ("Second factor", factor))

    @form_at("/users/{user}/reset", sure=ask_reset)
    async def reset(self, visit: Console) -> Reply:
        """Set a new password for a user who has lost theirs."""
        where = fill_path("/v1/users/{user}/reset-password", user=visit.params["user"])
        body = {"second_factor": visit.form.read_flag("second_factor")}
        made = (await self._server.api_for(visit).post(where, body, key=visit.form.read_text("_key"))).value
        visit.form = SentForm()
        return await self._render_team(visit, made)

    @form_at("/users/{user}/remove", sure=ask_removal)
    async def remove(self, visit: Console) -> Reply:
        """Remove an account."""
        await self._server.api_for(visit).delete(fill_path("/v1/users/{user}", user=visit.params["user"]))
        visit.flash_message("The account is gone, and its sessions with it.")
        return RedirectTo("/users")

    async def _render_team(self, visit: Console, made: dict[str, Any] | None = None, status: int = 200) -> Reply:
        values = {
            "short_list": make_short_list(visit, await self._server.api_for(visit).get_all("/v1/users"), SORTS),
            "made": made,
            "roles": ROLES,
        }
        return PageScreen(template="users.html", values=values, status=status)
