"""Who may sign in at this console: the team, and one's own account with password and second factor."""

from typing import Any

from tenure.core.plurals import format_count
from tenure.site.console.client import fill_path
from tenure.site.console.session import Console, LocalServer
from tenure.web.app import ConfirmationQuestion, PageRoute, form_route, page_route
from tenure.web.forms import SentForm
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.short_lists import NAMED, NEWEST, By, make_short_list

ROLES = (
    ("administrator", "Administrator", "May do everything."),
    ("operator", "Operator", "Does the daily work; no people, no DNS, no removal of licenses."),
    ("auditor", "Auditor", "May look at everything and change nothing."),
)
"""Role, its name, and what it means."""

SORTS: dict[str, By] = {"name": NAMED, "newest": NEWEST}
"""By what the people can be sorted."""

SURE_RESET = ConfirmationQuestion(
    title="Give this person a new way in?",
    text="The present password stops working at once, and every session of this person ends. This cannot be undone.",
    button="Reset the account",
    back="/people",
)

SURE_REMOVE = ConfirmationQuestion(
    title="Remove this person?",
    text="Every session ends at once, and the name and password are good for nothing any more.",
    button="Remove the person",
    back="/people",
)


class PeoplePages:
    """The pages."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server

    async def team(self, visit: Console) -> Reply:
        """Everybody."""
        return await self._render_team(visit)

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
            made = await self._server.api_for(visit).post("/v1/people", body, key=form.read_text("_key"))
        except RefusedPageError as error:
            if not (error.refusal.field and form.place_complaint(error.refusal.field, error.refusal.detail)):
                raise
            return await self._render_team(visit, status=422)
        visit.form = SentForm()
        return await self._render_team(visit, made)

    async def role(self, visit: Console) -> Reply:
        """Another role."""
        where = fill_path("/v1/people/{person}", person=visit.params["person"])
        await self._server.api_for(visit).put(where, {"role": visit.form.read_text("role")})
        visit.flash_message("The role is changed; it holds at once.")
        return RedirectTo("/people")

    async def reset(self, visit: Console) -> Reply:
        """A new password for somebody who has lost it."""
        where = fill_path("/v1/people/{person}/reset-password", person=visit.params["person"])
        body = {"second_factor": visit.form.read_flag("second_factor")}
        made = await self._server.api_for(visit).post(where, body, key=visit.form.read_text("_key"))
        visit.form = SentForm()
        return await self._render_team(visit, made)

    async def remove(self, visit: Console) -> Reply:
        """Remove an account."""
        await self._server.api_for(visit).delete(fill_path("/v1/people/{person}", person=visit.params["person"]))
        visit.flash_message("The account is gone, and its sessions with it.")
        return RedirectTo("/people")

    async def account(self, visit: Console) -> Reply:
        """One's own account."""
        return await self._render_account(visit)

    async def password(self, visit: Console) -> Reply:
        """Change it."""
        body = {"old": visit.form.read_password("old"), "new": visit.form.read_password("new")}
        sent = await self._sent(visit, "/v1/me/password", body)
        if isinstance(sent, PageScreen):
            return sent
        visit.flash_message("Your password is changed; your other sessions have ended.")
        return RedirectTo("/account")

    async def begin(self, visit: Console) -> Reply:
        """The secret for the application."""
        sent = await self._sent(visit, "/v1/me/second-factor", {"password": visit.form.read_password("password")})
        return sent if isinstance(sent, PageScreen) else await self._render_account(visit, sent)

    async def confirm(self, visit: Console) -> Reply:
        """A code of it; then the recovery codes, once."""
        begun = {"secret": visit.form.read_text("secret", most=64), "uri": ""}
        body = {"code": visit.form.read_required("code", most=32)}
        sent = await self._sent(visit, "/v1/me/second-factor/confirm", body, begun)
        return sent if isinstance(sent, PageScreen) else await self._render_account(visit, codes=sent["recovery_codes"])

    async def give_up(self, visit: Console) -> Reply:
        """Without a second factor again."""
        body = {"password": visit.form.read_password("password"), "code": visit.form.read_required("code", most=32)}
        sent = await self._sent(visit, "/v1/me/second-factor/remove", body)
        if isinstance(sent, PageScreen):
            return sent
        visit.flash_message("The second factor is off. Every other session has ended.")
        return RedirectTo("/account")

    async def end_session(self, visit: Console) -> Reply:
        """Sign out in one place; where that is this browser, here."""
        api, name = self._server.api_for(visit), visit.params["session"]
        here = {each["id"] for each in (await api.get("/v1/me/sessions"))["items"] if each["current"]}
        await api.delete(fill_path("/v1/me/sessions/{session}", session=name))
        if name in here:
            visit.signs_out = True
            return RedirectTo("/sign-in?said=out")
        visit.flash_message("That session has ended: the browser has to sign in again.")
        return RedirectTo("/account")

    async def end_others(self, visit: Console) -> Reply:
        """Sign out everywhere else."""
        api = self._server.api_for(visit)
        done = await api.post("/v1/me/sessions/end-others", key=visit.form.read_text("_key"))
        visit.flash_message(f"{format_count(done['ended'], 'other session')} ended. You stay signed in here.")
        return RedirectTo("/account")

    async def _sent(
        self, visit: Console, path: str, body: dict[str, str], begun: dict[str, Any] | None = None
    ) -> dict[str, Any] | PageScreen:
        """The API's answer, or the page again with what is wrong beside its field."""
        form = visit.form
        if not form.errors:
            try:
                answer: dict[str, Any] = await self._server.api_for(visit).post(path, body)
            except RefusedPageError as error:
                found = error.refusal
                if not (found.field and form.place_complaint(found.field, found.detail or found.title)):
                    raise
            else:
                return answer
        return await self._render_account(visit, begun, status=422)

    async def _render_team(self, visit: Console, made: dict[str, Any] | None = None, status: int = 200) -> Reply:
        values = {
            "shelf": make_short_list(visit, await self._server.api_for(visit).get_all("/v1/people"), SORTS),
            "made": made,
            "roles": ROLES,
        }
        return PageScreen(template="people.html", values=values, status=status)

    async def _render_account(
        self,
        visit: Console,
        begun: dict[str, Any] | None = None,
        codes: list[str] | None = None,
        status: int = 200,
    ) -> PageScreen:
        api = self._server.api_for(visit)
        values = {"me": await api.get("/v1/me"), "begun": begun, "codes": codes}
        values["sessions"] = (await api.get("/v1/me/sessions"))["items"] if values["me"]["person"] else []
        return PageScreen(template="account.html", values=values, status=status)

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        each = "/people/{person}"
        return (
            page_route("/people", self.team),
            form_route("/people", self.add),
            form_route(f"{each}/role", self.role),
            form_route(f"{each}/reset", self.reset, sure=SURE_RESET),
            form_route(f"{each}/remove", self.remove, sure=SURE_REMOVE),
            page_route("/account", self.account),
            form_route("/account/password", self.password),
            form_route("/account/second-factor", self.begin),
            form_route("/account/second-factor/confirm", self.confirm),
            form_route("/account/second-factor/remove", self.give_up),
            form_route("/account/sessions/{session}/end", self.end_session),
            form_route("/account/sessions/end-others", self.end_others),
        )
