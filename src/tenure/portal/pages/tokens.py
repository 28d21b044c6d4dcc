"""API tokens: what there is, a new one whose secret is shown once, and withdrawing one."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen
from tenure.web.shelf import NAMED, NEWEST, shelve

EVERYTHING = "*"
WHAT = (
    ("some", "Only what is chosen below", "What the program needs, and no more."),
    (
        "every",
        "Everything",
        "All that you may do yourself, but for people and the audit. Whoever gets hold of it has it all.",
    ),
)
SORTS = {
    "newest": NEWEST,
    "name": NAMED,
    "expires": ("Expires first", lambda row: (row["expires"] or "9999", row["id"]), False),
    "unused": ("Longest unused first", lambda row: (row["last_use"] or "", row["id"]), False),
}
ABOUT = {
    "catalogue": "products and plans",
    "providers": "providers",
    "customers": "customers",
    "subscriptions": "orders and subscriptions",
    "money": "balances, top-ups and statements",
    "payments": "payment requests",
    "policy": "policies, offers and prices",
    "sites": "installations",
    "events": "the feed of events",
    "messages": "webhooks and mails",
    "tokens": "API tokens",
    "sandbox": "the sandbox's clock",
    "server": "keys and server",
    "metrics": "metrics",
    "people": "people of the team",
    "audit": "the audit",
}
"""What a scope is about, in words; behind the colon stands `read` or `write`."""


VENDORS_ALONE = frozenset({"catalogue:write", "providers:write", "metrics:read", "server:read", "server:write"})
"""What no provider's token carries."""

SURE_WITHDRAW = Sure(
    title="Withdraw this API token?",
    text="Programs that use it are refused from now on. This cannot be undone; a new token has another secret.",
    button="Withdraw the token",
    back="/tokens",
)


class Tokens:
    """The pages about tokens."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The list and the form."""
        return await self._list(visit)

    async def _list(self, visit: Portal, refusal: Refusal | None = None, made: Any = None) -> Screen:
        rows = await self._server.of(visit).whole("/v1/tokens")
        values = {
            "shelf": shelve(visit, rows, SORTS),
            "scopes": [(scope, _told(scope)) for scope in _offered(visit)],
            "what": WHAT,
            "refusal": refusal,
            "made": made,
        }
        return Screen(template="tokens.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def create(self, visit: Portal) -> Reply:
        """Make a token; its secret is on the page that answers."""
        form = visit.form
        body = {
            "name": form.required("name", most=200),
            "role": _role(visit),
            "days": form.whole("days", least=1, most=3_650),
            "scopes": form.many("scopes"),
        }
        if form.choice("what", [name for name, *_ in WHAT]) == "every":
            body["scopes"] = [EVERYTHING]
        elif not body["scopes"]:
            form.fault("scopes", "Choose at least one, please, or say “Everything” above.")
        if form.errors:
            return await self._list(visit)
        try:
            made = await self._server.of(visit).post("/v1/tokens", body, key=form.text("_key"))
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._list(visit, None if blamed(form, error.refusal) else error.refusal)
        form.values.clear()
        return await self._list(visit, made=made.value)

    async def withdraw(self, visit: Portal) -> Reply:
        """It is good for nothing from now on."""
        await self._server.of(visit).delete(path("/v1/tokens/{name}", name=visit.params["token"]))
        visit.say("The token is withdrawn.")
        return Goto("/tokens")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/tokens", self.show),
            action("/tokens", self.create),
            action("/tokens/{token}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
        )


def _role(visit: Portal) -> str:
    """As whom the program acts: for the vendor's own pages as the vendor, else as the provider."""
    return "provider" if visit.who.provider or visit.who.kind != "vendor" else "vendor"


def _offered(visit: Portal) -> list[str]:
    """Scopes that the visitor carries and the token may carry."""
    mine = set(visit.who.me.get("scopes") or ())
    return sorted(mine if _role(visit) == "vendor" else mine - VENDORS_ALONE)


def _told(scope: str) -> str:
    about, _, what = scope.partition(":")
    return f"{'Change' if what == 'write' else 'See'} {ABOUT.get(about, about)}"
