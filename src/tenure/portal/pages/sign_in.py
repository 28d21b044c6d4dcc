"""Signing in and out of the portal: with e-mail and password, an API token, or an invitation that was handed over."""

import re

from tenure.portal.session import Portal, PortalPages, PortalServer, PortalSession
from tenure.web.page_app import PageRoute
from tenure.web.page_groups import form_at
from tenure.web.replies import RedirectTo, Reply
from tenure.web.sign_in import SignInPages, SignInTexts

_INVITATION = re.compile(r"tni_[a-z0-9]{1,128}")
TEXTS = SignInTexts(
    name_field="email",
    secure_way="Use the https address of this website.",
    token_refused="This token is unknown or no longer valid.",  # noqa: S106 - a sentence
    said={
        "mail": (
            "info",
            "If there is an account with this address, an email with a link has been sent. If none arrives in some "
            "minutes, ask an owner of your team, who can remove you and invite you again.",
        ),
        "reset": ("good", "The password is set. Please sign in with it."),
    },
)


class PortalSignInPages(PortalPages):
    """The pages that are open to strangers."""

    def __init__(self, server: PortalServer) -> None:
        super().__init__(server)
        self._pages = SignInPages(server, PortalSession, TEXTS)

    @form_at("/sign-in/invitation", stranger=True)
    async def invited(self, visit: Portal) -> Reply:
        """With an invitation that was handed over: its link, or the secret in it."""
        given = visit.form.read_required("invitation", most=400)
        found = _INVITATION.findall(given)
        if not found:
            if given:
                visit.form.add_fault("invitation", "An invitation is a link with a part that begins with tni_.")
            return self._pages.render(visit, 422)
        return RedirectTo(f"/invitation/{found[-1]}")

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        addresses = self._pages.routes(password="/sign-in", token="/sign-in/token")  # noqa: S106 - addresses
        return (*super().routes(), *addresses)
