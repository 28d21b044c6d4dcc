"""Signing in and out of the console: with the token of the site's folder, which is always possible."""

from urllib.parse import urlencode

from tenure.site.console.signed import Console, Server, SignedIn
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen, local

SAID = {
    "out": ("info", "You are signed out."),
    "over": ("warn", "Your session is over. Please sign in again."),
}


class Door:
    """The pages that are open to strangers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """The sign-in page."""
        if visit.session is not None:
            return Goto(local(visit.query.get("next", "/")))
        if said := SAID.get(visit.query.get("said", "")):
            visit.say(said[1], said[0])
        return _sign_in(visit)

    async def enter(self, visit: Console) -> Reply:
        """With the token: the API itself says whether it is the right one."""
        secret = visit.form.required("token", most=200)
        if not secret:
            return _sign_in(visit, 422)
        try:
            await self._server.with_secret(secret if secret.isascii() else "?").get("/v1/status")
        except RefusedPageError as error:
            if error.refusal.status not in {401, 403}:
                return _sign_in(visit, error.refusal.status, error.refusal)
            visit.form.fault("token", "This is not the token of this administration server.")
            return _sign_in(visit, 422)
        visit.signs_in = SignedIn(secret)
        return Goto(local(visit.form.text("next")))

    async def leave(self, visit: Console) -> Reply:
        """Sign out."""
        visit.signs_out = True
        return Goto("/sign-in?said=out")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/sign-in", self.show, stranger=True),
            action("/sign-in", self.enter, stranger=True),
            action("/sign-out", self.leave, stranger=True),
        )


def _sign_in(visit: Console, status: int = 200, refusal: Refusal | None = None) -> Screen:
    aim = local(visit.form.text("next") or visit.query.get("next", "/"))
    insecure = not visit.place.secure and not visit.place.own_machine
    values = {"next": aim, "refusal": refusal, "insecure": insecure}
    return Screen(template="sign_in.html", values=values, status=status)


def over(visit: Console) -> Reply:
    """The API no longer knows the secret: sign in again, then go on."""
    visit.signs_out = True
    after = visit.with_query() if visit.method == "GET" else "/"
    return Goto("/sign-in?" + urlencode({"said": "over", "next": after}))
