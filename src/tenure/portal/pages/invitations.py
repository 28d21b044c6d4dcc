"""Coming in by a link from a mail: an invitation into a team, or a new password."""

from typing import Any

from tenure.portal.session import Portal, PortalPages, PortalSession
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, Reply
from tenure.web.visits import form_screen


class InvitationPages(PortalPages):
    """Invitations and lost passwords."""

    async def _render_invitation(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        visit.form.values.pop("password", None)
        body = {"token": visit.params["token"]}
        invited = (await self._server.public_api(visit).post_public("/v1/invitations/read", body)).value
        return form_screen(visit, "invitation.html", refusal, invited=invited)

    @page_at("/invitation/{token}", stranger=True)
    async def show(self, visit: Portal) -> Reply:
        """Who invites, and into what."""
        return await self._render_invitation(visit)

    @form_at("/invitation/{token}", stranger=True, again=_render_invitation)
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
        form.require_valid()
        entrance = (await self._server.public_api(visit).post_public("/v1/invitations/accept", body)).value
        if entrance.get("second_factor"):
            return PageScreen.of("second_factor.html", ticket=entrance["ticket"], refusal=None)
        me = await self._server.with_secret(entrance["session"]).get("/v1/me")
        visit.keeps = entrance.get("device")
        visit.signs_in = PortalSession(entrance["session"], me)
        return RedirectTo("/")

    async def _render_lost(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        status = refusal.status if refusal else 422 if visit.form.errors else 200
        return PageScreen(template="password_lost.html", values={"refusal": refusal}, status=status)

    @page_at("/password-reset", stranger=True)
    async def lost(self, visit: Portal) -> Reply:
        """The form for a lost password."""
        return await self._render_lost(visit)

    @form_at("/password-reset", stranger=True, again=_render_lost)
    async def send(self, visit: Portal) -> Reply:
        """Ask for a mail with a link; the answer is the same for every address."""
        email = visit.form.read_required("email", most=254)
        visit.form.require_valid()
        await self._server.public_api(visit).post_public("/v1/password-reset", {"email": email})
        return RedirectTo("/sign-in?said=mail")

    async def _render_new(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        return form_screen(visit, "password_new.html", refusal)

    @page_at("/password-reset/{token}", stranger=True)
    async def again(self, visit: Portal) -> Reply:
        """The form for another password."""
        return await self._render_new(visit)

    @form_at("/password-reset/{token}", stranger=True, again=_render_new)
    async def finish(self, visit: Portal) -> Reply:
        """Set it."""
        body = {"token": visit.params["token"], "password": visit.form.read_password("password")}
        visit.form.require_valid()
        await self._server.public_api(visit).post_public("/v1/password-reset/finish", body)
        return RedirectTo("/sign-in?said=reset")
