"""Signing in and out of the console: by name and password, or with the token of the folder, which always works."""

from tenure.site.console.session import ConsoleSession, LocalServer
from tenure.web.sign_in import SignInPages, SignInTexts

TEXTS = SignInTexts(
    name_field="name",
    secure_way="Open the console on the server itself, or through its https address.",
    token_refused="This is not the token of this administration server.",  # noqa: S106 - a sentence
)


def console_sign_in(server: LocalServer) -> SignInPages:
    """The pages that are open to strangers."""
    return SignInPages(server, ConsoleSession, TEXTS)
