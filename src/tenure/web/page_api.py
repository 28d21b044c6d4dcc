"""The API behind a website, as one visitor may use it: plain values in, `RefusedPageError` with the API's words out.

Requests, lists and faults are `http.client`'s; what an answer means is left to the page that asked.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from tenure.http.client.api_exchange import (
    CSV,
    ApiAnswer,
    ApiCaller,
    ApiRefusal,
    ApiRequest,
    FaultPlace,
    NoAnswer,
    Query,
    exchange,
    fill_path,
    list_items,
)
from tenure.http.client.transports import AsyncTransport
from tenure.http.responses import JSON
from tenure.web.page_groups import PageGroup
from tenure.web.replies import PageRefusal, RefusedPageError
from tenure.web.visits import PageVisit

LONGEST_HEADER = 200
"""Characters of a header that a form's text goes into; ours are shorter."""

TOO_LONG = PageRefusal(
    title="The address or search term is too long.",
    status=422,
    code="field_invalid",
    cause="Addresses and search terms have a limited length.",
    remedy="Shorten it and try again.",
)
OVERLOADED = PageRefusal(
    title="This website cannot open a connection at the moment.",
    status=503,
    code="unreachable",
    cause="The computer that runs this website has no free files, memory, ports, or network.",
    remedy="Try again in a minute; if it stays, tell those who operate this website.",
)


class PageApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one website uses its API."""

    unreachable: PageRefusal
    """What is said where the API gives no answer."""
    page: int
    """Rows of a list on one page."""
    providerless: tuple[str, ...] = ()
    """Where addresses of operations begin that belong to no provider, and so take none."""
    skips_empty: bool = False
    """Whether an empty text in a query means that nothing was asked."""
    reword: Callable[[bytes], bytes] = bytes
    """What the API says, in this website's words."""


class WriteAnswer(msgspec.Struct, frozen=True):
    """What came back, and the entity tag for a later write."""

    value: Any
    etag: str = ""


class ApiPage(msgspec.Struct, frozen=True):
    """One page of a list; `next` is the cursor of the following one."""

    items: list[Any]
    next: str | None = None
    total: int | None = None
    """How many there are in all, where the list was asked to count them."""


class PageApi:
    """The API as `caller` sees it. Every method raises `RefusedPageError`."""

    def __init__(self, transport: AsyncTransport, settings: PageApiSettings, caller: ApiCaller) -> None:
        self._transport, self._settings, self._caller = transport, settings, caller

    async def get(self, path: str, **query: str | int | bool | None) -> Any:
        """What is at `path`."""
        return (await self._send("GET", path, None, query)).value

    async def get_with_etag(self, path: str) -> WriteAnswer:
        """What is at `path`, with its entity tag for a later write."""
        return await self._send("GET", path, None, {})

    async def get_page(self, path: str, query: Query | None = None, limit: int = 0) -> ApiPage:
        """One page of a list, of `limit` items (0: as many as this website shows)."""
        found = await self.get(path, **{**(query or {}), "limit": limit or self._settings.page})
        try:
            return msgspec.convert(found, ApiPage)
        except msgspec.ValidationError as fault:
            raise RefusedPageError(self._settings.unreachable) from fault

    async def get_all(self, path: str, most: int = 2_000, **query: str | int | bool | None) -> list[Any]:
        """A short list to its end, at most `most` items."""
        asked = self._make_request("GET", path, None, query)
        found = await self._transport.run(list_items(asked, self._caller, limit=most))
        if not isinstance(found, list):
            raise RefusedPageError(self._refusal_of(found))
        return [self._read_value(each) for each in found]

    async def get_text(self, path: str, **query: str | int | bool | None) -> bytes:
        """A file, such as CSV."""
        return (await self._exchange(self._make_request("GET", path, None, query), self._caller)).body

    async def post(
        self, path: str, body: Mapping[str, Any] | bytes | None = None, *, key: str = "", **query: Any
    ) -> WriteAnswer:
        """Do something, once under `key` (a fresh one unless given); operations without a body get none."""
        return await self._send("POST", path, body, query, key=_header_value(key) or secrets.token_hex(16))

    async def post_public(self, path: str, body: Mapping[str, Any]) -> WriteAnswer:
        """A public operation, which takes no key and no token."""
        anonymous = msgspec.structs.replace(self._caller, token="")
        return self._read_answer(await self._exchange(self._make_request("POST", path, body, {}), anonymous))

    async def put(
        self, path: str, body: Mapping[str, Any] | None = None, *, if_match: str = "", **query: Any
    ) -> WriteAnswer:
        """Change something; `if_match` is the entity tag that was seen."""
        return await self._send("PUT", path, body, query, if_match=_header_value(if_match))

    async def delete(self, path: str, **query: Any) -> None:
        """Take something away."""
        await self._send("DELETE", path, None, query)

    async def _send(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None, query: Query, **headers: str
    ) -> WriteAnswer:
        return self._read_answer(
            await self._exchange(self._make_request(method, path, body, query, **headers), self._caller)
        )

    async def _exchange(self, request: ApiRequest, caller: ApiCaller) -> ApiAnswer:
        outcome = await self._transport.run(exchange(request, caller))
        if isinstance(outcome, ApiAnswer):
            return outcome
        raise RefusedPageError(self._refusal_of(outcome))

    def _make_request(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None, query: Query, **headers: str
    ) -> ApiRequest:
        asked = {name: value for name, value in query.items() if value != "" or not self._settings.skips_empty}
        media_type = CSV if isinstance(body, bytes) else JSON
        tenant = not path.startswith(self._settings.providerless)
        return ApiRequest(
            method=method, path=path, body=body, query=asked, media_type=media_type, tenant=tenant, **headers
        )

    def _read_answer(self, answer: ApiAnswer) -> WriteAnswer:
        return WriteAnswer(self._read_value(answer.body) if answer.body else None, answer.etag)

    def _read_value(self, said: bytes | msgspec.Raw) -> Any:
        return msgspec.json.decode(self._settings.reword(bytes(said)))

    def _refusal_of(self, outcome: ApiRefusal | NoAnswer) -> PageRefusal:
        if isinstance(outcome, ApiRefusal):
            return msgspec.json.decode(self._settings.reword(outcome.raw), type=PageRefusal)
        ours = {FaultPlace.REQUEST: TOO_LONG, FaultPlace.COMPUTER: OVERLOADED}
        return ours.get(outcome.place, self._settings.unreachable)


class PageApiServer:
    """The API behind all pages of a website; what signing in and one's own account need of it stands here."""

    def __init__(
        self, transport: AsyncTransport, settings: PageApiSettings, caller_of: Callable[[PageVisit[Any]], ApiCaller]
    ) -> None:
        self._transport, self._settings, self._caller_of = transport, settings, caller_of

    def api_for(self, visit: PageVisit[Any]) -> PageApi:
        """The API as the visitor may use it."""
        return PageApi(self._transport, self._settings, self._caller_of(visit))

    def with_secret(self, secret: str) -> PageApi:
        """The API for a user about to be signed in, or for staff without a chosen provider."""
        return PageApi(self._transport, self._settings, ApiCaller(token=secret))

    def public_api(self, visit: PageVisit[Any]) -> PageApi:
        """The API for an anonymous caller."""
        return PageApi(self._transport, self._settings, ApiCaller(address=visit.address))

    async def identify(self, secret: str) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`."""
        found: dict[str, Any] = await self.with_secret(secret).get("/v1/me")
        return found

    async def sign_out(self, visit: PageVisit[Any]) -> None:
        """See `web.sign_in.SignInServer`."""
        await self.api_for(visit).post("/v1/sign-out")

    async def get_own(self, visit: PageVisit[Any], path: str) -> Any:
        """See `web.own_account.OwnAccountServer`."""
        return await self.api_for(visit).get(path)

    async def post_own(
        self, visit: PageVisit[Any], path: str, body: dict[str, str] | None = None, key: str = ""
    ) -> Any:
        """See `web.own_account.OwnAccountServer`."""
        return (await self.api_for(visit).post(path, body, key=key)).value

    async def end_own_session(self, visit: PageVisit[Any], session: str) -> None:
        """See `web.own_account.OwnAccountServer`."""
        await self.api_for(visit).delete(fill_path("/v1/me/sessions/{session}", session=session))


S = TypeVar("S", bound=PageApiServer)


class ApiPages(PageGroup, Generic[S]):
    """Pages over the one API of a website."""

    def __init__(self, server: S) -> None:
        self._server = server

    def _api(self, visit: PageVisit[Any]) -> PageApi:
        return self._server.api_for(visit)


def _header_value(text: str) -> str:
    """What came out of a form, as a header can carry it; what none of ours holds becomes something that fits nothing.

    Worked example: a tag with a typed `ü` is sent as `?`, and is told like one that is out of date.
    """
    return re.sub(r"[^\x21-\x7e]", "?", text[:LONGEST_HEADER])
