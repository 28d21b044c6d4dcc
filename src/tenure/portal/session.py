"""What a portal session holds: the API's secret, which never leaves this process, and who it stands for."""

import re
from typing import Any

from tenure.http.client.api_exchange import ApiCaller
from tenure.http.client.transports import AsyncTransport
from tenure.web.page_api import ApiPages, PageApiServer, PageApiSettings
from tenure.web.page_app import PageVisit
from tenure.web.replies import PageRefusal
from tenure.web.sessions import secret_digest
from tenure.web.sign_in import ApiSession

PAGE = 25
"""Rows of a list on one page."""
COUNTED = 10_000
"""Rows that the API counts at most: a total beyond it means that there are more."""
ACTIVATION_SERVER = PageApiSettings(
    unreachable=PageRefusal(
        title="The activation server cannot be reached at the moment.",
        status=503,
        code="unreachable",
        cause="This website asks the activation server for everything it shows.",
        remedy="Try again in a minute. Nothing is lost: installations keep running.",
    ),
    page=PAGE,
    providerless=(
        "/v1/me", "/v1/sign-", "/v1/products", "/v1/plans", "/v1/providers", "/v1/keys", "/v1/password-reset",
        "/v1/batch", "/v1/event-kinds",
    ),
    skips_empty=True,
)  # fmt: skip


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


class PortalServer(PageApiServer):
    """The one client: the activation server behind `transport`."""

    def __init__(self, transport: AsyncTransport) -> None:
        super().__init__(transport, ACTIVATION_SERVER, _caller_of)

    async def enter(self, visit: Portal, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`; the server learns what the browser is, and what it is known by."""
        known = {"device": visit.device} if _DEVICE.fullmatch(visit.device) else {}
        found: dict[str, Any] = (
            await self.public_api(visit).post_public(path, {**body, "browser": visit.browser, **known})
        ).value
        return found


class PortalPages(ApiPages[PortalServer]):
    """Pages over the one client."""


def _caller_of(visit: Portal) -> ApiCaller:
    # The server counts failed sign-ins by the browser's address when it trusts this portal as a proxy.
    signed_in = visit.session_value
    return ApiCaller(token=signed_in.secret, provider=signed_in.provider, address=visit.address)
