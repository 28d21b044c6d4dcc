"""The site's own API as one signed-in administrator may use it: plain values in, problems out as refusals for pages.

It is the same API that the command line uses, over a transport inside the process; nothing here knows a resource.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from tenure.web.replies import PageRefusal, RefusedPageError

PAGE = 50
"""Rows of a list on one page."""
LONGEST_KEY = 200
"""Characters of an idempotency key; ours are shorter, and a longer one was edited by a user."""
WHOLE = 200
"""Items that the API gives in one answer at most."""
COUNTED = 100
"""Open warnings are counted up to here."""
Query = Mapping[str, str | int | bool | None]

UNREACHABLE = PageRefusal(
    title="The administration server did not answer as expected.",
    status=503,
    code="unreachable",
    cause="The console asks the administration server's own interface for everything it shows.",
    remedy="Try again in a minute; if it stays, restart `tenure site run` and look at its log.",
)


UNKNOWN = PageRefusal(title="This token is unknown or no longer valid.", status=401, code="not_authenticated")

TOO_LONG = PageRefusal(
    title="The address or search term is too long.",
    status=422,
    code="field_invalid",
    cause="Addresses and search terms have a limited length.",
    remedy="Shorten it and try again.",
)


class ConsolePage(msgspec.Struct, frozen=True):
    """One page of a list; `next` is the cursor of the following one."""

    items: list[Any]
    next: str | None = None


async def open_warnings(api: "ConsoleApi") -> int:
    """How many events are unacknowledged warnings, or worse; counted to a hundred of each."""
    found = [
        await api.get_page("/v1/events", {"severity": name, "new": True}, COUNTED) for name in ("warning", "critical")
    ]
    return sum(len(each.items) for each in found)


def fill_path(template: str, **parts: str) -> str:
    """`template` with its `{names}` filled in; whatever a part holds, it stays one segment."""
    return template.format(**{name: quote(part, safe="").replace(".", "%2E") for name, part in parts.items()})


class ConsoleApi:
    """The local API with one secret. Every method raises `RefusedPageError` with the API's own words."""

    def __init__(self, http: httpx2.AsyncClient, secret: str = "") -> None:
        self._http, self._secret = http, secret

    async def get(self, path: str, **query: str | int | bool | None) -> Any:
        """What is at `path`."""
        return await self._send("GET", path, None, query)

    async def get_page(self, path: str, query: Query | None = None, limit: int = PAGE) -> ConsolePage:
        """One page of a list."""
        found = await self._send("GET", path, None, {**(query or {}), "limit": limit})
        return ConsolePage(found["items"], found.get("next"))

    async def get_all(self, path: str, query: Query | None = None, most: int = 2_000) -> list[Any]:
        """A list to its end, at most `most` items."""
        items: list[Any] = []
        cursor: str | None = None
        while len(items) < most:
            page = await self.get_page(path, {**(query or {}), "cursor": cursor}, WHOLE)
            items += page.items
            cursor = page.next
            if cursor is None or not page.items:
                break
        return items[:most]

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str = "", **query: Any) -> Any:
        """Do something, once under `key` (a fresh one unless given)."""
        return await self._send("POST", path, body, query, key=key or secrets.token_hex(16))

    async def put(self, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """Change something."""
        return await self._send("PUT", path, body, query)

    async def delete(self, path: str, **query: Any) -> None:
        """Take something away."""
        await self._send("DELETE", path, None, query)

    async def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: Query, *, key: str = ""
    ) -> Any:
        headers = {"Accept": "application/json, application/problem+json"}
        if self._secret:
            if not self._secret.isascii():
                raise RefusedPageError(UNKNOWN)  # no token has such letters, and no header can carry them
            headers["Authorization"] = f"Bearer {self._secret}"
        if key:
            headers["Idempotency-Key"] = re.sub(r"[^\x21-\x7e]", "?", key[:LONGEST_KEY])
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        # An empty group is a group of its own: only what was not asked at all is left out.
        params = {name: _query_text(value) for name, value in query.items() if value is not None and value is not False}
        try:
            answer = await self._http.request(method, path, content=content, headers=headers, params=params)
        except (httpx2.HTTPError, OSError) as fault:
            raise RefusedPageError(UNREACHABLE) from fault
        except httpx2.InvalidURL as fault:
            raise RefusedPageError(TOO_LONG) from fault
        return _read_answer(answer)


def _read_answer(answer: httpx2.Response) -> Any:
    media = answer.headers.get("content-type", "").partition(";")[0]
    try:
        if answer.is_success:
            return msgspec.json.decode(in_console(answer.content)) if answer.content else None
        if media == "application/problem+json":
            raise RefusedPageError(msgspec.json.decode(in_console(answer.content), type=PageRefusal))
    except msgspec.MsgspecError as fault:
        raise RefusedPageError(UNREACHABLE) from fault
    raise RefusedPageError(UNREACHABLE)


def in_console(said: bytes) -> bytes:
    """What the API says, with what has a button here named as that: it speaks to the command line, too.

    `Run `tenure doctor`; …` becomes `Test the connection; …`, and `… fails run `tenure doctor` and …` `… test the …`.
    """
    return said.replace(b"Run `tenure doctor`", b"Test the connection").replace(
        b"run `tenure doctor`", b"test the connection"
    )


def _query_text(value: str | int | bool | None) -> str:
    return "true" if value is True else str(value)
