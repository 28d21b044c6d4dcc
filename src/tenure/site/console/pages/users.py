"""Who may sign in at this console: the team."""

from typing import Any

from tenure.site.console.session import Console, ConsolePages
from tenure.web.forms import SentForm
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import find_meant, name_question
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.short_lists import NAMED, NEWEST, By, make_short_list
from tenure.web.visits import fields_screen

ROLES = (
    ("administrator", "Administrator", "May do everything."),
    ("operator", "Operator", "Does the daily work; no users, no DNS, no removal of licenses."),
    ("auditor", "Auditor", "May look at everything and change nothing."),
)
"""Role, its name, and what it means."""

USER = "/v1/users/{user}"
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

    async def _render_team(
        self, visit: Console, refusal: PageRefusal | None = None, *, made: dict[str, Any] | None = None
    ) -> PageScreen:
        rows = await self._api(visit).get_all("/v1/users")
        values = {"short_list": make_short_list(visit, rows, SORTS), "made": made, "roles": ROLES}
        return fields_screen(visit, "users.html", refusal, **values)

    @page_at("/users")
    async def team(self, visit: Console) -> Reply:
        """Everybody."""
        return await self._render_team(visit)

    @form_at("/users", again=_render_team)
    async def add(self, visit: Console) -> Reply:
        """A new account; its password is shown on the page that answers, and nowhere else."""
        form = visit.form
        body = {
            "name": form.read_required("name", most=128),
            "role": form.read_choice("role", [each for each, _, _ in ROLES]),
        }
        form.require_valid()
        made = (await self._api(visit).post("/v1/users", body, key=form.read_text("_key"))).value
        visit.form = SentForm()
        return await self._render_team(visit, made=made)

    @form_at("/users/{user}/role")
    async def role(self, visit: Console) -> Reply:
        """Another role."""
        await self._api(visit).put(visit.fill_address(USER), {"role": visit.form.read_text("role")})
        return RedirectTo("/users", "The role is changed; it holds at once.")

    async def ask_reset(self, visit: Console) -> ConfirmationQuestion:
        """Whose account is meant."""
        return await self._name_user(visit, SURE_RESET)

    async def ask_removal(self, visit: Console) -> ConfirmationQuestion:
        """Whose account is meant."""
        return await self._name_user(visit, SURE_REMOVE)

    async def _name_user(self, visit: Console, question: ConfirmationQuestion) -> ConfirmationQuestion:
        row = find_meant(await self._api(visit).get_all("/v1/users"), visit.params["user"])
        role = next((text for name, text, _ in ROLES if name == row["role"]), row["role"])
        factor = "is taken away, too" if visit.form.read_flag("second_factor") else ""
        return name_question(question, row["name"], ("Role", role), ("Second factor", factor))

    @form_at("/users/{user}/reset", sure=ask_reset)
    async def reset(self, visit: Console) -> Reply:
        """Set a new password for a user who has lost theirs."""
        where, body = (
            visit.fill_address(f"{USER}/reset-password"),
            {"second_factor": visit.form.read_flag("second_factor")},
        )
        made = (await self._api(visit).post(where, body, key=visit.form.read_text("_key"))).value
        visit.form = SentForm()
        return await self._render_team(visit, made=made)

    @form_at("/users/{user}/remove", sure=ask_removal)
    async def remove(self, visit: Console) -> Reply:
        """Remove an account."""
        await self._api(visit).delete(visit.fill_address(USER))
        return RedirectTo("/users", "The account is gone, and its sessions with it.")
