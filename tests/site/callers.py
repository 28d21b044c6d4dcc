"""Whoever calls the site's local API, in process."""

import asyncio
import itertools
from typing import Any

import httpx2
import msgspec

from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.api import BuiltApi
from tenure.site.app import local_api
from tests.server.server_env import CHEAP
from tests.site.site_env import SiteProcess

PORT = 41_573
NUMBERS = itertools.count(1)
"""Of idempotency keys: none is used twice, whoever asks."""


def api_of(house: SiteProcess) -> BuiltApi:
    return local_api(house.site, house.watch, lambda: 0.0, lambda: PORT, PasswordHashes(CHEAP))


class Caller:
    """A console with the token of the site's folder, or with another one."""

    def __init__(self, house: SiteProcess, token: str | None = None) -> None:
        self.api = api_of(house)
        self.token = house.site.token if token is None else token

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> httpx2.Response:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            sent["Idempotency-Key"] = key or f"key-{next(NUMBERS)}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)

        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.api)
            async with httpx2.AsyncClient(transport=transport, base_url="http://site.test") as http:
                return await http.request(
                    method, path, content=content, headers=sent | (headers or {}), params=query or None
                )

        return asyncio.run(ask())

    def get(self, path: str, **query: Any) -> Any:
        answer = self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.send("POST", path, body, **query)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> str:
        answer = self.send(method, path, body, **more)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        code: str = answer.json()["code"]
        return code
