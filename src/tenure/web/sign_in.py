"""Signing in and out at a website of ours: by a password, a second factor where one is set, or a token.

What is asked, and what it means, is the API's; each program says how it reaches its API and what a session of it holds.
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply, local_path
from tenure.web.visits import PageRoute, PageVisit, form_route, page_route

SAID = {
    "out": ("info", "You are signed out."),
    "over": ("warn", "Your session is over. Please sign in again."),
}
"""What `?said=` at the sign-in page stands for: tone and sentence."""


class ApiSession(msgspec.Struct):
    """A user who is signed in: the secret that the API takes, which never leaves this process, and whose it is."""

    secret: str
    me: dict[str, Any]
    """As `GET /v1/me` said when it was last asked."""

    def has_scope(self, scope: str) -> bool:
        """Whether what was signed in with carries a scope."""
        return scope in (self.me.get("scopes") or ())


class SignInServer(Protocol):
    """The API behind the pages, as far as signing in goes; every method raises `RefusedPageError`."""

    async def enter(self, visit: PageVisit[Any], path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the API answers to a step of signing in."""

    async def identify(self, secret: str) -> dict[str, Any]:
        """Who that secret stands for (`GET /v1/me`)."""

    async def sign_out(self, visit: PageVisit[Any]) -> None:
        """End the session at the API."""


class SignInTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one website's sign-in pages, and the field that identifies a user there."""

    name_field: str
    """`email`, `name`: the field of a user in the form and in the API."""
    secure_way: str
    """How to sign in so that no one on the way can read it."""
    token_refused: str
    said: dict[str, tuple[str, str]] = {}
    """In addition to `SAID`."""


class SignInPages:
    """The pages that are open to strangers; `make_session` makes what a session holds of the secret and `me`."""

    def __init__(
        self, server: SignInServer, make_session: Callable[[str, dict[str, Any]], ApiSession], texts: SignInTexts
    ) -> None:
        self._server, self._make_session, self._texts = server, make_session, texts

    async def show(self, visit: PageVisit[Any]) -> Reply:
        """The sign-in page."""
        if visit.session is not None:
            return RedirectTo(_aim(visit))
        if said := {**SAID, **self._texts.said}.get(visit.query.get("said", "")):
            visit.flash_message(said[1], said[0])
        return self.render(visit)

    async def enter_password(self, visit: PageVisit[Any]) -> Reply:
        """With a password; who has a second factor is asked for it next."""
        form, name = visit.form, self._texts.name_field
        body = {name: form.read_required(name, most=256), "password": form.read_password("password")}
        if form.errors:
            return self.render(visit, 422)
        try:
            entrance = await self._server.enter(visit, "/v1/sign-in", body)
        except RefusedPageError as error:
            return self.render(visit, error.refusal.status, error.refusal)
        if entrance["second_factor"]:
            # The ticket is worth nothing without the code, and lasts minutes.
            return _factor_page(visit, entrance["ticket"])
        return await self._come_in(visit, entrance)

    async def enter_factor(self, visit: PageVisit[Any]) -> Reply:
        """With a code of the second factor."""
        ticket, code = visit.form.read_text("ticket", most=128), visit.form.read_required("code", most=32)
        if not code:
            return _factor_page(visit, ticket, 422)
        try:
            body = {"ticket": ticket, "code": code}
            entrance = await self._server.enter(visit, "/v1/sign-in/second-factor", body)
        except RefusedPageError as error:
            return _factor_page(visit, ticket, error.refusal.status, error.refusal)
        return await self._come_in(visit, entrance)

    async def enter_token(self, visit: PageVisit[Any]) -> Reply:
        """With a token: the API itself says whether it is good."""
        secret = visit.form.read_required("token", most=200)
        if not secret:
            return self.render(visit, 422)
        try:
            return await self._come_in(visit, {"session": secret})
        except RefusedPageError as error:
            if error.refusal.status not in {401, 403}:
                return self.render(visit, error.refusal.status, error.refusal)
            visit.form.add_fault("token", self._texts.token_refused)
            return self.render(visit, 422)

    async def leave(self, visit: PageVisit[Any]) -> Reply:
        """Sign out; a user's session ends at the API, too."""
        if visit.session is not None and visit.session_value.me.get("user"):
            try:
                await self._server.sign_out(visit)
            except RefusedPageError:
                visit.flash_message("The server could not be told; its session ends by itself.", "warn")
        visit.signs_out = True
        return RedirectTo("/sign-in?said=out")

    async def _come_in(self, visit: PageVisit[Any], entrance: dict[str, Any]) -> Reply:
        me = await self._server.identify(entrance["session"])
        visit.keeps = entrance.get("device")
        visit.signs_in = self._make_session(entrance["session"], me)
        return RedirectTo("/account" if me.get("change_password") else _aim(visit))

    def render(self, visit: PageVisit[Any], status: int = 200, refusal: PageRefusal | None = None) -> PageScreen:
        """The sign-in page, with what was wrong."""
        in_the_clear = not visit.place.secure and not visit.place.own_machine
        insecure = self._texts.secure_way if in_the_clear else ""
        values = {"next": _aim(visit), "refusal": refusal, "insecure": insecure}
        return PageScreen(template="sign_in.html", values=values, status=status)

    def routes(self, *, password: str, token: str) -> tuple[PageRoute, ...]:
        """Every page of this group; the forms of password and token are sent to those addresses."""
        return (
            page_route("/sign-in", self.show, stranger=True),
            form_route(password, self.enter_password, stranger=True),
            form_route(token, self.enter_token, stranger=True),
            form_route("/sign-in/second-factor", self.enter_factor, stranger=True),
            form_route("/sign-out", self.leave, stranger=True),
        )


def _aim(visit: PageVisit[Any]) -> str:
    return local_path(visit.form.read_text("next") or visit.query.get("next", "/"))


def _factor_page(
    visit: PageVisit[Any], ticket: str, status: int = 200, refusal: PageRefusal | None = None
) -> PageScreen:
    values = {"next": _aim(visit), "ticket": ticket, "refusal": refusal}
    return PageScreen(template="web/second_factor.html", values=values, status=status)
