"""What a console session holds, and the one door it goes through; which operations that door has is asked of it."""

import httpx2
import msgspec

from tenure.site.console.client import Api
from tenure.site.console.rights import Rights
from tenure.web.app import Visit
from tenure.web.replies import RefusedPageError


class SignedIn(msgspec.Struct):
    """Somebody signed in: the secret that the local API takes; it never leaves this process."""

    secret: str
    name: str = "Administrator"
    role: str = "administrator"
    scopes: frozenset[str] = frozenset()
    """What the API permits to the secret, asked at every visit: another role holds at once."""

    @property
    def rights(self) -> Rights:
        """What may be shown to them as something to do."""
        return Rights(self.scopes)


Console = Visit[SignedIn]
"""A visit to the console."""


class Server:
    """The administration server behind `http`."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._operations: frozenset[str] = frozenset()

    def of(self, visit: Console) -> Api:
        """The API as the visitor may use it."""
        return Api(self._http, visit.who.secret)

    def with_secret(self, secret: str) -> Api:
        """The API for somebody about to be signed in."""
        return Api(self._http, secret)

    async def offers(self, operation: str) -> bool:
        """Whether the API has an operation, such as `GET /v1/groups`, or a query parameter (`GET /v1/devices?q`)."""
        if not self._operations:
            try:
                document = await Api(self._http).get("/openapi.json")
            except RefusedPageError:
                return False
            self._operations = frozenset(_operations(document["paths"]))
        return operation in self._operations


def _operations(paths: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> set[str]:
    found: set[str] = set()
    for path, methods in paths.items():
        for method, described in methods.items():
            name = f"{method.upper()} {path}"
            found.add(name)
            if isinstance(described, dict):
                queries = [each for each in described.get("parameters", []) if each.get("in") == "query"]
                found |= {f"{name}?{each['name']}" for each in queries}
    return found
