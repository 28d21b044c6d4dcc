"""What a console session holds, and the one door it goes through; which operations that door has is asked of it."""

import httpx2
import msgspec

from tenure.site.console.client import ConsoleApi
from tenure.site.console.rights import ConsoleRights
from tenure.web.app import PageVisit
from tenure.web.replies import RefusedPageError


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
        self._operations: frozenset[str] = frozenset()

    def api_for(self, visit: Console) -> ConsoleApi:
        """The API as the visitor may use it."""
        return ConsoleApi(self._http, visit.session_value.secret)

    def with_secret(self, secret: str) -> ConsoleApi:
        """The API for somebody about to be signed in."""
        return ConsoleApi(self._http, secret)

    async def has_operation(self, operation: str) -> bool:
        """Whether the API has an operation, such as `GET /v1/groups`, or a query parameter (`GET /v1/devices?q`)."""
        if not self._operations:
            try:
                document = await ConsoleApi(self._http).get("/openapi.json")
            except RefusedPageError:
                return False
            self._operations = frozenset(_operation_names(document["paths"]))
        return operation in self._operations


def _operation_names(paths: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> set[str]:
    found: set[str] = set()
    for path, methods in paths.items():
        for method, described in methods.items():
            name = f"{method.upper()} {path}"
            found.add(name)
            if isinstance(described, dict):
                queries = [each for each in described.get("parameters", []) if each.get("in") == "query"]
                found |= {f"{name}?{each['name']}" for each in queries}
    return found
