"""Coming in by a link from a mail: an invitation into a team, or a new password."""

from typing import Any

from tenure.portal.session import Portal, PortalPages, PortalSession
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply


class InvitationPages(PortalPages):
    """Invitations and lost passwords."""

    @page_at("/invitation/{token}", stranger=True)
    async def show(self, visit: Portal) -> Reply:
        """Who invites, and into what."""
        return await self._render_invitation(visit)

    async def _render_invitation(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        token = visit.params["token"]
        invited = (await self._server.public_api(visit).post_public("/v1/invitations/read", {"token": token})).value
        status = 422 if refusal or visit.form.errors else 200
        return PageScreen(template="invitation.html", values={"invited": invited, "refusal": refusal}, status=status)

    @form_at("/invitation/{token}", stranger=True)
    async def accept(self, visit: Portal) -> Reply:
        """Come in."""
        form = visit.form
        body: dict[str, Any] = {
            "token": visit.params["token"],
            "name": form.read_required("name", most=200),
            "password": visit.form.read_password("password"),
            "browser": visit.browser,
        }
        if form.read_text("email"):
            body["email"] = form.read_text("email", most=254)
        if form.errors:
            return await self._render_invitation(visit)
        try:
            entrance = (await self._server.public_api(visit).post_public("/v1/invitations/accept", body)).value
        except RefusedPageError as error:
            form.values.pop("password", None)
            return await self._render_invitation(visit, form.place_refusal(error.refusal))
        if entrance.get("second_factor"):
            return PageScreen(template="second_factor.html", values={"ticket": entrance["ticket"], "refusal": None})
        me = await self._server.with_secret(entrance["session"]).get("/v1/me")
        visit.keeps = entrance.get("device")
        visit.signs_in = PortalSession(entrance["session"], me)
        return RedirectTo("/")

    @page_at("/password-reset", stranger=True)
    async def lost(self, visit: Portal) -> Reply:
        """The form for a lost password."""
        return PageScreen(template="password_lost.html", values={"refusal": None})

    @form_at("/password-reset", stranger=True)
    async def send(self, visit: Portal) -> Reply:
        """Ask for a mail with a link; the answer is the same for every address."""
        email = visit.form.read_required("email", most=254)
        if visit.form.errors:
            return PageScreen(template="password_lost.html", values={"refusal": None}, status=422)
        try:
            await self._server.public_api(visit).post_public("/v1/password-reset", {"email": email})
        except RefusedPageError as error:
            status = error.refusal.status
            return PageScreen(template="password_lost.html", values={"refusal": error.refusal}, status=status)
        return RedirectTo("/sign-in?said=mail")

    @page_at("/password-reset/{token}", stranger=True)
    async def again(self, visit: Portal) -> Reply:
        """The form for another password."""
        return PageScreen(template="password_new.html", values={"refusal": None})

    @form_at("/password-reset/{token}", stranger=True)
    async def finish(self, visit: Portal) -> Reply:
        """Set it."""
        body = {"token": visit.params["token"], "password": visit.form.read_password("password")}
        refusal = None
        if not visit.form.errors:
            try:
                await self._server.public_api(visit).post_public("/v1/password-reset/finish", body)
                return RedirectTo("/sign-in?said=reset")
            except RefusedPageError as error:
                refusal = visit.form.place_refusal(error.refusal)
        return PageScreen(template="password_new.html", values={"refusal": refusal}, status=422)
