"""API tokens: what there is, a new one whose secret is shown once, and withdrawing one."""

from typing import Any

from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

OFFERED = (
    "catalogue:read", "customers:read", "customers:write", "subscriptions:read", "subscriptions:write", "money:read",
    "money:write", "payments:write", "policy:read", "policy:write", "sites:read", "events:read", "messages:read",
    "messages:write", "tokens:write", "sandbox:write",
)  # fmt: skip


class Tokens:
    """The pages about tokens."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The list and the form."""
        return await self._list(visit)

    async def _list(self, visit: Portal, refusal: Refusal | None = None, made: Any = None) -> Screen:
        rows = await self._server.of(visit).whole("/v1/tokens")
        scopes = [scope for scope in OFFERED if visit.who.may(scope)]
        values = {"rows": rows, "scopes": scopes, "refusal": refusal, "made": made}
        return Screen(template="tokens.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def create(self, visit: Portal) -> Reply:
        """Make a token; its secret is on the page that answers."""
        form = visit.form
        body = {
            "name": form.required("name", most=200),
            "role": "provider",
            "days": form.whole("days", least=1, most=3_650),
            "scopes": form.many("scopes"),
        }
        if form.errors:
            return await self._list(visit)
        try:
            made = await self._server.of(visit).post("/v1/tokens", body, key=form.text("_key"))
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._list(visit, error.refusal)
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
            action("/tokens/{token}/withdraw", self.withdraw),
        )
