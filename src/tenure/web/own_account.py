"""One's own account at a website of ours: the password, the second factor, and where one is signed in.

The program's page (`account.html`) says who one is there, and includes `web/own_account.html` for what is told here.
"""

from typing import Any, Protocol

from tenure.core.plurals import format_count
from tenure.web.forms import SentForm
from tenure.web.page_groups import PageGroup, form_at, page_at
from tenure.web.qr import encode, to_svg
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.visits import PageVisit, form_screen

LONGEST = 666
"""Bytes of an enrollment that are drawn, as a code of version 20 holds them:
squares of a larger code are too small for a camera before a screen."""


class OwnAccountServer(Protocol):
    """The API behind the pages, as far as one's own account goes; every method raises `RefusedPageError`."""

    async def get_own(self, visit: PageVisit[Any], path: str) -> Any:
        """What is at `path`."""

    async def post_own(
        self, visit: PageVisit[Any], path: str, body: dict[str, str] | None = None, key: str = ""
    ) -> Any:
        """Do something, once under `key` (a fresh one unless given)."""

    async def end_own_session(self, visit: PageVisit[Any], session: str) -> None:
        """End one of one's own sessions."""


class OwnAccountPages(PageGroup):
    """The pages about oneself."""

    def __init__(self, server: OwnAccountServer) -> None:
        self._server = server

    async def _render(
        self,
        visit: PageVisit[Any],
        refusal: PageRefusal | None = None,
        *,
        enrollment: dict[str, str] | None = None,
        codes: list[str] | None = None,
    ) -> PageScreen:
        me = visit.session_value.me = await self._server.get_own(visit, "/v1/me")
        values = {
            "me": me,
            "enrollment": enrollment,
            "codes": codes,
            "sessions": await self._sessions(visit) if me["user"] else [],
            "picture": _qr_picture(enrollment["uri"]) if enrollment else "",
        }
        return form_screen(visit, "account.html", refusal, **values)

    @page_at("/account")
    async def show(self, visit: PageVisit[Any]) -> Reply:
        """Everything on one page."""
        return await self._render(visit)

    @form_at("/account/password", again=_render)
    async def password(self, visit: PageVisit[Any]) -> Reply:
        """Another password."""
        await self._send(visit, "/v1/me/password", {name: visit.form.read_password(name) for name in ("old", "new")})
        return RedirectTo("/account", "Your password is changed. Every other session has ended.")

    @form_at("/account/second-factor", again=_render)
    async def propose(self, visit: PageVisit[Any]) -> Reply:
        """Begin with a second factor: the secret for the authenticator application, shown on this page only."""
        sent = await self._send(visit, "/v1/me/second-factor", {"password": visit.form.read_password("password")})
        return await self._render(visit, enrollment=sent)

    async def _render_begun(self, visit: PageVisit[Any], refusal: PageRefusal | None = None) -> PageScreen:
        begun = {"secret": visit.form.read_text("secret", most=200), "uri": visit.form.read_text("uri")}
        return await self._render(visit, refusal, enrollment=begun)

    @form_at("/account/second-factor/confirm", again=_render_begun)
    async def confirm(self, visit: PageVisit[Any]) -> Reply:
        """Switch it on with a first code; the recovery codes are shown once."""
        body = {"code": visit.form.read_required("code", most=32)}
        sent = await self._send(visit, "/v1/me/second-factor/confirm", body)
        visit.form = SentForm()  # the code that was shown is good for nothing any more
        return await self._render(visit, codes=sent["recovery_codes"])

    @form_at("/account/second-factor/remove", again=_render)
    async def remove(self, visit: PageVisit[Any]) -> Reply:
        """Switch it off."""
        body = {"password": visit.form.read_password("password"), "code": visit.form.read_required("code", most=32)}
        await self._send(visit, "/v1/me/second-factor/remove", body)
        return RedirectTo("/account", "The second factor is off. Every other session has ended.")

    @form_at("/account/sessions/{session}/end")
    async def end_session(self, visit: PageVisit[Any]) -> Reply:
        """Sign out in one place; where that is this browser, here."""
        name = visit.params["session"]
        here = {each["id"] for each in await self._sessions(visit) if each["current"]}
        await self._server.end_own_session(visit, name)
        if name in here:
            visit.signs_out = True
            return RedirectTo("/sign-in?said=out")
        return RedirectTo("/account", "That session has ended: the browser has to sign in again.")

    @form_at("/account/sessions/end-others")
    async def end_others(self, visit: PageVisit[Any]) -> Reply:
        """Sign out everywhere else."""
        done = await self._server.post_own(visit, "/v1/me/sessions/end-others", key=visit.form.read_text("_key"))
        return RedirectTo("/account", f"{format_count(done['ended'], 'other session')} ended. You stay signed in here.")

    async def _send(self, visit: PageVisit[Any], path: str, body: dict[str, str]) -> Any:
        """The API's answer to what the form says. Raises `FormAgainError` when a field is wrong."""
        visit.form.require_valid()
        return await self._server.post_own(visit, path, body, visit.form.read_text("_key"))

    async def _sessions(self, visit: PageVisit[Any]) -> list[Any]:
        found: list[Any] = (await self._server.get_own(visit, "/v1/me/sessions"))["items"]
        return found


def _qr_picture(uri: str) -> str:
    """The enrollment as a QR code for the authenticator's camera; empty where it is longer than one holds."""
    data = uri.encode()
    return to_svg(encode(data, "M"), "QR code for your authenticator application") if len(data) <= LONGEST else ""
