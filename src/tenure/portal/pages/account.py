"""One's own account: the teams one is in, the password, the second factor, and where one is signed in."""

from typing import Any

from tenure.core.plurals import format_count
from tenure.portal.client import fill_path
from tenure.portal.field_errors import blame_field
from tenure.portal.session import Portal, PortalServer
from tenure.web.app import PageRoute, form_route, page_route
from tenure.web.qr import encode, to_svg
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

LONGEST = 666
"""Bytes of an enrollment that are drawn, as a code of version 20 holds them:
squares of a larger code are too small for a camera before a screen."""


class AccountPages:
    """The pages about oneself."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Everything on one page."""
        return await self._render_account(visit)

    async def _render_account(
        self, visit: Portal, refusal: PageRefusal | None = None, enrollment: Any = None, codes: Any = None
    ) -> PageScreen:
        api = self._server.api_for(visit)
        visit.session_value.me = await api.get("/v1/me")
        values = {"me": visit.session_value.me, "refusal": refusal, "enrollment": enrollment, "codes": codes}
        values["sessions"] = (await api.get("/v1/me/sessions"))["items"] if visit.session_value.me["person"] else []
        values["picture"] = _qr_picture(enrollment["uri"]) if enrollment else ""
        return PageScreen(template="account.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def password(self, visit: Portal) -> Reply:
        """Another password."""
        form = visit.form
        body = {name: form.read_password(name) for name in ("old", "new")}
        if form.errors:
            return await self._render_account(visit)
        try:
            await self._server.api_for(visit).post("/v1/me/password", body)
        except RefusedPageError as error:
            return await self._render_account(visit, None if blame_field(form, error.refusal) else error.refusal)
        visit.flash_message("The password is changed. Every other session has ended.")
        return RedirectTo("/account")

    async def propose(self, visit: Portal) -> Reply:
        """Begin with a second factor: the secret for the authenticator application, shown on this page only."""
        body = {"password": visit.form.read_password("password")}
        if visit.form.errors:
            return await self._render_account(visit)
        try:
            made = (await self._server.api_for(visit).post("/v1/me/second-factor", body)).value
        except RefusedPageError as error:
            return await self._render_account(visit, None if blame_field(visit.form, error.refusal) else error.refusal)
        return await self._render_account(visit, enrollment=made)

    async def confirm(self, visit: Portal) -> Reply:
        """Switch it on with a first code; the recovery codes are shown once."""
        form = visit.form
        enrollment = {"secret": form.read_text("secret", most=200), "uri": form.read_text("uri")}
        try:
            made = (
                await self._server.api_for(visit).post(
                    "/v1/me/second-factor/confirm",
                    {"code": form.read_text("code", most=32)},
                    key=form.read_text("_key"),
                )
            ).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            refusal = None if blame_field(form, error.refusal) else error.refusal
            return await self._render_account(visit, refusal, enrollment)
        return await self._render_account(visit, codes=made["recovery_codes"])

    async def remove(self, visit: Portal) -> Reply:
        """Switch it off."""
        body = {"password": visit.form.read_password("password"), "code": visit.form.read_required("code", most=32)}
        if visit.form.errors:
            return await self._render_account(visit)
        try:
            await self._server.api_for(visit).post("/v1/me/second-factor/remove", body)
        except RefusedPageError as error:
            return await self._render_account(visit, None if blame_field(visit.form, error.refusal) else error.refusal)
        visit.flash_message("The second factor is off. Every other session has ended.")
        return RedirectTo("/account")

    async def end_session(self, visit: Portal) -> Reply:
        """Sign out in one place; where that is this browser, here."""
        api, name = self._server.api_for(visit), visit.params["session"]
        here = {each["id"] for each in (await api.get("/v1/me/sessions"))["items"] if each["current"]}
        await api.delete(fill_path("/v1/me/sessions/{name}", name=name))
        if name in here:
            visit.signs_out = True
            return RedirectTo("/sign-in?said=out")
        visit.flash_message("That session has ended: the browser has to sign in again.")
        return RedirectTo("/account")

    async def end_others(self, visit: Portal) -> Reply:
        """Sign out everywhere else."""
        done = (
            await self._server.api_for(visit).post("/v1/me/sessions/end-others", key=visit.form.read_text("_key"))
        ).value
        visit.flash_message(f"{format_count(done['ended'], 'other session')} ended. You stay signed in here.")
        return RedirectTo("/account")

    async def choose(self, visit: Portal) -> Reply:
        """Go on in another team."""
        body = {"id": visit.form.read_text("id", most=64)}
        visit.session_value.me = (
            await self._server.api_for(visit).post("/v1/me/membership", body, key=visit.form.read_text("_key"))
        ).value
        visit.session_value.provider = ""
        return RedirectTo("/")

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            page_route("/account", self.show),
            form_route("/account/password", self.password),
            form_route("/account/second-factor", self.propose),
            form_route("/account/second-factor/confirm", self.confirm),
            form_route("/account/second-factor/remove", self.remove),
            form_route("/account/team", self.choose),
            form_route("/account/sessions/{session}/end", self.end_session),
            form_route("/account/sessions/end-others", self.end_others),
        )


def _qr_picture(uri: str) -> str:
    """The enrollment as a QR code for the authenticator's camera; empty where it is longer than one holds."""
    data = uri.encode()
    return to_svg(encode(data, "M"), "QR code for your authenticator application") if len(data) <= LONGEST else ""
