"""What a console session holds, and the one client of the local API that it uses."""

from typing import Any

import httpx2
import msgspec

from tenure.site.console.client import ConsoleApi, fill_path
from tenure.site.console.rights import ConsoleRights
from tenure.web.page_app import PageVisit
from tenure.web.replies import RefusedPageError
from tenure.web.sign_in import ApiSession


class ConsoleSession(ApiSession):
    """A user who is signed in; every visit asks the API for their rights, so that another role holds at once."""

    @property
    def name(self) -> str:
        """Who it is; the token of the folder has no account."""
        return str(self.me["name"] or "Administrator")

    @property
    def role(self) -> str:
        """The role."""
        return str(self.me["role"])

    @property
    def rights(self) -> ConsoleRights:
        """What may be shown to them as something to do."""
        return ConsoleRights(frozenset(self.me["scopes"]))


Console = PageVisit[ConsoleSession]
"""A visit to the console."""


class LocalServer:
    """The administration server behind `http`."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    def api_for(self, visit: Console) -> ConsoleApi:
        """The API as the visitor may use it."""
        return ConsoleApi(self._http, visit.session_value.secret)

    def with_secret(self, secret: str) -> ConsoleApi:
        """The API for a user who is about to sign in."""
        return ConsoleApi(self._http, secret)

    async def enter(self, visit: Console, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`; a refusal says what helps at this server, which sends no links."""
        try:
            found: dict[str, Any] = await self.with_secret("").post(path, {**body, "browser": visit.browser})
        except RefusedPageError as error:
            if error.refusal.code != "sign_in_refused":
                raise
            raise RefusedPageError(
                msgspec.structs.replace(
                    error.refusal,
                    cause="Name, password or code do not belong together, or the sign-in took too long.",
                    detail="",
                    remedy="Try again with care. If you have lost the password, an administrator of this server can "
                    "set a new one.",
                )
            ) from error
        return found

    async def identify(self, secret: str) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`."""
        found: dict[str, Any] = await self.with_secret(secret).get("/v1/me")
        return found

    async def sign_out(self, visit: Console) -> None:
        """See `web.sign_in.SignInServer`."""
        await self.api_for(visit).post("/v1/sign-out")

    async def get_own(self, visit: Console, path: str) -> Any:
        """See `web.own_account.OwnAccountServer`."""
        return await self.api_for(visit).get(path)

    async def post_own(self, visit: Console, path: str, body: dict[str, str] | None = None, key: str = "") -> Any:
        """See `web.own_account.OwnAccountServer`."""
        return await self.api_for(visit).post(path, body, key=key)

    async def end_own_session(self, visit: Console, session: str) -> None:
        """See `web.own_account.OwnAccountServer`."""
        await self.api_for(visit).delete(fill_path("/v1/me/sessions/{session}", session=session))
