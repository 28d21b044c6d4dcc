"""Signing in and out: with e-mail and password, a second factor where one is set, or with an API token."""

import re

from tenure.portal.signed import Portal, Server, SignedIn
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, RefusedPageError, Reply, Screen, SignInAgain, local

_INVITATION = re.compile(r"tni_[a-z0-9]{1,128}")
_DEVICE = re.compile(r"[a-z0-9_]{1,128}")
SAID = {
    "out": ("info", "You are signed out."),
    "over": ("warn", "Your session is over. Please sign in again."),
    "mail": (
        "info",
        "If there is an account with this address, a mail with a link is on its way. If none comes within some "
        "minutes, ask an owner of your team, who can remove you and invite you again.",
    ),
    "reset": ("good", "The password is set. Please sign in with it."),
}


class Door:
    """The pages that are open to strangers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The sign-in page."""
        if visit.session is not None:
            return Goto(local(visit.query.get("next", "/")))
        if said := SAID.get(visit.query.get("said", "")):
            visit.say(said[1], said[0])
        return _sign_in(visit)

    async def enter(self, visit: Portal) -> Reply:
        """With e-mail and password."""
        email, password = visit.form.required("email"), visit.form.values.get("password", [""])[0][:256]
        if not password:
            visit.form.fault("password", "Please fill this in.")
        if visit.form.errors:
            return _sign_in(visit, 422)
        try:
            body = {"email": email, "password": password, **_known(visit)}
            entrance = (await self._server.stranger(visit).public("/v1/sign-in", body)).value
        except RefusedPageError as error:
            return _sign_in(visit, error.refusal.status, error)
        if entrance.get("second_factor"):
            # The ticket is worth nothing without the code, and lasts minutes.
            return Screen(template="second_factor.html", values={"ticket": entrance["ticket"], "refusal": None})
        visit.keeps = entrance.get("device")
        return await self._come_in(visit, entrance["session"])

    async def second_factor(self, visit: Portal) -> Reply:
        """With the code of the second factor."""
        ticket = visit.form.text("ticket")
        try:
            body = {"ticket": ticket, "code": visit.form.text("code", most=32), **_known(visit)}
            entrance = (await self._server.stranger(visit).public("/v1/sign-in/second-factor", body)).value
        except RefusedPageError as error:
            values = {"ticket": ticket, "refusal": error.refusal}
            return Screen(template="second_factor.html", values=values, status=error.refusal.status)
        visit.keeps = entrance.get("device")
        return await self._come_in(visit, entrance["session"])

    async def token(self, visit: Portal) -> Reply:
        """With an API token, for whoever runs programs against the API."""
        secret = visit.form.required("token", most=200)
        try:
            return await self._come_in(visit, secret, token=True) if secret else _sign_in(visit, 422)
        except RefusedPageError as error:
            if error.refusal.status not in {401, 403}:
                raise
            visit.form.fault("token", "This token is not known, or no longer good.")
            return _sign_in(visit, 422)

    async def invited(self, visit: Portal) -> Reply:
        """With an invitation that was handed over: its link, or the secret in it."""
        given = visit.form.required("invitation", most=400)
        found = _INVITATION.findall(given)
        if not found:
            if given:
                visit.form.fault("invitation", "An invitation is a link with a part that begins with tni_.")
            return _sign_in(visit, 422)
        return Goto(f"/invitation/{found[-1]}")

    async def leave(self, visit: Portal) -> Reply:
        """Sign out, here and at the server."""
        if visit.session is not None and not visit.who.token:
            try:
                await self._server.of(visit).post("/v1/sign-out")
            except RefusedPageError:
                visit.say("The licensing server could not be told; its session ends by itself.", "warn")
        visit.signs_out = True
        return Goto("/sign-in?said=out")

    async def _come_in(self, visit: Portal, secret: str, *, token: bool = False) -> Reply:
        me = await self._server.with_secret(secret).get("/v1/me")
        visit.signs_in = SignedIn(secret, me, token=token)
        return Goto(local(visit.form.text("next") or visit.query.get("next", "/")))

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/sign-in", self.show, stranger=True),
            action("/sign-in", self.enter, stranger=True),
            action("/sign-in/second-factor", self.second_factor, stranger=True),
            action("/sign-in/token", self.token, stranger=True),
            action("/sign-in/invitation", self.invited, stranger=True),
            action("/sign-out", self.leave, stranger=True),
        )


def _known(visit: Portal) -> dict[str, str]:
    """What the browser is, and what it is known by, if it has what the server gives out."""
    known = {"device": visit.device} if _DEVICE.fullmatch(visit.device) else {}
    return {"browser": visit.browser, **known}


def _sign_in(visit: Portal, status: int = 200, error: RefusedPageError | None = None) -> Screen:
    aim = local(visit.form.text("next") or visit.query.get("next", "/"))
    values = {"next": aim, "refusal": error.refusal if error else None, "insecure": _insecure(visit)}
    return Screen(template="sign_in.html", values=values, status=status)


def _insecure(visit: Portal) -> bool:
    """Whether what is typed would cross a network in the clear."""
    return not visit.place.secure and not visit.place.own_machine


def over(visit: Portal) -> Reply:
    """The API no longer knows the session: sign in again, then go on."""
    return SignInAgain()
