"""Coming in by a link from a mail: an invitation into a team, or a new password."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.signed import Portal, Server, SignedIn
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen


class Joining:
    """Invitations and lost passwords."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Who invites, and into what."""
        return await self._invitation(visit)

    async def _invitation(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        token = visit.params["token"]
        invited = (await self._server.stranger(visit).public("/v1/invitations/read", {"token": token})).value
        status = 422 if refusal or visit.form.errors else 200
        return Screen(template="invitation.html", values={"invited": invited, "refusal": refusal}, status=status)

    async def accept(self, visit: Portal) -> Reply:
        """Come in."""
        form = visit.form
        body: dict[str, Any] = {
            "token": visit.params["token"],
            "name": form.required("name", most=200),
            "password": _password(visit),
            "browser": visit.browser,
        }
        if form.text("email"):
            body["email"] = form.text("email", most=254)
        if form.errors:
            return await self._invitation(visit)
        try:
            entrance = (await self._server.stranger(visit).public("/v1/invitations/accept", body)).value
        except RefusedPageError as error:
            form.values.pop("password", None)
            return await self._invitation(visit, None if blamed(form, error.refusal) else error.refusal)
        if entrance.get("second_factor"):
            return Screen(template="second_factor.html", values={"ticket": entrance["ticket"], "refusal": None})
        me = await self._server.with_secret(entrance["session"]).get("/v1/me")
        visit.keeps = entrance.get("device")
        visit.signs_in = SignedIn(entrance["session"], me)
        return Goto("/")

    async def lost(self, visit: Portal) -> Reply:
        """The form for a lost password."""
        return Screen(template="password_lost.html", values={"refusal": None})

    async def send(self, visit: Portal) -> Reply:
        """Ask for a mail with a link; the answer is the same for every address."""
        email = visit.form.required("email", most=254)
        if visit.form.errors:
            return Screen(template="password_lost.html", values={"refusal": None}, status=422)
        try:
            await self._server.stranger(visit).public("/v1/password-reset", {"email": email})
        except RefusedPageError as error:
            status = error.refusal.status
            return Screen(template="password_lost.html", values={"refusal": error.refusal}, status=status)
        return Goto("/sign-in?said=mail")

    async def again(self, visit: Portal) -> Reply:
        """The form for another password."""
        return Screen(template="password_new.html", values={"refusal": None})

    async def finish(self, visit: Portal) -> Reply:
        """Set it."""
        body = {"token": visit.params["token"], "password": _password(visit)}
        refusal = None
        if not visit.form.errors:
            try:
                await self._server.stranger(visit).public("/v1/password-reset/finish", body)
                return Goto("/sign-in?said=reset")
            except RefusedPageError as error:
                refusal = None if blamed(visit.form, error.refusal) else error.refusal
        return Screen(template="password_new.html", values={"refusal": refusal}, status=422)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/invitation/{token}", self.show, stranger=True),
            action("/invitation/{token}", self.accept, stranger=True),
            page("/password-reset", self.lost, stranger=True),
            action("/password-reset", self.send, stranger=True),
            page("/password-reset/{token}", self.again, stranger=True),
            action("/password-reset/{token}", self.finish, stranger=True),
        )


def _password(visit: Portal) -> str:
    """As typed: blanks at its ends belong to a password."""
    password = visit.form.values.get("password", [""])[0][:256]
    if not password:
        visit.form.fault("password", "Please fill this in.")
    return password
