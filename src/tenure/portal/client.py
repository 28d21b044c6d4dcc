"""The public API as one signed-in user may use it: answers as plain values, problems as refusals for pages.

What an answer means is left to the page that asked; nothing here knows a resource.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from tenure.web.replies import PageRefusal, RefusedPageError

ANSWER_CAP = 16 * 1024 * 1024
PAGE = 25
"""Rows of a list on one page."""
COUNTED = 10_000
"""Rows that the API counts at most: a total beyond it means that there are more."""
LONGEST_HEADER = 200
"""Characters of a header that a form's text goes into; ours are shorter."""
WHOLE = 200
"""Items that the API gives in one answer at most."""
Query = Mapping[str, str | int | bool | None]

_ANONYMOUS = (
    "/v1/me", "/v1/sign-", "/v1/products", "/v1/plans", "/v1/providers", "/v1/keys", "/v1/password-reset", "/v1/batch",
    "/v1/event-kinds",
)  # fmt: skip
"""Operations that belong to no provider, and so take none."""

UNREACHABLE = PageRefusal(
    title="The activation server cannot be reached at the moment.",
    status=503,
    code="unreachable",
    cause="This website asks the activation server for everything it shows.",
    remedy="Try again in a minute. Nothing is lost: installations keep running.",
)


UNKNOWN = PageRefusal(title="This token is unknown or no longer valid.", status=401, code="not_authenticated")

TOO_LONG = PageRefusal(
    title="The address or search term is too long.",
    status=422,
    code="field_invalid",
    cause="Addresses and search terms have a limited length.",
    remedy="Shorten it and try again.",
)


class WriteAnswer(msgspec.Struct, frozen=True):
    """What a write answered."""

    value: Any
    etag: str = ""


class PortalPage(msgspec.Struct, frozen=True):
    """One page of a list; `next` is the cursor of the following one."""

    items: list[Any]
    next: str | None = None
    total: int | None = None
    """How many there are in all, where the list was asked to count them."""


def fill_path(template: str, **parts: str) -> str:
    """`template` with its `{names}` filled in; whatever a part holds, it stays one segment."""
    return template.format(**{name: quote(part, safe="").replace(".", "%2E") for name, part in parts.items()})


class PortalApi:
    """The server as the holder of `secret` sees it; `provider` is named by vendor's staff only.

    `address` is the browser's: the server counts failed sign-ins by it when it trusts this portal as a proxy.

    Every method raises `RefusedPageError` with the server's own words.
    """

    def __init__(self, http: httpx2.AsyncClient, secret: str = "", provider: str = "", address: str = "") -> None:
        self._http, self._secret, self._provider, self._address = http, secret, provider, address

    async def get(self, path: str, **query: str | int | bool | None) -> Any:
        """What is at `path`."""
        return (await self._send("GET", path, None, query)).value

    async def get_with_etag(self, path: str) -> WriteAnswer:
        """What is at `path`, with its entity tag for a later write."""
        return await self._send("GET", path, None, {})

    async def get_page(self, path: str, query: Query | None = None, limit: int = PAGE) -> PortalPage:
        """One page of a list."""
        found = await self.get(path, **{**(query or {}), "limit": limit})
        return PortalPage(found["items"], found.get("next"), found.get("total"))

    async def get_all(self, path: str, most: int = 2_000, **query: str | int | bool | None) -> list[Any]:
        """A short list to its end, at most `most` items."""
        items: list[Any] = []
        cursor: Any = None
        while len(items) < most:
            page = await self.get_page(path, {**query, "cursor": cursor}, WHOLE)
            items += page.items
            cursor = page.next
            if cursor is None or not page.items:
                break
        return items

    async def get_text(self, path: str, **query: str | int | bool | None) -> bytes:
        """A file, such as CSV."""
        found: bytes = (await self._send("GET", path, None, query, raw=True)).value
        return found

    async def post(
        self, path: str, body: Mapping[str, Any] | bytes | None = None, *, key: str = "", **query: Any
    ) -> WriteAnswer:
        """Do something, once under `key` (a fresh one unless given); operations without a body get none."""
        return await self._send("POST", path, body, query, key=key or secrets.token_hex(16))

    async def post_public(self, path: str, body: Mapping[str, Any]) -> WriteAnswer:
        """A public operation, which takes no key and no token."""
        return await self._send("POST", path, body, {}, stranger=True)

    async def put(self, path: str, body: Mapping[str, Any], *, if_match: str = "", **query: Any) -> WriteAnswer:
        """Change something; `if_match` is the entity tag that was seen."""
        return await self._send("PUT", path, body, query, if_match=if_match)

    async def delete(self, path: str, **query: Any) -> None:
        """Take something away."""
        await self._send("DELETE", path, None, query)

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None,
        query: Query,
        *,
        key: str = "",
        if_match: str = "",
        stranger: bool = False,
        raw: bool = False,
    ) -> WriteAnswer:
        headers = {"Accept": "*/*" if raw else "application/json, application/problem+json"}
        if self._secret and not stranger:
            if not self._secret.isascii():
                raise RefusedPageError(UNKNOWN)  # no token has such letters, and no header can carry them
            headers["Authorization"] = f"Bearer {self._secret}"
        if self._address:
            headers["X-Forwarded-For"] = self._address
        if key:
            headers["Idempotency-Key"] = _header_value(key)
        if if_match:
            headers["If-Match"] = _header_value(if_match)
        content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "text/csv" if isinstance(body, bytes) else "application/json"
        asked = query if path.startswith(_ANONYMOUS) else {"provider": self._provider or None, **query}
        params = {name: _query_text(value) for name, value in asked.items() if value not in (None, "", False)}
        try:
            answer = await self._http.request(method, path, content=content, headers=headers, params=params)
        except (httpx2.HTTPError, OSError) as fault:
            raise RefusedPageError(UNREACHABLE) from fault
        except httpx2.InvalidURL as fault:
            raise RefusedPageError(TOO_LONG) from fault
        return WriteAnswer(_read_answer(answer, raw=raw), answer.headers.get("etag", ""))


def _header_value(text: str) -> str:
    """Make a value of a form fit for a header; signs that none of our values holds become `?`, so that it fits nothing.

    Worked example: a tag in which a user wrote `ü` is sent as `?`, and is refused like one that is out of date.
    """
    return re.sub(r"[^\x21-\x7e]", "?", text[:LONGEST_HEADER])


def _read_answer(answer: httpx2.Response, *, raw: bool) -> Any:
    media = answer.headers.get("content-type", "").partition(";")[0]
    if len(answer.content) > ANSWER_CAP:
        raise RefusedPageError(UNREACHABLE)
    if answer.is_success and raw:
        return answer.content
    try:
        if answer.is_success:
            return msgspec.json.decode(answer.content) if answer.content else None
        if media == "application/problem+json":
            raise RefusedPageError(msgspec.json.decode(answer.content, type=PageRefusal))
    except msgspec.MsgspecError as fault:
        raise RefusedPageError(UNREACHABLE) from fault
    raise RefusedPageError(UNREACHABLE)


def _query_text(value: str | int | bool | None) -> str:
    return "true" if value is True else str(value)
