"""The other side of a webhook: a real server on loopback that keeps what it is sent and answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: str, body: bytes = b"", *more: str) -> bytes:
    """An answer as bytes."""
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more))
    return head.encode() + b"\r\n" + body


@dataclass
class Message:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Receiver:
    """What came, and what is answered: the next of `answers`, then `OK`."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    always: bytes = OK
    wait: float = 0.0
    """Seconds before each answer."""
    at_once: int = 0
    most_at_once: int = 0

    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Set unless a test holds every answer back."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def came(self, count: int) -> None:
        """Until so many messages have come."""
        while len(self.messages) < count:
            self._news.clear()
            await self._news.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def sequence(self) -> list[int]:
        return [message.event["seq"] for message in self.messages]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.messages.append(Message(first.split()[1], headers, body))
            self._news.set()
            await asyncio.sleep(self.wait)
            await self.open.wait()
            writer.write(self.answers.pop(0) if self.answers else self.always)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.at_once -= 1
            writer.close()


@asynccontextmanager
async def receiver(
    host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver for as long as the block lasts."""
    made = Receiver()
    made.open.set()
    server = await asyncio.start_server(made.serve, host, port, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
