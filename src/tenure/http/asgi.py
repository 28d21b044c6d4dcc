"""The few ASGI shapes this room speaks in, which is all that an API needs of a framework."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

RawHeaders = list[tuple[bytes, bytes]]


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Every value of header `name` (lower case) in the order sent, decoded as latin-1, outer blanks removed."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def encode_headers(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    """Headers as ASGI wants them: names in lower case, bytes."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def address_of(scope: Scope) -> str:
    """The caller's address as the server saw it (or a trusted proxy named it); empty where there is none."""
    client = scope.get("client")
    return client[0] if client else ""


async def send_bytes(send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    """Send a whole answer; `headers` gets the content length appended, but where there never is a body (204, 304)."""
    if status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
