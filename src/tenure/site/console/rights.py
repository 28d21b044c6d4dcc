"""Who may use which page and which button: one table from the console's addresses to the scopes of the local API.

The guard of every page refuses by it and templates ask it, so that nothing is offered that would be refused. The API
refuses by itself as well; a test holds both against each other.
"""

import re

from tenure.site.roles import LOOK, RULE, WORK
from tenure.web.replies import PageRefusal

_RULED = (
    "/settings/dns", "/licenses/{}/fork", "/licenses/{}/remove", "/users", "/users/{}/role", "/users/{}/reset",
    "/users/{}/remove", "/settings/forwarding/new", "/settings/forwarding/{}/edit", "/settings/forwarding/{}/test",
    "/settings/forwarding/{}/resume", "/settings/forwarding/{}/secret", "/settings/forwarding/{}/switch",
    "/settings/forwarding/{}/remove",
)  # fmt: skip
"""Forms for administrators; all others, but for those about one's own account, are the daily work."""
_OWN = (
    "/account/password",
    "/account/second-factor",
    "/account/second-factor/confirm",
    "/account/second-factor/remove",
)
_WORKED = ("/licenses/{}/code", "/licenses/{}/successor", "/licenses/{}/offline", "/connection", "/duplicates/{}/{}")
"""Pages that are nothing but a form; every other page shows something to users who may only read."""
_RULED_PAGES = (
    "/licenses/{}/remove", "/settings/forwarding/new", "/settings/forwarding/{}/edit", "/settings/forwarding/{}/remove",
)  # fmt: skip
MAY_DO = {WORK: "operators and administrators", RULE: "administrators"}


class ConsoleRights:
    """What a user may do here, by the scopes that the local API says they have."""

    def __init__(self, scopes: frozenset[str] = frozenset()) -> None:
        self._scopes = scopes

    def may_use(self, path: str, method: str = "POST") -> bool:
        """Whether a form at `path` (or, with GET, the page) is open to them; what lies elsewhere is."""
        scope = needed_scope(method, path)
        return not scope or scope in self._scopes

    @property
    def looks_only(self) -> bool:
        """Whether there is nothing that they may do but look."""
        return WORK not in self._scopes and RULE not in self._scopes


def needed_scope(method: str, path: str) -> str:
    """The scope that an address asks for; empty where none is."""
    place = path.partition("?")[0]
    if not place.startswith("/") or place.startswith("/sign-") or place == "/account" or place in _OWN:
        return ""
    if method == "GET":
        return WORK if _matches_any(place, _WORKED) else RULE if _matches_any(place, _RULED_PAGES) else LOOK
    return RULE if _matches_any(place, _RULED) else WORK


def refuse_page(method: str, path: str, name: str, role: str) -> PageRefusal:
    """Refuse a page or form that the user's role does not include."""
    whose = MAY_DO.get(needed_scope(method, path), "users of this server")
    return PageRefusal(
        title="Your role does not include this.",
        status=403,
        code="action_not_permitted",
        cause=f"You have signed in as {name}, {role}. This is for {whose}.",
        remedy="Ask an administrator of this server, who can do it or give you another role.",
    )


def _matches_any(place: str, patterns: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern.replace("{}", "[^/]+"), place) for pattern in patterns)
