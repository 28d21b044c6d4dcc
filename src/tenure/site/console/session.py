"""What a console session holds, and the one door it goes through."""

import httpx2
import msgspec

from tenure.site.console.client import ConsoleApi
from tenure.site.console.rights import ConsoleRights
from tenure.web.app import PageVisit


class ConsoleSession(msgspec.Struct):
    """Somebody signed in: the secret that the local API takes; it never leaves this process."""

    secret: str
    name: str = "Administrator"
    role: str = "administrator"
    scopes: frozenset[str] = frozenset()
    """What the API permits to the secret, asked at every visit: another role holds at once."""

    @property
    def rights(self) -> ConsoleRights:
        """What may be shown to them as something to do."""
        return ConsoleRights(self.scopes)


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
        """The API for somebody about to be signed in."""
        return ConsoleApi(self._http, secret)
