"""Signing in and out: with e-mail and password, a second factor where one is set, or with an API token."""

import re

from tenure.portal.session import Portal, PortalServer, PortalSession
from tenure.web.app import PageRoute, form_route, page_route
from tenure.web.replies import PageScreen, RedirectTo, RefusedPageError, Reply, SignInAgain, local_path

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


class SignInPages:
    """The pages that are open to strangers."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The sign-in page."""
        if visit.session is not None:
            return RedirectTo(local_path(visit.query.get("next", "/")))
        if said := SAID.get(visit.query.get("said", "")):
            visit.flash_message(said[1], said[0])
        return _sign_in(visit)

    async def enter(self, visit: Portal) -> Reply:
        """With e-mail and password."""
        email, password = visit.form.read_required("email"), visit.form.read_password("password")
        if visit.form.errors:
            return _sign_in(visit, 422)
        try:
            body = {"email": email, "password": password, **_known_device(visit)}
            entrance = (await self._server.public_api(visit).post_public("/v1/sign-in", body)).value
        except RefusedPageError as error:
            return _sign_in(visit, error.refusal.status, error)
        if entrance.get("second_factor"):
            # The ticket is worth nothing without the code, and lasts minutes.
            return PageScreen(template="second_factor.html", values={"ticket": entrance["ticket"], "refusal": None})
        visit.keeps = entrance.get("device")
        return await self._come_in(visit, entrance["session"])

    async def second_factor(self, visit: Portal) -> Reply:
        """With the code of the second factor."""
        ticket = visit.form.read_text("ticket")
        try:
            body = {"ticket": ticket, "code": visit.form.read_text("code", most=32), **_known_device(visit)}
            entrance = (await self._server.public_api(visit).post_public("/v1/sign-in/second-factor", body)).value
        except RefusedPageError as error:
            values = {"ticket": ticket, "refusal": error.refusal}
            return PageScreen(template="second_factor.html", values=values, status=error.refusal.status)
        visit.keeps = entrance.get("device")
        return await self._come_in(visit, entrance["session"])

    async def token(self, visit: Portal) -> Reply:
        """With an API token, for whoever runs programs against the API."""
        secret = visit.form.read_required("token", most=200)
        try:
            return await self._come_in(visit, secret, token=True) if secret else _sign_in(visit, 422)
        except RefusedPageError as error:
            if error.refusal.status not in {401, 403}:
                raise
            visit.form.add_fault("token", "This token is not known, or no longer good.")
            return _sign_in(visit, 422)

    async def invited(self, visit: Portal) -> Reply:
        """With an invitation that was handed over: its link, or the secret in it."""
        given = visit.form.read_required("invitation", most=400)
        found = _INVITATION.findall(given)
        if not found:
            if given:
                visit.form.add_fault("invitation", "An invitation is a link with a part that begins with tni_.")
            return _sign_in(visit, 422)
        return RedirectTo(f"/invitation/{found[-1]}")

    async def leave(self, visit: Portal) -> Reply:
        """Sign out, here and at the server."""
        if visit.session is not None and not visit.session_value.token:
            try:
                await self._server.api_for(visit).post("/v1/sign-out")
            except RefusedPageError:
                visit.flash_message("The licensing server could not be told; its session ends by itself.", "warn")
        visit.signs_out = True
        return RedirectTo("/sign-in?said=out")

    async def _come_in(self, visit: Portal, secret: str, *, token: bool = False) -> Reply:
        me = await self._server.with_secret(secret).get("/v1/me")
        visit.signs_in = PortalSession(secret, me, token=token)
        return RedirectTo(local_path(visit.form.read_text("next") or visit.query.get("next", "/")))

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            page_route("/sign-in", self.show, stranger=True),
            form_route("/sign-in", self.enter, stranger=True),
            form_route("/sign-in/second-factor", self.second_factor, stranger=True),
            form_route("/sign-in/token", self.token, stranger=True),
            form_route("/sign-in/invitation", self.invited, stranger=True),
            form_route("/sign-out", self.leave, stranger=True),
        )


def _known_device(visit: Portal) -> dict[str, str]:
    """What the browser is, and what it is known by, if it has what the server gives out."""
    known = {"device": visit.device} if _DEVICE.fullmatch(visit.device) else {}
    return {"browser": visit.browser, **known}


def _sign_in(visit: Portal, status: int = 200, error: RefusedPageError | None = None) -> PageScreen:
    aim = local_path(visit.form.read_text("next") or visit.query.get("next", "/"))
    values = {"next": aim, "refusal": error.refusal if error else None, "insecure": _is_insecure(visit)}
    return PageScreen(template="sign_in.html", values=values, status=status)


def _is_insecure(visit: Portal) -> bool:
    """Whether what is typed would cross a network in the clear."""
    return not visit.place.secure and not visit.place.own_machine


def session_over(visit: Portal) -> Reply:
    """The API no longer knows the session: sign in again, then go on."""
    return SignInAgain()
