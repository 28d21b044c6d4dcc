"""What a portal session holds: the API's secret, which never leaves this process, and who it stands for."""

import re
from typing import Any

import httpx2

from tenure.portal.client import PortalApi, fill_path
from tenure.web.page_app import PageVisit
from tenure.web.sessions import secret_digest
from tenure.web.sign_in import ApiSession


class PortalSession(ApiSession):
    """A user who is signed in. `secret` is a session of the API, or an API token that was pasted."""

    provider: str = ""
    """The provider whose data a user of the vendor looks at; all other users have but one."""

    @property
    def session_owner(self) -> str:
        """Who may have so many sessions: the user, or the token that was pasted."""
        return str((self.me.get("user") or {}).get("id") or secret_digest(self.secret))

    @property
    def team_kind(self) -> str:
        """`vendor`, `provider` or `customer`."""
        return str(self.me.get("kind") or "")

    @property
    def customer(self) -> str:
        """The customer's id, for its users."""
        return str((self.me.get("customer") or {}).get("id") or "")

    @property
    def is_customer(self) -> bool:
        """Whether this is a user of a customer."""
        return self.team_kind == "customer"

    @property
    def currency(self) -> str:
        """The provider's currency."""
        return str((self.me.get("provider") or {}).get("currency") or "EUR")

    def may_act(self, action: str) -> bool:
        """Whether the provider's policy allows an action to this kind of users."""
        return action in (self.me.get("actions") or ())


Portal = PageVisit[PortalSession]
"""A visit to the portal."""

_DEVICE = re.compile(r"[a-z0-9_]{1,128}")


class PortalServer:
    """The activation server behind `http`: all requests of the portal go through here."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    def api_for(self, visit: Portal) -> PortalApi:
        """The API as the visitor may use it."""
        return PortalApi(self._http, visit.session_value.secret, visit.session_value.provider, visit.address)

    def with_secret(self, secret: str) -> PortalApi:
        """The API for a user who is about to sign in, or for a user of the vendor without a chosen provider."""
        return PortalApi(self._http, secret)

    def public_api(self, visit: Portal) -> PortalApi:
        """The API without a token."""
        return PortalApi(self._http, address=visit.address)

    async def enter(self, visit: Portal, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`; the server learns what the browser is, and what it is known by."""
        known = {"device": visit.device} if _DEVICE.fullmatch(visit.device) else {}
        found: dict[str, Any] = (
            await self.public_api(visit).post_public(path, {**body, "browser": visit.browser, **known})
        ).value
        return found

    async def identify(self, secret: str) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`."""
        found: dict[str, Any] = await self.with_secret(secret).get("/v1/me")
        return found

    async def sign_out(self, visit: Portal) -> None:
        """See `web.sign_in.SignInServer`."""
        await self.api_for(visit).post("/v1/sign-out")

    async def get_own(self, visit: Portal, path: str) -> Any:
        """See `web.own_account.OwnAccountServer`."""
        return await self.api_for(visit).get(path)

    async def post_own(self, visit: Portal, path: str, body: dict[str, str] | None = None, key: str = "") -> Any:
        """See `web.own_account.OwnAccountServer`."""
        return (await self.api_for(visit).post(path, body, key=key)).value

    async def end_own_session(self, visit: Portal, session: str) -> None:
        """See `web.own_account.OwnAccountServer`."""
        await self.api_for(visit).delete(fill_path("/v1/me/sessions/{session}", session=session))
