"""One request to an API of ours and what its answer means, without I/O: retries, lists, and errors as values.

Moving bytes is left to `transports`; words for people are left to those who asked.
"""

import re
from collections.abc import Callable, Generator, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.whole_numbers import read_whole_number
from tenure.http.problems import PROBLEM_JSON, Problem, describe_refusal
from tenure.http.responses import JSON

ANSWER_CAP = 16 * 1024 * 1024
"""Bytes of one answer that are read at most."""
LONGEST_WAIT = 10
"""Seconds that a server may ask for before the same request is sent again by itself; more is left to the caller."""
PAGE_MOST = 200
"""Items that our APIs give in one answer at most."""
CSV = "text/csv"
_FILES = ((re.compile(r".*\.csv"), CSV), (re.compile(r"/v1/(sandbox/)?root/[^/]*"), "application/jose"))
"""Addresses whose answers are handed on as they came: tables, and signed documents such as a root."""

Query = Mapping[str, str | int | bool | None]
T = TypeVar("T")
_SENT_AGAIN = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_HEADER = re.compile(r"[\x21-\x7e]*")


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `tenant` says that the operation takes the provider whose data is meant."""

    method: str
    path: str
    query: Query = {}
    body: Mapping[str, Any] | bytes | None = None
    """Bytes are sent as they are."""
    media_type: str = JSON
    key: str = ""
    """The idempotency key."""
    if_match: str = ""
    """The entity tag that was seen."""
    tenant: bool = True


class ApiCaller(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf requests are sent."""

    token: str = ""
    provider: str = ""
    """Whose data is meant, where the token does not say it."""
    address: str = ""
    """The address of the person behind a program of ours; a server that trusts the program counts by it."""


class HttpRequest(msgspec.Struct, frozen=True):
    """A request as it goes out."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    content: bytes | None


class HttpReply(msgspec.Struct, frozen=True):
    """An answer as it came in; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ApiAnswer(msgspec.Struct, frozen=True):
    """What came back with a 2xx: the body as it was sent, and the entity tag."""

    status: int
    body: bytes
    etag: str = ""

    @property
    def value(self) -> Any:
        """What its JSON says; None without a body."""
        return msgspec.json.decode(self.body) if self.body else None


class ApiRefusal(msgspec.Struct, frozen=True):
    """The server said no: its problem, and the bytes of that; `wait`: in so many seconds the same may be sent again."""

    problem: Problem
    raw: bytes
    wait: int | None = None


class FaultPlace(StrEnum):
    """Where it went wrong, so that no fault of one computer is told as another's."""

    REQUEST = "request"
    """What was given cannot be sent to any server."""
    COMPUTER = "computer"
    """The computer that asks has no free files, memory, ports, or network; nothing was sent."""
    NETWORK = "network"
    """There is no connection, or it ended early."""
    CERTIFICATE = "certificate"
    """The server's certificate is signed by no authority that this computer trusts, or is of another name."""
    ANSWER = "answer"
    """Something answered, but not as a Tenure server does."""


class NoAnswer(msgspec.Struct, frozen=True):
    """There is no answer of a Tenure server; `why` says it without a period."""

    place: FaultPlace
    why: str


ApiOutcome = ApiAnswer | ApiRefusal | NoAnswer
Steps = Generator[HttpRequest | int, HttpReply | NoAnswer, T]
"""What has to be done: each request is sent, and what came is given back; a number is so many seconds to wait."""


def fill_path(template: str, **parts: str) -> str:
    """`template` with its `{names}` filled in; whatever a part holds, it stays one segment."""
    # A segment of dots alone would be taken for a way up, however it is escaped.
    return template.format(**{name: quote(part, safe="").replace(".", "%2E") for name, part in parts.items()})


def exchange(request: ApiRequest, caller: ApiCaller, tries: int = 1) -> Steps[ApiOutcome]:
    """The outcome of a request that is sent up to `tries` times, while the server asks for a short wait."""
    sent = build_request(request, caller)
    if not isinstance(sent, HttpRequest):
        return sent
    for attempt in range(1, tries + 1):
        came = yield sent
        outcome = read_reply(came, _media_wanted(request.path)) if isinstance(came, HttpReply) else came
        wait = outcome.wait if isinstance(outcome, ApiRefusal) else None
        if wait is None or attempt == tries or wait > LONGEST_WAIT:
            return outcome
        yield wait
    raise AssertionError("the last try always answers")


def list_items(
    request: ApiRequest,
    caller: ApiCaller,
    tries: int = 1,
    *,
    limit: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Steps[list[msgspec.Raw] | ApiRefusal | NoAnswer]:
    """Every item of a list, page by page, at most `limit`; `progress` hears how many there are after each page."""
    items: list[msgspec.Raw] = []
    cursor: str | int | bool | None = request.query.get("cursor") or ""
    while cursor is not None and (limit is None or len(items) < limit):
        most = PAGE_MOST if limit is None else min(PAGE_MOST, limit - len(items))
        asked = {**request.query, "limit": most, "cursor": cursor or None}
        answer = yield from exchange(msgspec.structs.replace(request, query=asked), caller, tries)
        if not isinstance(answer, ApiAnswer):
            return answer
        page = _read_page(answer)
        if page is None:
            return NoAnswer(FaultPlace.ANSWER, "it answered with no list")
        items += page.items
        progress(len(items))
        # A page that says it is not the last but holds nothing would be asked for for ever.
        cursor = page.next if page.items else None
    return items


def build_request(request: ApiRequest, caller: ApiCaller) -> HttpRequest | ApiRefusal | NoAnswer:
    """The request in bytes and headers; what can never be sent is said instead."""
    if not _HEADER.fullmatch(caller.token):  # no token has such letters, and no header can carry them
        problem = describe_refusal(Refused(RefusalCode.NOT_AUTHENTICATED, "This token is unknown or no longer valid."))
        return ApiRefusal(problem, msgspec.json.encode(problem))
    if not _HEADER.fullmatch(request.key + request.if_match):
        return NoAnswer(FaultPlace.REQUEST, "Keys and entity tags consist of letters, digits, and signs of ASCII")
    try:
        content = _encode_body(request.body)
    except (OverflowError, ValueError):  # half a surrogate pair of an argument that is no UTF-8; a number without end
        return NoAnswer(FaultPlace.REQUEST, "A text holds what is no character of Unicode, or a number is too long")
    # An empty text is a value like any other: only what was not asked at all is left out.
    asked = {name: value for name, value in request.query.items() if value is not None and value is not False}
    # A request that names its provider keeps it: staff of the vendor name one for a single request.
    query = {"provider": caller.provider, **asked} if request.tenant and caller.provider else asked
    params = {name: _query_text(value) for name, value in query.items()}
    return HttpRequest(request.method, request.path, params, _headers_of(request, caller), content)


def read_reply(reply: HttpReply, wanted: str = JSON) -> ApiOutcome:
    """What an answer means where a body of media type `wanted` was asked for; what no Tenure server gives is none."""
    media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = reply.status == HTTPStatus.NO_CONTENT
    if 200 <= reply.status < 300 and (empty or (media == wanted and _is_whole(media, reply.body))):
        return ApiAnswer(reply.status, reply.body, reply.headers.get("etag", ""))
    problem = _read_problem(reply.body) if media == PROBLEM_JSON else None
    if problem is None:
        strange = f"it answered {reply.status} with {media or 'nothing'}, which no Tenure server does"
        return NoAnswer(FaultPlace.ANSWER, strange)
    again = reply.status in _SENT_AGAIN and not problem.conclusive
    return ApiRefusal(problem, reply.body, _wait_seconds(reply.headers.get("retry-after", "")) if again else None)


class _ListPage(msgspec.Struct, frozen=True):
    items: tuple[msgspec.Raw, ...]
    next: str | None = None


def _read_page(answer: ApiAnswer) -> _ListPage | None:
    try:
        return msgspec.json.decode(answer.body, type=_ListPage)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _read_problem(body: bytes) -> Problem | None:
    try:
        return msgspec.json.decode(body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _encode_body(body: Mapping[str, Any] | bytes | None) -> bytes | None:
    return body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)


def _media_wanted(path: str) -> str:
    return next((media for place, media in _FILES if place.fullmatch(path)), JSON)


def _is_whole(media: str, body: bytes) -> bool:
    return media != JSON or _is_json(body)


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _headers_of(request: ApiRequest, caller: ApiCaller) -> dict[str, str]:
    given = {
        "Authorization": f"Bearer {caller.token}" if caller.token else "",
        "X-Forwarded-For": caller.address,
        "Content-Type": "" if request.body is None else request.media_type,
        "Idempotency-Key": request.key,
        "If-Match": request.if_match,
    }
    always = {"Accept": f"{JSON}, {PROBLEM_JSON}, {CSV}", "Accept-Encoding": "identity"}
    return always | {name: value for name, value in given.items() if value}


def _query_text(value: str | int | bool) -> str:
    return "true" if value is True else str(value)


def _wait_seconds(text: str) -> int:
    return max(1, read_whole_number(text) or 1)
