"""What a portal session holds: the API's secret, which never leaves this process, and who it stands for."""

from typing import Any

import httpx2
import msgspec

from tenure.portal.client import Api
from tenure.web.app import Visit
from tenure.web.sessions import digest


class SignedIn(msgspec.Struct):
    """Somebody signed in. `secret` is a session of the API, or an API token that was pasted."""

    secret: str
    me: dict[str, Any]
    """As `GET /v1/me` said when it was last asked."""
    token: bool = False
    provider: str = ""
    """The provider that the vendor's staff looks at; everybody else has but one."""

    @property
    def owner(self) -> str:
        """Who may have so many sessions: the person, or the token that was pasted."""
        return str((self.me.get("person") or {}).get("id") or digest(self.secret))

    @property
    def kind(self) -> str:
        """`vendor`, `provider` or `customer`."""
        return str(self.me.get("kind") or "")

    @property
    def customer(self) -> str:
        """The customer's id, for its people."""
        return str((self.me.get("customer") or {}).get("id") or "")

    @property
    def is_customer(self) -> bool:
        """Whether this is somebody of a customer's."""
        return self.kind == "customer"

    @property
    def currency(self) -> str:
        """The provider's currency."""
        return str((self.me.get("provider") or {}).get("currency") or "EUR")

    def may(self, scope: str) -> bool:
        """Whether what was signed in with carries a scope."""
        return scope in (self.me.get("scopes") or ())

    def permitted(self, action: str) -> bool:
        """Whether the provider's policy allows an action to this kind of people."""
        return action in (self.me.get("actions") or ())


Portal = Visit[SignedIn]
"""A visit to the portal."""


class Server:
    """The one door: the activation server behind `http`."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    def of(self, visit: Portal) -> Api:
        """The API as the visitor may use it."""
        return Api(self._http, visit.who.secret, visit.who.provider, visit.address)

    def with_secret(self, secret: str) -> Api:
        """The API for somebody about to be signed in, or for staff without a chosen provider."""
        return Api(self._http, secret)

    def stranger(self, visit: Portal) -> Api:
        """The API for nobody in particular."""
        return Api(self._http, address=visit.address)
