"""The Accounts API in its smallest form in front of a server: who a token is for, sign-in with a password.

It stands where the server's own will; the portal cannot tell the difference.
"""

from typing import Any

import httpx2
import msgspec


class Accounts(httpx2.AsyncBaseTransport):
    """Answers `/v1/me` and `/v1/sign-in` itself and hands everything else on."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.known: dict[str, dict[str, Any]] = {}
        """Who a secret stands for."""
        self.passwords: dict[tuple[str, str], str] = {}
        """(e-mail, password) to secret."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path == "/v1/me":
            return await self._me(request)
        if path == "/v1/sign-in":
            sent = msgspec.json.decode(await request.aread())
            secret = self.passwords.get((sent["email"], sent["password"]))
            if secret is None:
                return _problem(401, "sign_in_refused", "E-mail and password do not belong together.")
            return httpx2.Response(200, json={"session": secret, "second_factor": False, "expires": None})
        if path == "/v1/sign-out":
            return httpx2.Response(204)
        return await self._inner.handle_async_request(request)

    async def _me(self, request: httpx2.Request) -> httpx2.Response:
        secret = request.headers.get("authorization", "").removeprefix("Bearer ")
        if secret not in self.known:
            return _problem(401, "not_authenticated", "The token is not known.")
        me = dict(self.known[secret])
        if me["provider"] is not None:
            headers = {"Authorization": f"Bearer {me.pop('asks', secret)}"}
            ask = httpx2.Request("GET", request.url.copy_with(path="/v1/providers"), headers=headers)
            answer = await self._inner.handle_async_request(ask)
            found = msgspec.json.decode(await answer.aread())["items"]
            me["provider"] = next(each for each in found if each["id"] == me["provider"])
        return httpx2.Response(200, json=me)


def who(kind: str, scopes: tuple[str, ...], provider: str | None = None, **more: Any) -> dict[str, Any]:
    """What `/v1/me` says of somebody."""
    return {
        "person": None, "kind": kind, "role": "", "scopes": list(scopes), "provider": provider, "customer": None,
        "second_factor": False, "expires": None, "memberships": [], **more,
    }  # fmt: skip


def _problem(status: int, code: str, title: str) -> httpx2.Response:
    body = {"type": f"/refusals/{code}", "title": title, "status": status, "code": code, "conclusive": True}
    content = msgspec.json.encode(body)
    return httpx2.Response(status, content=content, headers={"Content-Type": "application/problem+json"})
