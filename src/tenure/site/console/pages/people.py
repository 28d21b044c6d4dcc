"""Who may sign in at this console: the team, and one's own account with password and second factor."""

from typing import Any

from tenure.site.console.client import path
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, RefusedPageError, Reply, Screen
from tenure.web.shelf import NAMED, NEWEST, By, shelve

ROLES = (
    ("administrator", "Administrator", "May do everything."),
    ("operator", "Operator", "Does the daily work; no people, no DNS, no removal of licenses."),
    ("auditor", "Auditor", "May look at everything and change nothing."),
)
"""Role, its name, and what it means."""

SORTS: dict[str, By] = {"name": NAMED, "newest": NEWEST}
"""By what the people can be sorted."""

SURE_RESET = Sure(
    title="Give this person a new way in?",
    text="The present password stops working at once, and every session of this person ends. This cannot be undone.",
    button="Reset the account",
    back="/people",
)

SURE_REMOVE = Sure(
    title="Remove this person?",
    text="Every session ends at once, and the name and password are good for nothing any more.",
    button="Remove the person",
    back="/people",
)


class People:
    """The pages."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def team(self, visit: Console) -> Reply:
        """Everybody."""
        return await self._team(visit)

    async def add(self, visit: Console) -> Reply:
        """A new account; its password is shown on the page that answers, and nowhere else."""
        form = visit.form
        body = {"name": form.required("name", most=128), "role": form.choice("role", [each for each, _, _ in ROLES])}
        if form.errors:
            return await self._team(visit, status=422)
        try:
            made = await self._server.of(visit).post("/v1/people", body, key=form.text("_key"))
        except RefusedPageError as error:
            if not (error.refusal.field and form.blame(error.refusal.field, error.refusal.detail)):
                raise
            return await self._team(visit, status=422)
        visit.form = Form()
        return await self._team(visit, made)

    async def role(self, visit: Console) -> Reply:
        """Another role."""
        where = path("/v1/people/{person}", person=visit.params["person"])
        await self._server.of(visit).put(where, {"role": visit.form.text("role")})
        visit.say("The role is changed; it holds at once.")
        return Goto("/people")

    async def reset(self, visit: Console) -> Reply:
        """A new password for somebody who has lost it."""
        where = path("/v1/people/{person}/reset-password", person=visit.params["person"])
        body = {"second_factor": visit.form.flag("second_factor")}
        made = await self._server.of(visit).post(where, body, key=visit.form.text("_key"))
        visit.form = Form()
        return await self._team(visit, made)

    async def remove(self, visit: Console) -> Reply:
        """Remove an account."""
        await self._server.of(visit).delete(path("/v1/people/{person}", person=visit.params["person"]))
        visit.say("The account is gone, and its sessions with it.")
        return Goto("/people")

    async def account(self, visit: Console) -> Reply:
        """One's own account."""
        return await self._account(visit)

    async def password(self, visit: Console) -> Reply:
        """Change it."""
        form = visit.form
        body = {"old": form.required("old", most=256), "new": form.required("new", most=256)}
        if form.errors:
            return await self._account(visit, status=422)
        try:
            await self._server.of(visit).post("/v1/me/password", body, key=form.text("_key"))
        except RefusedPageError as error:
            if not (error.refusal.field and form.blame(error.refusal.field, error.refusal.detail)):
                raise
            return await self._account(visit, status=422)
        visit.say("Your password is changed; your other sessions have ended.")
        return Goto("/account")

    async def begin(self, visit: Console) -> Reply:
        """The secret for the application."""
        return await self._account(visit, await self._server.of(visit).post("/v1/me/second-factor"))

    async def confirm(self, visit: Console) -> Reply:
        """A code of it; then the recovery codes, once."""
        begun = {"secret": visit.form.text("secret", most=64), "uri": ""}
        return await self._with_code(visit, "confirm", begun)

    async def give_up(self, visit: Console) -> Reply:
        """Without a second factor again."""
        return await self._with_code(visit, "remove", None)

    async def _with_code(self, visit: Console, what: str, begun: dict[str, Any] | None) -> Reply:
        code = visit.form.required("code", most=32)
        if not code:
            return await self._account(visit, begun, status=422)
        try:
            done = await self._server.of(visit).post(f"/v1/me/second-factor/{what}", {"code": code})
        except RefusedPageError as error:
            if error.refusal.code not in {"second_factor_refused", "field_invalid"}:
                raise
            visit.form.fault("code", error.refusal.title)
            return await self._account(visit, begun, status=422)
        if not done:
            visit.say("The second factor is given up.")
            return Goto("/account")
        return await self._account(visit, codes=done["recovery_codes"])

    async def _team(self, visit: Console, made: dict[str, Any] | None = None, status: int = 200) -> Reply:
        values = {
            "shelf": shelve(visit, await self._server.of(visit).whole("/v1/people"), SORTS),
            "made": made,
            "roles": ROLES,
        }
        return Screen(template="people.html", values=values, status=status)

    async def _account(
        self,
        visit: Console,
        begun: dict[str, Any] | None = None,
        codes: list[str] | None = None,
        status: int = 200,
    ) -> Reply:
        values = {"me": await self._server.of(visit).get("/v1/me"), "begun": begun, "codes": codes}
        return Screen(template="account.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        each = "/people/{person}"
        return (
            page("/people", self.team),
            action("/people", self.add),
            action(f"{each}/role", self.role),
            action(f"{each}/reset", self.reset, sure=SURE_RESET),
            action(f"{each}/remove", self.remove, sure=SURE_REMOVE),
            page("/account", self.account),
            action("/account/password", self.password),
            action("/account/second-factor", self.begin),
            action("/account/second-factor/confirm", self.confirm),
            action("/account/second-factor/remove", self.give_up),
        )
