"""Send an answer of known length in one write: uvicorn writes head and body apart, and checks every header once more.

Two writes are two system calls and two packets, which cost as much as half of a hot operation without its signatures.
Other answers (streams, HEAD, early ends) go through uvicorn's own code.
"""

from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

_WITHOUT_BODY = frozenset({204, 304})


@lru_cache(maxsize=512)
def header_line(name: bytes, value: bytes) -> bytes:
    """One header as it is sent; most are the same in every answer."""
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header.")
    return name.lower() + b": " + value + b"\r\n"


class SingleWrite(RequestResponseCycle):
    """One request and its answer; `send` keeps the head back until the body is there."""

    _head: Any = None

    @property
    def has_begun(self) -> bool:
        """Whether the application has begun to answer."""
        return self.response_started or self._head is not None

    async def send(self, message: Any) -> None:
        """See ASGI; the head of an answer without a length is not kept back, for its body may be long in coming."""
        if message["type"] == "http.response.start" and not self.response_started and self._head is None:
            if any(name == b"content-length" for name, _ in message["headers"]):
                self._head = message
                return
        elif self._head is not None:
            head, self._head = self._head, None
            if self._is_whole(head, message):
                self._send_whole(head, message["body"])
                return
            await super().send(head)
        await super().send(message)

    def _is_whole(self, head: Any, message: Any) -> bool:
        return (
            message["type"] == "http.response.body"
            and not message.get("more_body")
            and self.keep_alive
            and not self.disconnected
            and not self.flow.write_paused
            and self.scope["method"] != "HEAD"
            and head["status"] not in _WITHOUT_BODY
            and (b"content-length", b"%d" % len(message.get("body", b""))) in head["headers"]
            and not any(name == b"connection" for name, _ in head["headers"])
        )

    def _send_whole(self, head: Any, body: bytes) -> None:
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        lines = [header_line(name, value) for name, value in (*self.default_headers, *head["headers"])]
        self.transport.write(b"".join((STATUS_LINE[head["status"]], *lines, b"\r\n", body)))
        self.message_event.set()
        self.on_response()
