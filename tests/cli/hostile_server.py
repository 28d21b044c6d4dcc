"""A server that answers as it is told, over real HTTP: what proxies, captive pages and broken servers do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tenure.http.serve import HttpServer, ListenAddress

JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass(frozen=True)
class Reply:
    """One answer; `pieces` are sent one after the other, for ever if it is a generator that does not end."""

    status: int = 200
    media: str = JSON
    pieces: Callable[[], Iterator[bytes]] = lambda: iter([b"{}"])
    headers: tuple[tuple[str, str], ...] = ()


def reply(body: bytes, status: int = 200, media: str = JSON, **headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status, media, lambda: iter([body]), named)


@dataclass
class SeenRequest:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HostileServer:
    """Gives the replies in their order, the last one again and again; remembers what it was asked."""

    replies: list[Reply]
    url: str = ""
    seen: list[SeenRequest] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        raw = scope["raw_path"].decode()
        self.seen.append(SeenRequest(scope["method"], raw, scope["query_string"].decode(), headers, body))
        await self._answer(self.replies[min(len(self.seen), len(self.replies)) - 1], send)

    async def _answer(self, given: Reply, send: Any) -> None:
        headers = [(b"content-type", given.media.encode())]
        headers += [(name.encode(), value.encode()) for name, value in given.headers]
        await send({"type": "http.response.start", "status": given.status, "headers": headers})
        for piece in given.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextmanager
def hostile_server(*replies: Reply) -> Iterator[HostileServer]:
    """A server with these replies for as long as the block lasts."""
    app = HostileServer(list(replies))
    with HttpServer(app, ListenAddress()) as server:
        app.url = server.url
        yield app
