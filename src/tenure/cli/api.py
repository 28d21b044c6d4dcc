"""The client of the public API: one request, its answer or a problem as a value, never an exception; lists to the end.

The command reaches state in no other way. What an answer means is left to the caller.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import msgspec

from tenure import __version__
from tenure.cli.environment import CommandEnvironment
from tenure.cli.problems import CommandFailed, fail_with, invalid_field, read_problem, reword_refusal, unnamed_provider
from tenure.cli.profiles import RequestTarget
from tenure.core.refusals import RefusalCode, Refused

if TYPE_CHECKING:
    import ssl

    import httpx2

ANSWER_CAP = 16 * 1024 * 1024
"""Bytes of one answer that are read at most."""
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
TRIES = 4
LONGEST_WAIT = 10
"""Seconds that a server may ask for before the same request is sent again by itself; more is left to the caller."""
PAGE = 200

Query = Mapping[str, str | int | bool | None]


class ApiAnswer(msgspec.Struct, frozen=True):
    """What came back with a 2xx: the body as it was sent, and the entity tag."""

    status: int
    body: bytes
    etag: str = ""

    def text_member(self, name: str) -> str | CommandFailed:
        """A text in the answer's object; `unreachable` where no Tenure server would have left it out."""
        value = msgspec.json.decode(self.body) if self.body else None
        found = value.get(name) if isinstance(value, dict) else None
        if isinstance(found, str):
            return found
        return fail_with(Refused(RefusalCode.UNREACHABLE, f"The server: its answer says nothing of `{name}`."))


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `tenant` says that the operation takes the provider whose data is meant."""

    method: str
    path: str
    query: dict[str, str | int | bool | None] = {}
    body: dict[str, Any] | bytes | None = None
    """Bytes are JSON already."""
    key: str = ""
    if_match: str = ""
    tenant: bool = True
    takes_outcome_hash: bool = False
    """The operation applies exactly a previewed plan when it is told its name."""
    grave: bool = False
    """It moves money or cannot be undone: on a terminal it is asked about first, as whatever is planned is."""


def fill_path(template: str, **parts: str) -> str:
    """`template` with its `{names}` filled in; whatever a part holds, it stays one segment."""
    escaped = {name: quote(part, safe="") for name, part in parts.items()}
    # A segment of dots alone would be taken for a way up, however it is escaped.
    return template.format(**{name: part.replace(".", "%2E") for name, part in escaped.items()})


class ApiClient:
    """One server as `target` names it; a context manager that lets its connections go."""

    def __init__(self, target: RequestTarget, world: CommandEnvironment) -> None:
        self._target, self._world = target, world
        self._made: httpx2.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._made is not None:
            self._made.close()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._target.url

    @property
    def provider(self) -> str:
        """Whose data is meant; empty where the token says it."""
        return self._target.provider

    def get(self, path: str, query: Query | None = None, *, tenant: bool = True) -> ApiAnswer | CommandFailed:
        """What is at `path`."""
        return self.send(ApiRequest(method="GET", path=path, query=dict(query or {}), tenant=tenant))

    def get_pages(
        self,
        path: str,
        query: Query,
        *,
        limit: int | None = None,
        tenant: bool = True,
        progress: Callable[[int], None] = lambda _: None,
    ) -> list[msgspec.Raw] | CommandFailed:
        """Every item of a list, page by page, at most `limit`; `progress` hears how many there are after each page."""
        items: list[msgspec.Raw] = []
        cursor: Any = query.get("cursor", "")
        while cursor is not None and (limit is None or len(items) < limit):
            most = PAGE if limit is None else min(PAGE, limit - len(items))
            asked = {**query, "limit": most, "cursor": cursor or None}
            answer = self.get(path, asked, tenant=tenant)
            page = (
                answer
                if isinstance(answer, CommandFailed)
                else _read_page(answer) or self.unreachable_problem("it answered with no list")
            )
            if isinstance(page, CommandFailed):
                return page
            items += page.items
            progress(len(items))
            # A page that says it is not the last but holds nothing would be asked for for ever.
            cursor = page.next if page.items else None
        return items

    def send(self, sending: ApiRequest) -> ApiAnswer | CommandFailed:
        """The answer to one request, repeated while the server asks for a short wait; every POST carries its key."""
        try:
            content = _encode_body(sending.body)
        except OverflowError:
            return invalid_field("A number is beyond everything that can be counted.")
        for attempt in range(1, TRIES + 1):
            answer, wait = self._send_once(sending, content)
            if wait is None or attempt == TRIES or wait > LONGEST_WAIT:
                return answer
            self._world.sleep(wait)
        raise AssertionError("the last try always answers")

    def _send_once(self, sending: ApiRequest, content: bytes | None) -> tuple[ApiAnswer | CommandFailed, int | None]:
        """The answer, and how long to wait before the same may be sent again; None where that would change nothing."""
        import httpx2

        try:
            client = self._http_client()
            if isinstance(client, CommandFailed):
                return client, None
            with client.stream(
                sending.method,
                sending.path,
                params=self._query_of(sending),
                content=content,
                headers=_request_headers(sending),
            ) as response:
                body = _read_body(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as fault:
            return self.unreachable_problem(_fault_words(fault), sending), None
        return self._judge_response(sending, response, body)

    def _judge_response(
        self, sending: ApiRequest, response: "httpx2.Response", body: bytes
    ) -> tuple[ApiAnswer | CommandFailed, int | None]:
        media = response.headers.get("content-type", "").partition(";")[0].strip()
        if response.is_success and (response.status_code == 204 or _is_whole(media, body)):
            return ApiAnswer(response.status_code, body, response.headers.get("etag", "")), None
        found = read_problem(body) if media == "application/problem+json" else None
        if found is None:
            strange = f"it answered {response.status_code} with {media or 'nothing'}, which no Tenure server does"
            return self.unreachable_problem(strange, sending), None
        if sending.tenant and not self.provider and _asks_for_provider(found):
            return unnamed_provider(), None
        again = response.status_code in (409, 429, 503) and not found.problem.conclusive
        return found, _retry_seconds(response.headers.get("retry-after", "")) if again else None

    def unreachable_problem(self, why: str, sending: ApiRequest | None = None) -> CommandFailed:
        """`unreachable`, in words for a user of the API: what was tried where, and whether it may be sent again."""
        detail = f"{self.url}: {why}."
        if sending is not None and sending.key:
            detail += (
                f" Whether it was done is not known; the same command with --idempotency-key {sending.key} is safe."
            )
        return reword_refusal(
            fail_with(Refused(RefusalCode.UNREACHABLE, detail)),
            f"There is no answer of a Tenure server at {self.url}.",
            "The address is another one, the server does not run, or a network, proxy or certificate is in the way.",
            "Check the address (--url, TENURE_URL, `tenure profiles list`), then whether the server runs.",
        )

    def _query_of(self, sending: ApiRequest) -> dict[str, str]:
        asked = {**sending.query, "provider": self._target.provider or None} if sending.tenant else sending.query
        return {name: _query_text(value) for name, value in asked.items() if value is not None and value is not False}

    def _http_client(self) -> "httpx2.Client | CommandFailed":
        if self._made is None:
            import httpx2

            from tenure.sdk.network.environment import read_surroundings

            # Plain HTTP goes to this machine only (`profiles.check_url`): no proxy, and no certificates to load.
            alone = self.url.startswith("http://") or bool(self._target.certificate)
            around = None if alone else read_surroundings(self.url, self._world.env)
            if isinstance(around, Refused):
                return fail_with(around)
            proxy = None
            if around is not None and around.proxy:
                secret = {"Proxy-Authorization": around.authorization} if around.authorization else {}
                proxy = httpx2.Proxy(around.proxy, headers=secret)
            own = _pinned_context(self._target.certificate) if self._target.certificate else False
            self._made = httpx2.Client(
                base_url=self.url,
                headers={
                    "Authorization": f"Bearer {self._target.token}",
                    "Accept": "application/json, application/problem+json, text/csv",
                    "Accept-Encoding": "identity",
                    "User-Agent": f"tenure-cli/{__version__}",
                },
                timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=False,
                proxy=proxy,
                verify=own if around is None else around.trusted,
            )
        return self._made


def _pinned_context(certificate: str) -> "ssl.SSLContext":
    """Trusts one certificate and no authority; its name is not compared, because it was named as a whole."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context


class _ListPage(msgspec.Struct, frozen=True):
    items: tuple[msgspec.Raw, ...]
    next: str | None = None


def _is_whole(media: str, body: bytes) -> bool:
    return media == "text/csv" or (media == "application/json" and _is_json(body))


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _read_page(answer: ApiAnswer) -> _ListPage | None:
    try:
        return msgspec.json.decode(answer.body, type=_ListPage)
    except msgspec.MsgspecError:
        return None


def _asks_for_provider(found: CommandFailed) -> bool:
    return found.problem.is_code(RefusalCode.FIELD_INVALID) and found.problem.field == "provider"


def _read_body(response: "httpx2.Response") -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > ANSWER_CAP:
            raise ValueError("its answer does not end")
    return bytes(body)


def _encode_body(body: dict[str, Any] | bytes | None) -> bytes | None:
    return body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)


def _request_headers(sending: ApiRequest) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} if sending.body is not None else {}
    if sending.key:
        headers["Idempotency-Key"] = sending.key
    if sending.if_match:
        headers["If-Match"] = sending.if_match
    return headers


def _query_text(value: str | int | bool) -> str:
    return "true" if value is True else str(value)


def _retry_seconds(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _fault_words(fault: Exception) -> str:
    return str(fault).strip().rstrip(".") or type(fault).__name__
