"""Signing in and out of the portal: with e-mail and password, an API token, or an invitation that was handed over."""

import re

from tenure.portal.session import Portal, PortalServer, PortalSession
from tenure.web.app import PageRoute, form_route
from tenure.web.replies import RedirectTo, Reply
from tenure.web.sign_in import SignInPages, SignInTexts

_INVITATION = re.compile(r"tni_[a-z0-9]{1,128}")
_DEVICE = re.compile(r"[a-z0-9_]{1,128}")
SAID = {
    "out": ("info", "You are signed out."),
    "over": ("warn", "Your session is over. Please sign in again."),
    "mail": (
        "info",
        "If there is an account with this address, an email with a link has been sent. If none arrives in some "
        "minutes, ask an owner of your team, who can remove you and invite you again.",
    ),
    "reset": ("good", "The password is set. Please sign in with it."),
}


class PortalSignInPages:
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
        email, password = visit.form.read_required("email"), visit.form.values.get("password", [""])[0][:256]
        if not password:
            visit.form.add_fault("password", "Please fill this in.")
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
            visit.form.add_fault("token", "This token is unknown or no longer valid.")
            return _sign_in(visit, 422)

    async def invited(self, visit: Portal) -> Reply:
        """With an invitation that was handed over: its link, or the secret in it."""
        given = visit.form.read_required("invitation", most=400)
        found = _INVITATION.findall(given)
        if not found:
            if given:
                visit.form.add_fault("invitation", "An invitation is a link with a part that begins with tni_.")
            return self._pages.render(visit, 422)
        return RedirectTo(f"/invitation/{found[-1]}")

    async def leave(self, visit: Portal) -> Reply:
        """Sign out, here and at the server."""
        if visit.session is not None and not visit.session_value.token:
            try:
                await self._server.api_for(visit).post("/v1/sign-out")
            except RefusedPageError:
                visit.flash_message("The activation server could not be reached; the session there will expire.", "warn")
        visit.signs_out = True
        return RedirectTo("/sign-in?said=out")

    async def _come_in(self, visit: Portal, secret: str, *, token: bool = False) -> Reply:
        me = await self._server.with_secret(secret).get("/v1/me")
        visit.signs_in = PortalSession(secret, me, token=token)
        return RedirectTo(local_path(visit.form.read_text("next") or visit.query.get("next", "/")))

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            *self._pages.routes(password="/sign-in", token="/sign-in/token"),  # noqa: S106 - addresses
            form_route("/sign-in/invitation", self.invited, stranger=True),
        )
